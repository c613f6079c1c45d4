"""The README's API by example, run as it stands there against the whole stack: it cannot rot unseen."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.integration.intake.desk import PDF
from tests.support.readme import commands

_PATIENCE_SECONDS = 300
_IDENTIFIER = "1.2.156.3005.2.11431202006100029C002.11431202006100029C.JY24312020000001.001.I"
# What a reader does between two steps: he takes the id of his application from the answer.
_TAKE_ID = """ID=$(grep -o '"application_id":"[^"]*"' "$OUT/{step}" | head -1 | cut -d'"' -f4)"""
_HEAD = "set -euo pipefail"


def script(steps: list[str]) -> str:
    """All steps in one shell, so that a variable set in one is known in the next; each answers into its own file."""
    lines = [_HEAD]
    for number, step in enumerate(steps):
        lines.append(f'{{ {step.rstrip()}\n}} > "$OUT/{number}"')
        if "item_code" in step:
            lines.append(_TAKE_ID.format(step=number))
    return "\n".join(lines)


def answers(text: str) -> Iterator[dict[str, Any]]:
    """The JSON documents in what a step printed, headers left out."""
    decoder, at = json.JSONDecoder(), 0
    while (start := text.find("{", at)) >= 0:
        value, at = decoder.raw_decode(text, start)
        yield value


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_api_by_example_works_as_it_is_written(stack: Stack, tmp_path: Path) -> None:
    steps = commands("README.md")
    for name in ("scan.pdf", "certificate.pdf"):
        (tmp_path / name).write_bytes(PDF)
    clients = json.loads(stack.folder.accounts.read_text("utf-8"))["clients"]
    given = {
        "YC": stack.gateway_url,
        "SECRET": next(client["client_secret"] for client in clients if client["client_id"] == "township"),
        "IDENTIFIER": _IDENTIFIER,
        "OUT": str(tmp_path),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
    }

    done = subprocess.run(
        ["bash", "-c", script(steps)],
        cwd=tmp_path,
        env=given,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    told = [list(answers((tmp_path / str(number)).read_text("utf-8"))) for number in range(len(steps))]
    for step, documents in zip(steps, told, strict=True):
        assert all("status" not in document for document in documents), f"{step}\n{documents}"
    assert told[0][0]["items"], "the list is narrowed to what was asked for"
    assert all("食品" in item["name"] for item in told[0][0]["items"])
    states = [document["state"] for documents in told for document in documents if "state" in document]
    assert states == ["SUBMITTED", "SUBMITTED", "RECEIVED"]
    assert [document["verdict"] for document in told[-1]] == ["UNKNOWN", "UNKNOWN"]
