"""Durable consumers: a batch of events, the inbox claim and the effect in one transaction, then the acknowledgement."""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from services.chassis import clock, gaps, inbox, telemetry
from services.chassis.bus import Incoming, NotYet, Poison, again_subject, parse
from services.chassis.database import Database, UnitOfWork
from services.chassis.problems import is_database_away, where_raised
from services.kernel.errors import DomainError, Kind

log = logging.getLogger(__name__)

Handle = Callable[[UnitOfWork, Sequence[Incoming]], Awaitable[None]]

_ACK_WAIT_SECONDS = 10  # what a killed worker held is delivered again after this; the inbox makes it harmless
_PULL_SECONDS = 20
_IDLE_SECONDS = 1
_CHECK_SECONDS = 25
_PAUSES = (0.2, 1, 2, 5, 15, 30, 60)
_AWAY_PAUSE = 1
_TRIES = 5  # then a dead letter
_TRIES_WAITING = 40  # for events that wait for another one: about half an hour
_NO_LIMIT = -1


@dataclass(frozen=True)
class Consumer:
    """A durable consumer of another service's stream.

    `subjects` may be exact subjects or end in `>`. With `contiguous` every event of an aggregate must be among the
    subjects; they are then applied strictly in version order, a gap waits. Without it, each event counts alone.
    One batch in `pace_seconds`: under load a transaction for many events instead of one for each.
    """

    name: str
    stream: str
    subjects: tuple[str, ...]
    handle: Handle
    batch: int = 200
    contiguous: bool = False
    pace_seconds: float = 0.05


@dataclass
class _Pull:
    """The client half of a pull consumer: keeps one request open, hands out what has come."""

    client: Client
    stream: str
    durable: str
    batch: int
    queue: "asyncio.Queue[Msg]" = field(default_factory=asyncio.Queue)
    credit: int = 0
    asked_at: float = 0.0
    reconnects: int = 0

    async def open(self) -> None:
        self._inbox = self.client.new_inbox()
        self._subscription = await self.client.subscribe(self._inbox, cb=self._on_message)

    async def close(self) -> None:
        await self._subscription.unsubscribe()

    async def _on_message(self, message: Msg) -> None:
        if message.headers and "Status" in message.headers:
            if message.headers["Status"] != "100":  # 100 is a heartbeat; anything else ends the open request
                self.credit = 0
                self.queue.put_nowait(message)
            return
        self.credit -= 1
        self.queue.put_nowait(message)

    async def next_batch(self) -> list[Msg]:
        """What has come, up to a batch; empty after a pause without messages.

        Raises NoRespondersError: nobody serves the consumer any more; asking on would only be asking faster.
        """
        if self._must_ask():
            await self._ask()
        if self.queue.empty():
            try:
                async with asyncio.timeout(_IDLE_SECONDS):
                    messages = [await self.queue.get()]
            except TimeoutError:
                return []
        else:
            messages = [self.queue.get_nowait()]
        while len(messages) < self.batch and not self.queue.empty():
            messages.append(self.queue.get_nowait())
        statuses = {(message.headers or {}).get("Status") for message in messages}
        if statuses == {"503"}:
            raise NoRespondersError
        return [message for message in messages if not (message.headers or {}).get("Status")]

    def _must_ask(self) -> bool:
        """No open request is left: it is used up, ran out, or was lost with the connection."""
        lost = self.client.stats["reconnects"] != self.reconnects
        return lost or self.credit < self.batch // 2 + 1 or time.monotonic() - self.asked_at > _PULL_SECONDS + 2

    async def _ask(self) -> None:
        request = {"batch": self.batch, "expires": _PULL_SECONDS * 1_000_000_000}
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self.stream}.{self.durable}"
        await self.client.publish(subject, json.dumps(request).encode(), self._inbox)
        self.credit = self.batch
        self.asked_at = time.monotonic()
        self.reconnects = self.client.stats["reconnects"]


class ConsumerRunner:
    """Runs one consumer for ever."""

    def __init__(self, consumer: Consumer, client: Client, database: Database) -> None:
        self._consumer = consumer
        self._client = client
        self._database = database
        # Failures of a message here, not its deliveries: those also grow while a server is away or a worker is killed.
        # By its place in the stream: what was sent once more has tries of its own.
        self._failures: Counter[int] = Counter()
        self._questions = gaps.Questions()

    async def run(self) -> None:
        while True:
            try:
                await self._ensure()
                await self._consume()
            except (NatsError, OSError, TimeoutError) as away:
                log.warning("bus away: %s", type(away).__name__, extra={"consumer": self._consumer.name})
            except Exception as error:
                # A consumer must outlive anything (a dead letter that cannot be stored now): the bus delivers again.
                details = {"consumer": self._consumer.name, "where": where_raised(error)}
                log.error("consumer: %s", type(error).__name__, extra=details)
            await asyncio.sleep(1)

    async def _ensure(self) -> None:
        config = ConsumerConfig(
            durable_name=self._consumer.name,
            ack_policy=AckPolicy.EXPLICIT,
            deliver_policy=DeliverPolicy.ALL,
            ack_wait=_ACK_WAIT_SECONDS,
            max_deliver=_NO_LIMIT,
            max_ack_pending=self._consumer.batch * 4,
            filter_subjects=list(self._consumer.subjects),
        )
        await self._client.jetstream().add_consumer(self._consumer.stream, config)

    async def _consume(self) -> None:
        pull = _Pull(self._client, self._consumer.stream, self._consumer.name, self._consumer.batch)
        await pull.open()
        checked_at = time.monotonic()
        try:
            while True:
                messages = await pull.next_batch()
                if messages:
                    next_at = time.monotonic() + self._consumer.pace_seconds
                    await self._process(messages)
                    await asyncio.sleep(next_at - time.monotonic())
                if time.monotonic() - checked_at > _CHECK_SECONDS:
                    checked_at = time.monotonic()
                    await self._check()
        finally:
            await pull.close()

    async def _check(self) -> None:
        """Raises when the consumer is gone: a deleted consumer looks exactly like an idle one."""
        info = await self._client.jetstream().consumer_info(self._consumer.stream, self._consumer.name)
        telemetry.consumer_pending.labels(self._consumer.name).set(info.num_pending or 0)

    async def _process(self, messages: Sequence[Msg]) -> None:
        readable: list[tuple[Msg, Incoming]] = []
        for message in messages:
            try:
                deliveries = message.metadata.num_delivered
                readable.append((message, parse(message.subject, message.headers or {}, message.data, deliveries)))
            except Poison as poison:
                await self._bury(message, str(poison))
        if not readable:
            return
        try:
            await self._apply(readable)
        except Exception as error:
            if len(readable) == 1 or is_database_away(error):
                await self._put_back(readable, error)
                return
            await self._one_by_one(readable)

    async def _one_by_one(self, readable: Sequence[tuple[Msg, Incoming]]) -> None:
        """A batch failed: find out which event it was, and let the others through."""
        for pair in readable:
            try:
                await self._apply([pair])
            except Exception as error:
                await self._put_back([pair], error)

    async def _apply(self, readable: Sequence[tuple[Msg, Incoming]]) -> None:
        name = self._consumer.name
        incoming = [event for _, event in readable]
        traceparents = [event.traceparent for event in incoming if event.traceparent]
        with telemetry.batch_span(name, traceparents):
            async with self._database.transaction() as uow:
                claim = await inbox.claim(uow.connection, name, incoming, contiguous=self._consumer.contiguous)
                missing = await gaps.missing(uow.connection, name, claim, self._questions)
                if claim.fresh:
                    await self._consumer.handle(uow, claim.fresh)
        waiting = {event.event_id for event in claim.waiting}
        now = clock.real_now()
        for message, event in readable:
            if event.event_id in waiting:
                telemetry.gaps_total.labels(name).inc()
                await message.nak(delay=_pause(event.deliveries))
            else:
                self._failures.pop(message.metadata.sequence.stream, None)
                await message.ack()
        self._count(claim.fresh, len(incoming) - len(claim.fresh) - len(waiting), now)
        for one in missing:  # what the bus has lost only its source can send again
            await self._client.publish(again_subject(self._consumer.stream.lower()), one.message())

    def _count(self, fresh: Sequence[Incoming], dropped: int, now: datetime) -> None:
        name = self._consumer.name
        telemetry.handled_total.labels(name).inc(len(fresh))
        telemetry.duplicates_total.labels(name).inc(dropped)
        for event in fresh:
            telemetry.consumer_lag.labels(name).observe(max(0.0, (now - event.recorded_at).total_seconds()))

    async def _put_back(self, readable: Sequence[tuple[Msg, Incoming]], error: Exception) -> None:
        """Again later, or a dead letter after enough tries. An unreachable database is nobody's fault: wait."""
        away = is_database_away(error)
        waits = isinstance(error, NotYet) or (
            isinstance(error, DomainError) and error.kind in {Kind.CONFLICT, Kind.UNAVAILABLE, Kind.STALE}
        )
        if not waits:
            log.warning(
                "consumer failed: %s",
                type(error).__name__,
                extra={"consumer": self._consumer.name, "where": where_raised(error)},
            )
        for message, _ in readable:
            if away:
                await message.nak(delay=_AWAY_PAUSE)
                continue
            place = message.metadata.sequence.stream
            self._failures[place] += 1
            failures = self._failures[place]
            if failures >= (_TRIES_WAITING if waits else _TRIES):
                reason = error.code if isinstance(error, DomainError) else type(error).__name__
                await self._bury(message, f"{reason} after {failures} tries")
                del self._failures[place]
            else:
                telemetry.retries_total.labels(self._consumer.name).inc()
                await message.nak(delay=_pause(failures))
        if away:
            await asyncio.sleep(_AWAY_PAUSE)

    async def _bury(self, message: Msg, reason: str) -> None:
        """Keep the message as a row that can be listed, read and replayed; only then stop its delivery."""
        headers: dict[str, Any] = dict(message.headers or {})
        async with self._database.transaction() as uow:
            await inbox.bury(
                uow.connection,
                self._consumer.name,
                message.subject,
                headers,
                message.data,
                stream_seq=message.metadata.sequence.stream,
                reason=reason,
            )
        log.error("dead letter: %s", reason, extra={"consumer": self._consumer.name, "subject": message.subject})
        await message.term()


def _pause(times: int) -> float:
    return _PAUSES[min(times, len(_PAUSES)) - 1]
