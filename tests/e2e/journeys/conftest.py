"""One stack for all journeys: real processes under the test clock, from Monday 2025-02-10 09:00; time only moves on."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from demo import library
from demo.hall import Hall
from deploy.local.stack import Stack
from deploy.local.travel import SHANGHAI
from tests.support.journeys import Town

# Nearly two years of published calendars lie ahead: all journeys one after the other see final dates only.
BEGIN_AT = datetime(2025, 2, 10, 9, 0, tzinfo=SHANGHAI)
# One machine plays all clients: its address must not run into the limits for strangers.
GENEROUS = {f"YICHUANG_RATE_LIMIT_{who}": "1000000" for who in ("PERSON", "SYSTEM", "ADDRESS")}


@pytest.fixture(scope="session")
def journeys_stack() -> Iterator[Stack]:
    """Its library holds everybody's ID card and household register, and the enterprises' licences."""
    folder = Path(tempfile.mkdtemp(prefix="yichuang-journeys-"))
    running = Stack(folder / "data", preferred_port=None, fast=True, env=GENEROUS, begin_at=BEGIN_AT)
    try:
        with running:
            library.write(folder / "library.ndjson", running.accounts["accounts"])
            running.run("certificate", "import", str(folder / "library.ndjson"))
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
async def town(journeys_stack: Stack) -> AsyncIterator[Town]:
    """Everybody at work, the catalogue at hand, and the clock in our hands."""
    hall = Hall.of(journeys_stack.gateway_url, journeys_stack.accounts, patient=True)
    items = {item["item_id"]: item for item in await hall.items()}
    yield Town(journeys_stack, hall, items)
    await hall.close()
