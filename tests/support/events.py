"""Producers and consumers for tests of the frame: databases with its tables only, workers, events of one account."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

from contracts.events.identity import AccountLocked
from deploy.local.postgres import Postgres, ServiceDatabase
from services.chassis import migrations
from services.chassis.bus import Incoming
from services.chassis.consumer import Consumer
from services.chassis.database import Database, UnitOfWork
from services.chassis.settings import ServiceSettings, load_settings
from services.chassis.worker import Worker

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
_names = itertools.count(1)


def settings(database: ServiceDatabase, nats_url: str, service: str = "identity") -> ServiceSettings:
    return load_settings(service, ServiceSettings, database_url=database.app_url, nats_url=nats_url)


def chassis_database(server: Postgres, service: str) -> ServiceDatabase:
    """A database with the tables of the frame only."""
    name = f"chassis_{service}_{next(_names)}"
    database = server.create_service_database(service, name=name)
    run = SimpleNamespace(execute=lambda sql: server.execute(sql, database=name, role=f"{service}_migrator"))
    migrations.create_chassis_tables(run)
    return database


async def publish(database: Database, account_id: UUID, versions: Sequence[int]) -> None:
    for version in versions:
        async with database.transaction() as uow:
            event = AccountLocked(account_id=account_id, locked_until=NOON + timedelta(minutes=version))
            uow.publish(event, aggregate_id=account_id, version=version)


@asynccontextmanager
async def running(*workers: Worker) -> AsyncIterator[None]:
    for worker in workers:
        await worker.start()
    try:
        yield
    finally:
        for worker in workers:
            await worker.stop()


async def eventually(condition: Callable[[], object], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def recording(seen: list[tuple[UUID, int]]) -> Callable[[UnitOfWork, Sequence[Incoming]], object]:
    async def handle(uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
        seen.extend((message.aggregate_id, message.version) for message in messages)

    return handle


def consumer(handle: object, *, contiguous: bool = False, name: str = "supervision-test") -> Consumer:
    return Consumer(name, "IDENTITY", ("identity.>",), handle, contiguous=contiguous)  # type: ignore[arg-type]
