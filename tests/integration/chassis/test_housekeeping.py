"""Small regular work: what is kept and for how long, what is measured, and one replica at a time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from uuid import uuid4

import pytest
from sqlalchemy import func, insert, select, text

from deploy.local.postgres import ServiceDatabase
from services.chassis import bus, housekeeping, inbox, migrations, tables, telemetry
from services.chassis.database import Database
from services.chassis.worker import Timer, Worker
from tests.support.events import NOON, chassis_database, eventually, publish, running, settings
from tests.support.stack import Databases

NO_BUS = "nats://127.0.0.1:1"


@pytest.fixture
def own(databases: Databases) -> ServiceDatabase:
    return chassis_database(databases.server, "identity")


@pytest.fixture
async def database(own: ServiceDatabase) -> AsyncIterator[Database]:
    opened = Database(own.app_url)
    yield opened
    await opened.close()


def ago(days: int) -> object:
    return text(f"now() - interval '{days} days'")


async def test_keys_live_seven_days_and_handled_events_longer_than_any_message(database: Database) -> None:
    key = {"caller": "c", "request_hash": b"", "status": 201, "headers": {}, "body": b""}
    stream_days = bus._STREAM_MAX_AGE_SECONDS // 86_400
    async with database.transaction() as uow:
        for days in (6, 8):
            row = key | {"key": f"{days}"}
            await uow.connection.execute(insert(tables.idempotency).values(created_at=ago(days), **row))
        for days in (stream_days + 10, stream_days + 40):
            handled = {"consumer": "x", "event_id": uuid4(), "handled_at": ago(days)}
            await uow.connection.execute(insert(tables.inbox).values(**handled))

    await housekeeping.sweep(database, NOON)

    async with database.read() as connection:
        keys = (await connection.execute(select(tables.idempotency.c.key))).scalars().all()
        handled_events = await connection.scalar(select(func.count()).select_from(tables.inbox))
    assert keys == ["6"]
    assert handled_events == 1


async def test_what_waits_and_what_failed_is_measured(database: Database) -> None:
    await publish(database, uuid4(), [1, 2])
    async with database.transaction() as uow:
        await inbox.bury(uow.connection, "c", "s", {}, b"", stream_seq=1, reason="r")

    await housekeeping.measure(database, NOON)

    assert telemetry.outbox_unsent._value.get() == 2
    assert telemetry.outbox_oldest._value.get() > 0
    assert telemetry.dead_letter_open._value.get() == 1


async def test_rows_of_a_month_that_had_no_partition_move_into_it(
    databases: Databases, own: ServiceDatabase, database: Database
) -> None:
    """A platform that stood still for months takes applications before its worker has made the partitions."""
    month = (await one(database, "SELECT to_char(now() AT TIME ZONE 'UTC' + interval '1 month', 'YYYY_MM')"))[0]
    databases.server.execute(f"DROP TABLE outbox_{month}", database=own.name, role="identity_migrator")
    account = uuid4()
    await publish(database, account, [1, 2])
    async with database.transaction() as uow:
        moved = "UPDATE outbox SET created_at = now() + interval '1 month' WHERE aggregate_version = 2"
        await uow.connection.execute(text(moved))
    before = await one(database, "SELECT count(*) FROM outbox_default")

    await housekeeping.sweep(database, NOON)
    await housekeeping.sweep(database, NOON)

    after = [await one(database, f"SELECT count(*) FROM {table}") for table in ("outbox_default", f"outbox_{month}")]
    waiting = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
    assert before == (1,)
    assert after == [(0,), (1,)]
    assert await one(database, waiting) == (2,)
    await publish(database, account, [3])
    assert await one(database, "SELECT count(DISTINCT seq) FROM outbox") == (3,)


async def without_next_month(databases: Databases, own: ServiceDatabase, database: Database) -> str:
    """The name of the partition that is to be made."""
    (month,) = await one(database, "SELECT to_char(now() AT TIME ZONE 'UTC' + interval '1 month', 'YYYY_MM')")
    databases.server.execute(f"DROP TABLE outbox_{month}", database=own.name, role="identity_migrator")
    return f"outbox_{month}"


async def test_two_that_make_the_same_partition_at_once_both_succeed(
    databases: Databases, own: ServiceDatabase, database: Database
) -> None:
    partition = await without_next_month(databases, own, database)
    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'outbox_default'::regclass"

    async with database.transaction() as uow:
        await uow.connection.execute(text("SELECT outbox_partitions_ahead()"))
        second = asyncio.create_task(housekeeping.sweep(database, NOON))
        async with asyncio.timeout(30):
            while not second.done() and await one(database, waits) == (0,):
                await asyncio.sleep(0.02)
    await second

    assert await one(database, f"SELECT to_regclass('{partition}') IS NOT NULL") == (True,)


async def test_partitions_give_way_to_a_long_read_and_come_later(
    databases: Databases, own: ServiceDatabase, database: Database
) -> None:
    partition = await without_next_month(databases, own, database)
    (given,) = await one(database, "SELECT proconfig FROM pg_proc WHERE proname = 'outbox_partitions_ahead'")
    quick = "ALTER FUNCTION outbox_partitions_ahead() SET lock_timeout = '100ms'"
    databases.server.execute(quick, database=own.name, role="identity_migrator")
    made = f"SELECT to_regclass('{partition}') IS NOT NULL"

    async with database.transaction() as reading:
        await reading.connection.execute(text("SELECT count(*) FROM outbox"))
        async with asyncio.timeout(60):
            await housekeeping.sweep(database, NOON)
        before = await one(database, made)
    await housekeeping.sweep(database, NOON)

    assert isinstance(given, list)
    assert "lock_timeout=3s" in given
    assert before == (False,)
    assert await one(database, made) == (True,)


async def test_a_migration_beside_a_long_read_leaves_the_partitions_to_the_sweep(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "_PARTITIONS", migrations._PARTITIONS.replace("'3s'", "'100ms'"))
    own = databases.fresh("identity")
    database = Database(own.app_url)
    partition = await without_next_month(databases, own, database)

    async with database.transaction() as reading:
        await reading.connection.execute(text("SELECT count(*) FROM outbox"))
        async with asyncio.timeout(60):
            await asyncio.to_thread(migrations.upgrade, "identity", own.migrator_url)
    await housekeeping.sweep(database, NOON)

    made = await one(database, f"SELECT to_regclass('{partition}') IS NOT NULL")
    await database.close()
    assert made == (True,)


async def one(database: Database, query: str) -> tuple[object, ...]:
    async with database.read() as connection:
        return tuple((await connection.execute(text(query))).one())


async def test_of_two_replicas_one_runs_a_timer_at_a_time(own: ServiceDatabase) -> None:
    at_once = most = runs = 0
    go_on = asyncio.Event()

    async def run(_: Database, now: datetime) -> None:
        nonlocal at_once, most, runs
        at_once, runs = at_once + 1, runs + 1
        most = max(most, at_once)
        await go_on.wait()
        at_once -= 1

    workers = [Worker(settings(own, NO_BUS), timers=[Timer("only-one", 0.05, run)]) for _ in range(2)]
    async with running(*workers):
        await eventually(lambda: runs == 1, seconds=30)
        await asyncio.sleep(0.3)
        go_on.set()
        await eventually(lambda: runs > 4, seconds=30)

    assert most == 1
