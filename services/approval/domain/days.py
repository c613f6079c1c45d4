"""Days of proceedings that were told while their year was not published, derived again. Pure."""

from dataclasses import replace
from datetime import datetime

from services.approval.domain.clocks import workdays_after
from services.approval.domain.hearing import HOLDING_WORKDAYS, REQUEST_WORKDAYS
from services.approval.domain.proceedings import Hearing, Party, Proceedings
from services.kernel.time_limit import DueDate
from services.kernel.workdays import WorkCalendar


def known_days(proceedings: Proceedings, calendar: WorkCalendar) -> Proceedings:
    """The same with every provisional day as the calendar has it now: a day is derived, what is stored is a copy.

    Without this a provisional day would never be over, and nothing could ever be decided after it.
    """
    hearing = proceedings.hearing
    return replace(
        proceedings,
        hearing=_of_hearing(hearing, calendar) if hearing else None,
        parties=tuple(_of_party(party, calendar) for party in proceedings.parties),
    )


def _of_hearing(hearing: Hearing, calendar: WorkCalendar) -> Hearing:
    return replace(
        hearing,
        request_by=_again(hearing.request_by, hearing.told_at, REQUEST_WORKDAYS, calendar),
        hold_by=_again(hearing.hold_by, hearing.requested_at, HOLDING_WORKDAYS, calendar),
    )


def _of_party(party: Party, calendar: WorkCalendar) -> Party:
    return replace(
        party, speak_by=_again(party.speak_by, party.notified_at, party.workdays, calendar) or party.speak_by
    )


def _again(due: DueDate | None, from_at: datetime | None, workdays: int, calendar: WorkCalendar) -> DueDate | None:
    if due is None or not due.provisional or from_at is None:
        return due
    return workdays_after(from_at, workdays, calendar)
