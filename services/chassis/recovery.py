"""Repair by command: dead letters listed, shown, replayed; events published again from the outbox record."""

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg
from nats.aio.client import Client

from services.chassis import bus, ids
from services.chassis.bus import headers_of
from services.chassis.settings import ServiceSettings

_COLUMNS = "id, consumer, subject, aggregate_id, aggregate_version, reason, created_at"


async def dead_letters(settings: ServiceSettings, *, replay: str | None, show: int | None) -> int:
    """Without options lists what is open. Replaying publishes the event again under a new message id."""
    connection = await asyncpg.connect(settings.database_url)
    try:
        if show is not None:
            return _show(await connection.fetchrow("SELECT * FROM dead_letter WHERE id = $1", show))
        rows = await connection.fetch(f"SELECT {_COLUMNS} FROM dead_letter WHERE replayed_at IS NULL ORDER BY id")
        if replay is None:
            for row in rows:
                print(*(str(value) for value in row.values()), sep="\t")
            print(f"共 {len(rows)} 条未处理", file=sys.stderr)
            return 0
        chosen = [row["id"] for row in rows if replay in {"all", str(row["id"])}]
        client = await bus.connect(settings, "recovery")
        for letter_id in chosen:
            await _replay(connection, client, letter_id)
        await client.drain()
        print(f"已重新投递 {len(chosen)} 条", file=sys.stderr)
        return 0 if chosen or replay == "all" else 1
    finally:
        await connection.close()


def _show(row: Mapping[str, Any] | None) -> int:
    """The payload holds sealed numbers only; names may appear."""
    if row is None:
        print("没有这条记录", file=sys.stderr)
        return 1
    readable = {key: value for key, value in row.items() if key != "payload"}
    readable["payload"] = row["payload"].decode("utf-8", "replace")
    print(json.dumps(readable, ensure_ascii=False, indent=2, default=str))
    return 0


async def _replay(connection: asyncpg.Connection, client: Client, letter_id: int) -> None:
    row = await connection.fetchrow("SELECT * FROM dead_letter WHERE id = $1", letter_id)
    headers = json.loads(row["headers"]) if isinstance(row["headers"], str) else dict(row["headers"])
    headers["Nats-Msg-Id"] = str(ids.uuid7())
    await client.jetstream().publish(row["subject"], bytes(row["payload"]), headers=headers)
    await connection.execute("UPDATE dead_letter SET replayed_at = now() WHERE id = $1", letter_id)


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
