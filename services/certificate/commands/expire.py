"""Expiry: a certificate whose last day is over becomes EXPIRED, exactly once, with its leaf and its event."""

from datetime import date, datetime

from services.certificate import repository
from services.certificate.commands.life import change
from services.certificate.kit import Kit
from services.chassis.clock import local_date
from services.chassis.database import Database
from services.kernel.certificate_life import LifeAct

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
        for row in rows:
            await change(uow, row, LifeAct.EXPIRE, kit, now=now)
    return len(rows)
