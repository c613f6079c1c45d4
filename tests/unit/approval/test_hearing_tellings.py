"""Art. 47: who is told of the hearing at different times has five working days from his own telling."""

from datetime import date

import pytest

from services.approval.domain import case as cases
from services.approval.domain import hearing
from services.approval.domain.case import Case
from services.approval.domain.days_moved import moved_days
from services.approval.domain.errors import HearingOpen, HearingRequestLate, HearingStage
from services.approval.domain.states import State
from services.kernel.time_limit import DueDate
from services.kernel.workdays import SpecialDay, YearNotice
from tests.support.approval_domain import CALENDAR, CHIEF, GRANT, HANDLER, a_case, utc

FIRST, THEN = "2026-03-02 15:00", "2026-03-04 10:00"
YEAR = YearNotice(2027, ("国务院办公厅通知",), (SpecialDay(date(2027, 1, 1), "元旦", False, "国务院办公厅通知"),))


def told(*persons: str, at: str = FIRST, case: Case | None = None) -> Case:
    begun = case or a_case(state=State.REVIEWED, opinion_writers=frozenset({"handler"}))
    return hearing.tell_hearing(begun, HANDLER, persons=persons, notice="告知", now=utc(at), calendar=CALENDAR)[0]


def asked(case: Case, person: str, at: str) -> Case:
    return hearing.ask_for_hearing(case, person=person, reason="", now=utc(at), calendar=CALENDAR)[0]


def waived(case: Case, person: str, at: str = FIRST) -> Case:
    return hearing.waive_hearing(case, HANDLER, person=person, document="声明", now=utc(at))[0]


def decided(case: Case, at: str) -> State:
    return cases.decide(case, GRANT, CHIEF, now=utc(at), today=utc(at).date())[0].state


def test_each_has_five_days_from_his_own_telling_and_nobody_gets_new_ones_with_somebody_else() -> None:
    both = told("向家院", at=THEN, case=told("申请人"))

    begun = both.proceedings.hearing
    assert begun is not None
    assert begun.told == ("申请人", "向家院")
    assert (begun.day_of("申请人"), begun.day_of("向家院")) == (DueDate(date(2026, 3, 9)), DueDate(date(2026, 3, 11)))
    with pytest.raises(HearingRequestLate):
        asked(both, "申请人", "2026-03-10 00:00")
    asked(both, "申请人", "2026-03-09 23:59")
    asked(both, "向家院", "2026-03-11 23:59")


def test_a_decision_waits_for_the_day_of_each_who_has_not_waived() -> None:
    both = told("向家院", at=THEN, case=told("申请人"))
    one_left = waived(both, "向家院", "2026-03-05 09:00")

    for case, day in ((both, "2026-03-11 23:59"), (one_left, "2026-03-09 23:59")):
        with pytest.raises(HearingOpen):
            decided(case, day)
    assert decided(both, "2026-03-12 00:00") is State.DECIDED
    assert decided(one_left, "2026-03-10 00:00") is State.DECIDED


def test_a_written_waiver_stays_when_somebody_else_is_told_and_ends_with_a_new_notice_of_ones_own() -> None:
    with_newcomer = told("向家院", at=THEN, case=waived(told("申请人"), "申请人"))
    named_again = told("向家院", "申请人", at=THEN, case=waived(told("申请人"), "申请人"))

    with pytest.raises(HearingStage):
        asked(with_newcomer, "申请人", "2026-03-05 09:00")
    asked(with_newcomer, "向家院", "2026-03-05 09:00")
    asked(named_again, "申请人", "2026-03-11 09:00")


def test_a_loaded_year_moves_the_days_of_each_telling_but_none_of_those_who_waived() -> None:
    case = told("邻居", at="2026-12-29 09:00", case=told("申请人", "向家院", at="2026-12-28 09:00"))

    moves = moved_days(case, CALENDAR.with_year(YEAR))
    after = moved_days(waived(waived(case, "申请人"), "向家院"), CALENDAR.with_year(YEAR))

    assert [(one.about, one.from_at, one.now) for one in moves] == [
        ("1", utc("2026-12-28 09:00"), DueDate(date(2027, 1, 5))),
        ("", utc("2026-12-29 09:00"), DueDate(date(2027, 1, 6))),
    ]
    assert [one.about for one in after] == [""]
