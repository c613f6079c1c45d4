"""The working-day calendar of a year: what it would move, loading it, and going through every open clock."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.events.intake import CalendarDay, CalendarLoaded
from services.chassis import clock, reference
from services.chassis.database import Database, UnitOfWork
from services.chassis.reference import FRESH_SECONDS
from services.intake import facts, facts_later, repository
from services.intake.commands.acting import publish, stepped
from services.intake.domain.application import Application
from services.intake.domain.moving import Move, project
from services.intake.domain.records import Staff
from services.intake.items import Items
from services.intake.office import CALENDARS, work_calendars
from services.intake.tables import CalendarLoadRow
from services.kernel.calendar_year import Year
from services.kernel.workdays import WorkCalendar

PASSES = 2  # the second one finds what a process with the old calendar still wrote
_BATCH = 200
_YEARS = uuid.UUID("5c6f4a0e-6d0b-5f0a-9a53-0d7f2f5f1c11")  # namespace of the aggregates: one per year


@dataclass(frozen=True)
class Moved:
    """One application whose dates move."""

    application: Application
    moves: tuple[Move, ...]


async def preview(db: Database, items: Items, year: Year) -> list[Moved]:
    """What loading the year would move; nothing is written."""
    async with db.read() as connection:
        earlier = await work_calendars().current(connection)
        later = year.on(earlier)
        found = []
        async for applications in _running(connection, year, earlier):
            for application in applications:
                moves = await _moves(connection, items, application, later)
                found += [Moved(application, moves[1])] if moves[1] else []
    return found


async def load(uow: UnitOfWork, year: Year, *, by: Staff, now: datetime) -> int:
    """Keep the year and tell everybody; its revision. The open clocks follow at once, in the background."""
    await repository.one_at_a_time(uow.connection, "calendar")
    earlier = await work_calendars().current(uow.connection)
    revision = (await _last_revision(uow.connection, year.year)) + 1
    await reference.keep(uow.connection, CALENDARS, str(year.year), revision, year.document())
    await uow.connection.execute(
        insert(CalendarLoadRow).values(
            year=year.year,
            revision=revision,
            touches_from=year.touches_from(earlier),
            loaded_by=by.account_id,
            loaded_at=now,
            kept_at=clock.real_now(),
            passes=0,
        )
    )
    event = CalendarLoaded(
        year=year.year,
        revision=revision,
        sources=year.sources,
        days=tuple(CalendarDay(on=day.on, name=day.name, works=day.works) for day in year.days),
        loaded_at=now,
        loaded_by=facts.actor(by),
    )
    uow.publish(event, aggregate_id=uuid.uuid5(_YEARS, str(year.year)), version=revision)
    return revision


async def _last_revision(connection: AsyncConnection, year: int) -> int:
    statement = select(col(CalendarLoadRow.revision)).where(col(CalendarLoadRow.year) == year)
    return int(await connection.scalar(statement.order_by(col(CalendarLoadRow.revision).desc()).limit(1)) or 0)


async def _running(connection: AsyncConnection, year: Year, calendar: WorkCalendar) -> AsyncIterator[list[Application]]:
    after: UUID | None = None
    while True:
        found = await repository.running_from(connection, year.touches_from(calendar), after=after, limit=_BATCH)
        if not found:
            return
        yield found
        after = found[-1].application_id


async def _moves(
    connection: AsyncConnection, items: Items, application: Application, calendar: WorkCalendar
) -> tuple[Application, tuple[Move, ...]]:
    item = await items.pinned(connection, application.item_code, application.item_version, application.course.scenario)
    return project(application, item.item, calendar)


@dataclass
class Projection:
    """The timer: goes through every open clock a loaded calendar can have moved, and tells of each that did.

    Twice: at once, and when every process has the calendar, for what was written with the old one in between. Going
    through again changes nothing.
    """

    items: Items = field(default_factory=Items)
    settle_seconds: float = 2 * FRESH_SECONDS

    async def __call__(self, database: Database, now: datetime) -> None:
        async with database.read() as connection:
            open_passes = (await connection.execute(self._due())).all()
        for row in open_passes:
            await self._go_through(database, row, now)
            async with database.transaction() as uow:
                done = update(CalendarLoadRow).where(
                    col(CalendarLoadRow.year) == row.year, col(CalendarLoadRow.revision) == row.revision
                )
                await uow.connection.execute(done.values(passes=row.passes + 1))

    def _due(self) -> Select[*tuple[Any, ...]]:
        settled = clock.real_now() - timedelta(seconds=self.settle_seconds)
        passes, kept_at = col(CalendarLoadRow.passes), col(CalendarLoadRow.kept_at)
        columns = (CalendarLoadRow.year, CalendarLoadRow.revision, CalendarLoadRow.touches_from, CalendarLoadRow.passes)
        return (
            select(*(col(column) for column in columns))
            .where(passes < PASSES, (passes == 0) | (kept_at < settled))
            .order_by(col(CalendarLoadRow.year), col(CalendarLoadRow.revision))
        )

    async def _go_through(self, database: Database, row: Row[Any], now: datetime) -> None:
        after: UUID | None = None
        while True:
            async with database.transaction() as uow:
                calendar = await work_calendars().current(uow.connection)
                found = await repository.running_from(
                    uow.connection, row.touches_from, after=after, limit=_BATCH, lock=True
                )
                changed = []
                for seen in found:
                    moved, moves = await _moves(uow.connection, self.items, seen, calendar)
                    if moves:
                        moved = stepped(seen, moved, events=1)
                        cause = f"{row.year} 年节假日安排载入"
                        publish(uow, moved, facts_later.dates_moved(moved, moves, cause, now))
                        changed.append((moved, seen.version))
                await repository.save_locked(uow.connection, changed)
            if len(found) < _BATCH:
                return
            after = found[-1].application_id
