"""A loaded calendar moves the days of running steps: which ones, and the act that takes them. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from services.approval.domain.case import Case
from services.approval.domain.consultation import due_of
from services.approval.domain.days import known_days, pause_workdays
from services.approval.domain.hearing import HOLDING_WORKDAYS, REQUEST_WORKDAYS
from services.approval.domain.proceedings import (
    Consultation,
    ConsultationState,
    Hearing,
    HearingStep,
    Proceedings,
)
from services.approval.domain.states import Act, State, require
from services.kernel.time_limit import DueDate, Unit
from services.kernel.workdays import WorkCalendar

CAUSE = "节假日安排载入"
Days = dict[tuple[str, str], tuple[DueDate, int, Unit, datetime | None]]


@dataclass(frozen=True)
class DayMoved:
    """`about` is the number of the party or of the question, or of an earlier telling of the hearing."""

    clock: str
    about: str
    value: int
    unit: Unit
    from_at: datetime
    earlier: DueDate
    now: DueDate


@dataclass(frozen=True)
class DaysMoved:
    cause: str
    dates: tuple[DayMoved, ...]
    moved_at: datetime


def moved_days(case: Case, calendar: WorkCalendar) -> tuple[DayMoved, ...]:
    """Days this calendar has otherwise than they were told, or as final."""
    return tuple(_moved(case, calendar))


def move_days(case: Case, *, now: datetime, calendar: WorkCalendar) -> tuple[Case, DaysMoved]:
    """The system's act once a year is loaded: what is stored and shown is what the calendar says now.

    Raises: WrongState
    """
    require(case.state, Act.MOVE_DAYS)
    dates = moved_days(case, calendar)
    known = known_days(case.proceedings, case.rules, case.clocks.accepted_at, calendar)
    changed = case.stepped(
        suspension=known.suspension,
        site_check=known.site_check,
        hearing=known.hearing,
        parties=known.parties,
        first_level=known.first_level,
    )
    asked = tuple(_told_again(question, calendar) for question in case.consultations)
    changed = replace(changed, consultations=asked)
    return changed, DaysMoved(CAUSE, dates, now)


def _told_again(question: Consultation, calendar: WorkCalendar) -> Consultation:
    return replace(question, told=due_of(question, calendar)) if question.state is ConsultationState.OPEN else question


def _moved(case: Case, calendar: WorkCalendar) -> Iterator[DayMoved]:
    known = known_days(case.proceedings, case.rules, case.clocks.accepted_at, calendar)
    later = _running(case, known, calendar)
    for key, (earlier, value, unit, from_at) in _running(case, case.proceedings, calendar).items():
        now = later[key][0]
        if now != earlier and from_at is not None:
            yield DayMoved(*key, value, unit, from_at, earlier, now)
    for question in case.consultations:
        told, days, since = question.told, question.limit_workdays, question.asked_at
        if question.state is not ConsultationState.OPEN or told is None:
            continue
        now = due_of(question, calendar)
        if now != told:
            yield DayMoved("CONSULTATION", str(question.no), days, Unit.WORKDAY, since, told, now)


def _running(case: Case, going_on: Proceedings, calendar: WorkCalendar) -> Days:
    """The days of steps that are not done yet, each with the limit it was counted by."""
    found: Days = {}
    pause, hearing, first = going_on.suspension, going_on.hearing, going_on.first_level
    limit = case.rules.first_level
    if first is not None and limit is not None and case.state is State.FIRST_EXAMINING:
        found["FIRST_LEVEL", ""] = (first.due, limit.value, limit.unit, case.clocks.accepted_at)
    if pause is not None:
        days = pause_workdays(pause, calendar)
        found["PAUSE", ""] = (pause.expected_end, days, Unit.WORKDAY, pause.suspended_at)
    if hearing is not None and hearing.step is HearingStep.TOLD:
        found |= _to_ask(hearing)
    if hearing is not None and hearing.hold_by is not None and hearing.step is not HearingStep.HELD:
        found["HEARING_HOLDING", ""] = (hearing.hold_by, HOLDING_WORKDAYS, Unit.WORKDAY, hearing.requested_at)
    for party in going_on.parties:
        if not party.heard:
            found["STATEMENT", str(party.no)] = (party.speak_by, party.workdays, Unit.WORKDAY, party.notified_at)
    return found


def _to_ask(hearing: Hearing) -> Days:
    """The days of those who have not waived; the last telling has no number, as where there is only one."""
    found: Days = {}
    for no, one in enumerate(hearing.tellings, 1):
        if not set(one.persons) <= set(hearing.waived):
            about = "" if no == len(hearing.tellings) else str(no)
            found["HEARING_REQUEST", about] = (one.request_by, REQUEST_WORKDAYS, Unit.WORKDAY, one.told_at)
    return found
