"""A day approval told as final: a working day added later brings neither the clock nor its lights forward."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts.events import approval
from contracts.events.common import DueDate as DueDateOut
from contracts.events.examples import examples
from services.kernel.light_rules import ClockRule, Counted, Level
from services.kernel.time_limit import DueDate
from services.kernel.workdays import SpecialDay, YearNotice
from services.supervision.claims import claims
from services.supervision.differences import differing
from services.supervision.domain.clock_lights import DEFAULT_CLOCK_RULES, watch_clocks
from services.supervision.domain.clock_set import clock_set, runs_of
from services.supervision.domain.clocks import DAYS_MOVED, ClockName, ClockState, Line, Told
from tests.support.clocks import CALENDAR, CASE, accepted, at, line, on

SINCE = "2026-11-02 09:00"  # Monday; five working days end on Monday 11-09, with a made-up Saturday on that Saturday
_YEAR = CALENDAR.special_days(on("2025-12-31"), on("2026-12-31"))
CORRECTED = CALENDAR.with_year(
    YearNotice(2026, ("更正",), (*_YEAR, SpecialDay(on("2026-11-07"), "国庆节", True, "更正")))
)
EARLIER, TOLD = on("2026-11-07"), on("2026-11-09")


def due(day: str = "2026-11-09", *, provisional: bool = False) -> dict[str, Any]:
    return {"on": day, "provisional": provisional}


def asked(told: dict[str, Any]) -> Line:
    return line("approval.consultation.asked", SINCE, consultation_no=1, limit_workdays=5, due=told)


def clock_of(*lines: Line, now: str, name: ClockName = ClockName.CONSULTATION) -> tuple[ClockState, DueDate | None]:
    (view,) = (view for view in clock_set(CASE, lines, CORRECTED, now=at(now)) if view.name is name)
    return view.state, view.due


@pytest.mark.parametrize(
    ("name", "begun"),
    [
        pytest.param(ClockName.CONSULTATION, asked(due()), id="consultation"),
        pytest.param(
            ClockName.HEARING_REQUEST, line("approval.hearing.told", SINCE, request_by=due()), id="hearing-request"
        ),
        pytest.param(
            ClockName.PARTY_STATEMENT,
            line("approval.interested_party.notified", SINCE, party_no=1, limit_workdays=5, speak_by=due()),
            id="party",
        ),
        pytest.param(
            ClockName.SPECIAL_PROCEDURE,
            line("approval.case.suspended", SINCE, expected_workdays=5, kind="鉴定", expected_end=due()),
            id="pause",
        ),
    ],
)
def test_the_day_of_a_step_stays_as_approval_told_it(name: ClockName, begun: Line) -> None:
    assert clock_of(begun, now="2026-11-09 17:00", name=name) == (ClockState.RUNNING, DueDate(TOLD))
    assert clock_of(begun, now="2026-11-10 09:00", name=name) == (ClockState.MISSED, DueDate(TOLD))


def test_the_day_a_hearing_is_held_by_and_a_first_examination_ends_stay_as_told() -> None:
    asked_for = line("approval.hearing.requested", "2026-10-12 09:00", hold_by=due())
    heard = (line("approval.hearing.told", "2026-10-12 08:00"), asked_for)
    first = line("approval.first_level.assigned", "2026-10-12 09:00", due=due())
    below = accepted(first_level={"value": 28, "unit": "WORKDAY"})

    assert clock_of(*heard, now="2026-11-09 17:00", name=ClockName.HEARING_HOLDING)[1] == DueDate(TOLD)
    assert clock_of(below, first, now="2026-11-09 17:00", name=ClockName.FIRST_LEVEL)[1] == DueDate(TOLD)


def test_a_day_told_as_provisional_or_prolonged_since_is_the_one_told_last() -> None:
    early = asked(due(provisional=True))
    moved = {"clock": "CONSULTATION", "about": "1", "from_at": early.at.isoformat(), "now": due("2026-11-10")}
    another = moved | {"from_at": (early.at + timedelta(days=1)).isoformat(), "now": due("2026-12-31")}
    loaded = Line(DAYS_MOVED, at("2026-11-03 09:00"), {"dates": [moved, another]})

    assert clock_of(early, now="2026-11-05 09:00")[1] == DueDate(EARLIER)
    assert clock_of(early, loaded, now="2026-11-05 09:00")[1] == DueDate(on("2026-11-10"))


def test_the_day_of_a_first_examination_is_compared_with_the_one_told_before() -> None:
    example = next(one for one in examples().values() if isinstance(one, approval.CasePassedUp))
    passed_up = example.model_copy(update={"due": DueDateOut(on=TOLD)})
    marks = {
        "intake.application.accepted.v1": {"first_level": {"value": 5, "unit": "WORKDAY"}},
        "approval.first_level.assigned.v1": {"due": due()},
    }
    case = replace(CASE, accepted_at=at(SINCE))

    def differs(event: approval.CasePassedUp, marks: dict[str, dict[str, Any]]) -> list[str]:
        return [one.claim.limit for one in differing(claims(event, case, marks), CORRECTED, TOLD)]

    assert differs(passed_up, marks) == []
    assert differs(passed_up.model_copy(update={"due": DueDateOut(on=on("2026-11-10"))}), marks) == ["FIRST_LEVEL"]
    del marks["approval.first_level.assigned.v1"]
    assert differs(passed_up, marks) == ["FIRST_LEVEL"]


def test_the_clock_says_why_it_is_not_the_day_counted() -> None:
    (view,) = (
        one for one in clock_set(CASE, [asked(due())], CORRECTED, now=at(SINCE)) if one.name is ClockName.CONSULTATION
    )

    assert view.why is not None
    assert "推算为2026年11月7日，已告知的2026年11月9日不因安排调整而提前" in view.why.zh
    assert view.why.zh.endswith("于2026年11月9日到期。")
    assert "2026-11-09 was told and is neither brought forward nor taken back" in view.why.en


def test_no_light_of_another_department_goes_on_before_the_day_it_was_told_is_over() -> None:
    runs = runs_of(Told(CASE, [asked(due())]), CORRECTED)
    by_day = ClockRule("by-day", ClockName.CONSULTATION, Level.RED, counted=Counted.DAY)
    rules = [*(rule for rule in DEFAULT_CLOCK_RULES if rule.clock is ClockName.CONSULTATION), by_day]

    def lit(now: str) -> set[str]:
        return {crossing.rule.rule for crossing in watch_clocks(runs, rules, CORRECTED, now=at(now)).crossed}

    assert lit("2026-11-09 08:59") == {"consultation-warning"}
    assert {"consultation-red", "by-day"} & lit("2026-11-09 23:59") == set()
    assert {"consultation-red", "by-day"} <= lit("2026-11-10 00:01")
