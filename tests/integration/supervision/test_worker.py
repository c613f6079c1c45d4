"""The real worker on a real bus: catches up before it lights, publishes each light, survives being stopped midway."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from nats.aio.client import Client
from nats.js.api import StreamConfig

from deploy.local.nats import Nats
from services.chassis.bus import Incoming, headers_of
from services.chassis.worker import Worker
from services.supervision.worker import create_worker
from tests.support.supervision import Story, Supervision

STREAMS = ("intake", "approval", "certificate")


@pytest.fixture
async def bus(nats_server: Nats) -> AsyncIterator[Client]:
    """A client of the module's server, with empty streams of the three services."""
    client = Client()
    await client.connect(nats_server.url)
    js = client.jetstream()
    for name in (*STREAMS, "supervision"):
        if name.upper() in [info.config.name for info in await js.streams_info()]:
            await js.delete_stream(name.upper())
        if name != "supervision":
            await js.add_stream(StreamConfig(name=name.upper(), subjects=[f"{name}.>"]))
    yield client
    await client.close()


async def publish(bus: Client, messages: Sequence[Incoming]) -> None:
    for message in messages:
        now = datetime.now(UTC)
        row = {
            "event_id": message.event_id,
            "subject": message.subject,
            "occurred_at": now,
            "created_at": now,
            "aggregate_id": message.aggregate_id,
            "aggregate_version": message.version,
            "traceparent": None,
        }
        service = message.subject.split(".", 1)[0]
        payload = message.event.model_dump_json().encode()
        await bus.jetstream().publish(message.subject, payload, headers=headers_of(row, service))


@pytest.fixture
def make_worker(supervision_environment: dict[str, str], nats_url: str) -> Callable[[], Worker]:
    def make() -> Worker:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (supervision_environment | {"YICHUANG_NATS_URL": nats_url}).items():
                patch.setenv(name, value)
            patch.setenv("YICHUANG_SWEEP_SECONDS", "0.05")
            return create_worker()

    return make


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[None]:
    await worker.start()
    try:
        yield
    finally:
        await worker.stop()


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.03)


async def test_after_downtime_only_cases_that_were_really_late_are_lit_and_each_light_is_published(
    supervision: Supervision, bus: Client, make_worker: Callable[[], Worker]
) -> None:
    in_time = [Story.whole("2018-10-17 09:00:00") for _ in range(30)]
    late = Story().submitted().received().accepted().opened()
    await publish(bus, [message for story in (*in_time, late) for message in story.messages()])

    async def all_lit() -> bool:
        return len(await supervision.rows("SELECT 1 FROM outbox WHERE published_at IS NOT NULL")) == 3

    async with running(make_worker()):
        await eventually(all_lit)

    lit = await supervision.rows("SELECT case_id, level, voided_at FROM light ORDER BY crossed_at")
    assert [tuple(row) for row in lit] == [(late.case_id, level, None) for level in ("WARNING", "YELLOW", "RED")]
    info = await bus.jetstream().stream_info("SUPERVISION")
    assert info.state.messages == 3


async def test_a_worker_stopped_midway_stops_at_once_and_has_applied_nothing_in_halves(
    supervision: Supervision, bus: Client, make_worker: Callable[[], Worker]
) -> None:
    stories = [Story.whole("2018-10-25 09:00:00") for _ in range(60)]
    sending = asyncio.create_task(publish(bus, [message for story in stories for message in story.messages()]))

    for pause in (0.02, 0.1, 0.2, 0.5):
        worker = make_worker()
        await worker.start()
        await asyncio.sleep(pause)
        async with asyncio.timeout(10):
            await worker.stop()
    await sending

    applied = await supervision.rows("SELECT coalesce(sum(last_version), 0) FROM inbox_version")
    lines = await supervision.rows("SELECT count(*) FROM timeline")
    assert applied[0][0] == lines[0][0]
    assert await supervision.rows("SELECT * FROM dead_letter") == []


async def test_a_worker_that_cannot_reach_the_bus_has_not_caught_up(make_worker: Callable[[], Worker]) -> None:
    worker = make_worker()

    assert not await worker.has_caught_up()
    await worker.database.close()
