"""Cases pinned to their item version and moved by hand; order of acceptance where numbers are limited."""

import asyncio
import hashlib
import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from services.chassis import clock
from services.intake import catalogue_import
from services.intake.domain.catalogue import Catalogue
from services.kernel.time_limit import StartRule, TimeLimit, Unit
from tests.integration.intake.conftest import CATALOGUE
from tests.integration.intake.desk import SHOP, ZHANG, Desk
from tests.integration.intake.travel import Travel, travel

__all__ = ["travel"]
TOBACCO = "11431202006100125M"
FORESTRY = "11431202006100176X"
LOGGING_LICENCE = f"{FORESTRY}001"


def shortened(catalogue: Catalogue, item_id: str, workdays: int) -> Catalogue:
    """The catalogue with another promised limit for one item."""
    limit = TimeLimit(workdays, Unit.WORKDAY, StartRule.ACCEPTED, "承诺时限")
    items = tuple(replace(i, promised_limit=limit) if i.item_id == item_id else i for i in catalogue.items)
    return replace(catalogue, items=items)


async def publish(desk: Desk, item_id: str, workdays: int) -> None:
    catalogue, _ = catalogue_import.read_file(CATALOGUE)
    digest = hashlib.sha256(f"{item_id}{workdays}".encode()).hexdigest()
    await catalogue_import.store(desk.database, shortened(catalogue, item_id, workdays), digest)
    await asyncio.sleep(1.1)  # the version in force is asked for once a second


class TestVersions:
    async def test_running_cases_stay_until_they_are_moved_with_a_reason(self, desk: Desk) -> None:
        admin = desk.staff("CATALOGUE_ADMIN")
        stays, moves = [await desk.accepted("E02", number=SHOP) for _ in range(2)]
        await publish(desk, "E02", 1)

        preview = (await desk.get("/items/E02/running", admin)).json()
        body = {"application_ids": [moves["application_id"]], "reason": "新承诺时限更短，对申请人有利"}
        moved = await desk.post("/items/E02/moves", admin, body)
        again = await desk.post("/items/E02/moves", admin, body)

        assert preview["running"] == {"1": 2}
        assert {line["application_id"] for line in preview["items"]} == {
            stays["application_id"],
            moves["application_id"],
        }
        assert all(line["dates"][0]["clock"] == "PROMISED" for line in preview["items"])
        assert moved.status_code == 201, moved.text
        kept = (await desk.get(f"/applications/{stays['application_id']}", desk.clerk)).json()
        now = (await desk.get(f"/applications/{moves['application_id']}", desk.clerk)).json()
        assert (kept["item"]["version"], now["item"]["version"]) == (1, 2)
        assert kept["promised_due"] == stays["promised_due"]
        assert now["promised_due"]["on"] < moves["promised_due"]["on"]
        told = [event for _, name, event in await desk.events(moves["application_id"]) if name.endswith(".moved.v1")]
        assert [(t["from_version"], t["item"]["version"], t["reason"]) for t in told] == [(1, 2, body["reason"])]
        assert [e["code"] for e in again.json()["errors"]] == ["move.already"]

    async def test_one_wrong_id_moves_nobody(self, desk: Desk) -> None:
        application, other = await desk.accepted("P11"), await desk.accepted("P07")
        await publish(desk, "P11", 1)
        wanted = [application["application_id"], other["application_id"]]

        body = {"application_ids": wanted, "reason": "x"}
        refused = await desk.post("/items/P11/moves", desk.staff("CATALOGUE_ADMIN"), body)

        shown = (await desk.get(f"/applications/{application['application_id']}", desk.clerk)).json()
        assert [e["code"] for e in refused.json()["errors"]] == ["move.not-of-item"]
        assert shown["item"]["version"] == 1

    @pytest.mark.parametrize("path", ["/items/P07/running", "/items/E06/acceptance-order", "/calendars"])
    async def test_a_citizen_reads_none_of_it(self, desk: Desk, path: str) -> None:
        assert (await desk.get(path, desk.citizen())).status_code == 403


class TestArt57OrderOfAcceptance:
    async def test_order_quota_and_the_place_in_the_event(self, desk: Desk, travel: Travel) -> None:
        travel.to_day(date(2026, 3, 2))
        silent = await desk.done(await desk.submitted("E06", number=SHOP), "receipt")
        travel.to_day(date(2026, 3, 3))
        quota = {"quota": 1, "reason": "合理布局规划", "counts_from": "2026-01-01"}
        set_ = await desk.post("/items/E06/quota", desk.staff("CATALOGUE_ADMIN"), quota)
        first, second = await asyncio.gather(*(desk.accepted("E06", number=SHOP) for _ in range(2)))
        places = sorted([await self.place(desk, first), await self.place(desk, second)])

        travel.after(date(2026, 3, 9))
        await travel.law_acts()
        order = (await desk.get("/items/E06/acceptance-order", desk.staff("HANDLER", org=TOBACCO))).json()
        now = [await self.place_now(desk, application) for application in (silent, first, second)]

        assert set_.status_code == 201, set_.text
        assert places == [(1, 1), (2, 1)]
        assert order["items"][0]["application_id"] == silent["application_id"], "by law accepted the day before"
        assert [(i["position"], i["deemed"], i["within_quota"]) for i in order["items"]] == [
            (1, True, True),
            (2, False, False),
            (3, False, False),
        ]

        assert (now[0], sorted(now[1:])) == (1, [2, 3]), "the two accepted by a click stand behind him now"

    @staticmethod
    async def place_now(desk: Desk, application: dict[str, Any]) -> int:
        shown = await desk.get(f"/applications/{application['application_id']}", desk.clerk)
        return int(shown.json()["acceptance_order"])

    @staticmethod
    async def place(desk: Desk, application: dict[str, Any]) -> tuple[int | None, int | None]:
        events = await desk.events(application["application_id"])
        return next((e["acceptance_order"], e["quota"]) for _, name, e in events if name.endswith("accepted.v1"))

    async def test_an_amendment_takes_no_number_and_stands_before_nobody(self, desk: Desk) -> None:
        licence = await desk.holds(ZHANG, LOGGING_LICENCE, "AMEND57")
        amends = {"certificate_identifier": licence, "changes": [{"what": "采伐地点", "after": "乙林班"}]}
        granted, waiting = [await desk.accepted("P15", amends=amends) for _ in range(2)]
        await desk.decided(granted)
        quota = {"quota": 1, "reason": "采伐限额", "counts_from": "2026-01-01"}
        await desk.post("/items/P15/quota", desk.staff("CATALOGUE_ADMIN"), quota)

        newcomer = await desk.accepted("P15")

        order = (await desk.get("/items/P15/acceptance-order", desk.staff("HANDLER", org=FORESTRY))).json()
        assert await self.place(desk, newcomer) == (1, 1)
        assert await self.place_now(desk, newcomer) == 1
        assert (waiting["acceptance_order"], order["granted"], order["remaining"]) == (None, 0, 1)
        assert [(i["case_no"], i["within_quota"]) for i in order["items"]] == [(newcomer["case_no"], True)]

    async def test_a_renewal_takes_no_number_and_stands_before_nobody(self, desk: Desk) -> None:
        granted, waiting = [await self.renewing(desk, serial) for serial in ("RENEW57A", "RENEW57B")]
        await desk.decided(granted)
        quota = {"quota": 1, "reason": "合理布局规划", "counts_from": str(clock.today())}
        await desk.post("/items/E06/quota", desk.staff("CATALOGUE_ADMIN"), quota)
        before = (await desk.get("/items/E06/acceptance-order", desk.staff("HANDLER", org=TOBACCO))).json()

        newcomer = await desk.accepted("E06", number=SHOP)

        order = (await desk.get("/items/E06/acceptance-order", desk.staff("HANDLER", org=TOBACCO))).json()
        assert (await self.place(desk, waiting), waiting["acceptance_order"]) == ((None, None), None)
        assert (order["granted"], order["remaining"]) == (before["granted"], before["remaining"])
        assert waiting["case_no"] not in {line["case_no"] for line in order["items"]}
        assert len(order["items"]) == len(before["items"]) + 1, "the newcomer alone"
        assert order["items"][-1]["case_no"] == newcomer["case_no"]

    @staticmethod
    async def renewing(desk: Desk, serial: str) -> dict[str, Any]:
        """Accepted for the renewal of a certificate that is held: no limited item of this catalogue has its window."""
        application = await desk.done(await desk.complete("E06", number=SHOP), "receipt")
        renews = {"certificate_identifier": serial, "valid_until": "2099-01-01", "silence_renews": False}
        async with desk.database.transaction() as uow:
            statement = text("UPDATE application SET renews = CAST(:renews AS jsonb) WHERE application_id = :id")
            values = {"renews": json.dumps(renews), "id": application["application_id"]}
            await uow.connection.execute(statement, values)
        return await desk.done(application, "acceptance")

    async def test_other_departments_do_not_see_it(self, desk: Desk) -> None:
        answer = await desk.get("/items/E06/acceptance-order", desk.staff("HANDLER", org="11431202006100029C"))

        assert answer.status_code == 404

    async def test_an_item_without_a_limit_has_no_quota(self, desk: Desk) -> None:
        answer = await desk.post("/items/P07/quota", desk.staff("CATALOGUE_ADMIN"), {"quota": 1, "reason": "x"})

        assert answer.json()["errors"][0]["code"] == "quota.unlimited"
