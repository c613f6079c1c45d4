"""Expiry: a certificate whose last day is over becomes EXPIRED, exactly once, with its leaf and its event."""

import logging
from datetime import date, datetime
from typing import Any

from services.certificate import repository
from services.certificate.commands.life import change
from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.kit import Kit
from services.chassis.clock import local_date
from services.chassis.database import Database, UnitOfWork
from services.kernel.certificate_life import LifeAct

log = logging.getLogger(__name__)
EVERY_SECONDS = 60
BATCH = 200


async def expire(database: Database, kit: Kit, *, now: datetime) -> int:
    """All that are due, a batch per transaction; gives how many. The state is the fence: nobody expires twice."""
    done = 0
    while (batch := await _batch(database, kit, local_date(now), now)) > 0:
        done += batch
    return done


async def _batch(database: Database, kit: Kit, today: date, now: datetime) -> int:
    async with database.transaction() as uow:
        rows = await repository.lock_expired(uow.connection, today, BATCH)
        return sum([await _expire(uow, row, kit, now) for row in rows])


async def _expire(uow: UnitOfWork, row: Any, kit: Kit, now: datetime) -> bool:
    """A row that was rewritten ends nothing, and holds up nobody else."""
    try:
        await change(uow, row, LifeAct.EXPIRE, kit, now=now)
    except RecordNotAuthentic:
        log.error("not expired: a row does not say what was signed")
        return False
    return True
