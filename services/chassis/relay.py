"""Moves outbox rows to JetStream: one relay per service, in order, marked only after the bus acknowledged."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.errors import NoStreamResponseError

from services.chassis import bus, telemetry
from services.chassis.bus import Missing, again_subject, ensure_stream, headers_of, kick_subject, stream_of
from services.chassis.problems import where_raised
from services.chassis.settings import ServiceSettings

log = logging.getLogger(__name__)

_BATCH = 500
_POLL_SECONDS = 0.25
_PACE_SECONDS = 0.02  # under load several commits share a look, an acknowledgement and a mark
_ACK_SECONDS = 5
_CONNECT_SECONDS = 5
_COMMAND_SECONDS = 10  # a database that hangs is one that is away: the lock must go to another relay
_LOCK = 0x59435231  # session advisory lock: one relay at a time per database

_ROWS = (
    "SELECT created_at, seq, event_id, subject, aggregate_id, aggregate_version, occurred_at, traceparent, payload "
    "FROM outbox WHERE"
)
_UNPUBLISHED = f"{_ROWS} published_at IS NULL ORDER BY seq LIMIT {_BATCH}"
_MARK = "UPDATE outbox SET published_at = now() WHERE created_at >= $1 AND created_at <= $2 AND seq = ANY($3)"
# What went out within the bus's window of duplicates would only be dropped there.
_AGAIN = (
    f"{_ROWS} aggregate_id = $1 AND aggregate_version > $2 AND aggregate_version < $3 "
    f"AND published_at < now() - make_interval(secs => $4) ORDER BY seq LIMIT {_BATCH}"
)
_MOST_ASKED = 1000


class Relay:
    """Reads `published_at IS NULL ORDER BY seq`; never a last-seen cursor, because sequence is not commit order."""

    def __init__(self, settings: ServiceSettings, client: Client) -> None:
        self._settings = settings
        self._client = client
        self._js = client.jetstream()  # one for ever: each context that publishes subscribes to its own answers
        self._stream = stream_of(settings.service)
        self._wake = asyncio.Event()
        self._asked: deque[Missing] = deque(maxlen=_MOST_ASKED)

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """For ever; a lost database connection gives the lock up and starts again."""
        await self._client.subscribe(kick_subject(self._settings.service), cb=self._on_kick)
        await self._client.subscribe(again_subject(self._settings.service), cb=self._on_asked)
        while True:
            try:
                await self._hold_and_send()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as away:
                log.warning("relay: database away: %s", type(away).__name__)
                await asyncio.sleep(0.5)
            except Exception as error:
                # The relay must outlive anything: without it every event of the service waits.
                log.error("relay: %s", type(error).__name__, extra={"where": where_raised(error)})
                await asyncio.sleep(1)

    async def _on_kick(self, _: object) -> None:
        self._wake.set()

    async def _on_asked(self, message: Msg) -> None:
        try:
            self._asked.append(Missing.read(message.data))
        except ValueError:
            log.warning("relay: asked for something unreadable")
        self._wake.set()

    async def _hold_and_send(self) -> None:
        connection = await asyncpg.connect(
            self._settings.database_url, timeout=_CONNECT_SECONDS, command_timeout=_COMMAND_SECONDS
        )
        try:
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
                await asyncio.sleep(1)
            self._asked.clear()  # that was for whoever held the lock until now; who still waits asks again
            while True:
                self._wake.clear()
                await self._send_again(connection)
                sent = await self._send_batch(connection)
                if sent:
                    await asyncio.sleep(_PACE_SECONDS)
                if sent < _BATCH:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._wake.wait(), _POLL_SECONDS)
        finally:
            await connection.close(timeout=2)

    async def _send_again(self, connection: asyncpg.Connection) -> None:
        """Consumers miss these versions: they go out once more. They stay marked as sent: nobody need be called."""
        rows: list[Mapping[str, Any]] = []
        while self._asked and len(rows) < _BATCH:
            missing, window = self._asked.popleft(), bus.DUPLICATE_WINDOW_SECONDS
            rows += await connection.fetch(_AGAIN, missing.aggregate_id, missing.after, missing.before, window)
        if await self._send(connection, rows) < len(rows):
            self._asked.clear()  # what is new comes first; who still waits asks again

    async def _send_batch(self, connection: asyncpg.Connection) -> int:
        return await self._send(connection, await connection.fetch(_UNPUBLISHED))

    async def _send(self, connection: asyncpg.Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """How many of them the bus has acknowledged."""
        if not rows:
            return 0
        try:
            acknowledged = await self._publish(rows)
        except (NatsError, OSError) as away:
            log.warning("relay: bus away: %s", type(away).__name__)
            await asyncio.sleep(1)
            return 0
        if acknowledged:
            times = [row["created_at"] for row in acknowledged]
            await connection.execute(_MARK, min(times), max(times), [row["seq"] for row in acknowledged])
        if len(acknowledged) < len(rows):
            # The server is slow or full; a pause lets a follower catch up instead of pushing harder.
            await asyncio.sleep(1)
        return len(acknowledged)

    async def _publish(self, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        futures = []
        for row in rows:
            # A fresh dict each time: the client writes into the headers it is given.
            headers = headers_of(row, self._settings.service)
            futures.append(
                await self._js.publish_async(row["subject"], row["payload"], stream=self._stream, headers=headers)
            )
        # publish_async has no time-out of its own; cancelling frees the client's pending slot.
        done, waiting = await asyncio.wait(futures, timeout=_ACK_SECONDS)
        for future in waiting:
            future.cancel()
        acknowledged, stream_gone = [], False
        for row, future in zip(rows, futures, strict=True):
            if future not in done or future.cancelled():
                continue
            if (refused := future.exception()) is None:
                telemetry.published_total.labels(row["subject"]).inc()
                acknowledged.append(row)
            stream_gone = stream_gone or isinstance(refused, NoStreamResponseError)
        if stream_gone:  # a server that lost its data; `republish` brings back what it held
            await ensure_stream(self._client, self._settings)
        return acknowledged
