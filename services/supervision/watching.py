"""Keeps every case's dates, lights and next instant right: after events, in the sweep, when the calendar changes."""

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from contracts.events.supervision import LightFired, LightLevel, LightVoided
from services.chassis.database import Database, UnitOfWork
from services.chassis.reference import Reference
from services.kernel.time_limit import end_of
from services.kernel.workdays import WorkCalendar
from services.supervision import marks, metrics, repository
from services.supervision.differences import count
from services.supervision.domain.case import Basis, Supervised, due, measure
from services.supervision.domain.clock_lights import DEFAULT_CLOCK_RULES, ClockRule, ClockWatch, watch_clocks
from services.supervision.domain.clock_set import runs_of
from services.supervision.domain.clocks import Run, Told
from services.supervision.domain.joint import Joint, joint_run
from services.supervision.domain.lights import LightRule, Watch, fingerprint, watch
from services.supervision.findings import raise_findings
from services.supervision.joint_watch import joint_findings, joints_of
from services.supervision.lit import Lit, of_case, of_clock
from services.supervision.repository import Row
from services.supervision.tables import CaseRow

log = logging.getLogger(__name__)

_BATCH = 200
_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Seen:
    """What one case needs now: lights that are on, the next instant to look, and when each of its clocks ended."""

    row: Row
    lit: tuple[Lit, ...]
    ends: dict[tuple[str, str], datetime]


@dataclass
class Watcher:
    """Rules and calendar of this process, and the acts that use them. A loaded year replaces the calendar."""

    rules: tuple[LightRule, ...]
    calendar: WorkCalendar
    clock_rules: tuple[ClockRule, ...] = DEFAULT_CLOCK_RULES

    async def settle(self, uow: UnitOfWork, rows: Sequence[Row], *, now: datetime, heard_all: bool) -> None:
        """Bring locked rows up to date, fire what they crossed, save them. In the caller's transaction.

        Args:
            heard_all: whether everything that happened up to now was heard. If not, a case whose clock still runs is
                only made due for the sweep: the act that ends it may already be on the way, and a late listener must
                not light it for that.
        """
        joints = await joints_of(uow.connection, rows) if heard_all else {}
        seen = [self._look(row, now, heard_all, joints.get(row["case_id"])) for row in rows]
        lit = [(one.row, light) for one in seen for light in one.lit]
        new = await repository.add_lights(uow.connection, [light.stored(row, now) for row, light in lit])
        for row, light in lit:
            if (row["case_id"], light.rule, light.occasion) in new:
                _fired(uow, row, light, now)
        await self._void(uow, [one for one in seen if one.ends], now)
        bundles = [(one.row, joints[one.row["case_id"]]) for one in seen if one.row["case_id"] in joints]
        found = [finding for row, joint in bundles for finding in joint_findings(row, joint, self.calendar)]
        for raised in await raise_findings(uow, found, now):
            count(raised.detail, raised.row)
        await repository.save(uow.connection, rows)

    def _look(self, row: Row, now: datetime, heard_all: bool, joint: Joint | None) -> Seen:
        case = repository.supervised(row)
        row.update(self._dates(row, case))
        told = Told(case, marks.lines(row))
        seen = self._case_time(case, told, now)
        # before intake was heard nobody knows whose the case is: its lights wait
        runs = runs_of(told, self.calendar) if row["item_code"] else []
        if joint is not None and row["department_uscc"]:
            runs = [*joint_run(joint)]
        clocks = watch_clocks(runs, self.clock_rules, self.calendar, now=now)
        lit = [*(of_case(crossing, case) for crossing in seen.crossed), *map(of_clock, clocks.crossed)]
        waiting = [] if heard_all else [light.at for light in lit if not light.ended]
        instants = (seen.next_at, clocks.next_at, *waiting, *_bundle_again(row, joint, runs, clocks, now))
        row["next_light_at"] = min((at for at in instants if at is not None), default=None)
        row["missing_year"] = min((y for y in (seen.missing_year, clocks.missing_year) if y is not None), default=None)
        ends = dict(clocks.ends)
        if case.stopped_at is not None:
            ends |= {(rule.rule, ""): case.stopped_at for rule in self.rules}
        return Seen(row, tuple(light for light in lit if heard_all or light.ended), ends)

    def _case_time(self, case: Supervised, told: Told, now: datetime) -> Watch:
        """Until the applicants come again nobody can decide, and nobody is late before their last day is over."""
        if told.awaits_claim:
            return Watch()
        claim_until = end_of(told.claim_until) if told.claim_until else None
        return watch(case, self.rules, self.calendar, now=now, not_before=claim_until)

    async def _void(self, uow: UnitOfWork, seen: Sequence[Seen], now: datetime) -> None:
        """Take back what was lit although its clock had already stopped: that was heard too late."""
        of = {one.row["case_id"]: one for one in seen}
        standing = await repository.standing_lights(uow.connection, list(of)) if of else ()
        wrong = [light for light in standing if _came_after(of[light.case_id].ends, light)]
        if not wrong:
            return
        await repository.void_lights(uow.connection, [light.id for light in wrong], now)
        for light in wrong:
            _voided(uow, of[light.case_id].row, light, now)

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
        current = fingerprint((*self.watcher.rules, *self.watcher.clock_rules), self.watcher.calendar)
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


def _bundle_again(
    row: Row, joint: Joint | None, runs: Sequence[Run], clocks: ClockWatch, now: datetime
) -> Iterator[datetime]:
    """When to look at a bundle again whose members tell it nothing: at once in the sweep, where all was heard; once a
    day while its clock stands still, because what starts it again happens to a member."""
    if joint is None and marks.is_bundle(row):
        yield now
    elif joint is not None and clocks.next_at is None and clocks.missing_year is None:
        yield from (now + _A_DAY for run in runs if run.met_at is None and run.ended_at is None)


def _came_after(ends: Mapping[tuple[str, str], datetime], light: Any) -> bool:
    end = ends.get((light.rule, light.occasion))
    return end is not None and light.crossed_at >= end


def _fired(uow: UnitOfWork, row: Row, light: Lit, now: datetime) -> None:
    row["version"] += 1
    event = LightFired(
        case_id=row["case_id"],
        case_no=row["case_no"],
        department_uscc=light.responsible[0] if light.responsible else row["department_uscc"],
        level=LightLevel(light.level.value),
        rule=light.rule,
        crossed_at=light.at,
        fired_at=now,
        clock=light.clock,
        occasion=light.occasion,
        about=light.about,
    )
    uow.publish(event, aggregate_id=row["case_id"], version=row["version"])
    metrics.lights_fired.labels(light.level.value).inc()


def _voided(uow: UnitOfWork, row: Row, light: Any, now: datetime) -> None:
    row["version"] += 1
    event = LightVoided(
        case_id=row["case_id"],
        case_no=row["case_no"],
        department_uscc=light.department_uscc,
        level=LightLevel(light.level),
        rule=light.rule,
        crossed_at=light.crossed_at,
        voided_at=now,
        occasion=light.occasion,
    )
    uow.publish(event, aggregate_id=row["case_id"], version=row["version"])
    metrics.lights_voided.labels(light.level).inc()
