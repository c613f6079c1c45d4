"""What a loaded year moves in bundles: joint dates and days to supply by, shown before and told when it is loaded."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import bundles as events
from contracts.events.common import DueDate as ToldDate
from services.chassis.database import Database, UnitOfWork
from services.intake import repository
from services.intake.bundles import repository as bundles
from services.intake.bundles.definitions import Running, definitions
from services.intake.commands import calendars
from services.intake.domain.bundle_case import BundleCase
from services.intake.domain.bundle_supplement import settle_day
from services.intake.domain.joint_clock import joint_clock, step_due
from services.intake.domain.records import Staff
from services.intake.items import Items
from services.intake.office import work_calendars
from services.kernel.calendar_year import Year
from services.kernel.light_rules import Basis
from services.kernel.time_limit import DueDate
from services.kernel.workdays import WorkCalendar

_BATCH = 200
_LIMITS = {"JOINT": Basis.LEGAL, "JOINT_PROMISED": Basis.PROMISED}


class BundleClockName(StrEnum):
    JOINT = "JOINT"  # art. 42 para. 2
    JOINT_PROMISED = "JOINT_PROMISED"
    SUPPLEMENT = "SUPPLEMENT"  # the day to supply by, while it is provisional
    STEP = "STEP"  # the day promised for a step of a department


_Dates = dict[tuple[BundleClockName, str], DueDate]


@dataclass(frozen=True)
class BundleMove:
    clock: BundleClockName
    member_id: str  # of a step
    earlier: DueDate
    now: DueDate


@dataclass(frozen=True)
class BundleMoved:
    """One running bundle application as the new calendar has it, and which of its dates move."""

    seen: BundleCase
    case: BundleCase
    moves: tuple[BundleMove, ...]


def project(
    case: BundleCase, running: Running, earlier: WorkCalendar, later: WorkCalendar, *, now: datetime
) -> BundleMoved:
    """Joint dates are not stored: both calendars count them, from what has happened up to now. Pure."""
    settled = settle_day(case, later)
    before, after = _dates(case, running, earlier, now), _dates(settled, running, later, now)
    moves = (BundleMove(*key, before[key], after[key]) for key in before if before[key] != after[key])
    return BundleMoved(case, settled, tuple(moves))


def _dates(case: BundleCase, running: Running, calendar: WorkCalendar, now: datetime) -> _Dates:
    clocks = {name: joint_clock(case, running.definition, basis, calendar, now=now) for name, basis in _LIMITS.items()}
    dates = {(BundleClockName(name), ""): clock.why.due for name, clock in clocks.items() if clock is not None}
    for run in case.members:
        due = step_due(running.definition.member(run.member_id), run, calendar) if run.ended_at is None else None
        if due is not None:
            dates[BundleClockName.STEP, run.member_id] = due
    notice = case.supplement
    if notice is not None and notice.supplied_at is None:
        dates[BundleClockName.SUPPLEMENT, ""] = DueDate(notice.supply_by, provisional=notice.provisional)
    return dates


async def preview(db: Database, items: Items, year: Year, *, now: datetime) -> list[BundleMoved]:
    """What loading the year would move; nothing is written."""
    async with db.read() as connection:
        return [moved async for moved in _moving(connection, items, year, now)]


async def load_year(uow: UnitOfWork, items: Items, year: Year, *, by: Staff, now: datetime) -> int:
    """Load the year (its revision) and tell, in the same transaction, of each running bundle whose dates move: once."""
    await repository.one_at_a_time(uow.connection, "calendar")
    moving = [moved async for moved in _moving(uow.connection, items, year, now, lock=True)]
    revision = await calendars.load(uow, year, by=by, now=now)
    for moved in moving:
        await _tell(uow, moved, year, now)
    return revision


async def _moving(
    connection: AsyncConnection, items: Items, year: Year, now: datetime, *, lock: bool = False
) -> AsyncIterator[BundleMoved]:
    earlier = await work_calendars().current(connection)
    later = year.on(earlier)
    after: UUID | None = None
    while True:
        page = await bundles.running(connection, after=after, limit=_BATCH)
        for bundle_application_id in page:
            case = await bundles.load_one(connection, bundle_application_id, lock=lock)
            running = await definitions().get(connection, items, case.bundle_id, case.catalogue_version)
            moved = project(case, running, earlier, later, now=now)
            if moved.moves:
                yield moved
        if len(page) < _BATCH:
            return
        after = page[-1]


async def _tell(uow: UnitOfWork, moved: BundleMoved, year: Year, now: datetime) -> None:
    case = replace(moved.case, version=moved.seen.version + 1, event_no=moved.seen.event_no + 1)
    await bundles.save(uow.connection, case, seen=moved.seen.version)
    event = events.BundleDatesMoved(
        bundle_application_id=case.bundle_application_id,
        bundle_no=case.bundle_no,
        bundle_id=case.bundle_id,
        cause=f"{year.year} 年节假日安排载入",
        dates=tuple(
            events.BundleDateMoved(
                clock=events.BundleClockName(move.clock.value),
                member_id=move.member_id,
                earlier=_told(move.earlier),
                now=_told(move.now),
            )
            for move in moved.moves
        ),
        moved_at=now,
    )
    uow.publish(event, aggregate_id=case.bundle_application_id, version=case.event_no)


def _told(due: DueDate) -> ToldDate:
    return ToldDate(on=due.on, provisional=due.provisional)
