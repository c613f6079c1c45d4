"""What the law brings about reaches everybody who is due, however many in front cannot be dealt with."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.chassis import clock
from services.intake.bundles.by_law import BundleSilence
from services.intake.commands.by_law import ByLaw
from services.intake.settings import settings
from tests.integration.intake.bundle_desk import BundleDesk
from tests.integration.intake.desk import Desk
from tests.integration.intake.travel import Travel, travel

__all__ = ["travel"]
MONDAY, NEXT_MONDAY = date(2026, 4, 13), date(2026, 4, 20)


@asynccontextmanager
async def broken(desk: Desk, table: str, column: str, value: str, ids: list[str]) -> AsyncIterator[None]:
    """Rows no code can deal with, as a fault of an operator might leave them; put right at the end."""
    key = {"application": "application_id", "bundle_application": "bundle_application_id"}[table]
    these = f"WHERE {key} = ANY(CAST(:ids AS uuid[]))"
    async with desk.database.transaction() as uow:
        whole = await uow.connection.scalar(text(f"SELECT {column} FROM {table} {these} LIMIT 1"), {"ids": ids})
        await uow.connection.execute(text(f"UPDATE {table} SET {column} = {value} {these}"), {"ids": ids})
    yield
    async with desk.database.transaction() as uow:
        restored = json.dumps(whole, ensure_ascii=False)
        kind = "jsonb" if isinstance(whole, dict) else "integer"
        mend = text(f"UPDATE {table} SET {column} = CAST(CAST(:whole AS text) AS {kind}) {these}")
        await uow.connection.execute(mend, {"ids": ids, "whole": restored})


async def state(desk: Desk, application: dict[str, Any]) -> str:
    return str((await desk.get(f"/applications/{application['application_id']}", desk.clerk)).json()["state"])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        pytest.param("item_version", "999999", id="a version that does not exist"),
        pytest.param("received_by", "'{}'", id="a value that cannot be read"),
    ],
)
async def test_art_32_4_silence_accepts_those_behind_a_page_of_broken_ones(
    desk: Desk, travel: Travel, column: str, value: str
) -> None:
    travel.to_day(MONDAY)
    waiting = [await desk.done(await desk.submitted("P07"), "receipt") for _ in range(3)]
    stuck = [application["application_id"] for application in waiting[:2]]
    by_law = ByLaw(settings(), at_once=1)
    travel.after(NEXT_MONDAY)

    async with broken(desk, "application", column, value, stuck):
        await by_law(desk.database, clock.now())

    assert await state(desk, waiting[2]) == "ACCEPTED"
    assert await state(desk, waiting[0]) == "RECEIVED"


async def test_art_32_4_a_bundle_behind_a_page_of_broken_ones_is_accepted_too(
    bundles: BundleDesk,
) -> None:
    waiting = [await bundles.done(await bundles.submitted("K01", form={"area_m2": 10}), "receipt") for _ in range(3)]
    by_id = sorted(waiting, key=lambda bundle: str(bundle["bundle_application_id"]))
    stuck = [bundle["bundle_application_id"] for bundle in by_id[:2]]
    silence = BundleSilence(bundles.mover, at_once=1)

    async with broken(bundles.desk, "bundle_application", "catalogue_version", "999999", stuck):
        await silence(bundles.desk.database, clock.now() + timedelta(days=40))

    assert (await bundles.seen(by_id[2]))["state"] in {"ACCEPTED", "DECIDED"}
    assert (await bundles.seen(by_id[0]))["state"] == "RECEIVED"
