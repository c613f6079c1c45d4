"""Connection to NATS JetStream: streams, the relay's wake-up hint, and CloudEvents headers."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError

from contracts.events.common import Event
from contracts.events.registry import EVENTS
from services.chassis.settings import ServiceSettings

log = logging.getLogger(__name__)

_STREAM_MAX_AGE_SECONDS = 90 * 24 * 3600
DUPLICATE_WINDOW_SECONDS = 120
_MAX_MESSAGE_BYTES = 256 * 1024
_KICK_PAUSE_SECONDS = 0.003


class NotYet(Exception):
    """The event came before one it depends on; it is delivered again after a pause."""


class Poison(Exception):
    """The message can never be handled: straight to the dead letters."""


@dataclass(frozen=True)
class Incoming:
    """One event as a consumer sees it."""

    event_id: UUID
    subject: str
    aggregate_id: UUID
    version: int
    event: Event
    occurred_at: datetime
    recorded_at: datetime
    traceparent: str | None
    deliveries: int


def stream_of(service: str) -> str:
    return service.upper()


async def connect(settings: ServiceSettings, purpose: str) -> Client:
    """Connects, for as long as it takes; reconnects for ever (the client's default gives up after 60 tries)."""

    async def on_error(error: Exception) -> None:
        log.warning("nats: %s", type(error).__name__)

    while True:
        client = Client()
        try:
            await client.connect(
                settings.nats_url.split(","),
                name=f"{settings.service}-{purpose}",
                max_reconnect_attempts=-1,
                reconnect_time_wait=1,
                ping_interval=5,
                max_outstanding_pings=2,
                connect_timeout=2,
                drain_timeout=10,
                error_cb=on_error,
            )
            return client
        except (NatsError, OSError, TimeoutError):
            await asyncio.sleep(0.5)
        except asyncio.CancelledError:
            await client.close()
            raise


async def ensure_stream(client: Client, settings: ServiceSettings) -> None:
    """The service's own stream: file storage, refuses when full (the rows wait in the outbox), no deletion."""
    config = StreamConfig(
        name=stream_of(settings.service),
        subjects=[f"{settings.service}.>"],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        num_replicas=settings.nats_replicas,
        max_age=_STREAM_MAX_AGE_SECONDS,
        max_bytes=settings.stream_max_bytes,
        max_msg_size=_MAX_MESSAGE_BYTES,
        duplicate_window=DUPLICATE_WINDOW_SECONDS,
        deny_delete=True,
        deny_purge=True,
    )
    js = client.jetstream()
    try:
        await js.add_stream(config)
    except BadRequestError:
        await js.update_stream(config)


def headers_of(row: Mapping[str, Any], source: str) -> dict[str, str]:
    """CloudEvents 1.0 binary mode; `Nats-Msg-Id` lets the server drop a publish retry."""
    headers = {
        "Nats-Msg-Id": str(row["event_id"]),
        "ce-specversion": "1.0",
        "ce-id": str(row["event_id"]),
        "ce-source": f"/yichuang/{source}",
        "ce-type": row["subject"],
        "ce-subject": str(row["aggregate_id"]),
        "ce-time": row["occurred_at"].isoformat(),
        "ce-recordedtime": row["created_at"].isoformat(),
        "ce-datacontenttype": "application/json",
        "ce-aggregateid": str(row["aggregate_id"]),
        "ce-aggregateversion": str(row["aggregate_version"]),
    }
    if row["traceparent"]:
        headers["traceparent"] = row["traceparent"]
    return headers


def parse(subject: str, headers: Mapping[str, str], payload: bytes, deliveries: int) -> Incoming:
    """Raises Poison when the message is not an event of the contracts."""
    model = EVENTS.get(subject)
    if model is None:
        raise Poison(f"no event model for {subject}")
    try:
        return Incoming(
            event_id=UUID(headers["ce-id"]),
            subject=subject,
            aggregate_id=UUID(headers["ce-aggregateid"]),
            version=int(headers["ce-aggregateversion"]),
            event=model.model_validate_json(payload),
            occurred_at=datetime.fromisoformat(headers["ce-time"]),
            recorded_at=datetime.fromisoformat(headers["ce-recordedtime"]),
            traceparent=headers.get("traceparent"),
            deliveries=deliveries,
        )
    except (KeyError, ValueError) as bad:
        # The message of a validation error quotes values: name only its kind.
        raise Poison(f"{subject}: {type(bad).__name__}") from None


class Kicker:
    """Tells the relay of this service that outbox rows are waiting. Only a hint: the relay also polls."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._client: Client | None = None
        self._scheduled = False

    async def connect(self) -> None:
        self._client = await connect(self._settings, "api")

    def kick(self) -> None:
        """At most one hint per few milliseconds; never waits, never raises."""
        if self._client is None or self._scheduled:
            return
        self._scheduled = True
        asyncio.get_running_loop().call_later(_KICK_PAUSE_SECONDS, self._send)

    def _send(self) -> None:
        self._scheduled = False
        if self._client is not None and self._client.is_connected:
            task = asyncio.ensure_future(self._client.publish(kick_subject(self._settings.service), b""))
            task.add_done_callback(_forget)

    async def close(self) -> None:
        if self._client is not None:
            with contextlib.suppress(NatsError):
                await self._client.close()


def _forget(task: "asyncio.Future[None]") -> None:
    """A lost hint is harmless: the relay polls."""
    if not task.cancelled():
        task.exception()


def kick_subject(service: str) -> str:
    return f"outbox.kick.{service}"


@dataclass(frozen=True)
class Missing:
    """What a consumer asks the source for: the versions of an aggregate between `after` and `before`."""

    aggregate_id: UUID
    after: int
    before: int

    def message(self) -> bytes:
        return f"{self.aggregate_id} {self.after} {self.before}".encode()

    @classmethod
    def read(cls, message: bytes) -> "Missing":
        """Raises ValueError."""
        aggregate, after, before = message.decode().split(" ")
        return cls(UUID(aggregate), int(after), int(before))


def again_subject(service: str) -> str:
    """Where a service is asked to send again what is missing. At most once, like the hint: who waits asks again."""
    return f"outbox.again.{service}"
