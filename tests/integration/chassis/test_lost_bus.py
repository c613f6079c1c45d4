"""A bus that loses, swallows or turns away: what was not acknowledged stays, what is missing is asked for again."""

import asyncio
import signal
from collections.abc import Iterator
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from contracts.events.identity import AccountLocked
from deploy.local.nats import Nats
from deploy.local.postgres import ServiceDatabase
from services.chassis import bus, gaps, housekeeping, relay, telemetry
from services.chassis import consumer as consumer_module
from services.chassis.bus import Missing
from services.chassis.database import Database
from services.chassis.ending import end
from services.chassis.worker import Worker
from tests.support.events import NOON, chassis_database, consumer, eventually, publish, recording, running, settings
from tests.support.stack import Databases, running_nats


@pytest.fixture
def source(databases: Databases) -> ServiceDatabase:
    return chassis_database(databases.server, "identity")


@pytest.fixture
def sink(databases: Databases) -> ServiceDatabase:
    return chassis_database(databases.server, "supervision")


@pytest.fixture
def own_nats() -> Iterator[Nats]:
    """For what a server does not survive."""
    with running_nats() as server:
        yield server


async def lose(database: Database, account: UUID, version: int) -> None:
    """As after a server that lost acknowledged messages: sent long ago, and nowhere on the bus."""
    sent = "UPDATE outbox SET published_at = now() - interval '1 hour' "
    sent += "WHERE aggregate_id = :id AND aggregate_version = :v"
    async with database.transaction() as uow:
        await uow.connection.execute(text(sent), {"id": account, "v": version})


async def test_what_the_bus_has_lost_is_asked_for_at_its_source(
    source: ServiceDatabase, sink: ServiceDatabase, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaps, "_ASK_AT", 2)
    monkeypatch.setattr(consumer_module, "_PAUSES", (0.1,))
    seen: list[tuple[UUID, int]] = []
    account = uuid4()
    producer = Worker(settings(source, nats_url))
    receiver = Worker(settings(sink, nats_url, "supervision"), consumers=[consumer(recording(seen), contiguous=True)])
    await publish(producer.database, account, [1, 2, 3, 4])
    await lose(producer.database, account, 2)
    await lose(producer.database, account, 3)

    async with running(producer, receiver):
        await eventually(lambda: (account, 4) in seen, seconds=60)

    assert [version for who, version in seen if who == account] == [1, 2, 3, 4]


async def test_what_goes_out_once_more_never_counts_as_unsent(source: ServiceDatabase, own_nats: Nats) -> None:
    account, database = uuid4(), Database(source.app_url)
    ours = settings(source, own_nats.url)
    client = await bus.connect(ours, "test")
    await bus.ensure_stream(client, ours)
    await publish(database, account, [1])
    await lose(database, account, 1)
    sender = relay.Relay(ours, client)
    connection = await asyncpg.connect(source.app_url)

    sender._asked.append(Missing(account, after=0, before=2))
    await sender._send_again(connection)
    await housekeeping.measure(database, NOON)
    sender._asked.append(Missing(account, after=0, before=2))
    await sender._send_again(connection)  # just sent: the bus would drop it

    on_the_bus = (await client.jetstream().stream_info("IDENTITY")).state.messages
    await connection.close()
    await client.close()
    await database.close()
    assert (telemetry.outbox_unsent._value.get(), telemetry.outbox_oldest._value.get()) == (0, 0)
    assert on_the_bus == 1


@pytest.mark.parametrize("message", [b"", b"x", b"x 1 2", b"\xff", b"018f0000-0000-7000-8000-000000000000 1"])
def test_a_question_that_cannot_be_read_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of its kinds
        Missing.read(message)


def test_a_question_is_read_as_it_was_asked() -> None:
    missing = Missing(uuid4(), after=1, before=4)

    assert Missing.read(missing.message()) == missing


async def test_what_the_bus_did_not_acknowledge_is_sent_again(
    source: ServiceDatabase, sink: ServiceDatabase, own_nats: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "_ACK_SECONDS", 0.3)
    seen: list[tuple[UUID, int]] = []
    account = uuid4()
    producer = Worker(settings(source, own_nats.url))
    receiver = Worker(settings(sink, own_nats.url, "supervision"), consumers=[consumer(recording(seen))])
    async with running(producer, receiver):
        await publish(producer.database, account, [1])
        await eventually(lambda: (account, 1) in seen, seconds=30)

        assert own_nats.process is not None
        own_nats.process.send_signal(signal.SIGSTOP)
        await publish(producer.database, account, [2])
        await asyncio.sleep(1.5)  # the relay has sent it, and nobody answers
        async with producer.database.read() as connection:
            waiting = await connection.scalar(text("SELECT count(*) FROM outbox WHERE published_at IS NULL"))
        port = own_nats.port
        own_nats.kill()
        own_nats.start(port)
        await eventually(lambda: (account, 2) in seen, seconds=60)

    assert waiting == 1


async def test_a_worker_the_bus_has_turned_away_for_good_says_that_it_is_dead(
    source: ServiceDatabase, own_nats: Nats
) -> None:
    worker = Worker(settings(source, own_nats.url))
    app = worker.app()
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://w") as http:
        await eventually(worker.is_connected, seconds=30)
        before = (await http.get("/livez")).status_code

        config = own_nats.folder / "nats.conf"
        config.write_text(config.read_text() + '\nauthorization { user: "somebody", password: "else" }\n')
        assert own_nats.process is not None
        own_nats.process.send_signal(signal.SIGHUP)
        await eventually(lambda: not worker.is_alive(), seconds=30)

        after = [(await http.get(path)).status_code for path in ("/livez", "/readyz")]

    assert before == 200
    assert after == [500, 503]


async def test_a_consumer_that_was_deleted_is_made_again_at_once(
    source: ServiceDatabase, sink: ServiceDatabase, own_nats: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_module, "_CHECK_SECONDS", 1000)  # not by the regular look
    seen: list[tuple[UUID, int]] = []
    account = uuid4()
    producer = Worker(settings(source, own_nats.url))
    receiver = Worker(settings(sink, own_nats.url, "supervision"), consumers=[consumer(recording(seen))])

    async with running(producer, receiver):
        await publish(producer.database, account, [1])
        await eventually(lambda: (account, 1) in seen, seconds=30)
        client = await bus.connect(producer.settings, "test")
        await client.jetstream().delete_consumer("IDENTITY", "supervision-test")
        await client.close()
        await publish(producer.database, account, [2])
        await eventually(lambda: (account, 2) in seen, seconds=30)

    assert seen == [(account, 1), (account, 2)]


async def test_of_two_workers_of_a_service_one_sends_and_the_other_takes_over(
    source: ServiceDatabase, own_nats: Nats
) -> None:
    first, second = (Worker(settings(source, own_nats.url)) for _ in range(2))
    database, account = Database(source.app_url), uuid4()
    async with running(second):
        async with running(first):
            await eventually(lambda: first.is_connected() and second.is_connected(), seconds=30)
            await publish(database, account, range(1, 31))
            await none_waits(database)
            async with database.read() as connection:
                holding = await connection.scalar(text(HOLDING), {"lock": relay._LOCK})
        await publish(database, account, range(31, 41))
        await none_waits(database)
    await database.close()

    assert holding == 1


async def test_a_relay_that_takes_over_does_not_answer_what_was_asked_of_the_one_before(
    source: ServiceDatabase, own_nats: Nats
) -> None:
    account, database = uuid4(), Database(source.app_url)
    ours = settings(source, own_nats.url)
    client = await bus.connect(ours, "test")
    await bus.ensure_stream(client, ours)
    await publish(database, account, [1])
    await lose(database, account, 1)
    standby = relay.Relay(ours, client)
    standby._asked.append(Missing(account, after=0, before=2))

    taking_over = asyncio.create_task(standby.run())
    await publish(database, account, [2])
    await none_waits(database)  # it holds the lock and sends
    await end([taking_over])

    on_the_bus = (await client.jetstream().stream_info("IDENTITY")).state.messages
    await client.close()
    await database.close()
    assert on_the_bus == 1


HOLDING = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid::bigint = :lock "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


async def none_waits(database: Database) -> None:
    async with asyncio.timeout(40), database.read() as connection:
        while await connection.scalar(text("SELECT count(*) FROM outbox WHERE published_at IS NULL")):
            await asyncio.sleep(0.05)


async def test_events_of_one_act_keep_their_order(source: ServiceDatabase) -> None:
    database, account = Database(source.app_url), uuid4()
    async with database.transaction() as uow:
        for version in range(1, 31):
            uow.publish(AccountLocked(account_id=account, locked_until=NOON), aggregate_id=account, version=version)

    async with database.read() as connection:
        written = (await connection.execute(text("SELECT aggregate_version FROM outbox ORDER BY seq"))).scalars().all()
    await database.close()

    assert written == list(range(1, 31))
