"""What approval's events mean for an application: what it becomes, and what its applicant must see."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from contracts.events import approval as events
from contracts.events.common import DueDate as DueDateOut
from contracts.events.days import CaseDaysMoved, DayClock, DayMoved
from contracts.events.standing import StandingDayMoved
from services.chassis.bus import Incoming
from services.intake.domain.application import DELIVERY_WORKDAYS, Application, Outcome, record_decision
from services.intake.domain.course import Ended, EndKind, EntryKind, LedgerEntry, with_entry
from services.intake.domain.endings import record_end
from services.intake.domain.states import State
from services.intake.office import workdays_after
from services.kernel.time_limit import CHINA, DueDate, Unit
from services.kernel.workdays import WorkCalendar

log = logging.getLogger(__name__)
_OWN_DAYS = {
    DayClock.HEARING_REQUEST: "申请听证的最后日期",
    DayClock.HEARING_HOLDING: "举行听证的最后日期",
    DayClock.PAUSE: "特别程序预计结束的日期",
}

FOLLOWED = (
    events.CaseDecided,
    events.CaseTerminated,
    events.CaseTransferred,
    events.CaseSuspended,
    events.CaseResumed,
    events.CaseExtended,
)
Followed = (
    events.CaseDecided
    | events.CaseTerminated
    | events.CaseTransferred
    | events.CaseSuspended
    | events.CaseResumed
    | events.CaseExtended
)


def follow(application: Application, event: Followed, calendar: WorkCalendar) -> Application:
    """The application after this news; told twice it stays as it is. Raises WrongState."""
    match event:
        case events.CaseDecided():
            return _decided(application, event, calendar)
        case events.CaseTerminated():
            ended = Ended(EndKind.TERMINATED, event.reason, event.legal_basis, event.terminated_at)
            return _ended(application, ended)
        case events.CaseTransferred():
            body = event.transferred_to.name
            ended = Ended(EndKind.TRANSFERRED, event.reason, event.legal_basis, event.transferred_at, body)
            return _ended(application, ended)
        case _:
            dates = {"legal_due": _due(event.legal_due), "promised_due": _due(event.promised_due)}
            return with_entry(application, _entry(event), **dates)


def _decided(application: Application, event: events.CaseDecided, calendar: WorkCalendar) -> Application:
    if application.outcome is not None:
        return application  # told before: at most one decision per case
    if application.state is State.WITHDRAWN:
        log.warning("a decision was made before the withdrawal was known", extra={"case_no": application.case_no})
    due = workdays_after(calendar, event.decided_at, DELIVERY_WORKDAYS)
    return record_decision(application, Outcome(event.outcome.value), decided_at=event.decided_at, delivery_due=due)


def _ended(application: Application, ended: Ended) -> Application:
    return application if application.course.ended is not None else record_end(application, ended)


def _entry(event: events.CaseSuspended | events.CaseResumed | events.CaseExtended) -> LedgerEntry:
    match event:
        case events.CaseSuspended():
            return LedgerEntry(EntryKind.PAUSED, event.suspended_at, event.cause or event.kind_name, event.article)
        case events.CaseResumed():
            return LedgerEntry(EntryKind.RESUMED, event.resumed_at)
        case events.CaseExtended():
            unit = Unit(event.unit.value)
            return LedgerEntry(EntryKind.EXTENDED, event.extended_at, event.reason, event.article, event.value, unit)


def _due(due: DueDateOut) -> DueDate:
    return DueDate(due.on, due.provisional)


def notice_of(message: Incoming) -> dict[str, Any] | None:
    """The row an applicant reads; None for what does not concern him."""
    kind, write = _NOTICES.get(type(message.event), ("", _nothing))
    event: Any = message.event
    text = write(event)
    if not text:
        return None
    return {
        "application_id": event.case_id,
        "case_version": message.version,
        "kind": kind,
        "at": message.occurred_at,
        "text": text,
    }


def day_of(due: DueDateOut) -> str:
    return f"{due.on}（暂定）" if due.provisional else f"{due.on}"


def moved_to(moved: DayMoved | StandingDayMoved) -> str:
    """From which day to which, or that the same day is final now."""
    if moved.earlier.on == moved.now.on:
        return f"为 {day_of(moved.now)}（此前为暂定）"
    return f"由 {day_of(moved.earlier)} 改为 {day_of(moved.now)}"


def _days_moved(event: CaseDaysMoved) -> str:
    """His own days only: nothing of what other people and departments were asked."""
    own = [f"{_OWN_DAYS[moved.clock]}{moved_to(moved)}" for moved in event.dates if moved.clock in _OWN_DAYS]
    return f"{event.cause}：{'；'.join(own)}" if own else ""


def _suspended(event: events.CaseSuspended) -> str:
    return (
        f"因{event.kind_name}暂停计算办理期限（{event.article}），预计需要 {event.expected_workdays} 个工作日，"
        f"至 {day_of(event.expected_end)}。{event.notice}"
    )


def _extended(event: events.CaseExtended) -> str:
    return f"经批准延长办理期限，法定期限延至 {day_of(event.legal_due)}。理由：{event.reason}（{event.article}）"


def _announced(event: events.HearingAnnounced) -> str:
    at = event.takes_place_at.astimezone(CHINA)
    return f"定于 {at:%Y-%m-%d %H:%M} 在{event.place}举行听证，主持人{event.chair.name}。{event.notice}"


def _told(event: events.HearingTold) -> str:
    return f"有权要求听证，应于 {day_of(event.request_by)} 以前提出。{event.notice}"


def _inspectors(event: events.InspectorsAssigned) -> str:
    names = "、".join(inspector.name for inspector in event.inspectors)
    return f"指派{names}进行核查：{event.purpose}"


def _nothing(_: Any) -> str:
    return ""


_Writer = Callable[[Any], str]
_NOTICES: Mapping[type, tuple[str, _Writer]] = {
    events.CaseSuspended: ("SUSPENDED", _suspended),
    events.CaseResumed: ("RESUMED", lambda e: f"{e.kind_name}结束，恢复计算期限，法定期限至 {day_of(e.legal_due)}"),
    events.CaseExtended: ("EXTENDED", _extended),
    events.CasePassedUp: ("PASSED_UP", lambda _: "下级机关已完成初审，初审意见和全部材料已报送上级，无须再次提交材料"),
    events.InspectorsAssigned: ("INSPECTORS_ASSIGNED", _inspectors),
    events.SiteCheckRecorded: ("SITE_CHECKED", lambda e: f"已在{e.place}进行现场核查"),
    events.HearingTold: ("HEARING_TOLD", _told),
    events.HearingRequested: (
        "HEARING_REQUESTED",
        lambda e: f"{e.person}申请听证，听证应于 {day_of(e.hold_by)} 以前举行",
    ),
    events.HearingAnnounced: ("HEARING_ANNOUNCED", _announced),
    events.HearingHeld: ("HEARING_HELD", lambda _: "听证已经举行，将根据听证笔录作出决定"),
    CaseDaysMoved: ("DAYS_MOVED", _days_moved),
    events.CaseTerminated: ("TERMINATED", lambda e: f"办件终止。理由：{e.reason}（{e.legal_basis}）"),
    events.CaseTransferred: (
        "TRANSFERRED",
        lambda e: f"办件转报{e.transferred_to.name}。理由：{e.reason}（{e.legal_basis}）",
    ),
}
NOTICED: tuple[Any, ...] = tuple(_NOTICES)
