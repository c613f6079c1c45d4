"""Windows, stages and emergencies of the catalogue, driven through the public API with time travel."""

import asyncio
from datetime import date
from typing import Any

import pytest

from contracts.events.common import Outcome
from tests.integration.intake.desk import SHOP, ZHANG, Desk
from tests.integration.intake.travel import Travel, travel

__all__ = ["travel"]
DIVORCE_CERTIFICATE = "114312020061000452002"
MONDAY = date(2026, 3, 2)
BOTH = {"persons": ["张三", "李四"]}


@pytest.fixture(autouse=True)
def on_a_monday(travel: Travel) -> None:
    travel.to_day(MONDAY)


async def shown(desk: Desk, application: dict[str, Any]) -> dict[str, Any]:
    return dict((await desk.get(f"/applications/{application['application_id']}", desk.clerk)).json())


async def last_event(desk: Desk, application: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    _, subject, body = (await desk.events(application["application_id"]))[-1]
    return subject, body


class TestP04TwoWindows:
    async def test_an_amendment_of_the_certificate_waits_for_nothing_and_is_claimed_by_nobody(self, desk: Desk) -> None:
        divorce = await desk.holds(ZHANG, DIVORCE_CERTIFICATE, "AMEND04")
        amends = {"certificate_identifier": divorce, "changes": [{"what": "姓名", "after": "张叁"}]}

        accepted = await desk.accepted("P04", amends=amends)

        (told,) = [body for _, subject, body in await desk.events(accepted["application_id"]) if "accepted" in subject]
        assert (accepted["window"], told["claim_window"]) == (None, None)

    async def test_a_claim_is_possible_in_its_window_only_and_the_refusal_names_the_dates(
        self, desk: Desk, travel: Travel
    ) -> None:
        accepted = await desk.accepted("P04")
        window = accepted["window"]

        early = await desk.act(accepted, "claim", BOTH)
        travel.to_day(date.fromisoformat(window["opens_on"]))
        claimed = await desk.done(accepted, "claim", BOTH)
        again = await desk.act(claimed, "claim", BOTH)

        assert (window["waiting_until"]["on"], window["closes"]["on"]) == ("2026-04-01", "2026-05-06")
        assert (early.status_code, early.json()["code"]) == (409, "intake.outside-window")
        assert "2026-04-02" in early.json()["detail"]
        assert claimed["window"]["persons"] == ["张三", "李四"]
        assert again.json()["code"] == "intake.already-claimed"
        assert (await last_event(desk, accepted))[0] == "intake.application.claimed.v1"

    async def test_silence_in_the_second_window_withdraws_exactly_once(self, desk: Desk, travel: Travel) -> None:
        accepted = await desk.accepted("P04")

        travel.after(date(2026, 5, 6), 600)
        late = await desk.act(accepted, "claim", BOTH)
        await travel.law_acts()
        await travel.law_acts()

        withdrawn = await shown(desk, accepted)
        assert late.json()["code"] == "intake.outside-window"
        assert (withdrawn["state"], "第1077条" in withdrawn["withdrawal_reason"]) == ("WITHDRAWN", True)
        subject, body = await last_event(desk, accepted)
        assert (subject, body["withdrawn_by"]["role"]) == ("intake.application.withdrawn.v1", "SYSTEM")
        assert len(await desk.events(accepted["application_id"])) == 4

    async def test_either_may_withdraw_in_the_cooling_off_period(self, desk: Desk) -> None:
        accepted = await desk.accepted("P04")

        withdrawn = await desk.done(accepted, "withdrawal", {"reason": "不愿意离婚"})

        assert withdrawn["state"] == "WITHDRAWN"

    async def test_acceptance_tells_approval_the_window(self, desk: Desk) -> None:
        accepted = await desk.accepted("P04")

        _, body = await last_event(desk, accepted)

        assert (body["claim_window"]["name"], body["claim_window"]["opens_on"]) == ("申领期", "2026-04-02")


class TestE13TwoStages:
    async def test_the_second_stage_follows_the_granted_first_with_its_own_limit(self, desk: Desk) -> None:
        first = await desk.accepted("E13", number=SHOP, name="网吧")
        early = await desk.submit("E13", number=SHOP, name="网吧", follows=first["case_no"])
        await desk.decided(first, Outcome.GRANTED)

        second = await desk.submitted("E13", number=SHOP, name="网吧", follows=first["case_no"])

        assert (first["scenario"], first["item"]["name"]) == (
            "E13-1",
            "互联网上网服务营业场所筹建与最终审核（筹建批准）",
        )
        assert first["legal_due"]["on"] == "2026-03-30"
        assert (early.status_code, early.json()["code"]) == (409, "intake.stage-not-open")
        assert (second["scenario"], second["follows"]) == ("E13-2", first["case_no"])
        assert "资金信用证明" not in {m["name"] for m in second["materials"]}
        subject, body = (await desk.events(first["application_id"]))[2][1:]
        assert (subject, body["item"]["certificate_type_code"]) == ("intake.application.accepted.v1", None)

    async def test_of_five_who_ask_for_the_second_stage_at_once_one_does_and_again_only_after_it_ended(
        self, desk: Desk
    ) -> None:
        first = await desk.accepted("E13", number=SHOP, name="网吧")
        await desk.decided(first, Outcome.GRANTED)

        asked = [desk.submit("E13", number=SHOP, name="网吧", follows=first["case_no"]) for _ in range(5)]
        answers = sorted(await asyncio.gather(*asked), key=lambda answer: answer.status_code)

        assert [answer.status_code for answer in answers] == [201] + [409] * 4
        assert {answer.json()["code"] for answer in answers[1:]} == {"intake.stage-taken"}
        await desk.done(answers[0].json(), "withdrawal", {"reason": "改日再办"})
        again = await desk.submit("E13", number=SHOP, name="网吧", follows=first["case_no"])
        assert again.status_code == 201, again.text

    async def test_the_stage_before_must_be_the_applicants_own(self, desk: Desk) -> None:
        first = await desk.accepted("E13", number=SHOP, name="网吧")
        await desk.decided(first, Outcome.GRANTED)

        others = await desk.submit("E13", number="91431202MA00000072", name="别家", follows=first["case_no"])

        assert others.status_code in {409, 422}


class TestP07EmergencyFirst:
    async def test_papers_come_after_the_grant(self, desk: Desk) -> None:
        materials = [
            {"material_no": 1, "source": "PAPER_ORIGINAL"},
            {"material_no": 2, "source": "PAPER_ORIGINAL"},
            {"material_no": 3, "source": "DEFERRED", "promised_on": "2026-03-10"},
        ]
        submitted = await desk.submitted("P07", materials=materials, scenario="P07b")
        accepted = await desk.done(await desk.done(submitted, "receipt"), "acceptance")
        _, told = await last_event(desk, accepted)
        granted = await desk.decided(accepted)

        supplied = await desk.done(
            granted, "deferred-materials", {"materials": [{"material_no": 3, "source": "PAPER_ORIGINAL"}]}
        )

        assert accepted["promised_due"]["on"] == "2026-03-03"
        assert told["deferred"][0]["after_grant"] is True
        assert supplied["state"] == "DECIDED"
        assert (await last_event(desk, accepted))[1]["outstanding"] == []

    async def test_in_the_general_procedure_a_grant_waits(self, desk: Desk) -> None:
        materials = [
            {"material_no": 1, "source": "PAPER_ORIGINAL"},
            {"material_no": 2, "source": "PAPER_ORIGINAL"},
            {"material_no": 3, "source": "DEFERRED", "promised_on": "2026-03-10"},
        ]
        submitted = await desk.submitted("P07", materials=materials)
        accepted = await desk.done(await desk.done(submitted, "receipt"), "acceptance")

        _, told = await last_event(desk, accepted)

        assert told["deferred"][0]["after_grant"] is False
