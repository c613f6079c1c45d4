"""Intake on the bus: its worker hears decisions and certificates, and sends its own events; NATS may be away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import nats
import pytest
from nats.aio.client import Client
from sqlalchemy import text

from contracts.events.certificate import PaperIssued, PaperKind
from contracts.events.common import Event
from deploy.local.process import free_port
from services.chassis import bus
from services.chassis.clock import real_now
from services.chassis.ids import uuid7
from services.chassis.settings import ServiceSettings, load_settings
from services.intake.main import create_app
from services.intake.worker import create_worker
from tests.integration.intake.desk import FOOD_LICENCE, SHOP, Desk, a_certificate, a_decision


@pytest.fixture
async def others(nats_url: str) -> AsyncIterator[Client]:
    """A client that publishes as the relays of approval and certificate do."""
    client = await nats.connect(nats_url)
    for service in ("approval", "certificate"):
        await bus.ensure_stream(client, load_settings(service, ServiceSettings, nats_url=nats_url))
    yield client
    await client.close()


async def tell(client: Client, event: Event, aggregate_id: UUID, version: int) -> None:
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
    headers = bus.headers_of(row, event.SUBJECT.split(".")[0])
    await client.jetstream().publish(event.SUBJECT, event.model_dump_json().encode(), headers=headers)


async def test_the_worker_hears_decisions_and_certificates_and_sends_what_happened(desk: Desk, others: Client) -> None:
    accepted = await desk.accepted("E02", number=SHOP)
    case_id = UUID(accepted["application_id"])
    decision = a_decision(accepted, await desk.item_of(accepted))
    certificate = a_certificate(desk.key(SHOP), FOOD_LICENCE, "WORKER1", case_id=case_id, valid_from=date(2020, 1, 1))
    paper = PaperIssued(
        paper_id=uuid7(),
        kind=PaperKind.GRANT_DECISION,
        number="鹤市监许准〔2026〕1号",
        case_no=accepted["case_no"],
        case_id=case_id,
        issued_at=real_now(),
    )
    worker = create_worker()

    await worker.start()
    try:
        for event in (certificate, paper, decision, decision, certificate):
            await tell(others, event, case_id, 3)
        async with asyncio.timeout(20):
            while not await _is_done(desk, accepted["application_id"]):
                await asyncio.sleep(0.05)
    finally:
        await worker.stop()

    shown = (await desk.get(f"/cases/{accepted['case_no']}/application", desk.hand_over_clerk)).json()
    assert (shown["state"], shown["outcome"]) == ("DECIDED", "GRANTED")
    assert {document["kind"] for document in shown["documents"]} == {"CERTIFICATE", "GRANT_DECISION"}
    body = {"method": "COLLECTION", "recipient_name": "李四"}
    path = f"/cases/{accepted['case_no']}/hand-over"
    handed = (await desk.post(path, desk.hand_over_clerk, body, version=shown["version"])).json()
    assert set(handed["hand_over"]["documents"]) == {certificate.identifier, paper.number}


async def _is_done(desk: Desk, application_id: str) -> bool:
    async with desk.database.read() as connection:
        state = await connection.scalar(
            text("SELECT state FROM application WHERE application_id = :id"), {"id": UUID(application_id)}
        )
        documents = await connection.scalar(text("SELECT count(*) FROM case_document"))
        unsent = await connection.scalar(text("SELECT count(*) FROM outbox WHERE published_at IS NULL"))
        letters = await connection.scalar(text("SELECT count(*) FROM dead_letter"))
    return (state, documents, unsent, letters) == ("DECIDED", 2, 0, 0)


async def test_while_nats_is_away_applications_are_still_taken(
    desk: Desk, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YICHUANG_NATS_URL", f"nats://127.0.0.1:{free_port()}")
    app = create_app()

    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://intake.test") as http:
            alone = Desk(http, desk.database, desk.sealer)
            accepted = await alone.accepted("P07")

    assert accepted["state"] == "ACCEPTED"
    assert len(await desk.events(accepted["application_id"])) == 3
