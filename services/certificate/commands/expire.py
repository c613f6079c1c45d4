"""Expiry: a certificate whose last day is over becomes EXPIRED, exactly once, with its leaf and its event."""

import logging
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

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
    done, false = 0, set[UUID]()
    while batch := await _batch(database, kit, now, false):
        done += sum(batch.values())
        false |= {certificate_id for certificate_id, expired in batch.items() if not expired}
    return done


async def _batch(database: Database, kit: Kit, now: datetime, besides: Collection[UUID]) -> dict[UUID, bool]:
    """The next rows that are due, `besides` those that this run found to be false; and whether each expired."""
    async with database.transaction() as uow:
        rows = await repository.lock_expired(uow.connection, local_date(now), BATCH, besides)
        return {row.id: await _expire(uow, row, kit, now) for row in rows}


async def _expire(uow: UnitOfWork, row: Any, kit: Kit, now: datetime) -> bool:
    """A row that was rewritten ends nothing, and holds up nobody else."""
    try:
        await change(uow, row, LifeAct.EXPIRE, kit, now=now)
    except RecordNotAuthentic:
        log.error("not expired: the row of %s does not say what was signed", row.identifier)
        return False
    return True
