"""Promises instead of materials, corrections on the spot, a second notice: over HTTP."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.chassis import clock
from tests.integration.intake.bundle_desk import a_company
from tests.integration.intake.desk import MARKET, SHOP, Desk, coverage

FAULT = {"material_no": 1, "fault": "未签名", "remedy": "签名后重新提交"}
FALSE = {"material_no": 4, "outcome": "FALSE", "finding": "现场未见承诺的制度"}


def paper(no: int) -> dict[str, Any]:
    return {"material_no": no, "source": "PAPER_ORIGINAL"}


def soon(days: int = 7) -> str:
    return (clock.today() + timedelta(days=days)).isoformat()


@pytest.fixture
def promising() -> list[dict[str, Any]]:
    """E02: material 3 may come later, material 4 may be promised in writing."""
    deferred = {"material_no": 3, "source": "DEFERRED", "promised_on": soon()}
    return [paper(1), paper(2), paper(6), deferred, {"material_no": 4, "source": "COMMITMENT"}]


async def accepted(desk: Desk, materials: list[dict[str, Any]], *, number: str = SHOP) -> dict[str, Any]:
    submitted = await desk.submitted("E02", number=number, materials=materials)
    return await desk.done(await desk.done(submitted, "receipt"), "acceptance")


async def of(desk: Desk, application: dict[str, Any], subject: str) -> list[dict[str, Any]]:
    return [body for _, name, body in await desk.events(application["application_id"]) if name == subject]


async def on_record(desk: Desk, number: str) -> list[dict[str, Any]]:
    """Who is barred, as the supervisor reads it: found by the digits that are shown."""
    listed = (await desk.get("/barred-applicants", desk.staff("SUPERVISOR"))).json()["items"]
    return [one for one in listed if one["masked_number"].endswith(number[-4:])]


class TestDeferredMaterials:
    async def test_it_is_accepted_without_them_and_says_so(self, desk: Desk, promising: list[dict[str, Any]]) -> None:
        application = await accepted(desk, promising)

        (event,) = await of(desk, application, "intake.application.accepted.v1")
        assert coverage(application)[3] == "DEFERRED"
        assert [d["material_no"] for d in event["deferred"]] == [3]
        assert {m["material_no"] for m in event["materials"]} == {1, 2, 6}

    async def test_the_paper_comes_in_and_nothing_is_outstanding(
        self, desk: Desk, promising: list[dict[str, Any]]
    ) -> None:
        application = await accepted(desk, promising)

        supplied = await desk.done(application, "deferred-materials", {"materials": [paper(3)]})

        (event,) = await of(desk, application, "intake.deferred_material.supplied.v1")
        assert coverage(supplied)[3] == "ON_PAPER"
        assert event["outstanding"] == []

    async def test_an_upload_after_acceptance_is_taken_for_what_was_promised_only(
        self, desk: Desk, promising: list[dict[str, Any]]
    ) -> None:
        application = await accepted(desk, promising)

        promised = await desk.upload(application, 3)
        other = await desk.upload(application, 1)

        assert promised.status_code == 201
        assert other.json()["code"] == "intake.wrong-state"
        assert len(await of(desk, application, "intake.deferred_material.supplied.v1")) == 1

    @pytest.mark.parametrize(
        ("entry", "code"),
        [
            ({"material_no": 1, "source": "DEFERRED", "promised_on": "2099-01-01"}, "material.option"),
            ({"material_no": 3, "source": "DEFERRED"}, "deferred.date"),
            ({"material_no": 3, "source": "DEFERRED", "promised_on": "2099-01-01"}, "deferred.date"),
            ({"material_no": 3, "source": "COMMITMENT"}, "material.option"),
        ],
    )
    async def test_only_what_the_published_list_allows(self, desk: Desk, entry: dict[str, Any], code: str) -> None:
        answer = await desk.submit("E02", number=SHOP, materials=[entry])

        assert [error["code"] for error in answer.json()["errors"]] == [code]


class TestInformedCommitment:
    async def test_the_check_comes_later_and_its_outcome_is_told_once(
        self, desk: Desk, promising: list[dict[str, Any]]
    ) -> None:
        application = await accepted(desk, promising, number="91431202MA0000218N")
        handler = desk.staff("HANDLER", org=MARKET, org_name="区市场监督管理局")

        checked = await desk.done(application, "commitment-checks", FALSE, who=handler)
        again = await desk.act(checked, "commitment-checks", FALSE, who=handler)

        (told,) = await of(desk, application, "intake.commitment.checked.v1")
        (accepted_event,) = await of(desk, application, "intake.application.accepted.v1")
        assert accepted_event["commitments"][0]["check_by"] == (clock.today() + timedelta(days=60)).isoformat()
        assert (told["outcome"], told["material_no"]) == ("FALSE", 4)
        assert again.json()["code"] == "intake.no-open-commitment"

    async def test_who_committed_himself_falsely_is_barred_from_the_next_commitment_by_the_check(
        self, desk: Desk, promising: list[dict[str, Any]]
    ) -> None:
        number = "91431202MA0000234C"
        application = await accepted(desk, promising, number=number)

        checked = await desk.done(application, "commitment-checks", FALSE, who=desk.staff("HANDLER", org=MARKET))
        refused = await desk.submit("E02", number=number, materials=promising)

        (told,) = await of(desk, application, "intake.commitment.checked.v1")
        (barred,) = await on_record(desk, number)
        assert [error["code"] for error in refused.json()["errors"]] == ["commitment.barred"]
        assert barred["barred_until"] == told["barred_until"] == soon(365)
        assert (barred["division"], checked["case_no"] in barred["reason"]) == ("431202000000", True)

    async def test_a_kept_commitment_bars_nobody_and_a_false_one_shortens_no_longer_bar(
        self, desk: Desk, promising: list[dict[str, Any]]
    ) -> None:
        number, handler = "91431202MA0000226H", desk.staff("HANDLER", org=MARKET)
        kept, false = [await accepted(desk, promising, number=number) for _ in range(2)]
        party = {"party_type": "ORGANISATION", "number": number, "barred_until": soon(900), "reason": "失信未修复"}

        await desk.done(kept, "commitment-checks", FALSE | {"outcome": "KEPT"}, who=handler)
        after_kept = await on_record(desk, number)
        await desk.post("/barred-applicants", desk.staff("SUPERVISOR"), party)
        await desk.done(false, "commitment-checks", FALSE, who=handler)

        (after_false,) = await on_record(desk, number)
        assert (after_kept, after_false["barred_until"]) == ([], soon(900))

    async def test_a_commitment_made_before_its_maker_was_barred_is_not_accepted_afterwards(
        self, desk: Desk, promising: list[dict[str, Any]]
    ) -> None:
        number = a_company()
        submitted = await desk.submitted("E02", number=number, materials=promising)
        waiting = await desk.done(submitted, "receipt")
        party = {"party_type": "ORGANISATION", "number": number, "barred_until": soon(310), "reason": "失信未修复"}
        await desk.post("/barred-applicants", desk.staff("SUPERVISOR"), party)

        refused = await desk.act(waiting, "acceptance")
        forgotten = await desk.act(waiting, "supplement-notice", {"faults": [FAULT]})
        asked = await desk.done(waiting, "supplement-notice", {"faults": [FAULT | {"material_no": 4}]})
        supplied = await desk.done(asked, "supplements", {"materials": [paper(4)]})
        accepted = await desk.done(supplied, "acceptance")

        assert (refused.status_code, refused.json()["code"]) == (409, "intake.materials-missing")
        assert [error["pointer"] for error in refused.json()["errors"]] == ["#/materials/4"]
        assert [error["code"] for error in forgotten.json()["errors"]] == ["supplement.incomplete"]
        assert coverage(accepted)[4] == "ON_PAPER"

    async def test_whoever_is_barred_may_not_commit_himself(self, desk: Desk, promising: list[dict[str, Any]]) -> None:
        other = "91431202MA00002427"
        supervisor = desk.staff("SUPERVISOR")
        body = {"party_type": "ORGANISATION", "number": other, "barred_until": soon(300), "reason": "失信未修复"}
        barred = await desk.post("/barred-applicants", supervisor, body)

        refused = await desk.submit("E02", number=other, materials=promising)
        listed = await on_record(desk, other)
        lifted = await desk.post("/barred-applicants", supervisor, body | {"barred_until": str(date(2020, 1, 1))})
        allowed = await desk.submit("E02", number=other, materials=promising)

        assert barred.status_code == lifted.status_code == 201
        assert other not in barred.text
        assert [error["code"] for error in refused.json()["errors"]] == ["commitment.barred"]
        assert len(listed) == 1
        assert allowed.status_code == 201

    async def test_a_division_neither_sees_nor_lifts_the_record_of_another_though_it_holds_there(
        self, desk: Desk, promising: list[dict[str, Any]]
    ) -> None:
        other = "91431202MA0000509R"
        here, there = desk.staff("SUPERVISOR"), desk.staff("SUPERVISOR", division="431221000000")
        above = desk.staff("SUPERVISOR", division="431200000000")
        body = {"party_type": "ORGANISATION", "number": other, "barred_until": soon(300), "reason": "失信未修复"}
        barred = await desk.post("/barred-applicants", there, body)

        lifted = await desk.post("/barred-applicants", here, body | {"barred_until": str(date(2020, 1, 1))})
        refused = await desk.submit("E02", number=other, materials=promising)
        lists = [(await desk.get("/barred-applicants", who)).json()["items"] for who in (here, there, above)]

        assert barred.status_code == lifted.status_code == 201, barred.text
        assert [error["code"] for error in refused.json()["errors"]] == ["commitment.barred"]
        shown = [[entry["division"] for entry in entries if entry["barred_until"] == soon(300)] for entries in lists]
        assert shown == [[], ["431221000000"], ["431221000000"]]

    async def test_one_of_several_applicants_who_is_barred_bars_them_all(
        self, desk: Desk, promising: list[dict[str, Any]]
    ) -> None:
        other = a_company()
        body = {"party_type": "ORGANISATION", "number": other, "barred_until": soon(300), "reason": "失信未修复"}
        await desk.post("/barred-applicants", desk.staff("SUPERVISOR"), body)
        together = [{"party_type": "ORGANISATION", "number": other, "name": "共同申请人"}]

        at_once = await desk.submit("E02", number=a_company(), materials=promising, co_applicants=together)
        submitted = await desk.submitted("E02", number=a_company(), co_applicants=together)
        on_receipt = await desk.act(submitted, "receipt", {"materials": promising})

        for refused in (at_once, on_receipt):
            assert [error["code"] for error in refused.json()["errors"]] == ["commitment.barred"]

    async def test_a_falsehood_bars_all_who_applied_together(self, desk: Desk, promising: list[dict[str, Any]]) -> None:
        first, second = a_company(), a_company()
        together = [{"party_type": "ORGANISATION", "number": second, "name": "共同申请人"}]
        submitted = await desk.submitted("E02", number=first, materials=promising, co_applicants=together)
        application = await desk.done(await desk.done(submitted, "receipt"), "acceptance")

        await desk.done(application, "commitment-checks", FALSE, who=desk.staff("HANDLER", org=MARKET))

        for number in (first, second):
            refused = await desk.submit("E02", number=number, materials=promising)
            assert [error["code"] for error in refused.json()["errors"]] == ["commitment.barred"]

    async def test_a_division_above_lifts_a_record_by_a_day_that_is_over_and_shortens_none_by_another(
        self, desk: Desk, promising: list[dict[str, Any]]
    ) -> None:
        number, above = a_company(), desk.staff("SUPERVISOR", division="431200000000")
        body = {"party_type": "ORGANISATION", "number": number, "barred_until": soon(300), "reason": "失信未修复"}
        await desk.post("/barred-applicants", desk.staff("SUPERVISOR"), body)

        await desk.post("/barred-applicants", above, body | {"barred_until": soon(3)})
        longest = (await desk.submit("E02", number=number, materials=promising)).json()
        await desk.post("/barred-applicants", above, body | {"barred_until": str(date(2020, 1, 1))})
        allowed = await desk.submit("E02", number=number, materials=promising)

        assert soon(300) in longest["errors"][0]["detail"]
        assert allowed.status_code == 201, allowed.text

    async def test_a_clerk_may_not_bar_anybody(self, desk: Desk) -> None:
        answer = await desk.post("/barred-applicants", desk.clerk, {})

        assert answer.status_code == 403


class TestArt32CorrectedOnTheSpot:
    async def test_it_is_recorded_and_no_clock_moves(self, desk: Desk) -> None:
        received = await desk.done(await desk.complete("P07"), "receipt")

        corrected = await desk.done(received, "corrections", {"corrections": ["联系电话漏填，当场补填"]})

        assert corrected["corrections"] == ["联系电话漏填，当场补填"]
        assert (corrected["state"], corrected["notice_due"]) == ("RECEIVED", received["notice_due"])
        (event,) = await of(desk, received, "intake.application.corrected.v1")
        assert event["corrected_by"]["role"] == "COUNTER_CLERK"


class TestArt32SecondNotice:
    async def supplied(self, desk: Desk) -> dict[str, Any]:
        received = await desk.done(await desk.complete("P07"), "receipt")
        asked = await desk.done(received, "supplement-notice", {"faults": [FAULT]})
        return await desk.done(asked, "supplements", {"materials": [paper(1)]})

    async def test_without_a_reason_there_is_none(self, desk: Desk) -> None:
        answer = await desk.act(await self.supplied(desk), "supplement-notice", {"faults": [FAULT]})

        assert (answer.status_code, answer.json()["code"]) == (409, "intake.supplement-already-requested")

    async def test_what_lay_there_unchanged_the_first_time_is_not_asked_for_again(self, desk: Desk) -> None:
        faults = [FAULT, {"material_no": 2, "fault": "已过期", "remedy": "换新证"}]
        body = {"faults": faults, "reason": "首次无法发现"}

        refused = await desk.act(await self.supplied(desk), "supplement-notice", body)

        assert (refused.status_code, refused.json()["code"]) == (409, "intake.fault-could-be-seen")
        (error,) = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == ("#/faults/1/material_no", "supplement.could-be-seen")
        assert "应当受理" in error["detail"]

    async def test_with_a_reason_supervision_hears_of_it_and_of_what_lay_there_before(self, desk: Desk) -> None:
        supplied = await self.supplied(desk)
        faults = [FAULT, {"material_no": 2, "fault": "与申请表不一致", "remedy": "换新证", "shown_by": 1}]
        reason = "补正的申请表与原证内容不一致，首次无法发现"

        again = await desk.done(supplied, "supplement-notice", {"faults": faults, "reason": reason})

        first, second = await of(desk, supplied, "intake.supplement.requested.v1")
        assert (first["ordinal"], second["ordinal"]) == (1, 2)
        assert (second["reason"], second["seen_before"]) == (reason, [2])
        assert [fault["shown_by"] for fault in second["faults"]] == [None, 1]
        assert [bool(fault["shown_by_name"]) for fault in second["faults"]] == [False, True]
        assert len(again["earlier_supplements"]) == 1

    async def test_never_a_third(self, desk: Desk) -> None:
        body = {"faults": [FAULT], "reason": "首次无法发现"}
        again = await desk.done(await self.supplied(desk), "supplement-notice", body)
        supplied = await desk.done(again, "supplements", {"materials": [paper(1)]})

        third = await desk.act(supplied, "supplement-notice", body)
        refusal = await desk.act(supplied, "refusal", {"kind": "NOT_REQUIRED", "reason": "x"})

        assert third.json()["code"] == "intake.supplement-already-requested"
        assert refusal.json()["code"] == "intake.must-accept"
