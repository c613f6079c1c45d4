"""The background half of a service: relay, consumers and timers, with its own probes and metrics."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from fastapi import FastAPI, Response
from nats.aio.client import Client
from nats.errors import Error as NatsError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from services.chassis import bus, clock, garbage, housekeeping, telemetry
from services.chassis.consumer import Consumer, ConsumerRunner
from services.chassis.database import Database
from services.chassis.ending import end
from services.chassis.problems import where_raised
from services.chassis.relay import Relay
from services.chassis.settings import ServiceSettings

log = logging.getLogger(__name__)
Tick = Callable[[Database, datetime], Awaitable[None]]
Hook = Callable[["Worker"], Awaitable[None]]

_STREAM_RETRY_SECONDS = 1


@dataclass(frozen=True)
class Timer:
    """Runs `run(database, now)` every so many real seconds; with several replicas only one runs at a time."""

    name: str
    every_seconds: float
    run: Tick


class Worker:
    """One process of background work. `hooks` start and stop what the service needs besides (e.g. a process pool)."""

    def __init__(
        self,
        settings: ServiceSettings,
        *,
        consumers: Sequence[Consumer] = (),
        timers: Sequence[Timer] = (),
        on_start: Sequence[Hook] = (),
        on_stop: Sequence[Hook] = (),
    ) -> None:
        self.settings = settings
        self.database = Database(settings.database_url, pool_size=settings.database_pool)
        self.consumers = consumers
        self._timers = (*timers, *(Timer(name, every, run) for name, every, run in housekeeping.TIMERS))
        self._on_start = on_start
        self._on_stop = on_stop
        self._tasks: list[asyncio.Task[None]] = []
        self._client: Client | None = None
        self._has_stream = False

    async def start(self) -> None:
        """Starts everything; waits neither for the bus nor for the database."""
        telemetry.set_up(self.settings)
        clock.use_test_clock(self.settings.test_clock)
        for hook in self._on_start:
            await hook(self)
        self._tasks = [asyncio.create_task(self._run_timer(timer), name=timer.name) for timer in self._timers]
        self._tasks.append(asyncio.create_task(self._run_bus(), name="bus"))

    async def stop(self) -> None:
        await end(self._tasks)
        for hook in self._on_stop:
            await hook(self)
        if self._client is not None:
            await self._client.close()
        await self.database.close()

    def is_alive(self) -> bool:
        """A connection to the bus that is closed for good never comes back (it was turned away, say, by a password
        that had changed): only a new process reads its settings again."""
        closed = self._client is not None and self._client.is_closed
        return not closed and all(not task.done() for task in self._tasks)

    def is_connected(self) -> bool:
        """Connected, and the service's own stream takes events: a bus that refuses the stream is not ready."""
        return self._client is not None and self._client.is_connected and self._has_stream

    async def has_caught_up(self) -> bool:
        """Whether its consumers have handled all their streams hold, apart from events put back to wait for another.

        Asks the bus; false when it cannot be asked.
        """
        if self._client is None or not self._client.is_connected:
            return False
        js = self._client.jetstream()
        try:
            states = [await js.consumer_info(consumer.stream, consumer.name) for consumer in self.consumers]
        except (NatsError, OSError, TimeoutError):
            return False
        return not any(
            state.num_pending or (state.num_ack_pending or 0) > (state.num_redelivered or 0) for state in states
        )

    async def _run_bus(self) -> None:
        self._client = await bus.connect(self.settings, "worker")
        while True:
            try:
                await bus.ensure_stream(self._client, self.settings)
                self._has_stream = True
                break
            except (NatsError, OSError, TimeoutError) as away:
                log.warning("stream not ready: %s", type(away).__name__)
                await asyncio.sleep(_STREAM_RETRY_SECONDS)
        relay = Relay(self.settings, self._client)
        self.database.when_events_committed(relay.wake)
        parts = [asyncio.create_task(relay.run())]
        for consumer in self.consumers:
            parts.append(asyncio.create_task(ConsumerRunner(consumer, self._client, self.database).run()))
        try:
            await asyncio.gather(*parts)
        finally:
            await end(parts)

    async def _run_timer(self, timer: Timer) -> None:
        while True:
            try:
                await self._tick(timer)
            except Exception as error:
                # A timer must outlive any failure of one run: it is counted, logged and tried again.
                telemetry.timer_failures.labels(timer.name).inc()
                log.error("timer %s: %s", timer.name, type(error).__name__, extra={"where": where_raised(error)})
            await asyncio.sleep(timer.every_seconds)

    async def _tick(self, timer: Timer) -> None:
        lock = {"name": f"{self.settings.service}.{timer.name}"}
        async with self.database.read() as connection:
            if not await connection.scalar(text("SELECT pg_try_advisory_lock(hashtext(:name))"), lock):
                return
            try:
                await timer.run(self.database, clock.now())
            finally:
                await connection.execute(text("SELECT pg_advisory_unlock(hashtext(:name))"), lock)

    def app(self) -> FastAPI:
        """Probes and metrics; the work itself lives as long as this app."""

        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncIterator[None]:
            await self.start()
            garbage.settle()
            yield
            await self.stop()

        app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)

        @app.get("/livez")
        async def livez() -> Response:
            return Response(status_code=200 if self.is_alive() else 500)

        @app.get("/readyz")
        async def readyz() -> Response:
            return Response(status_code=200 if self.is_connected() else 503)

        @app.get("/metrics")
        async def metrics() -> Response:
            return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

        return app
