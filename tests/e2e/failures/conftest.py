"""A stack with the durability of a real one, for tests that take parts of it away."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.stack import Stack

# One machine plays all clients: its address must not run into the limits for strangers.
GENEROUS = {f"YICHUANG_RATE_LIMIT_{who}": "1000000" for who in ("PERSON", "SYSTEM", "ADDRESS")}


@pytest.fixture(scope="session")
def durable_stack() -> Iterator[Stack]:
    """What is acknowledged is on disk: PostgreSQL and NATS sync as they do in production."""
    folder = Path(tempfile.mkdtemp(prefix="yichuang-failures-"))
    running = Stack(folder / "data", preferred_port=None, env=GENEROUS)
    try:
        with running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)
