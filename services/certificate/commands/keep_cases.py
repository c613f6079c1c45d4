"""The small copy of each case: what papers repeat and read scopes ask, from submission and receipt."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from contracts.events.approval import CaseTerminated, CaseTransferred
from contracts.events.common import AgentRef, Event, MaterialRef, Party
from contracts.events.intake import (
    AcceptanceRefused,
    ApplicationAccepted,
    ApplicationCorrected,
    ApplicationReceived,
    ApplicationReturned,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    CaseConcluded,
    DeferredMaterialSupplied,
    SupplementSupplied,
)
from contracts.events.reuse import CertificateReliedUpon
from services.certificate import repository
from services.certificate.domain.access import APPLICANT_SIDE
from services.certificate.domain.holders import keys_of
from services.certificate.peers.rows import holders_elsewhere, mark_relied
from services.chassis.bus import NotYet
from services.chassis.database import UnitOfWork

BROUGHT = (ApplicationCorrected, SupplementSupplied, DeferredMaterialSupplied)


async def keep_submitted(uow: UnitOfWork, events: Sequence[ApplicationSubmitted]) -> None:
    rows = {event.application_id: _common(event) | {"submitted_by": event.submitted_by.account_id} for event in events}
    await repository.keep_cases(uow.connection, list(rows.values()))


async def keep_received(uow: UnitOfWork, events: Sequence[ApplicationReceived]) -> None:
    """Receipt gives the case its number; it may come before the submission when events overtake each other."""
    rows = {event.application_id: _common(event) | _given(event) for event in events}
    await repository.keep_cases(uow.connection, list(rows.values()))


async def keep_together(uow: UnitOfWork, events: Sequence[ApplicationAccepted]) -> None:
    """Who applied together, where the receipt was heard before receipts told it."""
    rows = {
        event.application_id: _common(event) | {"co_applicants": _together(event)}
        for event in events
        if event.co_applicants
    }
    await repository.keep_cases(uow.connection, list(rows.values()))


def _together(event: ApplicationReceived | ApplicationAccepted) -> list[dict[str, object]]:
    return [one.model_dump(mode="json") for one in event.co_applicants]


def _given(event: ApplicationReceived) -> dict[str, object]:
    return {
        "case_no": event.case_no,
        "query_code": event.query_code,
        "co_applicants": _together(event),
        "received_at": event.received_at,
        "received_by": event.received_by.name,
        "materials": [material.model_dump(mode="json") for material in event.materials],
    }


async def keep_brought(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """What was handed in after the receipt: the paper about an end lists every original that goes back.

    An original stays on the list although something else has replaced it: it lies at the counter.

    Raises NotYet: the receipt has not come yet.
    """
    for event in events:
        if isinstance(event, BROUGHT) and event.materials:
            known = await repository.lock_materials(uow.connection, event.application_id)
            if known is None:
                raise NotYet("the receipt of the case has not come yet")
            materials: tuple[MaterialRef, ...] = event.materials
            brought = [material.model_dump(mode="json") for material in materials]
            kept = {(one["material_no"], one["source"]): one for one in (*known, *brought)}
            await repository.save_materials(uow.connection, event.application_id, list(kept.values()))


def _common(event: ApplicationSubmitted | ApplicationReceived | ApplicationAccepted) -> dict[str, object]:
    return {
        "case_id": event.application_id,
        "item": event.item.model_dump(mode="json"),
        "department_uscc": event.item.department.uscc,
        "department_division": event.item.department.division,
        "division": event.division,
        "channel": event.channel.value,
        **_applicant(event.applicant),
        **_agent(event.agent),
    }


def _applicant(applicant: Party) -> dict[str, object]:
    return {
        "applicant_key": applicant.subject_key,
        "applicant_type": applicant.party_type.value,
        "applicant_name": applicant.name,
        "applicant_masked": applicant.masked_number,
        "applicant_sealed": applicant.sealed_number,
    }


def _agent(agent: AgentRef | None) -> dict[str, object]:
    return {
        "agent_key": agent.subject_key if agent else None,
        "agent_name": agent.name if agent else None,
        "agent_masked": agent.masked_number if agent else None,
    }


async def note_shown(uow: UnitOfWork, events: Sequence[ApplicationSubmitted]) -> None:
    """Who enters an application for somebody sees which of his certificates stand for materials: a look he sees.

    Whoever applies online does so for himself or for whom he acts: that is no look of another's.
    """
    by_others = [event for event in events if event.reused and event.submitted_by.role not in APPLICANT_SIDE]
    shown = {identifier for event in by_others for identifier in event.reused}
    known = await repository.owners_of(uow.connection, shown) if shown else {}
    for event in by_others:
        for identifier in event.reused:
            whose = _owned(known.get(identifier)) or await holders_elsewhere(uow.connection, identifier)
            certificate_id, holder_keys = whose or (None, (event.applicant.subject_key,))
            await repository.note_access(uow.connection, _shown(event, certificate_id, holder_keys))


def _owned(ours: Any) -> tuple[UUID, Sequence[str]] | None:
    return (ours.id, keys_of(ours)) if ours is not None else None


def _shown(
    event: ApplicationSubmitted, certificate_id: UUID | None, holder_keys: Sequence[str]
) -> list[dict[str, Any]]:
    body = event.submitted_by.organisation
    row = {
        "at": event.submitted_at,
        "act": "SUBMITTED",
        "account": event.submitted_by.account_id,
        "client_id": "",
        "organisation": body.uscc if body else "",
        "organisation_name": body.name if body else "",
        "division": body.division if body else event.division,
        "channel": event.channel.value,
        "certificate_id": certificate_id,
        "purpose": f"申请{event.item.name}，以证照代替材料",
        "case_no": None,
        "found": 1,
        "ground": "RELIED",
    }
    return [row | {"holder_key": key} for key in holder_keys]


async def note_relied(uow: UnitOfWork, events: Sequence[CertificateReliedUpon]) -> None:
    """A certificate used in a case was looked at for it: the holder sees that too."""
    known = await repository.owners_of(uow.connection, [event.identifier for event in events]) if events else {}
    for event in events:
        certificate_id, holder_keys = await _used(uow, event, known.get(event.identifier))
        row = {
            "at": event.relied_at,
            "act": "RELIED",
            "account": "",
            "client_id": "",
            "organisation": event.department.uscc,
            "organisation_name": event.department.name,
            "channel": "",
            "certificate_id": certificate_id,
            "purpose": "办件材料复用",
            "case_no": event.case_no,
            "found": 1,
            "ground": "RELIED",
        }
        await repository.note_access(uow.connection, [row | {"holder_key": key} for key in holder_keys])


async def _used(uow: UnitOfWork, event: CertificateReliedUpon, ours: Any) -> tuple[UUID | None, Sequence[str]]:
    """The certificate and its holders: ours, or another region's, which is asked for again from now on."""
    if ours is not None:
        return ours.id, keys_of(ours)
    elsewhere = await mark_relied(uow.connection, event.identifier, event.relied_at)
    return (elsewhere.id, elsewhere.holder_keys) if elsewhere is not None else (None, (event.holder_key,))


async def end_cases(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """From here on reading a certificate by the case needs a purpose. An end told twice stays as it was told first."""
    for event in events:
        match event:
            case CaseConcluded():
                await repository.end_case(uow.connection, event.application_id, event.concluded_at)
            case AcceptanceRefused():
                await repository.end_case(uow.connection, event.application_id, event.refused_at)
            case ApplicationReturned():
                await repository.end_case(uow.connection, event.application_id, event.returned_at)
            case ApplicationWithdrawn():
                await repository.end_case(uow.connection, event.application_id, event.withdrawn_at)
            case CaseTerminated():
                await repository.end_case(uow.connection, event.case_id, event.terminated_at)
            case CaseTransferred():
                await repository.end_case(uow.connection, event.case_id, event.transferred_at)
