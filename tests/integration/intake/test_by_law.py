"""What the law brings about by itself, with time travel: silence, return, renewal; and acts that race it."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from contracts.events.certificate import CertificateSuperseded, PaperKind
from services.chassis.ids import uuid7
from tests.integration.intake.bundle_desk import a_company
from tests.integration.intake.desk import FOOD_LICENCE, SHOP, Desk, a_decision_paper
from tests.integration.intake.test_recall import take_away
from tests.integration.intake.travel import Travel, travel

__all__ = ["travel"]
FAULT = {"material_no": 1, "fault": "未签名", "remedy": "签名后重新提交"}
MONDAY = date(2026, 3, 2)
NEXT_MONDAY = date(2026, 3, 9)  # the fifth working day after it


@pytest.fixture(autouse=True)
def on_a_monday(travel: Travel) -> None:
    travel.to_day(MONDAY)


async def received(desk: Desk, item: str = "P07", **more: Any) -> dict[str, Any]:
    return await desk.done(await desk.submitted(item, **more), "receipt")


async def now(desk: Desk, application: dict[str, Any]) -> dict[str, Any]:
    return dict((await desk.get(f"/applications/{application['application_id']}", desk.clerk)).json())


async def told(desk: Desk, application: dict[str, Any], subject: str) -> list[dict[str, Any]]:
    return [body for _, name, body in await desk.events(application["application_id"]) if name == subject]


async def hand_over(desk: Desk, application: dict[str, Any]) -> httpx.Response:
    seen = await now(desk, application)
    handing = {"method": "COLLECTION", "recipient_name": "王小明", "recipient_relation": "本人"}
    path = f"/cases/{seen['case_no']}/hand-over"
    return await desk.post(path, desk.hand_over_clerk, handing, version=seen["version"])


def superseded(old: str, new: str) -> CertificateSuperseded:
    return CertificateSuperseded(
        certificate_id=uuid7(),
        identifier=old,
        holder_key="k",
        superseded_by=new,
        superseded_at=datetime.now(UTC),
    )


class TestArt32SilenceIsAcceptance:
    async def test_nothing_happens_before_the_fifth_working_day_is_over(self, desk: Desk, travel: Travel) -> None:
        application = await received(desk)

        travel.after(NEXT_MONDAY, -5)
        await travel.law_acts()

        assert (await now(desk, application))["state"] == "RECEIVED"

    async def test_afterwards_it_is_accepted_from_the_day_of_receipt(self, desk: Desk, travel: Travel) -> None:
        application = await received(desk)

        travel.after(NEXT_MONDAY)
        await travel.law_acts()
        await travel.law_acts()

        accepted = await now(desk, application)
        assert (accepted["state"], accepted["deemed"]) == ("ACCEPTED", True)
        assert accepted["accepted_at"] == application["received_at"]
        (event,) = await told(desk, application, "intake.application.accepted.v1")
        assert event["deemed"] is True
        assert event["accepted_by"]["role"] == "SYSTEM"
        assert event["deemed_at"] > event["accepted_at"]
        assert event["lacking"], "what was missing does not matter, but is recorded"
        assert event["legal_due"]["on"] > str(MONDAY)

    async def test_after_a_standstill_everything_due_is_made_good(self, desk: Desk, travel: Travel) -> None:
        several = [await received(desk) for _ in range(3)]

        travel.to_day(date(2026, 5, 20))
        await travel.law_acts()

        assert {(await now(desk, one))["state"] for one in several} == {"ACCEPTED"}

    async def test_a_notice_in_the_last_second_wins(self, desk: Desk, travel: Travel) -> None:
        application = await desk.done(await desk.complete("P07"), "receipt")

        travel.after(NEXT_MONDAY, -3)
        asked = await desk.act(application, "supplement-notice", {"faults": [FAULT], "supply_by": "2026-04-01"})
        travel.after(NEXT_MONDAY)
        await travel.law_acts()

        assert asked.status_code == 201, asked.text
        assert (await now(desk, application))["state"] == "CORRECTION"

    @pytest.mark.parametrize(
        ("act", "body"),
        [
            ("supplement-notice", {"faults": [FAULT]}),
            ("acceptance", None),
            ("refusal", {"kind": "NOT_REQUIRED", "reason": "不需要许可"}),
        ],
    )
    async def test_an_answer_after_it_comes_too_late_even_before_it_is_recorded(
        self, desk: Desk, travel: Travel, act: str, body: Any
    ) -> None:
        application = await desk.done(await desk.complete("P07"), "receipt")

        travel.after(NEXT_MONDAY)
        answer = await desk.act(application, act, body)

        assert (answer.status_code, answer.json()["code"]) == (409, "intake.deemed-accepted")

    async def test_notice_and_silence_at_once_exactly_one_wins(self, desk: Desk, travel: Travel) -> None:
        """The clerk's act carries the last second, the timer the next one; both meet at the row."""
        for _ in range(8):
            travel.to_day(MONDAY)
            application = await desk.done(await desk.complete("P07"), "receipt")
            travel.after(NEXT_MONDAY, -0.15)
            notice = {"faults": [FAULT], "supply_by": "2026-04-01"}

            async def silence(end: datetime) -> None:
                await asyncio.sleep(0.15)
                await travel.by_law(desk.database, end)

            end = datetime(2026, 3, 9, 16, 0, tzinfo=UTC) + timedelta(seconds=1)
            asked, _ = await asyncio.gather(desk.act(application, "supplement-notice", notice), silence(end))
            travel.after(NEXT_MONDAY)
            await travel.law_acts()

            subjects = [name for _, name, _ in await desk.events(application["application_id"])][2:]
            state = (await now(desk, application))["state"]
            if asked.status_code == 201:
                assert (state, subjects) == ("CORRECTION", ["intake.supplement.requested.v1"])
            else:
                assert asked.status_code == 409
                assert (state, subjects) == ("ACCEPTED", ["intake.application.accepted.v1"])

    async def test_two_timers_at_once_accept_once(self, desk: Desk, travel: Travel) -> None:
        application = await received(desk)
        travel.after(NEXT_MONDAY)

        await asyncio.gather(*(travel.law_acts() for _ in range(4)))

        assert len(await told(desk, application, "intake.application.accepted.v1")) == 1

    async def test_silence_after_supply_counts_from_the_day_everything_was_there(
        self, desk: Desk, travel: Travel
    ) -> None:
        application = await desk.done(await desk.complete("P07"), "receipt")
        asked = await desk.done(application, "supplement-notice", {"faults": [FAULT], "supply_by": "2026-04-01"})
        travel.to_day(date(2026, 3, 20))
        papers = {"materials": [{"material_no": 1, "source": "PAPER_ORIGINAL"}]}
        supplied = await desk.done(asked, "supplements", papers)

        travel.after(date(2026, 3, 27))
        await travel.law_acts()

        accepted = await now(desk, application)
        assert supplied["notice_due"]["on"] == "2026-03-27"
        assert accepted["accepted_at"].startswith("2026-03-20")


class TestReturn:
    async def asked(self, desk: Desk) -> dict[str, Any]:
        application = await desk.done(await desk.complete("P07"), "receipt")
        return await desk.done(application, "supplement-notice", {"faults": [FAULT], "supply_by": "2026-03-16"})

    async def test_not_supplied_in_time_it_goes_back_once_with_the_reason(self, desk: Desk, travel: Travel) -> None:
        asked = await self.asked(desk)

        travel.after(date(2026, 3, 16), -2)
        await travel.law_acts()
        before = (await now(desk, asked))["state"]
        travel.after(date(2026, 3, 16))
        await asyncio.gather(*(travel.law_acts() for _ in range(3)))

        back = await now(desk, asked)
        assert (before, back["state"]) == ("CORRECTION", "RETURNED")
        (event,) = await told(desk, asked, "intake.application.returned.v1")
        assert event["kind"] == "NOT_SUPPLIED"
        assert "2026-03-16" in back["returned"]["reason"]

    async def test_what_comes_after_the_last_day_is_refused(self, desk: Desk, travel: Travel) -> None:
        asked = await self.asked(desk)

        travel.after(date(2026, 3, 16))
        answer = await desk.act(asked, "supplements", {"materials": [{"material_no": 1, "source": "PAPER_ORIGINAL"}]})

        assert answer.json()["code"] == "intake.supplied-too-late"

    async def test_the_clerk_returns_it_when_the_applicant_gives_up(self, desk: Desk) -> None:
        back = await desk.done(await self.asked(desk), "return", {"reason": "申请人不再办理"})

        assert (back["state"], back["returned"]["kind"]) == ("RETURNED", "GIVEN_UP")


class TestArt50Renewal:
    UNTIL = date(2026, 8, 31)

    async def licence(self, desk: Desk, serial: str, until: date = UNTIL, number: str = SHOP) -> str:
        return await desk.holds(number, FOOD_LICENCE, serial, valid_until=until)

    async def test_too_early_too_late_and_in_the_window(self, desk: Desk, travel: Travel) -> None:
        number = "91431202MA0000218N"
        await self.licence(desk, "JY2001", number=number)
        answers = {}
        for day in (date(2026, 4, 21), date(2026, 4, 22), date(2026, 8, 10), date(2026, 8, 11), date(2026, 9, 1)):
            travel.to_day(day)
            answers[day] = await self.tried(desk, number)

        assert list(answers.values()) == [409, 201, 201, 409, 409]

    @staticmethod
    async def tried(desk: Desk, number: str) -> int:
        """Applied for, and taken back at once."""
        answer = await desk.submit("E03", number=number)
        if answer.status_code == 201:
            await desk.done(answer.json(), "withdrawal", {"reason": "改日再办"}, who=desk.clerk)
        return answer.status_code

    async def test_one_certificate_is_renewed_by_one_application_at_a_time(self, desk: Desk, travel: Travel) -> None:
        number = "91431202MA0000269Y"
        await self.licence(desk, "JY2007", number=number)
        travel.to_day(date(2026, 7, 1))

        answers = await asyncio.gather(*(desk.submit("E03", number=number) for _ in range(3)))
        first = next(answer.json() for answer in answers if answer.status_code == 201)
        await desk.done(first, "withdrawal", {"reason": "改日再办"})
        again = await desk.submit("E03", number=number)

        assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
        assert {a.json()["code"] for a in answers if a.status_code == 409} == {"intake.renewal-taken"}
        assert again.status_code == 201, again.text

    async def test_no_decision_by_expiry_renews_exactly_once(self, desk: Desk, travel: Travel) -> None:
        identifier = await self.licence(desk, "JY2002")
        travel.to_day(date(2026, 7, 1))
        application = await desk.accepted("E03", number=SHOP)

        travel.after(self.UNTIL, -5)
        await travel.law_acts()
        before = (await now(desk, application))["state"]
        travel.after(self.UNTIL, 5)
        too_late = await desk.act(application, "withdrawal", {"reason": "不再经营"})
        travel.after(self.UNTIL, 600)
        await asyncio.gather(*(travel.law_acts() for _ in range(3)))

        renewed = await now(desk, application)
        (event,) = await told(desk, application, "intake.renewal.deemed.v1")
        assert before == "ACCEPTED"
        assert (too_late.status_code, too_late.json()["code"]) == (409, "intake.renewed-by-silence")
        assert (renewed["state"], renewed["outcome"]) == ("DECIDED", "GRANTED")
        assert renewed["renews"]["renewed_at"].startswith("2026-08-31T16:00:00")
        assert event["renews"]["certificate_identifier"] == identifier

    async def test_art_44_delivery_of_what_was_accepted_after_the_end_counts_from_its_acceptance(
        self, desk: Desk, travel: Travel
    ) -> None:
        number = a_company()
        await self.licence(desk, "JY2007", number=number)
        travel.to_day(date(2026, 7, 1))
        submitted = await desk.complete("E03", number=number)
        travel.to_day(self.UNTIL)
        received = await desk.done(submitted, "receipt")
        travel.to_day(date(2026, 9, 3))
        application = await desk.done(received, "acceptance")

        travel.to_day(date(2026, 9, 4))
        await travel.law_acts()

        renewed = await now(desk, application)
        (event,) = await told(desk, application, "intake.renewal.deemed.v1")
        assert event["renewed_at"] == renewed["decided_at"] == application["accepted_at"]
        assert renewed["delivery_due"]["on"] == event["delivery_due"]["on"] == "2026-09-17"

    async def test_a_decision_before_expiry_leaves_nothing_to_silence(self, desk: Desk, travel: Travel) -> None:
        number = "91431202MA0000234C"
        await self.licence(desk, "JY2003", number=number)
        travel.to_day(date(2026, 7, 1))
        application = await desk.accepted("E03", number=number)
        await desk.decided(application)

        travel.after(self.UNTIL, 600)
        await travel.law_acts()

        assert await told(desk, application, "intake.renewal.deemed.v1") == []

    async def test_what_was_renewed_by_silence_is_handed_over_with_its_new_certificate(
        self, desk: Desk, travel: Travel
    ) -> None:
        number = "91431202MA00002427"
        old = await self.licence(desk, "JY2005", number=number)
        travel.to_day(date(2026, 7, 1))
        application = await desk.accepted("E03", number=number)
        travel.after(self.UNTIL, 600)
        await travel.law_acts()
        waiting = await hand_over(desk, application)

        new = await desk.holds(
            number, FOOD_LICENCE, "JY2005N", case_id=application["application_id"], valid_until=date(2031, 8, 31)
        )
        paper = a_decision_paper(application).model_copy(update={"kind": PaperKind.RENEWAL_DECISION})
        await desk.hear(paper)
        await desk.hear(superseded(old, new))
        handed = await hand_over(desk, application)

        assert waiting.json()["code"] == "intake.result-not-ready"
        assert (handed.status_code, handed.json()["state"]) == (201, "CONCLUDED"), handed.text
        assert new in handed.json()["hand_over"]["documents"]
        travel.to_day(date(2026, 9, 2))
        again = await desk.submit("E03", number=number)
        assert again.status_code == 409, "only the new version can be renewed, and not yet"

    async def test_silence_does_not_renew_what_was_taken_away_meanwhile(self, desk: Desk, travel: Travel) -> None:
        number = "91431202MA00002502"
        identifier = await self.licence(desk, "JY2006", number=number)
        travel.to_day(date(2026, 7, 1))
        application = await desk.accepted("E03", number=number)
        await take_away(desk, identifier)

        travel.after(self.UNTIL, 600)
        await asyncio.gather(*(travel.law_acts() for _ in range(2)))

        left = await now(desk, application)
        assert (left["state"], left["outcome"], left["renews"]["silence_renews"]) == ("ACCEPTED", None, False)
        assert left["version"] == application["version"] + 1, "looked at once, not every second"
        assert await told(desk, application, "intake.renewal.deemed.v1") == []

    async def test_it_waits_while_a_decision_may_be_on_its_way(self, desk: Desk, travel: Travel) -> None:
        number = "91431202MA0000226H"
        await self.licence(desk, "JY2004", number=number)
        travel.to_day(date(2026, 7, 1))
        application = await desk.accepted("E03", number=number)

        async def behind() -> bool:
            return False

        travel.by_law.caught_up = behind
        travel.after(self.UNTIL, 600)
        await travel.law_acts()

        assert (await now(desk, application))["state"] == "ACCEPTED"
