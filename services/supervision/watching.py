"""Keeps every case's dates, lights and next instant right: after events, in the sweep, when the calendar changes."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import col

from contracts.events.supervision import LightFired, LightLevel, LightVoided
from services.chassis.database import Database, UnitOfWork
from services.chassis.reference import Reference
from services.kernel.workdays import WorkCalendar
from services.supervision import metrics, repository
from services.supervision.domain.case import Basis, Supervised, due, measure
from services.supervision.domain.lights import Crossing, LightRule, fingerprint, watch
from services.supervision.repository import Row
from services.supervision.tables import CaseRow

log = logging.getLogger(__name__)

_BATCH = 200


@dataclass
class Watcher:
    """Rules and calendar of this process, and the acts that use them. A loaded year replaces the calendar."""

    rules: tuple[LightRule, ...]
    calendar: WorkCalendar

    async def settle(self, uow: UnitOfWork, rows: Sequence[Row], *, now: datetime, heard_all: bool) -> None:
        """Bring locked rows up to date, fire what they crossed, save them. In the caller's transaction.

        Args:
            heard_all: whether everything that happened up to now was heard. If not, a pending case is only made due for
                the sweep: its decision may already be on the way, and a late listener must not light it for that.
        """
        crossings: list[tuple[Row, Crossing]] = []
        for row in rows:
            case = repository.supervised(row)
            row.update(self._dates(row, case))
            seen = watch(case, self.rules, self.calendar, now=now)
            row["next_light_at"], row["missing_year"] = seen.next_at, seen.missing_year
            if heard_all or not case.is_pending:
                crossings += [(row, crossing) for crossing in seen.crossed]
            elif seen.crossed:
                row["next_light_at"] = seen.crossed[0].at
        new = await repository.add_lights(uow.connection, crossings, now)
        for row, crossing in crossings:
            if (row["case_id"], crossing.rule.rule) in new:
                _fired(uow, row, crossing, now)
        await self._void(uow, rows, now)
        await repository.save(uow.connection, rows)

    async def _void(self, uow: UnitOfWork, rows: Sequence[Row], now: datetime) -> None:
        """Take back what was lit although the case had already ended: its end was heard too late."""
        ends = {row["case_id"]: end for row in rows if (end := repository.supervised(row).stopped_at) is not None}
        of = {row["case_id"]: row for row in rows}
        for light in await repository.void_lights(uow.connection, ends, now):
            row = of[light.case_id]
            row["version"] += 1
            event = LightVoided(
                case_id=row["case_id"],
                case_no=row["case_no"],
                department_uscc=row["department_uscc"],
                level=LightLevel(light.level),
                rule=light.rule,
                crossed_at=light.crossed_at,
                voided_at=now,
            )
            uow.publish(event, aggregate_id=row["case_id"], version=row["version"])
            metrics.lights_voided.labels(light.level).inc()

    def _dates(self, row: Row, case: Supervised) -> Row:
        legal, promised = due(case, Basis.LEGAL, self.calendar), due(case, Basis.PROMISED, self.calendar)
        measured = measure(case, self.calendar)
        return {
            "legal_due_on": legal.on if legal else None,
            "legal_due_provisional": legal.provisional if legal else None,
            "promised_due_on": promised.on if promised else None,
            "promised_due_provisional": promised.provisional if promised else None,
            "on_time": measured.on_time if measured else None,
            "early": measured.early if measured else None,
            "promised_workdays": measured.promised_workdays if measured else None,
            "used_workdays": measured.used_workdays if measured else None,
        }


async def _always() -> bool:
    return True


@dataclass
class Sweep:
    """Fires what is due, batch by batch, until nothing is. Touches only cases whose next instant has passed.

    After a standstill or a moved clock one case may have crossed several lights: all are fired, each with the instant
    it was crossed. Nothing is fired while decisions may still be waiting on the bus (`caught_up`). The first run of a
    process, and the first with a new calendar, make every pending case due once if rules or calendar changed.
    """

    watcher: Watcher
    caught_up: Callable[[], Awaitable[bool]] = _always
    calendars: Reference[WorkCalendar] | None = None
    checked: WorkCalendar | None = None

    async def __call__(self, database: Database, now: datetime) -> None:
        if self.calendars is not None:
            self.watcher.calendar = await self.calendars.fresh(database)
        if self.checked is not self.watcher.calendar:
            await self._arm_again(database)
            self.checked = self.watcher.calendar
        if not await self._is_something_due(database, now) or not await self.caught_up():
            return
        full = True
        while full:
            async with database.transaction() as uow:
                rows = await repository.lock_due(uow.connection, now, _BATCH)
                await self.watcher.settle(uow, list(rows.values()), now=now, heard_all=True)
            full = len(rows) == _BATCH

    async def _is_something_due(self, database: Database, now: datetime) -> bool:
        async with database.read() as connection:
            due = select(col(CaseRow.case_id)).where(col(CaseRow.next_light_at) < now).limit(1)
            return await connection.scalar(due) is not None

    async def _arm_again(self, database: Database) -> None:
        current = fingerprint(self.watcher.rules, self.watcher.calendar)
        async with database.transaction() as uow:
            armed = await repository.arm_again(uow.connection, current)
        if armed:
            log.info("rules or calendar changed: %d cases armed again", armed)


@dataclass
class Alarm:
    """Tells operators about lights that cannot be armed and about a sweep that does not keep up."""

    last_unarmed: int = 0

    async def measure(self, database: Database, now: datetime) -> None:
        async with database.read() as connection:
            unarmed = select(func.count(), func.min(col(CaseRow.missing_year)))
            count, year = (await connection.execute(unarmed.where(col(CaseRow.missing_year).is_not(None)))).one()
            oldest = await connection.scalar(select(func.min(col(CaseRow.next_light_at))))
        metrics.cases_unarmed.set(count)
        metrics.sweep_behind.set(max(0.0, (now - oldest).total_seconds()) if oldest is not None else 0.0)
        if count and count != self.last_unarmed:
            log.error("no calendar for %s: lights of %d pending cases cannot be armed", year, count)
        self.last_unarmed = count


def _fired(uow: UnitOfWork, row: Row, crossing: Crossing, now: datetime) -> None:
    row["version"] += 1
    event = LightFired(
        case_id=row["case_id"],
        case_no=row["case_no"],
        department_uscc=row["department_uscc"],
        level=LightLevel(crossing.rule.level.value),
        rule=crossing.rule.rule,
        crossed_at=crossing.at,
        fired_at=now,
    )
    uow.publish(event, aggregate_id=row["case_id"], version=row["version"])
    metrics.lights_fired.labels(crossing.rule.level.value).inc()
