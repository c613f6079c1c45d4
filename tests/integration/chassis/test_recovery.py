"""Repair by command: what failed is handled again by its own consumer, or closed; what the bus lost comes back."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from contracts.events.identity import AccountLocked
from deploy.local.postgres import ServiceDatabase
from services.chassis import bus, inbox, recovery, tables
from services.chassis.bus import Incoming
from services.chassis.cli import run_cli
from services.chassis.consumer import Consumer
from services.chassis.database import Database, UnitOfWork
from services.chassis.settings import ServiceSettings, load_settings
from services.chassis.worker import Worker
from services.kernel.errors import DomainError, Kind
from tests.support.events import NOON, chassis_database, consumer, eventually, publish, recording, running, settings
from tests.support.stack import Databases

NO_BUS = "nats://127.0.0.1:1"
SUBJECT = "identity.account.locked.v1"


class StillWrong(DomainError):
    code = "supervision.still-wrong"
    kind = Kind.INVALID
    title_zh = "仍然无法处理"
    title_en = "Still wrong"


@pytest.fixture
def sink(databases: Databases) -> ServiceDatabase:
    return chassis_database(databases.server, "supervision")


def reader(sink: ServiceDatabase, *consumers: Consumer) -> Worker:
    """A worker as its commands make it: never started, and with no bus to reach."""
    return Worker(settings(sink, NO_BUS, "supervision"), consumers=consumers)


async def bury(sink: ServiceDatabase, *versions: int, name: str = "supervision-test", payload: bytes = b"") -> UUID:
    """Dead letters of one account, as the consumer leaves them."""
    account, database = uuid4(), Database(sink.app_url)
    for version in versions:
        event = AccountLocked(account_id=account, locked_until=NOON)
        row = {
            "event_id": uuid4(),
            "subject": SUBJECT,
            "aggregate_id": account,
            "aggregate_version": version,
            "occurred_at": NOON,
            "created_at": NOON,
            "traceparent": None,
        }
        body = payload or event.model_dump_json().encode()
        async with database.transaction() as uow:
            headers = bus.headers_of(row, "identity")
            await inbox.bury(uow.connection, name, SUBJECT, headers, body, stream_seq=version, reason="x")
    await database.close()
    return account


async def still_open(sink: ServiceDatabase) -> list[tuple[int, str]]:
    database = Database(sink.app_url)
    letters = tables.dead_letter.c
    async with database.read() as connection:
        query = select(letters.id, letters.reason).where(letters.replayed_at.is_(None)).order_by(letters.id)
        found = [(row.id, row.reason) for row in await connection.execute(query)]
    await database.close()
    return found


@pytest.mark.parametrize("contiguous", [True, False])
async def test_dead_letters_are_handled_again_in_order_without_the_bus_and_only_once(
    sink: ServiceDatabase, contiguous: bool
) -> None:
    seen: list[tuple[UUID, int]] = []
    ours = consumer(recording(seen), contiguous=contiguous)
    account = await bury(sink, 1, 2)

    first = await recovery.replay_dead_letters(reader(sink, ours), "all")
    second = await recovery.replay_dead_letters(reader(sink, ours), "all")

    assert (first, second) == (0, 0)
    assert seen == [(account, 1), (account, 2)]
    assert await still_open(sink) == []


async def test_what_fails_again_stays_open_and_leaves_no_effect(
    sink: ServiceDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    async def handle(uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
        uow.publish(messages[0].event, aggregate_id=messages[0].aggregate_id, version=1)
        raise StillWrong("他的号码是 3")

    await bury(sink, 1)

    status = await recovery.replay_dead_letters(reader(sink, consumer(handle)), "all")

    database = Database(sink.app_url)
    async with database.read() as connection:
        told = await connection.scalar(select(func.count()).select_from(tables.outbox))
        claimed = await connection.scalar(select(func.count()).select_from(tables.inbox))
    await database.close()
    assert status == 1
    assert (told, claimed) == (0, 0)
    assert len(await still_open(sink)) == 1
    printed = capsys.readouterr().err
    assert "supervision.still-wrong" in printed
    assert "号码" not in printed


async def test_one_after_a_gap_waits_for_the_earlier_one(sink: ServiceDatabase) -> None:
    seen: list[tuple[UUID, int]] = []
    ours = consumer(recording(seen), contiguous=True)
    account = await bury(sink, 2)

    status = await recovery.replay_dead_letters(reader(sink, ours), "all")

    assert status == 1
    assert (account, 2) not in seen
    assert len(await still_open(sink)) == 1


async def test_the_same_event_buried_again_is_open_again(sink: ServiceDatabase) -> None:
    await bury(sink, 1)
    ((letter, _),) = await still_open(sink)
    assert await recovery.close_dead_letter(reader(sink), letter) == 0
    database = Database(sink.app_url)
    async with database.read() as connection:
        row = (await connection.execute(select(tables.dead_letter))).mappings().one()
    async with database.transaction() as uow:
        again = dict(row["headers"])
        await inbox.bury(uow.connection, row["consumer"], SUBJECT, again, row["payload"], stream_seq=9, reason="again")
    await database.close()

    assert await still_open(sink) == [(letter, "again")]


async def test_a_message_nobody_can_read_is_shown_and_closed(
    sink: ServiceDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    await bury(sink, 1, payload=b"{not json")
    ((letter, _),) = await still_open(sink)
    ours = settings(sink, NO_BUS)

    replayed = await recovery.replay_dead_letters(reader(sink, consumer(recording([]))), str(letter))
    listed = await recovery.list_dead_letters(ours)
    shown = await recovery.show_dead_letter(ours, letter)
    closed = [await recovery.close_dead_letter(reader(sink), letter) for _ in range(2)]

    assert (replayed, listed, shown) == (1, 0, 0)
    assert "{not json" in capsys.readouterr().out
    assert closed == [0, 1]
    assert await still_open(sink) == []


async def test_letters_of_one_object_are_closed_in_their_order_and_the_consumer_goes_on_behind_them(
    sink: ServiceDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[tuple[UUID, int]] = []
    ours = consumer(recording(seen), contiguous=True)
    account = await bury(sink, 1, 2, 3)
    first, second, third = (letter for letter, _ in await still_open(sink))

    too_early = await recovery.close_dead_letter(reader(sink, ours), second)
    left = len(await still_open(sink))
    closed = [await recovery.close_dead_letter(reader(sink, ours), letter) for letter in (first, second)]
    replayed = await recovery.replay_dead_letters(reader(sink, ours), str(third))

    assert (too_early, left) == (1, 3)
    assert "更早的事件" in capsys.readouterr().err
    assert closed == [0, 0]
    assert replayed == 0
    assert seen == [(account, 3)]


async def all_sent(database: Database) -> None:
    waiting = select(func.count()).where(tables.outbox.c.published_at.is_(None))
    async with asyncio.timeout(30), database.read() as connection:
        while await connection.scalar(waiting):
            await asyncio.sleep(0.05)


async def test_events_the_bus_lost_are_published_again_from_the_outbox(
    databases: Databases, sink: ServiceDatabase, nats_url: str
) -> None:
    seen: list[tuple[UUID, int]] = []
    account = uuid4()
    producer = Worker(settings(chassis_database(databases.server, "identity"), nats_url))
    receiver = Worker(
        load_settings("supervision", type(producer.settings), database_url=sink.app_url, nats_url=nats_url),
        consumers=[consumer(recording(seen), contiguous=True, name="supervision-rebuilt")],
    )
    since = datetime.now(UTC)

    async with running(producer):
        await publish(producer.database, account, [1, 2, 3])
        await all_sent(producer.database)
        client = await bus.connect(producer.settings, "test")
        await client.jetstream().delete_stream("IDENTITY")
        await client.close()
        status = await recovery.republish(producer.settings, since)
        async with running(receiver):
            await eventually(lambda: len(seen) == 3, seconds=30)

    assert status == 0
    assert seen == [(account, 1), (account, 2), (account, 3)]


def test_the_command_lists_and_replays_with_the_consumers_of_the_service(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    database = databases.fresh("supervision")
    monkeypatch.setenv("YICHUANG_DATABASE_URL_SUPERVISION", database.app_url)
    monkeypatch.setenv("YICHUANG_NATS_URL", NO_BUS)
    asyncio.run(bury(database, 1, name="supervision-nobody"))
    ours = partial(load_settings, "supervision", ServiceSettings)

    listed = run_cli("supervision", ours, arguments=["dead-letters"])
    replayed = run_cli("supervision", ours, arguments=["dead-letters", "--replay", "all"])
    closed = run_cli("supervision", ours, arguments=["dead-letters", "--close", "1"])

    printed = capsys.readouterr()
    assert (listed, replayed, closed) == (0, 1, 0)
    assert SUBJECT in printed.out
    assert "no such consumer any more" in printed.err
