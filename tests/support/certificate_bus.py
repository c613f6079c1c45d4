"""What intake and approval tell certificate on a real bus: the life of a case, out of order and twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import nats
import pytest
from nats.aio.client import Client

from contracts.events.common import Event
from services.chassis import bus
from services.chassis.clock import real_now
from services.chassis.settings import ServiceSettings, load_settings
from tests.support.certificate import Case


@asynccontextmanager
async def connected(nats_url: str) -> AsyncIterator[Client]:
    """A client that publishes as the relays of intake and approval do."""
    client = await nats.connect(nats_url)
    for service in ("intake", "approval"):
        await bus.ensure_stream(client, load_settings(service, ServiceSettings, nats_url=nats_url))
    try:
        yield client
    finally:
        await client.close()


async def tell(client: Client, event: Event, aggregate_id: UUID, version: int, *, event_id: UUID | None = None) -> None:
    now = real_now()
    row = {
        "event_id": event_id or uuid4(),
        "subject": event.SUBJECT,
        "aggregate_id": aggregate_id,
        "aggregate_version": version,
        "occurred_at": now,
        "created_at": now,
        "traceparent": None,
    }
    headers = bus.headers_of(row, event.SUBJECT.split(".")[0]) | {"Nats-Msg-Id": str(uuid4())}
    await client.jetstream().publish(event.SUBJECT, event.model_dump_json().encode(), headers=headers)


async def tell_life(client: Client, case: Case) -> None:
    """Out of order, the decision twice under one id and once under another."""
    twice = uuid4()
    await tell(client, case.decided(), case.id, 3, event_id=twice)
    await tell(client, case.handed_over(), case.id, 5)
    await tell(client, case.received(), case.id, 2)
    await tell(client, case.submitted(), case.id, 1)
    await tell(client, case.decided(), case.id, 3, event_id=twice)
    await tell(client, case.decided(), case.id, 3)


async def eventually(condition: Callable[[], Awaitable[Any]], what: str, seconds: float = 150) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not await condition():
                await asyncio.sleep(0.1)
    except TimeoutError:
        pytest.fail(f"not within {seconds} s: {what}")
