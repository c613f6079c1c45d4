"""Reads the books of a running stack: its databases with the services' own rights, its streams from the start."""

import asyncio
import time

import asyncpg
import nats
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from deploy.local.stack import Stack
from tests.support.books import DEAD, OUTBOX, QUERIES, SERVICES, Books, Row

_BATCH = 500


async def read_books(stack: Stack) -> Books:
    """Everything at once; call it when the stack is quiet."""
    books = Books()
    for service in SERVICES:
        connection = await asyncpg.connect(stack.database_url(service))
        try:
            for name, query in QUERIES.get(service, {}).items():
                books.tables[name] = [dict(row) for row in await connection.fetch(query)]
            books.outboxes[service] = [dict(row) for row in await connection.fetch(OUTBOX)]
            books.dead_letters[service] = [dict(row) for row in await connection.fetch(DEAD)]
        finally:
            await connection.close()
    client = await nats.connect(stack.nats_url)
    try:
        for service in SERVICES:
            books.streams[service] = await _messages(client.jetstream(), service.upper())
    finally:
        await client.close()
    return books


async def _messages(js: JetStreamContext, stream: str) -> list[Row]:
    try:
        wanted = (await js.stream_info(stream)).state.messages
    except NotFoundError:
        return []
    config = ConsumerConfig(ack_policy=AckPolicy.NONE, deliver_policy=DeliverPolicy.ALL, mem_storage=True)
    subscription = await js.pull_subscribe(">", stream=stream, config=config)
    found: list[Row] = []
    while len(found) < wanted:
        for message in await subscription.fetch(min(_BATCH, wanted - len(found)), timeout=10):
            found.append({"event_id": (message.headers or {})["ce-id"], "subject": message.subject})
    await subscription.unsubscribe()
    return found


async def quiet_books(stack: Stack, seconds: float) -> Books:
    """The books once nothing moves any more: quiet before, quiet after, and no event written in between."""
    deadline = time.monotonic() + seconds
    while True:
        waiting = await unsettled(stack)
        books = await read_books(stack) if not waiting else Books()
        if not waiting and not (waiting := await unsettled(stack)) and _same(books, await read_books(stack)):
            return books
        assert time.monotonic() < deadline, f"still on its way: {waiting}"
        await asyncio.sleep(0.5)


def _same(one: Books, other: Books) -> bool:
    return {name: len(rows) for name, rows in one.outboxes.items()} == {
        name: len(rows) for name, rows in other.outboxes.items()
    }


async def unsettled(stack: Stack) -> list[str]:
    """What is still on its way: outbox rows not sent, messages not handled. Empty when the stack is quiet."""
    waiting = []
    for service in SERVICES:
        connection = await asyncpg.connect(stack.database_url(service))
        try:
            unsent = await connection.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        finally:
            await connection.close()
        if unsent:
            waiting.append(f"{service}: {unsent} outbox rows")
    client = await nats.connect(stack.nats_url)
    try:
        js = client.jetstream()
        for service in SERVICES:
            try:
                consumers = await js.consumers_info(service.upper())
            except NotFoundError:
                continue
            for one in consumers:
                if one.num_pending or one.num_ack_pending:
                    waiting.append(f"{one.name}: {one.num_pending} to come, {one.num_ack_pending} not acknowledged")
    finally:
        await client.close()
    return waiting
