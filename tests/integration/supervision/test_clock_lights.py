"""Lights of the clocks beside the case time, through the consumer and the sweep: each once, on whom it concerns."""

from datetime import date
from typing import Any

import pytest

from contracts.events import approval
from contracts.events.common import DueDate, OrganisationRef
from tests.support.supervision import CLERK, DISTRICT, POLICE, Story, Supervision, at

FIRE = OrganisationRef(uscc=POLICE, name="区公安分局", division=DISTRICT)
STARTED = "2018-10-15 10:00:00"


@pytest.fixture(autouse=True)
def heard_on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has not ended yet is lit by the sweep alone."""
    monkeypatch.setattr("services.supervision.consumers.clock.now", lambda: at(STARTED))


def paused(story: Story, when: str = STARTED, workdays: int = 7, ends: str = "2018-10-24") -> Story:
    """A special procedure of seven days on Monday 2018-10-15 at 10:00, as in the rule book's printed example."""
    event = approval.CaseSuspended(
        case_id=story.case_id,
        case_no=story.case_no,
        legal_due=DueDate(on=date(2018, 10, 29), provisional=True),
        promised_due=DueDate(on=date(2018, 10, 24), provisional=True),
        kind="EXPERT_REVIEW",
        kind_name="专家评审",
        article="行政许可法第四十五条",
        expected_workdays=workdays,
        expected_end=DueDate(on=date.fromisoformat(ends)),
        notice="组织专家评审",
        suspended_at=at(when),
        approved_by=CLERK,
    )
    return story._tell(event, stream="approval")


def resumed(story: Story, when: str) -> Story:
    event = approval.CaseResumed(
        case_id=story.case_id,
        case_no=story.case_no,
        legal_due=DueDate(on=date(2018, 11, 2)),
        promised_due=DueDate(on=date(2018, 10, 30)),
        kind="EXPERT_REVIEW",
        kind_name="专家评审",
        suspended_at=at(STARTED),
        expected_end=DueDate(on=date(2018, 10, 24)),
        result="通过",
        resumed_at=at(when),
        resumed_by=CLERK,
    )
    return story._tell(event, stream="approval")


def running(**changes: Any) -> Story:
    return Story(legal=10, promised=7, **changes).submitted().received().accepted().opened()


async def test_a_pause_left_open_lights_after_the_instants_the_rule_book_prints(supervision: Supervision) -> None:
    story = await supervision.tell(paused(running()))

    await supervision.sweep("2018-10-25 10:00:00")
    before = [rule for rule, _ in await supervision.clock_lights(story)]
    await supervision.sweep("2018-10-25 10:00:01")

    assert before == ["special-procedure-warning", "special-procedure-yellow"]
    assert await supervision.clock_lights(story) == [
        ("special-procedure-warning", at("2018-10-19 10:00:00")),
        ("special-procedure-yellow", at("2018-10-24 10:00:00")),
        ("special-procedure-red", at("2018-10-25 10:00:00")),
    ]


async def test_each_pause_lights_once_and_a_second_pause_lights_again(supervision: Supervision) -> None:
    story = await supervision.tell(paused(running()))
    for when in ("2018-10-26 08:00:00", "2018-10-26 08:00:01", "2018-10-27 08:00:00"):
        await supervision.sweep(when)
    once = await supervision.clock_lights(story)

    await supervision.tell(resumed(story, "2018-10-26 10:00:00"))
    await supervision.tell(paused(story, "2018-10-29 10:00:00", 2, "2018-10-31"))
    await supervision.sweep("2018-11-20 08:00:00")

    assert len(once) == 3
    assert [rule for rule, _ in await supervision.clock_lights(story)][3:] == [
        "special-procedure-yellow",
        "special-procedure-red",
    ]
    published = "SELECT count(*) FROM outbox WHERE convert_from(payload, 'UTF8')::jsonb ->> 'clock' <> ''"
    assert (await supervision.rows(published))[0][0] == 5


async def test_a_pause_that_ended_in_time_but_was_heard_late_is_voided(supervision: Supervision) -> None:
    story = await supervision.tell(paused(running()))
    await supervision.sweep("2018-10-26 08:00:00")

    await supervision.tell(resumed(story, "2018-10-23 10:00:00"))

    assert await supervision.clock_lights(story) == [("special-procedure-warning", at("2018-10-19 10:00:00"))]
    assert len(await supervision.clock_lights(story, voided=True)) == 2


async def test_silence_of_a_department_lights_red_on_that_department(supervision: Supervision) -> None:
    story = running()
    asked = approval.ConsultationAsked(
        case_id=story.case_id,
        case_no=story.case_no,
        consultation_no=1,
        department=FIRE,
        question="是否同意",
        limit_workdays=5,
        due=DueDate(on=date(2018, 10, 22)),
        asked_at=at(STARTED),
        asked_by=CLERK,
    )
    await supervision.tell(story._tell(asked, stream="approval"))

    await supervision.sweep("2018-10-23 00:00:00")
    before = [rule for rule, _ in await supervision.clock_lights(story)]
    await supervision.sweep("2018-10-23 00:00:01")

    assert before == ["consultation-warning", "consultation-yellow"]
    assert await supervision.clock_lights(story) == [
        ("consultation-warning", at("2018-10-17 10:00:00")),
        ("consultation-yellow", at("2018-10-22 10:00:00")),
        ("consultation-red", at("2018-10-23 00:00:00")),
    ]
    page = (await supervision.get("supervision/lights", supervision.supervisor, level="RED")).json()["items"]
    (red,) = [light for light in page if light["case_no"] == story.case_no and light["clock"]]
    assert (red["department"]["name"], red["about"]) == ("区公安分局", "区公安分局")


async def test_art32_silence_of_the_window_lights_red_when_the_fifth_day_is_over(supervision: Supervision) -> None:
    story = await supervision.tell(Story().submitted().received())

    await supervision.sweep("2018-10-23 00:00:00")
    before = await supervision.clock_lights(story)
    await supervision.sweep("2018-10-23 00:00:01")

    assert before == []
    assert await supervision.clock_lights(story) == [("notice-red", at("2018-10-23 00:00:00"))]


async def test_art32_an_answer_in_the_evening_of_the_fifth_day_lights_nothing(supervision: Supervision) -> None:
    story = await supervision.tell(Story().submitted().received().supplement_requested("2018-10-22 23:59:59"))

    await supervision.sweep("2018-10-24 08:00:00")

    assert await supervision.clock_lights(story) == []


async def test_art44_a_result_not_handed_out_lights_red_after_ten_working_days(supervision: Supervision) -> None:
    story = await supervision.tell(running().decided("2018-10-16 09:00:00"))

    await supervision.sweep("2018-10-31 00:00:00")
    before = await supervision.clock_lights(story)
    await supervision.sweep("2018-10-31 00:00:01")

    assert before == []
    assert await supervision.clock_lights(story) == [("delivery-red", at("2018-10-31 00:00:00"))]


async def test_art47_a_hearing_not_held_within_twenty_days_lights_red(supervision: Supervision) -> None:
    story = running(department=POLICE)
    named = {"case_id": story.case_id, "case_no": story.case_no}
    told = approval.HearingTold(
        **named,
        persons=("向小满",),
        request_by=DueDate(on=date(2018, 10, 22)),
        notice="可以申请听证",
        told_at=at(STARTED),
        told_by=CLERK,
    )
    requested = approval.HearingRequested(
        **named,
        person="向小满",
        hold_by=DueDate(on=date(2018, 11, 13)),
        requested_at=at("2018-10-16 10:00:00"),
        recorded_by=CLERK,
    )
    await supervision.tell(story._tell(told, stream="approval")._tell(requested, stream="approval"))

    await supervision.sweep("2018-11-14 00:00:01")

    assert await supervision.clock_lights(story) == [("hearing-holding-red", at("2018-11-14 00:00:00"))]


async def test_a_clock_that_runs_into_a_year_without_a_calendar_is_an_alarm_and_no_guess(
    supervision: Supervision,
) -> None:
    story = await supervision.tell(Story().submitted().received("2026-12-30 09:30:00"))

    await supervision.sweep("2027-02-01 08:00:00")

    assert await supervision.clock_lights(story) == []
    assert (await supervision.case(story))["missing_year"] == 2027
