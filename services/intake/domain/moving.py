"""Due dates and item versions of running applications: what a new calendar or a new version would change. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.intake.domain.application import (
    DELIVERY_WORKDAYS,
    NOTICE_WORKDAYS,
    Application,
    clock_start,
    require,
)
from services.intake.domain.catalogue import Material, ServiceItem
from services.intake.domain.materials import missing
from services.intake.domain.records import SupplementNotice
from services.intake.domain.scenario import in_scenario
from services.intake.domain.states import Act, State
from services.intake.domain.supplement import derived
from services.intake.domain.windows import with_window
from services.kernel.time_limit import Clock, DueDate, Entry, StartRule, TimeLimit, Unit, due_date
from services.kernel.workdays import WorkCalendar


class ClockName(StrEnum):
    NOTICE = "NOTICE"  # art. 32(4)
    LEGAL = "LEGAL"
    PROMISED = "PROMISED"
    DELIVERY = "DELIVERY"  # art. 44
    SUPPLEMENT = "SUPPLEMENT"  # the day to supply by, while it is provisional
    WAITING = "WAITING"  # windows of the item's own law: until the applicants may come again
    CLAIM = "CLAIM"  # and until when they may


FIELDS = {
    ClockName.NOTICE: "notice_due",
    ClockName.LEGAL: "legal_due",
    ClockName.PROMISED: "promised_due",
    ClockName.DELIVERY: "delivery_due",
}
RUNNING = {
    State.RECEIVED: (ClockName.NOTICE,),
    State.ACCEPTED: (ClockName.LEGAL, ClockName.PROMISED),
    State.DECIDED: (ClockName.DELIVERY,),
}
_WAITING = frozenset({State.RECEIVED, State.CORRECTION, State.ACCEPTED})
_AT_HAND = frozenset({*_WAITING, State.DECIDED})
_NOTICE = TimeLimit(NOTICE_WORKDAYS, Unit.WORKDAY, StartRule.RECEIVED, "行政许可法第32条")
_DELIVERY = TimeLimit(DELIVERY_WORKDAYS, Unit.WORKDAY, StartRule.DECIDED, "行政许可法第44条")


@dataclass(frozen=True)
class Move:
    """One due date, before and after."""

    clock: ClockName
    earlier: DueDate
    now: DueDate


def open_clock(application: Application, item: ServiceItem, name: ClockName) -> Clock | None:
    """The clock of this name with its start; None while it has not started."""
    entries: tuple[Entry, ...] = ()
    if name is ClockName.NOTICE:
        started_at, limit = _notice_start(application), _NOTICE
    elif name is ClockName.DELIVERY:
        started_at, limit = application.decided_at, _DELIVERY
    else:
        pinned = in_scenario(item, application.materials)
        limit = pinned.legal_limit if name is ClockName.LEGAL else pinned.promised_limit
        accepted_at = application.accepted_at
        entries = application.course.entries(extended=name is ClockName.LEGAL)
        started_at = clock_start(application, limit, accepted_at=accepted_at) if accepted_at else None
    return Clock(limit, started_at, entries) if started_at is not None else None


def project(
    application: Application, item: ServiceItem, calendar: WorkCalendar
) -> tuple[Application, tuple[Move, ...]]:
    """The application with every running clock as this calendar has it, and what moved.

    A date that was met or missed is history and stays, unless it is only provisional: no such mark outlives its reason.
    One that stands still is told when it runs on.
    """
    before, application = application, with_window(application, item, calendar)
    moves = [*_window_days(before, application)]
    if application.state is State.CORRECTION:
        application, supplied = _supplement_day(application, calendar)
        moves += supplied
    for name in _open_names(application):
        earlier: DueDate | None = getattr(application, FIELDS[name])
        clock = open_clock(application, item, name)
        if earlier is None or clock is None or (application.course.is_paused and clock.ledger):
            continue
        now = due_date(clock, calendar)
        if now != earlier:
            moves.append(Move(name, earlier, now))
    dates: dict[str, Any] = {FIELDS[move.clock]: move.now for move in moves if move.clock in FIELDS}
    return replace(application, **dates), tuple(moves)


def _open_names(application: Application) -> Iterator[ClockName]:
    running = RUNNING.get(application.state, ())
    for name, field in FIELDS.items():
        told: DueDate | None = getattr(application, field)
        if name in running or (told is not None and told.provisional and application.state in _AT_HAND):
            yield name


def _notice_start(application: Application) -> datetime | None:
    """When the five days began last: with the last supplement that came in, else with receipt."""
    notices = (application.supplement, *reversed(application.earlier_supplements))
    return next((n.supplied_at for n in notices if n and n.supplied_at), application.received_at)


def _window_days(before: Application, after: Application) -> Iterator[Move]:
    """Until the applicants have come again both ends of the windows can move."""
    earlier, now = before.course.window, after.course.window
    if earlier is None or now is None or after.state not in _WAITING or after.course.claimed is not None:
        return
    if earlier.waiting_until != now.waiting_until:
        yield Move(ClockName.WAITING, earlier.waiting_until, now.waiting_until)
    if earlier.closes != now.closes:
        yield Move(ClockName.CLAIM, earlier.closes, now.closes)


def _supplement_day(application: Application, calendar: WorkCalendar) -> tuple[Application, tuple[Move, ...]]:
    """A final day was told and stays as told; only a provisional one is derived again."""
    notice = application.supplement
    if notice is None or not notice.provisional:
        return application, ()
    now = derived(notice, calendar)
    if now == notice:
        return application, ()
    move = Move(ClockName.SUPPLEMENT, _last_day(notice), _last_day(now))
    return replace(application, supplement=now), (move,)


def _last_day(notice: SupplementNotice) -> DueDate:
    return DueDate(notice.supply_by, notice.provisional)


def change_version(
    application: Application, item: ServiceItem, version: int, calendar: WorkCalendar
) -> tuple[Application, tuple[Move, ...]]:
    """The application under another version of its item; running limits are those of the new version.

    Source: design, lesson "pin a case to its service-item version": moved only by hand, never by itself.
    """
    require(application, Act.MOVE)
    return project(replace(application, item_version=version), item, calendar)


def newly_missing(application: Application, item: ServiceItem, other: ServiceItem) -> tuple[Material, ...]:
    """Materials the other version asks for and the application does not have, though the present one is satisfied."""
    already = {m.material_no for m in missing(item, application.materials)}
    return tuple(m for m in missing(other, application.materials) if m.material_no not in already)
