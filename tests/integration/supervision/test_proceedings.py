"""Pauses, extensions and other ends heard from approval: clocks, lights and timeline follow, by the same kernel."""

from datetime import date, datetime
from typing import Any

from contracts.events import approval
from contracts.events.common import Actor, DueDate, LimitUnit
from services.supervision import metrics
from tests.support.supervision import Story, Supervision, at

CHIEF = Actor(account_id="chief", name="首席代表", role="CHIEF_REPRESENTATIVE")
PAUSE: dict[str, Any] = {
    "kind": "EXPERT_REVIEW",
    "kind_name": "专家评审",
    "expected_end": DueDate(on=date(2018, 10, 29)),
}
PAUSE_LIGHTS = ["special-procedure-warning", "special-procedure-yellow", "special-procedure-red"]


def named(story: Story) -> dict[str, Any]:
    return {"case_id": story.case_id, "case_no": story.case_no}


def due(legal: str, promised: str, *, provisional: bool = False) -> dict[str, DueDate]:
    days = {"legal_due": legal, "promised_due": promised}
    return {name: DueDate(on=date.fromisoformat(on), provisional=provisional) for name, on in days.items()}


def suspended(story: Story, when: str, dates: dict[str, DueDate]) -> Story:
    event = approval.CaseSuspended(
        **named(story),
        **PAUSE,
        **dates,
        article="行政许可法第四十五条",
        expected_workdays=8,
        notice="组织专家评审",
        suspended_at=at(when),
        approved_by=CHIEF,
    )
    return story._tell(event, stream="approval")


def resumed(story: Story, when: str, since: str, dates: dict[str, DueDate]) -> Story:
    event = approval.CaseResumed(
        **named(story), **PAUSE, **dates, suspended_at=at(since), result="通过", resumed_at=at(when), resumed_by=CHIEF
    )
    return story._tell(event, stream="approval")


def extended(story: Story, when: str, days: int, dates: dict[str, DueDate]) -> Story:
    event = approval.CaseExtended(
        **named(story),
        **dates,
        value=days,
        unit=LimitUnit.WORKDAY,
        article="行政许可法第四十二条第一款",
        reason="需要补充核实",
        previous_legal_due=DueDate(on=date(2018, 10, 29)),
        extended_at=at(when),
        approved_by=CHIEF,
    )
    return story._tell(event, stream="approval")


def running() -> Story:
    """Accepted on Monday 2018-10-15 at 10:00: promised 7, legal 10 working days."""
    return Story(legal=10, promised=7).submitted().received().accepted().opened()


def dates_of(case: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    return {found["basis"]: (found["on"], found["provisional"]) for found in case["dates"]}


def differences() -> float:
    return float(sum(metrics.date_differences.labels(limit)._value.get() for limit in ("legal", "promised")))


async def test_a_pause_stops_the_clocks_and_their_lights_and_its_end_starts_them_again(
    supervision: Supervision,
) -> None:
    before, since = differences(), "2018-10-17 10:00:00"
    story = await supervision.tell(suspended(running(), since, due("2018-10-29", "2018-10-24", provisional=True)))
    await supervision.sweep("2018-11-20 10:00:00")
    paused = await supervision.case(story)

    story = await supervision.tell(resumed(story, "2018-10-24 10:00:00", since, due("2018-11-05", "2018-10-31")))
    again = await supervision.case(story)

    assert dates_of(paused) == {"LEGAL": ("2018-10-29", True), "PROMISED": ("2018-10-24", True)}
    assert [light for light in paused["lights"] if not light["clock"]] == []
    assert [light["rule"] for light in paused["lights"]] == PAUSE_LIGHTS  # the pause itself is supervised
    assert paused["next_light_at"] is None
    assert dates_of(again) == {"LEGAL": ("2018-11-05", False), "PROMISED": ("2018-10-31", False)}
    assert datetime.fromisoformat(again["next_light_at"]) == at("2018-10-26 10:00:00")
    assert "专家评审" in again["dates"][0]["why"]["zh"]
    assert differences() == before


async def test_an_extension_moves_the_red_light_and_leaves_the_yellow_one(supervision: Supervision) -> None:
    before = differences()
    story = await supervision.tell(extended(running(), "2018-10-17 10:00:00", 5, due("2018-11-05", "2018-10-24")))
    await supervision.sweep("2018-11-20 10:00:00")

    assert dict(await supervision.lights(story)) == {
        "WARNING": at("2018-10-19 10:00:00"),
        "YELLOW": at("2018-10-24 10:00:00"),
        "RED": at("2018-11-05 10:00:00"),
    }
    assert differences() == before


async def test_a_date_the_owner_told_wrongly_is_made_known(supervision: Supervision) -> None:
    before = differences()

    await supervision.tell(extended(running(), "2018-10-17 10:00:00", 5, due("2018-11-06", "2018-10-24")))

    assert differences() == before + 1


async def test_an_acceptance_heard_after_the_extension_does_not_undo_its_dates(supervision: Supervision) -> None:
    story, before = Story(legal=10, promised=7), differences()
    story.submitted().received().accepted()
    from_intake = story.messages()
    extended(story.opened(), "2018-10-17 10:00:00", 5, due("2018-11-05", "2018-10-24"))

    await supervision.hear(*story.messages())
    await supervision.hear(*from_intake)

    assert dates_of(await supervision.case(story))["LEGAL"] == ("2018-11-05", False)
    assert differences() == before


async def test_a_terminated_case_has_no_more_lights(supervision: Supervision) -> None:
    story = running()
    event = approval.CaseTerminated(
        **named(story),
        reason="主体终止",
        legal_basis="第七十条",
        terminated_at=at("2018-10-17 10:00:00"),
        terminated_by=CHIEF,
    )
    await supervision.tell(story._tell(event, stream="approval"))
    await supervision.sweep("2018-11-20 10:00:00")
    case = await supervision.case(story)

    assert (case["stage"], case["lights"], case["next_light_at"]) == ("ENDED", [], None)


async def test_other_acts_are_lines_of_the_timeline_without_names(supervision: Supervision) -> None:
    story = running()
    event = approval.InterestedPartyNotified(
        **named(story),
        party_no=1,
        name="向家院",
        interest="相邻",
        speak_by=DueDate(on=date(2018, 10, 24)),
        notice="告知",
        notified_at=at("2018-10-17 10:00:00"),
        notified_by=CHIEF,
    )
    await supervision.tell(story._tell(event, stream="approval"))
    entry = (await supervision.case(story))["timeline"][-1]

    assert (entry["label"], entry["detail"]) == (
        "告知利害关系人",
        {"party_no": 1, "speak_by": {"on": "2018-10-24", "provisional": False}},
    )
    assert "向家院" not in str(entry)
