"""What intake learns from others: decisions, certificates of the library, papers of a case."""

import logging
from collections.abc import Sequence
from typing import Any

from contracts.events.approval import CaseDecided
from contracts.events.certificate import CertificateIssued, PaperIssued
from services.chassis.bus import Incoming
from services.chassis.consumer import Consumer
from services.chassis.database import UnitOfWork
from services.intake import repository
from services.intake.commands.acting import stepped
from services.intake.commands.hand_over import CERTIFICATE
from services.intake.domain.application import DELIVERY_WORKDAYS, Outcome, record_decision
from services.intake.domain.errors import UnknownApplication
from services.intake.domain.states import State
from services.intake.office import work_calendars, workdays_after

log = logging.getLogger(__name__)


async def take_decisions(uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
    """Record what approval decided: one SELECT and one UPDATE for the whole batch.

    Raises UnknownApplication, WrongState: a decision about something that was never accepted is a fault to look into.
    """
    decided = {m.event.case_id: m.event for m in messages if isinstance(m.event, CaseDecided)}
    found = await repository.load_for_update(uow.connection, decided)
    calendar = await work_calendars().current(uow.connection)
    changed = []
    for case_id, event in decided.items():
        seen = found.get(case_id)
        if seen is None:
            raise UnknownApplication("决定所指的申请不存在")
        if seen.outcome is not None:
            continue  # told before: at most one decision per case
        if seen.state is State.WITHDRAWN:
            log.warning("a decision was made before the withdrawal was known", extra={"case_no": seen.case_no})
        due = workdays_after(calendar, event.decided_at, DELIVERY_WORKDAYS)
        outcome = Outcome(event.outcome.value)
        recorded = record_decision(seen, outcome, decided_at=event.decided_at, delivery_due=due)
        changed.append((stepped(seen, recorded, events=0), seen.version))
    await repository.save_locked(uow.connection, changed)


async def take_documents(uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
    """Remember certificates for reuse, and the documents of a case for its hand-over."""
    held: dict[str, dict[str, Any]] = {}
    documents: list[dict[str, Any]] = []
    for message in messages:
        event = message.event
        if isinstance(event, CertificateIssued):
            held[event.identifier] = _held(event)
            if event.case_id is not None:
                documents.append(_document(event.case_id, event.identifier, CERTIFICATE, event.issued_at))
        elif isinstance(event, PaperIssued):
            documents.append(_document(event.case_id, event.number, event.kind.value, event.issued_at))
    if held:
        await repository.upsert_held(uow.connection, list(held.values()))
    if documents:
        await repository.add_documents(uow.connection, documents)


def _held(event: CertificateIssued) -> dict[str, Any]:
    return {
        "identifier": event.identifier,
        "holder_key": event.holder_key,
        "holder_name": event.holder_name,
        "type_code": event.type_code,
        "type_name": event.type_name,
        "valid_from": event.valid_from,
        "valid_until": event.valid_until,
        "status": event.status.value,
    }


def _document(application_id: Any, number: str, kind: str, issued_at: Any) -> dict[str, Any]:
    return {"application_id": application_id, "number": number, "kind": kind, "issued_at": issued_at}


CONSUMERS = (
    Consumer(
        name="intake-decisions",
        stream="APPROVAL",
        subjects=(CaseDecided.SUBJECT,),
        handle=take_decisions,
    ),
    Consumer(
        name="intake-documents",
        stream="CERTIFICATE",
        subjects=(CertificateIssued.SUBJECT, PaperIssued.SUBJECT),
        handle=take_documents,
    ),
)
