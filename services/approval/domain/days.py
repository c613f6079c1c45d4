"""Days of proceedings derived again: those told while their year was not published, and those a correction prolongs."""

from dataclasses import replace
from datetime import datetime

from services.approval.domain.clocks import workdays_after
from services.approval.domain.hearing import HOLDING_WORKDAYS, REQUEST_WORKDAYS
from services.approval.domain.proceedings import (
    FirstLevel,
    Hearing,
    ItemRules,
    Party,
    Proceedings,
    SiteCheck,
    Suspension,
    Telling,
)
from services.approval.domain.site_check import ASSIGNMENT_WORKDAYS
from services.kernel.time_limit import Clock, DueDate, china_date, due_date, settled
from services.kernel.workdays import WorkCalendar


def known_days(
    proceedings: Proceedings, rules: ItemRules, accepted_at: datetime, calendar: WorkCalendar
) -> Proceedings:
    """The same with every day as the calendar has it now: a day is derived, what is stored is a copy.

    Without this a provisional day would never be over, and nothing could ever be decided after it.
    """
    pause, check, hearing = proceedings.suspension, proceedings.site_check, proceedings.hearing
    first, limit = proceedings.first_level, rules.first_level
    return replace(
        proceedings,
        suspension=_of_pause(pause, calendar) if pause else None,
        site_check=_of_check(check, accepted_at, calendar) if check else None,
        hearing=_of_hearing(hearing, calendar) if hearing else None,
        parties=tuple(_of_party(party, calendar) for party in proceedings.parties),
        first_level=_of_level(first, Clock(limit, accepted_at), calendar) if first and limit else first,
    )


def pause_workdays(pause: Suspension, calendar: WorkCalendar) -> int:
    """The working days its notice told; of an early row, those up to the day it told."""
    return pause.workdays or calendar.earliest_between(china_date(pause.suspended_at), pause.expected_end.on)


def _of_pause(pause: Suspension, calendar: WorkCalendar) -> Suspension:
    days = pause_workdays(pause, calendar)
    end = _again(pause.expected_end, pause.suspended_at, days, calendar)
    return replace(pause, expected_end=end or pause.expected_end)


def _of_level(first: FirstLevel, clock: Clock, calendar: WorkCalendar) -> FirstLevel:
    return replace(first, due=settled(first.due, due_date(clock, calendar)))


def _of_check(check: SiteCheck, accepted_at: datetime, calendar: WorkCalendar) -> SiteCheck:
    return replace(check, due=_again(check.due, accepted_at, ASSIGNMENT_WORKDAYS, calendar) or check.due)


def _of_hearing(hearing: Hearing, calendar: WorkCalendar) -> Hearing:
    return replace(
        hearing,
        request_by=_again(hearing.request_by, hearing.told_at, REQUEST_WORKDAYS, calendar),
        hold_by=_again(hearing.hold_by, hearing.requested_at, HOLDING_WORKDAYS, calendar),
        earlier=tuple(_of_telling(telling, calendar) for telling in hearing.earlier),
    )


def _of_telling(telling: Telling, calendar: WorkCalendar) -> Telling:
    day = _again(telling.request_by, telling.told_at, REQUEST_WORKDAYS, calendar)
    return replace(telling, request_by=day or telling.request_by)


def _of_party(party: Party, calendar: WorkCalendar) -> Party:
    return replace(
        party, speak_by=_again(party.speak_by, party.notified_at, party.workdays, calendar) or party.speak_by
    )


def _again(due: DueDate | None, from_at: datetime | None, workdays: int, calendar: WorkCalendar) -> DueDate | None:
    if due is None or from_at is None:
        return due
    return settled(due, workdays_after(from_at, workdays, calendar))
