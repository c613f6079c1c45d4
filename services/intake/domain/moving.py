"""Due dates and item versions of running applications: what a new calendar or a new version would change. Pure."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from services.intake.domain.application import (
    DELIVERY_WORKDAYS,
    NOTICE_WORKDAYS,
    Application,
    clock_start,
    counted_from,
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
        started_at, limit = counted_from(application), _NOTICE
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

    Only clocks that run: a date that was met or missed is history, one that stands still is told when it runs on.
    """
    application = with_window(application, item, calendar)
    if application.state is State.CORRECTION:
        return _supplement_day(application, calendar)
    moves = []
    for name in RUNNING.get(application.state, ()):
        earlier: DueDate | None = getattr(application, FIELDS[name])
        clock = open_clock(application, item, name)
        if earlier is None or clock is None or (application.course.is_paused and clock.ledger):
            continue
        now = due_date(clock, calendar)
        if now != earlier:
            moves.append(Move(name, earlier, now))
    dates: dict[str, Any] = {FIELDS[move.clock]: move.now for move in moves}
    return replace(application, **dates), tuple(moves)


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
