"""Small regular work of every service: partitions ahead, old keys away, gauges of what waits."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.chassis import telemetry
from services.chassis.database import Database
from services.chassis.problems import is_lock_timeout

log = logging.getLogger(__name__)

_KEEP_KEYS_DAYS = 7
_KEEP_INBOX_DAYS = 120  # longer than the streams keep messages (90 days)

_WAITING = text(
    "SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM outbox WHERE published_at IS NULL"
)
_DEAD = text("SELECT count(*) FROM dead_letter WHERE replayed_at IS NULL")


async def measure(database: Database, _: datetime) -> None:
    async with database.read() as connection:
        waiting, oldest = (await connection.execute(_WAITING)).one()
        telemetry.outbox_unsent.set(waiting)
        telemetry.outbox_oldest.set(float(oldest))
        telemetry.dead_letter_open.set(await connection.scalar(_DEAD) or 0)


async def sweep(database: Database, _: datetime) -> None:
    """Keys older than 7 days and inbox ids older than any message; in short statements, real time."""
    await _make_partitions(database)
    async with database.transaction() as uow:
        await uow.connection.execute(
            text(f"DELETE FROM idempotency WHERE created_at < now() - interval '{_KEEP_KEYS_DAYS} days'")
        )
        await uow.connection.execute(
            text(f"DELETE FROM inbox WHERE handled_at < now() - interval '{_KEEP_INBOX_DAYS} days'")
        )


async def _make_partitions(database: Database) -> None:
    """Months ahead of their need: when somebody reads the outbox for long, the next sweep is early enough."""
    try:
        async with database.transaction() as uow:
            await uow.connection.execute(text("SELECT outbox_partitions_ahead()"))
    except DBAPIError as error:
        if not is_lock_timeout(error):
            raise
        log.info("partitions: somebody reads the outbox; made in the next sweep")


TIMERS: tuple[tuple[str, float, Callable[[Database, datetime], Awaitable[None]]], ...] = (
    ("measure", 5.0, measure),
    ("sweep", 3600.0, sweep),
)
