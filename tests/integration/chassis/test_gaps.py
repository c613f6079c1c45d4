"""Events behind a missing one: they wait, their source is asked with measure, a closed letter lets them by."""

from collections.abc import Iterator, Sequence
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from contracts.events.identity import AccountLocked
from deploy.local.nats import Nats
from deploy.local.postgres import ServiceDatabase
from services.chassis import bus, gaps, inbox, recovery, tables, telemetry
from services.chassis import consumer as consumer_module
from services.chassis.bus import Incoming, Missing
from services.chassis.consumer import Consumer
from services.chassis.database import Database, UnitOfWork
from services.chassis.inbox import Claim
from services.chassis.settings import ServiceSettings
from services.chassis.worker import Worker
from tests.support.events import NOON, chassis_database, consumer, eventually, publish, running, settings
from tests.support.stack import Databases, running_nats

NO_BUS = "nats://127.0.0.1:1"


@pytest.fixture
def source(databases: Databases) -> ServiceDatabase:
    return chassis_database(databases.server, "identity")


@pytest.fixture
def sink(databases: Databases) -> ServiceDatabase:
    return chassis_database(databases.server, "supervision")


@pytest.fixture
def own_nats() -> Iterator[Nats]:
    with running_nats() as server:
        yield server


@pytest.fixture
def days_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything in its usual order, only faster: five failures bury, then the first question, then many more."""
    monkeypatch.setattr(consumer_module, "_PAUSES", (0.05,))
    monkeypatch.setattr(gaps, "_ASK_AT", 15)
    monkeypatch.setattr(gaps, "_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(gaps, "_LONGEST_SECONDS", 0.1)
    monkeypatch.setattr(bus, "DUPLICATE_WINDOW_SECONDS", 0.2)


def refusing(version: int, seen: list[int]) -> Consumer:
    async def handle(uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
        if any(message.version == version for message in messages):
            raise ValueError
        seen.extend(message.version for message in messages)

    return consumer(handle, contiguous=True)


async def letters(database: Database) -> list[int]:
    async with database.read() as connection:
        return list((await connection.execute(select(tables.dead_letter.c.id))).scalars())


async def on_the_bus(ours: ServiceSettings) -> tuple[int, int]:
    """How many messages the stream holds, and how many of them wait unacknowledged."""
    client = await bus.connect(ours, "test")
    try:
        stream = await client.jetstream().stream_info("IDENTITY")
        waiting = await client.jetstream().consumer_info("IDENTITY", "supervision-test")
        return stream.state.messages, waiting.num_ack_pending or 0
    finally:
        await client.close()


@pytest.mark.usefixtures("days_in_seconds")
async def test_behind_a_dead_letter_nothing_is_sent_again_and_closing_it_lets_the_others_by(
    source: ServiceDatabase, sink: ServiceDatabase, own_nats: Nats
) -> None:
    seen: list[int] = []
    ours = refusing(2, seen)
    producer = Worker(settings(source, own_nats.url))
    receiver = Worker(settings(sink, own_nats.url, "supervision"), consumers=[ours])
    waits = telemetry.gaps_total.labels("supervision-test")
    before = waits._value.get()
    await publish(producer.database, uuid4(), range(1, 8))

    async with running(producer, receiver):
        await eventually(lambda: waits._value.get() > before + 200, seconds=60)
        held = await on_the_bus(producer.settings)
        caught_up = await receiver.has_caught_up()
        (letter,) = await letters(receiver.database)
        closed = await recovery.close_dead_letter(command(sink, ours), letter)
        await eventually(lambda: len(seen) == 6, seconds=60)
        after = await letters(receiver.database)

    assert held == (7, 5)
    assert caught_up
    assert closed == 0
    assert seen == [1, 3, 4, 5, 6, 7]
    assert after == [letter]


def command(sink: ServiceDatabase, *consumers: Consumer) -> Worker:
    """A worker as its commands make it: never started, and with no bus to reach."""
    return Worker(settings(sink, NO_BUS, "supervision"), consumers=consumers)


async def test_only_the_next_version_is_asked_for_and_none_that_is_a_dead_letter(sink: ServiceDatabase) -> None:
    lost, poisoned, early = (uuid4() for _ in range(3))
    waiting = [event(lost, 5, 6), event(lost, 7, 6), event(poisoned, 3, 6), event(early, 3, 5)]
    applied = {lost: 2, poisoned: 1, early: 1}
    database, questions = Database(sink.app_url), gaps.Questions()

    async with database.transaction() as uow:
        headers = {"ce-id": str(uuid4()), "ce-aggregateid": str(poisoned), "ce-aggregateversion": "2"}
        await inbox.bury(uow.connection, "c", "s", headers, b"", stream_seq=1, reason="r")
        asked = [await gaps.missing(uow.connection, "c", Claim([], waiting, applied), questions) for _ in range(2)]
    await database.close()

    assert asked == [[Missing(lost, after=2, before=4)], []]


def event(aggregate: UUID, version: int, deliveries: int) -> Incoming:
    told = AccountLocked(account_id=aggregate, locked_until=NOON)
    return Incoming(uuid4(), told.SUBJECT, aggregate, version, told, NOON, NOON, None, deliveries)
