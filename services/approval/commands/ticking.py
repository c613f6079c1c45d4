"""What time alone brings about: a department stays silent past its limit, a due date moves during an open pause."""

import logging
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.approval import records, repository
from services.approval.commands.acting import lights_of, store, with_days
from services.approval.domain.consultation import record_silence
from services.approval.domain.light import LightBook
from services.approval.domain.standstill import projected
from services.chassis import clock
from services.chassis.database import Database
from services.chassis.reference import Reference
from services.kernel.errors import DomainError
from services.kernel.workdays import WorkCalendar

log = logging.getLogger(__name__)
_BATCH = 200


@dataclass(frozen=True)
class Silence:
    """Records every consultation whose limit is over, each once: the row of the case is locked, the state checked."""

    calendars: Reference[WorkCalendar]

    async def __call__(self, database: Database, now: datetime) -> None:
        calendar = await self.calendars.fresh(database)
        async with database.read() as connection:
            overdue = await records.overdue_consultations(connection, clock.local_date(now), _BATCH)
        for case_id, number in overdue:
            try:
                await self._record(database, case_id, number, calendar, now)
            except DomainError as fact:
                # Answered or ended meanwhile, or its last day is only provisional: nothing to record.
                log.info("silence not recorded: %s", fact.code)

    async def _record(
        self, database: Database, case_id: UUID, number: int, calendar: WorkCalendar, now: datetime
    ) -> None:
        async with database.transaction() as uow:
            loaded = await repository.find_for_update(uow.connection, case_id)
            assert loaded is not None  # cases are never deleted
            case, fact = record_silence(loaded.case, number=number, now=now, calendar=calendar)
            await store(uow, loaded.case, case, fact, by=None, now=now, calendar=calendar)


@dataclass(frozen=True)
class Projection:
    """Derives dates and lights again: of suspended and provisional cases once a day, of all open ones when a year was
    loaded or the light rules are others than those known before."""

    calendars: Reference[WorkCalendar]
    lights: LightBook = field(default_factory=LightBook)

    async def __call__(self, database: Database, now: datetime) -> None:
        await self._notice_changed_rules(database)
        full = True
        while full:
            async with database.transaction() as uow:
                calendar = await self.calendars.current(uow.connection)
                moving = await records.lock_moving(uow.connection, clock.local_date(now), _BATCH)
                for case_id in moving:
                    loaded = await repository.find_for_update(uow.connection, case_id)
                    assert loaded is not None  # cases are never deleted
                    case = await with_days(uow, loaded, calendar, now)
                    dates, lit = projected(case, calendar, now=now), lights_of(case, self.lights, calendar)
                    await records.save_dates(uow.connection, case_id, dates, lit)
            full = len(moving) == _BATCH

    async def _notice_changed_rules(self, database: Database) -> None:
        async with database.transaction() as uow:
            calendar = await self.calendars.current(uow.connection)
            if await records.rules_changed(uow.connection, self.lights.fingerprint(calendar), clock.real_now()):
                await records.project_all_again(uow.connection)
