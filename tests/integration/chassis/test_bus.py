"""Outbox to effect: what is committed arrives exactly once, in order, whatever the bus does."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text

from contracts.events.identity import AccountLocked
from deploy.local.nats import Nats
from deploy.local.postgres import ServiceDatabase
from services.chassis import bus, tables
from services.chassis.bus import Incoming, NotYet
from services.chassis.database import Database, UnitOfWork
from services.chassis.settings import ServiceSettings, load_settings
from services.chassis.worker import Worker
from tests.support.events import NOON, chassis_database, consumer, eventually, publish, recording, running, settings
from tests.support.stack import Databases


@pytest.fixture
def source(databases: Databases) -> ServiceDatabase:
    return chassis_database(databases.server, "identity")


@pytest.fixture
def sink(databases: Databases) -> ServiceDatabase:
    return chassis_database(databases.server, "supervision")


async def test_what_is_committed_reaches_the_consumer_once_and_in_order(
    source: ServiceDatabase, sink: ServiceDatabase, nats_url: str
) -> None:
    seen: list[tuple[UUID, int]] = []
    account = uuid4()
    producer = Worker(settings(source, nats_url))
    receiver = Worker(settings(sink, nats_url, "supervision"), consumers=[consumer(recording(seen), contiguous=True)])

    async with running(producer, receiver):
        await publish(producer.database, account, range(1, 51))
        await eventually(lambda: len(seen) == 50)

    assert seen == [(account, version) for version in range(1, 51)]


async def test_a_rolled_back_command_leaves_no_event(source: ServiceDatabase, nats_url: str) -> None:
    database = Database(source.app_url)

    with pytest.raises(RuntimeError):
        async with database.transaction() as uow:
            account = uuid4()
            uow.publish(AccountLocked(account_id=account, locked_until=NOON), aggregate_id=account, version=1)
            raise RuntimeError

    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(tables.outbox)) == 0
    await database.close()


async def test_a_gap_waits_until_the_missing_event_comes(
    source: ServiceDatabase, sink: ServiceDatabase, nats_url: str
) -> None:
    seen: list[tuple[UUID, int]] = []
    account = uuid4()
    producer = Worker(settings(source, nats_url))
    gap = consumer(recording(seen), contiguous=True, name="supervision-gap")
    receiver = Worker(settings(sink, nats_url, "supervision"), consumers=[gap])

    async with running(producer, receiver):
        await publish(producer.database, account, [2, 3])
        await asyncio.sleep(0.3)
        before = list(seen)
        await publish(producer.database, account, [1])
        await eventually(lambda: len([v for a, v in seen if a == account]) == 3)

    assert [v for a, v in before if a == account] == []
    assert [v for a, v in seen if a == account] == [1, 2, 3]


@pytest.mark.parametrize("contiguous", [True, False])
async def test_the_same_event_delivered_again_has_no_second_effect(
    source: ServiceDatabase, sink: ServiceDatabase, nats_url: str, contiguous: bool
) -> None:
    seen: list[tuple[UUID, int]] = []
    account = uuid4()
    producer = Worker(settings(source, nats_url))
    name = f"supervision-twice-{contiguous}".lower()
    receiver = Worker(
        settings(sink, nats_url, "supervision"),
        consumers=[consumer(recording(seen), contiguous=contiguous, name=name)],
    )

    async with running(producer, receiver):
        await publish(producer.database, account, [1])
        await eventually(lambda: (account, 1) in seen)
        client = await bus.connect(producer.settings, "test")
        async with producer.database.read() as connection:
            row = (await connection.execute(select(tables.outbox))).mappings().one()
        headers = bus.headers_of(dict(row), "identity") | {"Nats-Msg-Id": str(uuid4())}
        await client.jetstream().publish(row["subject"], bytes(row["payload"]), headers=headers)
        await publish(producer.database, account, [2])
        await eventually(lambda: (account, 2) in seen)
        await client.close()

    assert [v for a, v in seen if a == account] == [1, 2]


async def test_a_poison_message_becomes_a_dead_letter_and_the_others_go_on(
    sink: ServiceDatabase, source: ServiceDatabase, nats_url: str
) -> None:
    seen: list[tuple[UUID, int]] = []
    account = uuid4()
    producer = Worker(settings(source, nats_url))
    receiver = Worker(
        settings(sink, nats_url, "supervision"), consumers=[consumer(recording(seen), name="supervision-poison")]
    )

    async with running(producer, receiver):
        client = await bus.connect(producer.settings, "test")
        await bus.ensure_stream(client, producer.settings)
        await client.jetstream().publish("identity.account.locked.v1", b"{not json", headers={"ce-id": str(uuid4())})
        await publish(producer.database, account, [1])
        await eventually(lambda: (account, 1) in seen)
        await client.close()
        async with receiver.database.read() as connection:
            reasons = (await connection.execute(select(tables.dead_letter.c.reason))).scalars().all()

    assert len(reasons) == 1


async def test_one_failing_event_of_a_batch_does_not_hold_the_others(
    source: ServiceDatabase, sink: ServiceDatabase, nats_url: str
) -> None:
    seen: list[UUID] = []
    accounts = [uuid4() for _ in range(10)]
    attempts = 0

    async def handle(uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
        nonlocal attempts
        for message in messages:
            if message.aggregate_id == accounts[3] and attempts < 2:
                attempts += 1
                raise NotYet("not yet")
        seen.extend(message.aggregate_id for message in messages)

    producer = Worker(settings(source, nats_url))
    for account in accounts:
        await publish(producer.database, account, [1])
    receiver = Worker(settings(sink, nats_url, "supervision"), consumers=[consumer(handle, name="supervision-one")])

    async with running(producer, receiver):
        await eventually(lambda: accounts[3] in seen)

    assert sorted(a for a in seen if a in accounts) == sorted(accounts)


async def test_events_wait_in_the_outbox_while_the_bus_is_away(
    source: ServiceDatabase, sink: ServiceDatabase, nats_server: Nats
) -> None:
    seen: list[tuple[UUID, int]] = []
    account = uuid4()
    producer = Worker(settings(source, nats_server.url))
    receiver = Worker(
        settings(sink, nats_server.url, "supervision"), consumers=[consumer(recording(seen), name="supervision-away")]
    )

    async with running(producer, receiver):
        await publish(producer.database, account, [1])
        await eventually(lambda: (account, 1) in seen)
        port = nats_server.port
        nats_server.kill()
        await publish(producer.database, account, [2, 3])
        nats_server.start(port)
        await eventually(lambda: (account, 3) in seen, seconds=25)
        async with producer.database.read() as connection:
            waiting = await connection.scalar(text("SELECT count(*) FROM outbox WHERE published_at IS NULL"))

    assert [v for a, v in seen if a == account] == [1, 2, 3]
    assert waiting == 0


def test_the_test_clock_is_refused_in_production(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="production"):
        load_settings("identity", ServiceSettings, profile="production", test_clock=tmp_path / "clock")
