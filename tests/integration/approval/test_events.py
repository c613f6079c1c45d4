"""Approval on the bus: what acceptance and withdrawal do, told once, twice, late, together or out of order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import nats
import pytest
from nats.aio.client import Client

from contracts.events.common import Event
from services.approval.calendars import calendars
from services.approval.consumers import consumers
from services.approval.domain.light import LightBook
from services.approval.domain.states import State
from services.chassis import bus
from services.chassis.clock import real_now
from services.chassis.settings import ServiceSettings, load_settings
from services.chassis.worker import Worker
from tests.support.approval import SEALED, Approval, a_withdrawal, an_acceptance

OPENED, OPINION, DECIDED, WITHDRAWN = (
    "approval.case.opened.v1",
    "approval.opinion.written.v1",
    "approval.case.decided.v1",
    "approval.case.withdrawn.v1",
)


async def state_of(approval: Approval, case_id: UUID) -> tuple[str, int] | None:
    rows = await approval.rows("SELECT state, version FROM approval_case WHERE id = :id", id=case_id)
    return (rows[0][0], rows[0][1]) if rows else None


async def test_the_same_acceptance_under_another_event_id_opens_no_second_case(approval: Approval) -> None:
    accepted = an_acceptance()

    await approval.hear(accepted, accepted)
    await approval.hear(accepted)

    assert await state_of(approval, accepted.application_id) == (State.EXAMINING, 1)
    assert await approval.events_of(accepted.application_id) == [(1, OPENED)]


async def test_an_acceptance_that_comes_again_after_the_decision_changes_nothing(approval: Approval) -> None:
    accepted = await approval.reviewed()
    await approval.decide(accepted.case_no, approval.chief, seen=2)

    await approval.hear(accepted)

    assert await state_of(approval, accepted.application_id) == (State.DECIDED, 3)
    assert [subject for _, subject in await approval.events_of(accepted.application_id)] == [OPENED, OPINION, DECIDED]


async def test_a_withdrawal_ends_an_undecided_case_and_closes_it_for_acts(approval: Approval) -> None:
    accepted = await approval.reviewed()

    await approval.hear(a_withdrawal(accepted))

    assert await state_of(approval, accepted.application_id) == (State.WITHDRAWN, 3)
    assert (await approval.events_of(accepted.application_id))[-1] == (3, WITHDRAWN)
    late = await approval.decide(accepted.case_no, approval.chief, seen=2)
    assert (late.status_code, late.json()["code"]) == (409, "approval.wrong-state")
    shown = (await approval.get(f"cases/{accepted.case_no}/examination", approval.handler)).json()
    assert shown["withdrawal"]["reason"] == "不再开店"
    waiting = (await approval.get("tasks", approval.chief, limit=200)).json()["items"]
    assert accepted.case_no not in {task["case_no"] for task in waiting}


async def test_a_withdrawal_after_the_decision_leaves_the_decision(approval: Approval) -> None:
    accepted = await approval.reviewed()
    await approval.decide(accepted.case_no, approval.chief, seen=2)

    await approval.hear(a_withdrawal(accepted))

    assert await state_of(approval, accepted.application_id) == (State.DECIDED, 3)
    shown = (await approval.get(f"cases/{accepted.case_no}/examination", approval.chief)).json()
    assert (shown["decision"]["outcome"], shown["withdrawal"]) == ("GRANTED", None)


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one after the other"])
async def test_a_withdrawal_told_before_the_acceptance_still_ends_the_case(approval: Approval, together: bool) -> None:
    accepted = an_acceptance()
    withdrawal = a_withdrawal(accepted)

    if together:
        await approval.hear(withdrawal, accepted)
    else:
        await approval.hear(withdrawal)
        await approval.hear(accepted)

    assert await state_of(approval, accepted.application_id) == (State.WITHDRAWN, 2)
    assert await approval.events_of(accepted.application_id) == [(1, OPENED), (2, WITHDRAWN)]


async def test_a_withdrawal_before_acceptance_opens_nothing(approval: Approval) -> None:
    never_accepted = an_acceptance()
    before_receipt = a_withdrawal(an_acceptance()).model_copy(update={"case_no": None})

    await approval.hear(a_withdrawal(never_accepted), before_receipt)

    assert await state_of(approval, never_accepted.application_id) is None
    assert (
        await approval.rows("SELECT 1 FROM withdrawal WHERE application_id = :id", id=before_receipt.application_id)
        == []
    )


async def test_acceptance_and_withdrawal_heard_by_two_workers_at_once_always_end_the_case(approval: Approval) -> None:
    pairs = [an_acceptance() for _ in range(15)]

    await asyncio.gather(*(approval.hear(event) for a in pairs for event in (a, a_withdrawal(a))))

    assert {await state_of(approval, a.application_id) for a in pairs} == {(State.WITHDRAWN, 2)}


async def test_of_decision_and_withdrawal_at_once_exactly_one_counts(approval: Approval) -> None:
    cases = [await approval.reviewed() for _ in range(10)]

    answers = await asyncio.gather(
        *(approval.decide(a.case_no, approval.chief, seen=2) for a in cases),
        *(approval.hear(a_withdrawal(a)) for a in cases),
    )

    for accepted, answer in zip(cases, answers[: len(cases)], strict=True):
        assert answer is not None
        events = await approval.events_of(accepted.application_id)
        assert events[2:] == [(3, DECIDED if answer.status_code == 201 else WITHDRAWN)]
        assert answer.status_code in {201, 409}


async def test_a_batch_of_two_hundred_acceptances_opens_all_in_few_statements(approval: Approval) -> None:
    accepted = [an_acceptance() for _ in range(200)]

    await approval.hear(*accepted)

    ids = [a.application_id for a in accepted]
    assert len(await approval.rows("SELECT 1 FROM approval_case WHERE id = ANY(:ids)", ids=ids)) == 200
    assert len(await approval.rows("SELECT 1 FROM outbox WHERE aggregate_id = ANY(:ids)", ids=ids)) == 200


@pytest.fixture
async def intake(nats_url: str) -> AsyncIterator[Client]:
    """A client that publishes as intake's relay does."""
    client = await nats.connect(nats_url)
    await bus.ensure_stream(client, load_settings("intake", ServiceSettings, nats_url=nats_url))
    yield client
    await client.close()


async def tell(intake: Client, event: Event, aggregate_id: UUID, version: int, payload: bytes | None = None) -> None:
    """Published under a fresh message id each time: the stream keeps it, the consumer sees it again."""
    now = real_now()
    row = {
        "event_id": uuid4(),
        "subject": event.SUBJECT,
        "aggregate_id": aggregate_id,
        "aggregate_version": version,
        "occurred_at": now,
        "created_at": now,
        "traceparent": None,
    }
    content = payload if payload is not None else event.model_dump_json().encode()
    await intake.jetstream().publish(event.SUBJECT, content, headers=bus.headers_of(row, "intake"))


async def eventually(condition: Callable[[], Awaitable[Any]], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.05)


async def test_the_worker_opens_cases_from_the_stream_sends_its_events_and_buries_only_poison(
    approval: Approval, intake: Client, nats_url: str
) -> None:
    settings = load_settings(
        "approval", ServiceSettings, database_url=approval.app.state.settings.database_url, nats_url=nats_url
    )
    worker = Worker(settings, consumers=consumers(calendars(), LightBook()))
    one, two = an_acceptance(), an_acceptance()
    heard: list[str] = []

    await worker.start()
    try:
        await tell(intake, a_withdrawal(two), two.application_id, 3)
        await tell(intake, one, one.application_id, 2, payload=b"{}")
        for event in (one, one, two):
            await tell(intake, event, event.application_id, 2)

        async def done() -> bool:
            states = [await state_of(approval, a.application_id) for a in (one, two)]
            letters = await approval.rows("SELECT 1 FROM dead_letter")
            unsent = await approval.rows("SELECT 1 FROM outbox WHERE published_at IS NULL")
            return states == [(State.EXAMINING, 1), (State.WITHDRAWN, 2)] and len(letters) == 1 and not unsent

        await eventually(done)
        for message in await _all_messages(intake):
            heard.append(message)
    finally:
        await worker.stop()

    mine = [text for text in heard if str(two.application_id) in text]
    assert [("withdrawn_at" in text) for text in mine] == [False, True]
    assert SEALED not in "".join(mine)


async def _all_messages(client: Client) -> list[str]:
    subscription = await client.jetstream().pull_subscribe("approval.>", stream="APPROVAL")
    state = (await client.jetstream().stream_info("APPROVAL")).state
    messages = await subscription.fetch(state.messages, timeout=5)
    return [message.data.decode() for message in messages]
