"""What intake learns from others: what became of a case, certificates of the library, papers of a case."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from contracts.events.certificate import (
    CertificateAnnulled,
    CertificateConfirmed,
    CertificateDeregistered,
    CertificateExpired,
    CertificateIssued,
    CertificateLossWithdrawn,
    CertificateOrigin,
    CertificateReportedLost,
    CertificateRescinded,
    CertificateRevoked,
    CertificateStanding,
    CertificateStatus,
    CertificateSuperseded,
    PaperIssued,
)
from contracts.events.common import Event
from contracts.events.reuse import RecallConcluded
from services.chassis import clock
from services.chassis.bus import Incoming
from services.chassis.consumer import Consumer
from services.chassis.database import UnitOfWork
from services.intake import library_repository as library
from services.intake import notices_repository, reliance_repository, repository
from services.intake.commands.acting import stepped
from services.intake.commands.hand_over import CERTIFICATE
from services.intake.commands.reliance import TakenAway, recall
from services.intake.domain.application import Application
from services.intake.domain.errors import UnknownApplication
from services.intake.domain.reliance import TAKEN_AWAY
from services.intake.hearing import FOLLOWED, NOTICED, follow, notice_of
from services.intake.items import Items
from services.intake.office import work_calendars
from services.intake.standing_notices import CERTIFICATE_NOTICED, certificate_notice_of

_ITEMS = Items()  # pinned versions never change: read once per process


async def take_decisions(uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
    """What approval did to the cases: one SELECT and one UPDATE for the whole batch, and its notices as they come.

    Raises UnknownApplication, WrongState: news of something that was never accepted is a fault to look into.
    """
    heard = [(m.event.case_id, m.event) for m in messages if isinstance(m.event, FOLLOWED)]
    found = await repository.load_for_update(uow.connection, {case_id for case_id, _ in heard})
    calendar = await work_calendars().current(uow.connection)
    current: dict[UUID, Application] = dict(found)
    for case_id, event in heard:
        if case_id not in current:
            raise UnknownApplication("决定所指的申请不存在")
        current[case_id] = follow(current[case_id], event, calendar)
    changed = [
        (stepped(found[case_id], after, events=0), found[case_id].version)
        for case_id, after in current.items()
        if after != found[case_id]
    ]
    if changed:
        await repository.save_locked(uow.connection, changed)
    concluded = [m.event for m in messages if isinstance(m.event, RecallConcluded)]
    if concluded:
        await reliance_repository.conclude(uow.connection, concluded)
    notices = [notice for m in messages if (notice := notice_of(m)) is not None]
    if notices:
        await notices_repository.add_notices(uow.connection, notices)
    later = [notice for m in messages if (notice := certificate_notice_of(m)) is not None]
    if later:
        await notices_repository.add_certificate_notices(uow.connection, later)


async def take_documents(uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
    """Remember certificates for reuse, and the documents of a case for its hand-over."""
    events = [message.event for message in messages]
    taken_away = [event for event in events if isinstance(event, CertificateStanding) and event.status in TAKEN_AWAY]
    if taken_away:
        await reliance_repository.reach_alone(uow.connection)
    issued = [event for event in events if isinstance(event, CertificateIssued)]
    documents = [
        *(_document(one.case_id, one.identifier, CERTIFICATE, one.issued_at) for one in issued if one.case_id),
        *(
            _document(one.case_id, one.number, one.kind.value, one.issued_at)
            for one in events
            # those of an imported certificate have no case, and a letter of supervision is not handed over
            if isinstance(one, PaperIssued) and one.case_no and not one.order_no
        ),
    ]
    if issued:
        told = [(m.event, m.version) for m in messages if isinstance(m.event, CertificateIssued)]
        held = {(row["identifier"], row["holder_key"]): row for one in told for row in _held(*one)}
        await library.keep_issued(uow.connection, list(held.values()))
    for message in messages:  # lost, found again, superseded
        await _stands(uow, message.event, message.version)
    if documents:
        await repository.add_documents(uow.connection, documents)
    for gone in taken_away:  # last: what these events made known is part of the chains
        await recall(uow, TakenAway(gone.identifier, gone.status, gone.at), _ITEMS, clock.now())


async def _stands(uow: UnitOfWork, event: Event, told: int) -> None:
    """How a certificate stands from now on, unless something newer was heard of it."""
    match event:
        case CertificateSuperseded():
            as_of = library.Standing(CertificateStatus.SUPERSEDED.value, told)
            await library.keep_standing(uow.connection, event.identifier, as_of, event.holder_key)
        case CertificateStanding():
            as_of = library.Standing(event.status.value, told)
            await library.keep_standing(uow.connection, event.identifier, as_of, event.holder_key)
        case CertificateConfirmed():
            await library.trust(uow.connection, event.identifier, event.type_code, event.trusted_until)


def _held(event: CertificateIssued, told: int) -> list[dict[str, Any]]:
    """One row for each holder: each reuses it in his own name."""
    holders = [(event.holder_key, event.holder_name), *((one.holder_key, one.holder_name) for one in event.co_holders)]
    same = {
        "identifier": event.identifier,
        "type_code": event.type_code,
        "type_name": event.type_name,
        "valid_from": event.valid_from,
        "valid_until": event.valid_until,
        "status": event.status.value,
        "region_name": (event.region_name or event.region) if event.origin is CertificateOrigin.FOREIGN else None,
        "trusted_until": event.trusted_until,
        "told": told,
    }
    return [same | {"holder_key": key, "holder_name": name} for key, name in holders]


def _document(application_id: Any, number: str, kind: str, issued_at: Any) -> dict[str, Any]:
    return {"application_id": application_id, "number": number, "kind": kind, "issued_at": issued_at}


# What takes a certificate's validity away, or gives it back: only a valid one is reused.
_STANDING: tuple[type[CertificateStanding], ...] = (
    CertificateRescinded,
    CertificateAnnulled,
    CertificateDeregistered,
    CertificateRevoked,
    CertificateReportedLost,
    CertificateLossWithdrawn,
    CertificateExpired,
)
_LIBRARY: tuple[type[Event], ...] = (
    CertificateIssued,
    CertificateConfirmed,
    CertificateSuperseded,
    PaperIssued,
    *_STANDING,
)
_OF_CASES: tuple[type[Event], ...] = (*FOLLOWED, *NOTICED, *CERTIFICATE_NOTICED, RecallConcluded)
CONSUMERS = (
    Consumer(
        name="intake-decisions",
        stream="APPROVAL",
        subjects=tuple(event.SUBJECT for event in dict.fromkeys(_OF_CASES)),
        handle=take_decisions,
    ),
    Consumer(
        name="intake-documents",
        stream="CERTIFICATE",
        subjects=tuple(event.SUBJECT for event in _LIBRARY),
        handle=take_documents,
    ),
)
