"""Repair by command: dead letters listed, shown, handled again, closed; events published again from the outbox."""

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy import func, select, update

from services.chassis import bus, clock, ids, inbox
from services.chassis.bus import NotYet, Poison, headers_of, parse
from services.chassis.database import Database, UnitOfWork
from services.chassis.settings import ServiceSettings
from services.chassis.tables import dead_letter
from services.kernel.errors import DomainError

if TYPE_CHECKING:
    from services.chassis.worker import Worker

_COLUMNS = "id, consumer, subject, aggregate_id, aggregate_version, reason, created_at"


async def list_dead_letters(settings: ServiceSettings) -> int:
    """What is open, one a line."""
    connection = await asyncpg.connect(settings.database_url)
    try:
        rows = await connection.fetch(f"SELECT {_COLUMNS} FROM dead_letter WHERE replayed_at IS NULL ORDER BY id")
    finally:
        await connection.close()
    for row in rows:
        print(*(str(value) for value in row.values()), sep="\t")
    print(f"共 {len(rows)} 条未处理", file=sys.stderr)
    return 0


async def show_dead_letter(settings: ServiceSettings, letter_id: int) -> int:
    connection = await asyncpg.connect(settings.database_url)
    try:
        return _show(await connection.fetchrow("SELECT * FROM dead_letter WHERE id = $1", letter_id))
    finally:
        await connection.close()


async def close_dead_letter(worker: "Worker", letter_id: int) -> int:
    """For a message nobody can ever handle, once somebody has read it. The row stays.

    A contiguous consumer goes on behind it: the later events of the same object wait for nothing else.
    """
    try:
        async with worker.database.transaction() as uow:
            closed = await _close(uow, worker, letter_id)
    except NotYet:
        print("同一对象还有更早的事件没有处理：请先处理或了结较早的", file=sys.stderr)
        return 1
    finally:
        await worker.database.close()
    print("已了结" if closed else "没有这条未处理的记录", file=sys.stderr)
    return 0 if closed else 1


async def _close(uow: UnitOfWork, worker: "Worker", letter_id: int) -> bool:
    """Whether there was such a letter. What has no readable number or no reader any more holds nobody up."""
    is_it = (dead_letter.c.id == letter_id) & dead_letter.c.replayed_at.is_(None)
    row = (await uow.connection.execute(select(dead_letter).where(is_it).with_for_update())).mappings().one_or_none()
    if row is None:
        return False
    in_order = any(one.contiguous for one in worker.consumers if one.name == row["consumer"])
    if in_order and row["aggregate_id"] is not None and row["aggregate_version"] is not None:
        await inbox.pass_over(uow.connection, row["consumer"], row["aggregate_id"], row["aggregate_version"])
    await uow.connection.execute(update(dead_letter).where(is_it).values(replayed_at=func.now()))
    return True


async def replay_dead_letters(worker: "Worker", which: str) -> int:
    """Hand each to its own consumer again, here and now, in the order they came; what still fails stays open.

    Never by way of the bus: a service may not publish another's events there, and all their other readers would get
    them once more.

    Args:
        worker: the service's worker, not started; its consumers and database are used.
        which: an id, or "all".
    """
    clock.use_test_clock(worker.settings.test_clock)
    handled = failed = 0
    try:
        for row in await _open_letters(worker.database, which):
            if fault := await _handle_again(worker, row):
                failed += 1
                print(f"{row['id']}\t{fault}", file=sys.stderr)
            else:
                handled += 1
    finally:
        await worker.database.close()
    print(f"已重新处理 {handled} 条，仍未成功 {failed} 条", file=sys.stderr)
    return 1 if failed or (not handled and which != "all") else 0


async def _open_letters(database: Database, which: str) -> list[Mapping[str, Any]]:
    chosen = select(dead_letter).where(dead_letter.c.replayed_at.is_(None)).order_by(dead_letter.c.id)
    if which != "all":
        if not which.isdecimal():
            return []
        chosen = chosen.where(dead_letter.c.id == int(which))
    async with database.read() as connection:
        return [dict(row) for row in (await connection.execute(chosen)).mappings()]


async def _handle_again(worker: "Worker", row: Mapping[str, Any]) -> str:
    """Why it failed again, empty when its effect is committed. Messages of errors may quote values: only the kind."""
    try:
        async with worker.database.transaction() as uow:
            await _apply(uow, worker, row)
    except DomainError as refused:
        return refused.code
    except Exception as error:
        return str(error) if isinstance(error, Poison | NotYet) else type(error).__name__
    return ""


async def _apply(uow: UnitOfWork, worker: "Worker", row: Mapping[str, Any]) -> None:
    """As its consumer would: the claim, the effect and the mark commit together."""
    consumer = next((one for one in worker.consumers if one.name == row["consumer"]), None)
    if consumer is None:
        raise Poison("no such consumer any more")
    event = parse(row["subject"], row["headers"], bytes(row["payload"]), 1)
    claim = await inbox.claim(uow.connection, consumer.name, [event], contiguous=consumer.contiguous)
    if claim.waiting:
        raise NotYet("an earlier event of the same object is missing")
    if claim.fresh:
        await consumer.handle(uow, claim.fresh)
    done = update(dead_letter).where(dead_letter.c.id == row["id"]).values(replayed_at=func.now())
    await uow.connection.execute(done)


def _show(row: Mapping[str, Any] | None) -> int:
    """The payload holds sealed numbers only; names may appear."""
    if row is None:
        print("没有这条记录", file=sys.stderr)
        return 1
    readable = {key: value for key, value in row.items() if key != "payload"}
    readable["payload"] = row["payload"].decode("utf-8", "replace")
    print(json.dumps(readable, ensure_ascii=False, indent=2, default=str))
    return 0


async def republish(settings: ServiceSettings, since: datetime) -> int:
    """Publish every outbox row from `since` on again, in order. Consumers drop what they have already applied."""
    connection = await asyncpg.connect(settings.database_url)
    client = await bus.connect(settings, "recovery")
    await bus.ensure_stream(client, settings)
    count = 0
    try:
        async with connection.transaction():
            query = "SELECT * FROM outbox WHERE created_at >= $1 AND published_at IS NOT NULL ORDER BY seq"
            async for row in connection.cursor(query, since):
                headers = headers_of(row, settings.service)
                headers["Nats-Msg-Id"] = str(ids.uuid7())
                await client.jetstream().publish(row["subject"], row["payload"], headers=headers)
                count += 1
    finally:
        await client.drain()
        await connection.close()
    print(f"已重新发布 {count} 条事件", file=sys.stderr)
    return 0
