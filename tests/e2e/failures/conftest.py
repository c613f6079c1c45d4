"""A stack with the durability of a real one, for tests that take parts of it away, and the people who use it."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.hall import Hall
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


@pytest.fixture(scope="session")
async def hall(durable_stack: Stack) -> AsyncIterator[Hall]:
    """Everybody, logged in when first needed."""
    everybody = Hall.of(durable_stack.gateway_url, durable_stack.accounts)
    for username in ("citizen1", "clerk1", "supervisor1"):
        await everybody.person(username)
    await everybody.system("township")
    yield everybody
    await everybody.close()


@pytest.fixture(scope="session")
async def item(hall: Hall) -> dict[str, Any]:
    """Decided on the spot, for a citizen, with a certificate and materials to upload."""
    return next(one for one in await hall.items() if one["item_id"] == "P02")
