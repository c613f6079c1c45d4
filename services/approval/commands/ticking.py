"""What time alone brings about: a department stays silent past its limit, a due date moves during an open pause."""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.approval import records, repository
from services.approval.commands.acting import store
from services.approval.domain.consultation import record_silence
from services.approval.domain.standstill import projected
from services.chassis import clock
from services.chassis.database import Database
from services.kernel.errors import DomainError
from services.kernel.workdays import WorkCalendar

log = logging.getLogger(__name__)
_BATCH = 200


@dataclass(frozen=True)
class Silence:
    """Records every consultation whose limit is over, each once: the row of the case is locked, the state checked."""

    calendar: WorkCalendar

    async def __call__(self, database: Database, now: datetime) -> None:
        async with database.read() as connection:
            overdue = await records.overdue_consultations(connection, clock.local_date(now), _BATCH)
        for case_id, number in overdue:
            try:
                await self._record(database, case_id, number, now)
            except DomainError as fact:
                # Answered or ended meanwhile, or its last day is only provisional: nothing to record.
                log.info("silence not recorded: %s", fact.code)

    async def _record(self, database: Database, case_id: UUID, number: int, now: datetime) -> None:
        async with database.transaction() as uow:
            loaded = await repository.find_for_update(uow.connection, case_id)
            assert loaded is not None  # cases are never deleted
            case, fact = record_silence(loaded.case, number=number, now=now, calendar=self.calendar)
            await store(uow, loaded.case, case, fact, by=None, now=now)


@dataclass(frozen=True)
class Projection:
    """Derives the dates of suspended and provisional cases again, once a day each."""

    calendar: WorkCalendar

    async def __call__(self, database: Database, now: datetime) -> None:
        full = True
        while full:
            async with database.transaction() as uow:
                moving = await records.lock_moving(uow.connection, clock.local_date(now), _BATCH)
                for case_id in moving:
                    loaded = await repository.find_for_update(uow.connection, case_id)
                    assert loaded is not None  # cases are never deleted
                    await records.save_dates(uow.connection, case_id, projected(loaded.case, self.calendar, now=now))
            full = len(moving) == _BATCH
