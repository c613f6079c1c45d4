"""Windows of an item's own law, as its catalogue entry gives them: nothing is decided in the first, in the second the
applicants come again, and their silence is withdrawal. Pure.

Source: Civil Code art. 1077 (divorce: 30 days cooling-off, then 30 days to apply for the certificate).
"""

from dataclasses import replace
from datetime import datetime, time, timedelta

from services.intake.domain.application import Application, require
from services.intake.domain.catalogue import ServiceItem
from services.intake.domain.catalogue_shape import UNITS
from services.intake.domain.course import Claimed, ClaimWindow
from services.intake.domain.errors import AlreadyClaimed, Invalid, NotYetDue, OutsideWindow
from services.intake.domain.records import Staff
from services.intake.domain.states import Act, State
from services.kernel.errors import FieldError
from services.kernel.time_limit import CHINA, Clock, StartRule, TimeLimit, china_date, due_date, end_of
from services.kernel.workdays import WorkCalendar


def window_of(item: ServiceItem, received_at: datetime, calendar: WorkCalendar) -> ClaimWindow | None:
    """Both windows counted from receipt, each ending on a working day (Civil Code art. 203)."""
    published = item.particulars.get("windows")
    if not published:
        return None
    waiting, claiming = published
    first = TimeLimit(waiting["value"], UNITS[waiting["unit"]], StartRule.RECEIVED)
    until = due_date(Clock(first, received_at), calendar)
    second = TimeLimit(claiming["value"], UNITS[claiming["unit"]], StartRule.RECEIVED)
    closes = due_date(Clock(second, datetime.combine(until.on, time(12), CHINA)), calendar)
    return ClaimWindow(
        name=claiming["name"],
        waiting=waiting["name"],
        waiting_until=until,
        opens_on=until.on + timedelta(days=1),
        closes=replace(closes, provisional=closes.provisional or until.provisional),
        basis=claiming.get("basis", ""),
        waiting_limit=first,
        claim_limit=second,
    )


def with_window(application: Application, item: ServiceItem, calendar: WorkCalendar) -> Application:
    """The windows as this calendar and this item version have them; they start at receipt."""
    if application.received_at is None or (application.course.window is None and "windows" not in item.particulars):
        return application
    window = window_of(item, application.received_at, calendar)
    return replace(application, course=replace(application.course, window=window))


def claim(application: Application, persons: tuple[str, ...], *, by: Staff, now: datetime) -> Application:
    """The applicants come again, in person, within their window.

    Raises WrongState, OutsideWindow (naming the dates), AlreadyClaimed, Invalid.
    """
    require(application, Act.CLAIM)
    window = application.course.window
    if window is None:
        raise OutsideWindow("该事项没有需要再次申请的期间")
    if application.course.claimed is not None:
        raise AlreadyClaimed()
    today = china_date(now)
    if today < window.opens_on:
        raise OutsideWindow(
            f"{window.waiting}至 {window.waiting_until.on} 届满，{window.opens_on} 起至 {window.closes.on} 可以申请"
        )
    if now >= end_of(window.closes.on) and not window.closes.provisional:
        raise OutsideWindow(f"{window.name}自 {window.opens_on} 至 {window.closes.on}，已经届满，视为撤回申请")
    named = tuple(dict.fromkeys(person.strip() for person in persons if person.strip()))
    if not named:
        raise Invalid(errors=[FieldError("#/persons", "required", "应当写明亲自到场的申请人")])
    return replace(application, course=replace(application.course, claimed=Claimed(named, now, by)))


def closes_at(application: Application) -> datetime | None:
    """When silence withdraws the application; None while nobody waits for a claim, or its last day is not final."""
    window = application.course.window
    if application.state is not State.ACCEPTED or window is None or application.course.claimed is not None:
        return None
    return None if window.closes.provisional else end_of(window.closes.on)


def deem_withdrawn(application: Application, *, now: datetime) -> Application:
    """Nobody came within the window: withdrawn by law as of its end. Raises WrongState, NotYetDue."""
    require(application, Act.DEEM_WITHDRAWN)
    until, window = closes_at(application), application.course.window
    if until is None or window is None or now < until:
        raise NotYetDue("申请的期间尚未届满")
    basis = f"（{window.basis}）" if window.basis else ""
    reason = f"{window.name}至 {window.closes.on} 届满，未申请，视为撤回申请{basis}"
    return replace(application, state=State.WITHDRAWN, withdrawn_at=until, withdrawal_reason=reason)
