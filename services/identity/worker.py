"""create_worker(): the only wiring for the relay and timers. Identity consumes no events."""

from datetime import datetime

from services.chassis import clock
from services.chassis.database import Database
from services.chassis.settings import ServiceSettings, load_settings
from services.chassis.worker import Timer, Worker
from services.identity import grant_repository


async def sweep(database: Database, _: datetime) -> None:
    """Expired codes, sessions, refresh families and used client assertions; by real time."""
    async with database.transaction() as uow:
        await grant_repository.sweep(uow.connection, now=clock.real_now())


def create_worker() -> Worker:
    settings = load_settings("identity", ServiceSettings)
    return Worker(settings, timers=[Timer("sweep-grants", 600, sweep)])
