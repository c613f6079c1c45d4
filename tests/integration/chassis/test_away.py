"""Servers that go away and come back, acts repeated at the worst moment: no 500, no second effect, no dead letter."""

import asyncio
import json
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError

from contracts.events.identity import AccountLocked
from deploy.local.nats import Nats
from deploy.local.postgres import Postgres, ServiceDatabase
from services.chassis import bus, tables
from services.chassis.bus import Incoming
from services.chassis.database import Database, Idempotency, Replay, UnitOfWork
from services.chassis.errors import StaleVersion
from services.chassis.files import Files, FilesAway
from services.chassis.problems import is_database_away
from services.chassis.sealing import Sealer
from services.chassis.worker import Worker
from tests.support.cutting_proxy import cutting
from tests.support.events import NOON, chassis_database, consumer, eventually, publish, recording, running, settings
from tests.support.stack import Databases, free_port, running_postgres

ANSWER = {"status": 201, "headers": {"etag": '"v2"'}, "body": b'{"version":2}'}


@pytest.fixture(scope="module")
def mortal() -> Iterator[Postgres]:
    """A server of our own, to be killed."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def source(databases: Databases) -> ServiceDatabase:
    return chassis_database(databases.server, "identity")


@pytest.fixture
def sink(databases: Databases) -> ServiceDatabase:
    return chassis_database(databases.server, "supervision")


def restart(server: Postgres) -> None:
    port = server.port
    server.kill()
    server.start(port)
    assert server.port == port


async def test_after_a_restart_of_the_database_the_first_request_works(mortal: Postgres) -> None:
    database = Database(chassis_database(mortal, "identity").app_url)

    async def ask() -> object:
        async with database.transaction() as uow:
            return await uow.connection.scalar(text("SELECT 1 FROM pg_sleep(0.1)"))

    filled = await asyncio.gather(*(ask() for _ in range(8)))
    restart(mortal)
    await asyncio.sleep(0.1)  # the restart held up this loop; a service would have heard of it by now
    after = [await ask() for _ in range(8)]
    await database.close()

    assert filled == after == [1] * 8


async def test_a_database_that_is_away_is_told_apart_from_a_fault(mortal: Postgres) -> None:
    database = Database(chassis_database(mortal, "identity").app_url)
    port = mortal.port
    await database.connect()

    mortal.kill()
    try:
        with pytest.raises(Exception) as away:  # noqa: PT011 - which one is the driver's business
            await database.connect()
    finally:
        mortal.start(port)
    await database.connect()
    await database.close()

    assert is_database_away(away.value)
    assert is_database_away(asyncpg.CannotConnectNowError("starting up"))
    assert is_database_away(asyncpg.InternalClientError("cannot switch to state 15"))
    assert not is_database_away(asyncpg.UndefinedTableError("no such table"))


async def test_whatever_a_killed_database_interrupts_is_known_as_its_absence(mortal: Postgres) -> None:
    database = Database(chassis_database(mortal, "identity").app_url)
    raised: list[Exception] = []
    over = asyncio.Event()

    async def client() -> None:
        while not over.is_set():
            try:
                async with database.transaction(Idempotency("clerk", str(uuid4()), b"hash")) as uow:
                    uow.answer(201, {})
                async with database.read() as connection:
                    await connection.execute(text("SELECT 1"))
            except Exception as error:
                raised.append(error)
            await asyncio.sleep(0.005)

    clients = [asyncio.create_task(client()) for _ in range(4)]
    for _ in range(4):
        await asyncio.sleep(0.3)
        port = mortal.port
        mortal.kill()
        await asyncio.sleep(0.4)  # the clients meet the farewell, the end and the absence
        mortal.start(port)
    over.set()
    await asyncio.gather(*clients)
    await database.close()

    assert raised
    assert [error for error in raised if not is_database_away(error)] == []


async def test_a_repeated_act_is_answered_even_if_the_first_ended_between_look_and_lock(
    source: ServiceDatabase,
) -> None:
    database = Database(source.app_url)
    request = Idempotency("clerk", str(uuid4()), b"hash")

    with pytest.raises(Replay) as replay:
        async with database.transaction(request):
            async with database.transaction() as first:  # commits after the second one has looked for the key
                row = {"caller": request.caller, "key": request.key, "request_hash": b"hash", **ANSWER}
                await first.connection.execute(insert(tables.idempotency).values(row))
            raise StaleVersion()
    await database.close()

    assert replay.value.answer.status == 201
    assert replay.value.answer.headers["idempotency-replayed"] == "true"


async def test_an_act_whose_commit_was_not_heard_of_is_answered_when_repeated(source: ServiceDatabase) -> None:
    request, account = Idempotency("clerk", str(uuid4()), b"hash"), uuid4()

    async with cutting(source.app_url) as (proxy, through):
        database = Database(through)

        async def act() -> None:
            async with database.transaction(request) as uow:
                uow.publish(AccountLocked(account_id=account, locked_until=NOON), aggregate_id=account, version=1)
                uow.answer(201, {})

        proxy.arm()
        with pytest.raises((DBAPIError, asyncpg.PostgresError)) as lost:  # at the commit the driver's own comes through
            await act()
        with pytest.raises(Replay):
            await act()
        async with database.read() as connection:
            events = await connection.scalar(select(func.count()).select_from(tables.outbox))
        await database.close()

    assert is_database_away(lost.value)
    assert events == 1


async def test_callers_that_hang_up_at_any_moment_leave_no_open_transaction(source: ServiceDatabase) -> None:
    database = Database(source.app_url)

    async def act(key: str) -> None:
        async with database.transaction(Idempotency("clerk", key, b"hash")) as uow:
            uow.answer(201, {"key": key})

    keys = [str(uuid4()) for _ in range(60)]
    for number, key in enumerate(keys):
        task = asyncio.create_task(act(key))
        await asyncio.sleep(number * 0.0002)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    for key in keys:
        with suppress(Replay):
            await act(key)
    async with database.read() as connection:
        open_ones = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND datname = "
        hanging = await connection.scalar(text(f"{open_ones} current_database()"))
        stored = await connection.scalar(select(func.count()).select_from(tables.idempotency))
    await database.close()

    assert hanging == 0
    assert stored == len(keys)


async def test_deliveries_of_an_outage_do_not_count_as_failures(
    source: ServiceDatabase, sink: ServiceDatabase, nats_url: str
) -> None:
    seen: list[tuple[UUID, int]] = []
    account, failures = uuid4(), 0

    async def fails_once(uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
        nonlocal failures
        if failures < 1:
            failures += 1
            raise RuntimeError
        seen.extend((message.aggregate_id, message.version) for message in messages)

    producer = Worker(settings(source, nats_url))
    of_interest = consumer(fails_once, name="supervision-outage")
    receiver = Worker(settings(sink, nats_url, "supervision"), consumers=[of_interest])
    async with running(producer):
        async with running(receiver):
            await eventually_ready(receiver)
        await publish(producer.database, account, [1])
        await deliver_in_vain(producer, "supervision-outage", times=8)
        again = Worker(settings(sink, nats_url, "supervision"), consumers=[of_interest])
        async with running(again):
            await eventually(lambda: (account, 1) in seen, seconds=20)
            async with again.database.read() as connection:
                dead = await connection.scalar(select(func.count()).select_from(tables.dead_letter))

    assert dead == 0


async def eventually_ready(worker: Worker) -> None:
    async with asyncio.timeout(20):
        while not await worker.has_caught_up():
            await asyncio.sleep(0.05)


async def deliver_in_vain(producer: Worker, durable: str, *, times: int) -> None:
    """Each message of the stream is handed out and given back: what an outage does, without waiting for it."""
    client = await bus.connect(producer.settings, "test")
    subscription = await client.jetstream().pull_subscribe_bind(durable, "IDENTITY")
    async with asyncio.timeout(30):
        delivered: Counter[int] = Counter()
        while not delivered or min(delivered.values()) < times:
            for message in await subscription.fetch(50, timeout=5):
                delivered[message.metadata.sequence.stream] += 1
                await message.nak()
    await client.close()


async def test_a_message_that_cannot_be_buried_now_is_buried_later_and_the_others_go_on(
    source: ServiceDatabase, mortal: Postgres, nats_url: str
) -> None:
    seen: list[tuple[UUID, int]] = []
    account = uuid4()
    sink = chassis_database(mortal, "supervision")
    producer = Worker(settings(source, nats_url))
    receiver = Worker(
        settings(sink, nats_url, "supervision"), consumers=[consumer(recording(seen), name="supervision-unburied")]
    )
    async with running(producer, receiver):
        await eventually_ready(receiver)
        port = mortal.port
        mortal.kill()
        client = await bus.connect(producer.settings, "test")
        await client.jetstream().publish("identity.account.locked.v1", b"{not json", headers={"ce-id": str(uuid4())})
        await publish(producer.database, account, [1])
        await asyncio.sleep(2)
        alive = receiver.is_alive()
        mortal.start(port)
        await eventually(lambda: (account, 1) in seen, seconds=60)
        await client.close()

    assert alive


async def test_a_stream_that_is_gone_is_made_again(source: ServiceDatabase, nats_url: str) -> None:
    producer = Worker(settings(source, nats_url))

    async with running(producer):
        await publish(producer.database, uuid4(), [1])
        await eventually_sent(producer)
        client = await bus.connect(producer.settings, "test")
        await client.jetstream().delete_stream("IDENTITY")
        await publish(producer.database, uuid4(), [1])
        await eventually_sent(producer)
        held = (await client.jetstream().stream_info("IDENTITY")).state.messages
        await client.close()

    assert held == 1


async def test_an_object_store_that_cannot_be_reached_is_away_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = {"ENDPOINT": f"http://127.0.0.1:{free_port()}", "ALLOW_HTTP": "true", "REGION": "r"}
    for name, value in (closed | {"ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "y"}).items():
        monkeypatch.setenv(f"AWS_{name}", value)
    files = Files.open("s3://bucket/prefix", Sealer({"k1": b"1" * 32}, b"i" * 32))

    async with asyncio.timeout(20):
        with pytest.raises(FilesAway):
            await files.put("a", b"content")
        with pytest.raises(FilesAway):
            await files.get("a")


async def test_the_relay_keeps_one_subscription_however_much_it_sends(
    source: ServiceDatabase, nats_server: Nats
) -> None:
    producer = Worker(settings(source, nats_server.url))

    async with running(producer):
        await publish(producer.database, uuid4(), [1])
        await eventually_sent(producer)
        before = subscriptions(nats_server)
        for _ in range(20):
            await publish(producer.database, uuid4(), [1])
            await eventually_sent(producer)
        after = subscriptions(nats_server)

    assert after == before


def subscriptions(server: Nats) -> int:
    with urllib.request.urlopen(f"{server.monitor_url}/subsz", timeout=5) as answer:
        return int(json.load(answer)["num_subscriptions"])


async def eventually_sent(producer: Worker) -> None:
    async with asyncio.timeout(20):
        while True:
            async with producer.database.read() as connection:
                if not await connection.scalar(text("SELECT count(*) FROM outbox WHERE published_at IS NULL")):
                    return
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("contiguous", [True, False])
async def test_two_workers_of_one_service_share_the_events_and_apply_each_once(
    source: ServiceDatabase, sink: ServiceDatabase, nats_url: str, contiguous: bool
) -> None:
    seen: list[tuple[UUID, int]] = []
    accounts = [uuid4() for _ in range(15)]
    producer = Worker(settings(source, nats_url))
    handle = recording(seen)
    name = f"supervision-two-{contiguous}".lower()
    both = [
        Worker(settings(sink, nats_url, "supervision"), consumers=[consumer(handle, contiguous=contiguous, name=name)])
        for _ in range(2)
    ]

    async with running(producer, *both):
        for version in range(1, 13):
            for account in accounts:
                await publish(producer.database, account, [version])
        await eventually(lambda: len({pair for pair in seen if pair[0] in accounts}) == 180, seconds=60)
        async with both[0].database.read() as connection:
            ours = tables.dead_letter.c.aggregate_id.in_(accounts)  # the stream also holds the poison of other tests
            dead = await connection.scalar(select(func.count()).where(ours))
            applied = await connection.scalar(select(func.count()).select_from(tables.inbox))
            last = (await connection.execute(select(tables.inbox_version.c.last_version))).scalars().all()

    assert dead == 0
    if contiguous:
        assert last.count(12) == len(accounts)
    else:
        assert applied is not None
        assert applied >= 180
