"""Presentations that ran out are forgotten: who looked stands in the access log, and codes are never reused."""

from datetime import datetime, timedelta

from sqlalchemy import text

from services.chassis import clock
from services.chassis.database import Database

EVERY_SECONDS = 3600
_KEPT = timedelta(days=1)  # until then who asks why his code no longer works can be answered
_FORGET = text("DELETE FROM presentation WHERE runs_out_at < :before")


async def forget(database: Database, _: datetime) -> None:
    """Codes run out by the real clock."""
    async with database.transaction() as uow:
        await uow.connection.execute(_FORGET, {"before": clock.real_now() - _KEPT})
