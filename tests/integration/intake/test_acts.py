"""The acts over HTTP: numbers, dates, the one-time notice, versions, and many clerks at once."""

import asyncio
from collections import Counter
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from contracts.events.common import Outcome
from services.chassis import clock
from services.kernel.time_limit import Clock, StartRule, TimeLimit, Unit, due_date
from services.kernel.workdays import official_calendar
from tests.integration.intake.desk import FOOD_LICENCE, SHOP, Desk, a_decision, paper_number

FAULT = {"material_no": 1, "fault": "未签名", "remedy": "签名后重新提交"}


def codes(response: httpx.Response) -> list[str]:
    return [error["code"] for error in response.json()["errors"]]


class TestReceipt:
    async def test_it_gives_number_query_code_and_the_last_day_of_the_notice(self, desk: Desk) -> None:
        received = await desk.done(await desk.submitted("P07"), "receipt")

        assert received["case_no"][31:39] == f"{clock.today():%Y%m%d}"
        assert len(received["query_code"]) == 10
        in_five = due_date(Clock(TimeLimit(5, Unit.WORKDAY, StartRule.RECEIVED), clock.now()), official_calendar())
        assert received["notice_due"] == {"on": str(in_five.on), "provisional": in_five.provisional}

    async def test_many_receipts_at_once_give_different_numbers(self, desk: Desk) -> None:
        waiting = [await desk.submitted("C05", number=SHOP) for _ in range(8)]

        received = await asyncio.gather(*(desk.done(application, "receipt") for application in waiting))

        numbers = sorted(int(r["case_no"][39:]) for r in received)
        assert numbers == list(range(1, 9))
        assert len({r["query_code"] for r in received}) == 8

    async def test_originals_and_certificates_are_taken_at_the_counter(self, desk: Desk) -> None:
        submitted = await desk.submitted("P10", who=desk.citizen())
        papers = [{"material_no": no, "source": "PAPER_ORIGINAL", "copies": 2} for no in (1, 2)]

        received = await desk.done(submitted, "receipt", {"materials": papers})

        assert received["complete"] is True

    async def test_a_number_is_not_drawn_by_a_receipt_that_fails(self, desk: Desk) -> None:
        received = await desk.done(await desk.submitted("C04", number=SHOP), "receipt")
        refused = await desk.act(received, "receipt")
        next_one = await desk.done(await desk.submitted("C04", number=SHOP), "receipt")

        assert refused.json()["code"] == "intake.wrong-state"
        assert (received["case_no"][-4:], next_one["case_no"][-4:]) == ("0001", "0002")


class TestSupplement:
    async def received(self, desk: Desk) -> dict[str, Any]:
        return await desk.done(await desk.complete("P07", who=desk.township_clerk), "receipt")

    async def test_notice_supply_acceptance(self, desk: Desk) -> None:
        received = await self.received(desk)

        asked = await desk.done(received, "supplement-notice", {"faults": [FAULT]})
        papers = {"materials": [{"material_no": 1, "source": "PAPER_ORIGINAL"}]}
        supplied = await desk.done(asked, "supplements", papers)
        accepted = await desk.done(supplied, "acceptance")

        assert asked["state"] == "CORRECTION"
        assert asked["supplement"]["outstanding"] == [1]
        assert date.fromisoformat(asked["supplement"]["supply_by"]) > clock.today()
        assert supplied["state"] == "RECEIVED"
        assert accepted["state"] == "ACCEPTED"
        subjects = [subject for _, subject, _ in await desk.events(received["application_id"])]
        assert subjects[2:4] == ["intake.supplement.requested.v1", "intake.supplement.supplied.v1"]

    async def test_a_part_leaves_it_in_correction_and_says_so(self, desk: Desk) -> None:
        asked = await desk.done(
            await self.received(desk), "supplement-notice", {"faults": [FAULT, FAULT | {"material_no": 2}]}
        )

        supplied = await desk.done(
            asked, "supplements", {"materials": [{"material_no": 1, "source": "PAPER_ORIGINAL"}]}
        )

        assert supplied["state"] == "CORRECTION"
        assert supplied["supplement"]["outstanding"] == [2]
        assert (await desk.events(asked["application_id"]))[-1][2]["complete"] is False

    async def test_the_citizen_supplies_by_upload(self, desk: Desk) -> None:
        application = await desk.submitted("P10", who=desk.citizen())
        received = await desk.done(application, "receipt")
        faults = [FAULT, FAULT | {"material_no": 2}]
        asked = await desk.done(received, "supplement-notice", {"faults": faults})
        for no in (1, 2):
            uploaded = await desk.upload(asked, no, who=desk.citizen())

        supplied = await desk.done(uploaded.json(), "supplements", who=desk.citizen())

        assert supplied["state"] == "RECEIVED"
        assert supplied["complete"] is True

    async def test_a_second_notice_is_impossible(self, desk: Desk) -> None:
        asked = await desk.done(await self.received(desk), "supplement-notice", {"faults": [FAULT]})

        refused = await desk.act(asked, "supplement-notice", {"faults": [FAULT]})

        assert refused.status_code == 409
        assert refused.json()["code"] == "intake.supplement-already-requested"

    async def test_after_everything_was_supplied_acceptance_cannot_be_refused(self, desk: Desk) -> None:
        asked = await desk.done(await self.received(desk), "supplement-notice", {"faults": [FAULT]})
        supplied = await desk.done(
            asked, "supplements", {"materials": [{"material_no": 1, "source": "PAPER_ORIGINAL"}]}
        )

        refused = await desk.act(supplied, "refusal", {"kind": "FALSE_MATERIALS", "reason": "材料不实"})

        assert refused.json()["code"] == "intake.must-accept"

    async def test_a_deadline_in_the_past_is_refused(self, desk: Desk) -> None:
        body = {"faults": [FAULT], "supply_by": str(clock.today() - timedelta(days=1))}

        refused = await desk.act(await self.received(desk), "supplement-notice", body)

        assert refused.status_code == 422
        assert codes(refused) == ["supplement.deadline"]


class TestAcceptance:
    async def test_missing_materials_are_named(self, desk: Desk) -> None:
        received = await desk.done(await desk.submitted("P07"), "receipt")

        refused = await desk.act(received, "acceptance")

        assert refused.status_code == 409
        assert [e["pointer"] for e in refused.json()["errors"]] == ["#/materials/1", "#/materials/2", "#/materials/3"]

    async def test_both_due_dates_come_from_the_pinned_item(self, desk: Desk) -> None:
        accepted = await desk.accepted("E02", number=SHOP)

        for name, days in (("legal_due", 10), ("promised_due", 7)):
            due = due_date(Clock(TimeLimit(days, Unit.WORKDAY, StartRule.ACCEPTED), clock.now()), official_calendar())
            assert accepted[name]["on"] == str(due.on)

    async def test_twenty_clerks_at_once_one_wins_and_the_others_are_told_clearly(self, desk: Desk) -> None:
        received = await desk.done(await desk.complete("P07"), "receipt")

        answers = await asyncio.gather(*(desk.act(received, "acceptance") for _ in range(20)))

        assert sorted(a.status_code for a in answers) == [201] + [409] * 19
        codes = {a.json()["code"] for a in answers if a.status_code == 409}
        assert codes <= {"intake.wrong-state", "intake.application-changed"}
        subjects = [subject for _, subject, _ in await desk.events(received["application_id"])]
        assert subjects.count("intake.application.accepted.v1") == 1

    @pytest.mark.parametrize(("item", "from_receipt"), [("C04", True), ("C02", False)])
    async def test_the_clock_starts_where_the_items_law_says(self, desk: Desk, item: str, from_receipt: bool) -> None:
        received = await desk.done(await desk.complete(item, number=SHOP), "receipt")
        earlier = clock.now() - timedelta(days=8)
        async with desk.database.transaction() as uow:
            statement = text("UPDATE application SET received_at = :at WHERE application_id = :id")
            await uow.connection.execute(statement, {"at": earlier, "id": UUID(received["application_id"])})

        accepted = await desk.done(received, "acceptance")

        limit = TimeLimit(7 if from_receipt else 20, Unit.WORKDAY, StartRule.ACCEPTED)
        due = due_date(Clock(limit, earlier if from_receipt else clock.now()), official_calendar())
        assert accepted["legal_due"]["on"] == str(due.on)

    async def test_of_notice_refusal_acceptance_and_withdrawal_at_once_exactly_one_counts(self, desk: Desk) -> None:
        received = await desk.done(await desk.complete("P07"), "receipt")
        acts: list[tuple[str, Any]] = [
            ("acceptance", None),
            ("refusal", {"kind": "NOT_REQUIRED", "reason": "不需要"}),
            ("supplement-notice", {"faults": [FAULT]}),
            ("withdrawal", {"reason": "不办了"}),
        ]

        answers = await asyncio.gather(*(desk.act(received, act, body) for act, body in acts))

        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 3}
        # A withdrawal is still possible after a notice: it is told that somebody was first.
        codes = {answer.json()["code"] for answer in answers if answer.status_code == 409}
        assert codes <= {"intake.wrong-state", "intake.application-changed"}
        assert len(await desk.events(received["application_id"])) == 3


class TestRefusalAndWithdrawal:
    async def test_out_of_scope_names_the_competent_body_and_both_remedies(self, desk: Desk) -> None:
        received = await desk.done(await desk.submitted("E02", number=SHOP), "receipt")
        body = {"kind": "OUT_OF_SCOPE", "reason": "属于市级权限", "competent_body": "怀化市市场监督管理局"}

        refused = await desk.done(received, "refusal", body)

        assert refused["state"] == "REFUSED_ACCEPTANCE"
        event = (await desk.events(received["application_id"]))[-1][2]
        assert event["competent_body"] == "怀化市市场监督管理局"
        assert event["basis"].endswith("第三十二条第一款第二项")
        assert event["remedies"]["reconsideration_body"]
        assert event["remedies"]["court"]

    async def test_not_required_is_told_without_remedies(self, desk: Desk) -> None:
        received = await desk.done(await desk.submitted("E02", number=SHOP), "receipt")

        refused = await desk.done(received, "refusal", {"kind": "NOT_REQUIRED", "reason": "仅销售预包装食品，不需许可"})

        assert refused["state"] == "NOT_REQUIRED"

    async def test_the_applicant_withdraws_with_a_reason(self, desk: Desk) -> None:
        submitted = await desk.submitted("P10", who=desk.citizen())

        without = await desk.act(submitted, "withdrawal", {"reason": " "}, who=desk.citizen())
        withdrawn = await desk.done(submitted, "withdrawal", {"reason": "不办了"}, who=desk.citizen())

        assert without.status_code == 422
        assert withdrawn["state"] == "WITHDRAWN"
        assert (await desk.events(submitted["application_id"]))[-1][2]["case_no"] is None


class TestVersions:
    async def test_an_act_needs_the_version_it_has_seen(self, desk: Desk) -> None:
        submitted = await desk.submitted("P07")

        missing = await desk.post(f"/applications/{submitted['application_id']}/receipt", desk.clerk)
        stale = await desk.act(submitted | {"version": 9}, "receipt")
        malformed = await desk.http.post(
            f"/api/v1/applications/{submitted['application_id']}/receipt",
            headers=desk.clerk | {"if-match": "1", "idempotency-key": str(uuid4())},
        )

        assert [missing.status_code, stale.status_code, malformed.status_code] == [428, 412, 400]

    async def test_every_answer_carries_the_version_twice(self, desk: Desk) -> None:
        response = await desk.act(await desk.submitted("P07"), "receipt")

        assert response.headers["etag"] == f'"v{response.json()["version"]}"'

    async def test_a_repeated_act_gets_the_first_answer(self, desk: Desk) -> None:
        submitted = await desk.submitted("P07")
        path, key = f"/applications/{submitted['application_id']}/receipt", str(uuid4())

        first = await desk.post(path, desk.clerk, version=1, key=key)
        second = await desk.post(path, desk.clerk, version=1, key=key)

        assert first.json() == second.json()
        assert second.headers["idempotency-replayed"] == "true"
        assert second.headers["etag"] == first.headers["etag"]


class TestHandOver:
    async def hand(self, desk: Desk, decided: dict[str, Any], **more: Any) -> httpx.Response:
        body = {"method": "ELECTRONIC", "recipient_name": "张三"} | more
        return await desk.post(
            f"/cases/{decided['case_no']}/hand-over", desk.hand_over_clerk, body, version=decided["version"]
        )

    async def test_before_the_certificate_exists_the_clerk_is_told_to_wait(self, desk: Desk) -> None:
        decided = await desk.decided(await desk.accepted("E02", number=SHOP))

        too_early = await self.hand(desk, decided)
        await desk.holds(SHOP, FOOD_LICENCE, f"H{uuid4().hex[:6].upper()}", case_id=decided["application_id"])
        handed = await self.hand(desk, decided)

        assert too_early.status_code == 409
        assert too_early.json()["code"] == "intake.result-not-ready"
        assert "retry-after" in too_early.headers
        assert handed.status_code == 201

    async def test_before_the_decision_nothing_is_handed_over(self, desk: Desk) -> None:
        refused = await self.hand(desk, await desk.accepted("P07"))

        assert refused.json()["code"] == "intake.wrong-state"

    async def test_a_refusal_is_handed_over_too(self, desk: Desk) -> None:
        decided = await desk.decided(await desk.accepted("E02", number=SHOP), Outcome.REFUSED)

        handed = await self.hand(desk, decided)

        assert handed.json()["outcome"] == "REFUSED"
        assert handed.json()["hand_over"]["documents"] == [paper_number(decided)]
        assert (await desk.events(decided["application_id"]))[-1][2]["outcome"] == "REFUSED"

    @pytest.mark.parametrize("outcome", list(Outcome))
    async def test_without_the_decision_in_writing_nothing_is_handed_over(self, desk: Desk, outcome: Outcome) -> None:
        accepted = await desk.accepted("P07")
        await desk.hear(a_decision(accepted, await desk.item_of(accepted), outcome))
        decided = (await desk.get(f"/applications/{accepted['application_id']}", desk.clerk)).json()

        refused = await self.hand(desk, decided)

        assert (refused.status_code, refused.json()["code"]) == (409, "intake.result-not-ready")
        assert "retry-after" in refused.headers

    async def test_express_needs_a_tracking_number(self, desk: Desk) -> None:
        decided = await desk.decided(await desk.accepted("P07"))

        refused = await self.hand(desk, decided, method="EXPRESS")

        assert codes(refused) == ["hand-over.tracking"]

    async def test_a_decision_told_twice_changes_nothing(self, desk: Desk) -> None:
        accepted = await desk.accepted("P07")

        once = await desk.decided(accepted)
        twice = await desk.decided(accepted, Outcome.REFUSED)

        assert (twice["outcome"], twice["version"]) == ("GRANTED", once["version"])

    async def test_a_decision_made_before_a_withdrawal_was_known_stands(self, desk: Desk) -> None:
        accepted = await desk.accepted("P07")
        await desk.done(accepted, "withdrawal", {"reason": "不办了"})

        decided = await desk.decided(accepted)

        assert decided["state"] == "DECIDED"


@pytest.mark.parametrize(("act", "most"), [("submit", 6), ("receipt", 7), ("acceptance", 6)])
async def test_hot_acts_are_few_round_trips(desk: Desk, act: str, most: int, statements: list[str]) -> None:
    application = await desk.complete("P07")
    if act == "acceptance":
        application = await desk.done(application, "receipt")
    statements.clear()

    await (desk.submit("P07") if act == "submit" else desk.act(application, act))

    assert len(statements) <= most, statements


async def test_events_are_written_with_the_state_or_not_at_all(desk: Desk) -> None:
    async with desk.database.read() as connection:
        loose = await connection.scalar(
            text(
                "SELECT count(*) FROM application a WHERE event_no <> "
                "(SELECT max(aggregate_version) FROM outbox o WHERE o.aggregate_id = a.application_id) "
                "OR event_no <> (SELECT count(*) FROM outbox o WHERE o.aggregate_id = a.application_id)"
            )
        )

    assert loose == 0
