"""Days of proceedings told while their year was not published: replaced as soon as it is, every one of them."""

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.approval.domain.clocks import workdays_after
from services.approval.domain.days import known_days
from services.approval.domain.days_moved import move_days, moved_days
from services.approval.domain.proceedings import (
    Consultation,
    FirstLevel,
    Hearing,
    HearingStep,
    Inspector,
    ItemRules,
    Party,
    Proceedings,
    SiteCheck,
    Suspension,
)
from services.approval.domain.states import State
from services.kernel.time_limit import DueDate, StartRule, TimeLimit, Unit
from services.kernel.workdays import SpecialDay, WorkCalendar, YearNotice, official_calendar
from tests.support import approval_domain as given

CALENDAR = official_calendar()
NEW_YEAR = (date(2027, 1, 1), date(2027, 1, 4))
LATER = CALENDAR.with_year(YearNotice(2027, ("演练",), tuple(SpecialDay(d, "元旦", False, "演练") for d in NEW_YEAR)))
AT = datetime(2026, 12, 30, 2, tzinfo=UTC)
TOLD = workdays_after(AT, 5, CALENDAR)
RULES = ItemRules(first_level=TimeLimit(5, Unit.WORKDAY, StartRule.ACCEPTED, "行政许可法第三十五条"))
PROCEEDINGS = Proceedings(
    suspension=Suspension("TESTING", "检验", AT, TOLD, State.EXAMINING, 5),
    site_check=SiteCheck((Inspector("a", "甲"), Inspector("b", "乙")), TOLD),
    hearing=Hearing(HearingStep.REQUESTED, request_by=TOLD, hold_by=TOLD, told_at=AT, requested_at=AT),
    parties=(Party(1, "向家院", TOLD, notified_at=AT, workdays=5),),
    first_level=FirstLevel("431202101000", TOLD),
)


def dues(value: Any) -> list[DueDate]:
    if isinstance(value, DueDate):
        return [value]
    if isinstance(value, tuple):
        return [due for one in value for due in dues(one)]
    if is_dataclass(value):
        return [due for field in fields(value) for due in dues(getattr(value, field.name))]
    return []


def test_no_day_stays_provisional_once_its_year_is_loaded() -> None:
    known = known_days(PROCEEDINGS, RULES, AT, LATER)

    assert [due.provisional for due in dues(PROCEEDINGS)] == [True] * 6
    five = DueDate(workdays_after(AT, 5, LATER).on)
    assert dues(known) == [five, five, five, DueDate(workdays_after(AT, 20, LATER).on), five, five]


def test_every_running_step_whose_day_moved_is_told_with_its_limit() -> None:
    case = given.a_case(state=State.SUSPENDED, proceedings=PROCEEDINGS, rules=RULES)
    case = replace(case, clocks=replace(case.clocks, accepted_at=AT, complete_at=AT))
    question = Consultation(1, given.FIRE, "是否符合", 5, AT, told=TOLD)
    case = replace(case, consultations=(question,))

    moved, fact = move_days(case, now=AT, calendar=LATER)

    told = [(one.clock, one.about, one.value, one.earlier, one.now) for one in fact.dates]
    five, twenty = DueDate(workdays_after(AT, 5, LATER).on), DueDate(workdays_after(AT, 20, LATER).on)
    assert told == [
        ("PAUSE", "", 5, TOLD, five),
        ("HEARING_HOLDING", "", 20, TOLD, twenty),
        ("STATEMENT", "1", 5, TOLD, five),
        ("CONSULTATION", "1", 5, TOLD, five),
    ]
    assert moved_days(moved, LATER) == ()


@pytest.mark.parametrize(
    ("told", "calendar", "counts"),
    [
        pytest.param(date(2027, 1, 6), LATER, date(2027, 1, 8), id="added rest days prolong it"),
        pytest.param(date(2027, 1, 11), LATER, date(2027, 1, 11), id="it is never brought forward"),
        pytest.param(date(2027, 1, 5), CALENDAR, date(2027, 1, 5), id="who knows less takes nothing back"),
    ],
)
def test_a_day_that_was_told_as_final_is_prolonged_or_stays_as_told(
    told: date, calendar: WorkCalendar, counts: date
) -> None:
    party = Party(1, "向家院", DueDate(told), notified_at=AT, workdays=5)

    assert known_days(Proceedings(parties=(party,)), RULES, AT, calendar).parties[0].speak_by == DueDate(counts)


def test_a_pause_stored_without_its_length_is_counted_by_the_day_it_told() -> None:
    early = replace(PROCEEDINGS, suspension=Suspension("TESTING", "检验", AT, TOLD, State.EXAMINING))

    known = known_days(early, RULES, AT, LATER).suspension

    assert known is not None
    assert not known.expected_end.provisional
