"""External PostgreSQL and NATS named in the environment: the stack uses them and starts none of its own."""

import json
import urllib.request
from pathlib import Path

import pytest

from deploy.local.environment import SERVICES
from deploy.local.nats import Nats
from deploy.local.postgres import Postgres
from deploy.local.stack import Stack


def test_the_stack_runs_on_servers_named_in_the_environment(
    postgres: Postgres, nats_server: Nats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YICHUANG_DATABASE_URL", postgres.url())
    monkeypatch.setenv("YICHUANG_NATS_URL", nats_server.url)

    with Stack(tmp_path / "data", preferred_port=None, catalogue=None) as stack:
        tables = postgres.execute("SELECT to_regclass('outbox')", database="approval")
        streams = _json(f"{nats_server.monitor_url}/jsz")["streams"]
        embedded = (stack.postgres, stack.nats)

    assert tables == ["outbox"]
    assert streams >= len(SERVICES)
    assert embedded == (None, None)


def _json(url: str) -> dict[str, int]:
    with urllib.request.urlopen(url, timeout=5) as response:
        content: dict[str, int] = json.load(response)
        return content
