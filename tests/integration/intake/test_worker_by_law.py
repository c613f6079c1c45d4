"""The live worker does what the law brings about: silence, renewal, windows, and a loaded calendar."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Any

import pytest
from nats.aio.client import Client

from services.intake.worker import create_worker
from tests.integration.intake.desk import FOOD_LICENCE, SHOP, Desk
from tests.integration.intake.test_worker import others
from tests.integration.intake.travel import Travel, travel

__all__ = ["others", "travel"]
EXPIRES = date(2026, 8, 31)
YEAR: dict[str, Any] = {
    "sources": ["国办发明电〔2026〕1号（演练）"],
    "days": [{"on": "2027-01-01", "name": "元旦", "works": False}],
}


@pytest.fixture
async def living(travel: Travel, others: Client, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Intake's worker as it is started in production, under the test clock."""
    monkeypatch.setenv("YICHUANG_TEST_CLOCK", str(travel.path))
    monkeypatch.setenv("YICHUANG_RENEWAL_GRACE_SECONDS", "0")
    worker = create_worker()
    await worker.start()
    yield
    await worker.stop()


async def becomes(desk: Desk, application: dict[str, Any], state: str) -> dict[str, Any]:
    async def reached() -> dict[str, Any] | None:
        seen = (await desk.get(f"/applications/{application['application_id']}", desk.clerk)).json()
        return dict(seen) if seen["state"] == state else None

    return await eventually(reached)


async def eventually(found: Callable[[], Awaitable[dict[str, Any] | None]]) -> dict[str, Any]:
    async with asyncio.timeout(40):
        while True:
            if (seen := await found()) is not None:
                return seen
            await asyncio.sleep(0.1)


async def test_arts_32_50_silence_accepts_withdraws_and_renews_while_the_worker_runs(
    desk: Desk,
    travel: Travel,
    living: None,
) -> None:
    travel.to_day(date(2026, 7, 1))
    await desk.holds(SHOP, FOOD_LICENCE, "JYW001", valid_until=EXPIRES)
    silent = await desk.done(await desk.submitted("P07"), "receipt")
    divorce = await desk.accepted("P04")
    renewal = await desk.accepted("E03", number=SHOP)

    travel.after(EXPIRES, 600)

    assert (await becomes(desk, silent, "ACCEPTED"))["deemed"] is True
    assert "视为撤回" in (await becomes(desk, divorce, "WITHDRAWN"))["withdrawal_reason"]
    renewed = await becomes(desk, renewal, "DECIDED")
    assert (renewed["outcome"], renewed["renews"]["renewed_at"] is not None) == ("GRANTED", True)


async def test_a_loaded_year_goes_through_open_clocks_while_the_worker_runs(
    desk: Desk,
    travel: Travel,
    living: None,
) -> None:
    travel.to_day(date(2026, 12, 29))
    accepted = await desk.accepted("P07")
    assert accepted["legal_due"]["provisional"] is True

    loaded = await desk.post("/calendars/2027", desk.staff("CATALOGUE_ADMIN"), YEAR)

    async def made_final() -> dict[str, Any] | None:
        seen = (await desk.get(f"/applications/{accepted['application_id']}", desk.clerk)).json()
        return None if seen["legal_due"]["provisional"] else dict(seen)

    assert loaded.status_code == 201, loaded.text
    assert (await eventually(made_final))["legal_due"]["on"] > accepted["received_at"][:10]
    subjects = [subject for _, subject, _ in await desk.events(accepted["application_id"])]
    assert subjects[-1] == "intake.application.dates_moved.v1"
