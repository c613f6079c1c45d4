"""Acceptance of a bundle by the window, or by the law when nobody answered within five working days. Pure.

Source: Administrative Licensing Law art. 32(4), of each stage for itself.
"""

from dataclasses import replace
from datetime import datetime

from services.intake.domain.application import NOTICE_WORKDAYS
from services.intake.domain.bundle_case import BundleAct, BundleCase, BundleState, require
from services.intake.domain.errors import AlreadyAccepted, NotYetDue
from services.intake.domain.records import Staff
from services.kernel.time_limit import Clock, StartRule, TimeLimit, Unit, due_date, end_of
from services.kernel.workdays import WorkCalendar

_NOTICE = TimeLimit(NOTICE_WORKDAYS, Unit.WORKDAY, StartRule.RECEIVED)


def counted_from(case: BundleCase) -> datetime | None:
    """When the materials of this stage count as received: at receipt, or when all its notice asked for was there.

    A notice of an earlier stage says nothing about this one.
    """
    return _supplied_at(case) or case.received_at


def _supplied_at(case: BundleCase) -> datetime | None:
    notice = case.supplement
    return notice.supplied_at if notice is not None and notice.stage_no == case.stage_no else None


def answered_by(case: BundleCase, calendar: WorkCalendar) -> datetime | None:
    """The end of the last day on which the window may still answer; None while that day is not final."""
    since = counted_from(case)
    if case.state is not BundleState.RECEIVED or since is None:
        return None
    due = due_date(Clock(_NOTICE, since), calendar)
    return None if due.provisional else end_of(due.on)


def is_silenced(case: BundleCase, calendar: WorkCalendar, now: datetime) -> bool:
    """Whether the time to answer is over: the law has accepted it, recorded or not."""
    until = answered_by(case, calendar)
    return until is not None and now >= until


def require_unsilenced(case: BundleCase, calendar: WorkCalendar, now: datetime) -> None:
    """Raises AlreadyAccepted: from the end of the fifth working day on it is accepted by law (art. 32(4))."""
    if is_silenced(case, calendar, now):
        raise AlreadyAccepted(retry_after_seconds=5)


def accept(case: BundleCase, *, by: Staff, now: datetime, calendar: WorkCalendar) -> BundleCase:
    """Acceptance of all members together; which materials they need was checked before.

    After a supplement of this stage it counts from when everything had arrived (art. 32(5)).

    Raises WrongBundleState, AlreadyAccepted.
    """
    require(case, BundleAct.ACCEPT)
    require_unsilenced(case, calendar, now)
    return replace(case, state=BundleState.ACCEPTED, accepted_at=_supplied_at(case) or now, accepted_by=by)


def deem_accepted(case: BundleCase, *, now: datetime, calendar: WorkCalendar) -> BundleCase:
    """Nobody answered in time: accepted as of the day of receipt, in the name of the clerk who received it.

    Raises WrongBundleState, NotYetDue.
    """
    require(case, BundleAct.DEEM_ACCEPTED)
    if not is_silenced(case, calendar, now):
        raise NotYetDue("一次性告知期限尚未届满")
    return replace(case, state=BundleState.ACCEPTED, accepted_at=counted_from(case), accepted_by=case.received_by)
