"""Domain values as the events of intake carry them. One function per event; the order of fields is the contract's."""

from datetime import datetime
from typing import Any

from contracts.events import intake as events
from contracts.events.common import (
    Actor,
    AgentRef,
    Channel,
    CoApplicant,
    DueDate,
    MaterialRef,
    MaterialSource,
    OrganisationRef,
    Outcome,
    Party,
    PartyType,
    Remedies,
)
from contracts.events.standing import AmendmentRef, Change
from services.intake.domain import application as domain
from services.intake.domain.basis_of_acts import refusal_basis, supplement_basis
from services.intake.domain.course import Course
from services.intake.domain.materials import Provided, commitments, deferred, in_hand
from services.intake.items import VersionedItem, limit_value
from services.kernel import time_limit


def actor(staff: domain.Staff) -> Actor:
    body = None
    if staff.organisation:
        body = OrganisationRef(uscc=staff.organisation, name=staff.organisation_name, division=staff.division)
    return Actor(account_id=staff.account_id, name=staff.name, role=staff.role, organisation=body)


def party(applicant: domain.Applicant) -> Party:
    return Party(
        party_type=PartyType(applicant.party_type.value),
        name=applicant.name,
        subject_key=applicant.subject_key,
        masked_number=applicant.masked_number,
        sealed_number=applicant.sealed_number,
    )


def co_applicant(value: domain.CoApplicant) -> CoApplicant:
    return CoApplicant(**party(value.party).model_dump(), share=value.share)


def agent(value: domain.Agent | None) -> AgentRef | None:
    if value is None:
        return None
    return AgentRef(name=value.name, subject_key=value.subject_key, masked_number=value.masked_number)


def due(value: time_limit.DueDate | None) -> DueDate:
    assert value is not None  # set by the act that this event tells of
    return DueDate(on=value.on, provisional=value.provisional)


def at(value: datetime | None) -> datetime:
    assert value is not None  # set by an act before the one that this event tells of
    return value


def material(provided: Provided) -> MaterialRef:
    return MaterialRef(
        material_no=provided.material_no,
        name=provided.name,
        source=MaterialSource(provided.source.value),
        copies=provided.copies,
        sha256=provided.sha256,
        media_type=provided.media_type,
        certificate_identifier=provided.certificate_identifier,
        issued_in=provided.issued_in,
        further_certificates=provided.further_certificates,
    )


def submitted(application: domain.Application, item: VersionedItem) -> events.ApplicationSubmitted:
    return events.ApplicationSubmitted(
        application_id=application.application_id,
        item=item.ref,
        applicant=party(application.applicant),
        agent=agent(application.agent),
        channel=Channel(application.channel),
        division=application.division,
        submitted_at=application.submitted_at,
        submitted_by=actor(application.submitted_by),
        bundle_no=application.bundle_no,
        scenario=application.course.scenario,
        reused=tuple(sorted({one for material in application.materials for one in material.certificates})),
    )


def received(application: domain.Application, item: VersionedItem) -> events.ApplicationReceived:
    assert application.received_by is not None
    return events.ApplicationReceived(
        application_id=application.application_id,
        case_no=application.case_no or "",
        query_code=application.query_code or "",
        item=item.ref,
        applicant=party(application.applicant),
        co_applicants=tuple(co_applicant(one) for one in application.co_applicants),
        agent=agent(application.agent),
        channel=Channel(application.channel),
        division=application.division,
        submitted_at=application.submitted_at,
        received_at=at(application.received_at),
        received_by=actor(application.received_by),
        materials=tuple(material(m) for m in in_hand(application.materials)),
        notice_due=due(application.notice_due),
        bundle_no=application.bundle_no,
    )


def supplement_requested(application: domain.Application, item: VersionedItem) -> events.SupplementRequested:
    notice = application.supplement
    assert notice is not None
    return events.SupplementRequested(
        application_id=application.application_id,
        case_no=application.case_no or "",
        faults=tuple(events.MaterialFault(**vars(fault)) for fault in notice.faults),
        supply_by=notice.supply_by,
        supply_by_provisional=notice.provisional,
        supply_workdays=notice.workdays,
        basis=supplement_basis(item.item),
        requested_at=notice.requested_at,
        requested_by=actor(notice.requested_by),
        ordinal=notice.ordinal,
        reason=notice.reason,
        seen_before=notice.seen_before,
        bundle_no=application.bundle_no,
    )


def supplement_supplied(
    application: domain.Application, *, by: domain.Staff, now: datetime
) -> events.SupplementSupplied:
    notice = application.supplement
    assert notice is not None
    asked = {fault.material_no for fault in notice.faults}
    renewed = [
        m for m in in_hand(application.materials) if m.provided_at > notice.requested_at and m.material_no in asked
    ]
    return events.SupplementSupplied(
        application_id=application.application_id,
        case_no=application.case_no or "",
        materials=tuple(material(m) for m in renewed),
        complete=notice.supplied_at is not None,
        supplied_at=now,
        supplied_by=actor(by),
        notice_due=due(application.notice_due) if notice.supplied_at is not None else None,
    )


def accepted(
    application: domain.Application,
    item: VersionedItem,
    *,
    quota: int | None = None,
    answered_at: datetime | None = None,
) -> events.ApplicationAccepted:
    assert application.accepted_by is not None
    return events.ApplicationAccepted(
        application_id=application.application_id,
        case_no=application.case_no or "",
        query_code=application.query_code or "",
        item=item.ref,
        applicant=party(application.applicant),
        co_applicants=tuple(co_applicant(one) for one in application.co_applicants),
        agent=agent(application.agent),
        channel=Channel(application.channel),
        division=application.division,
        submitted_at=application.submitted_at,
        received_at=at(application.received_at),
        accepted_at=at(application.accepted_at),
        accepted_by=actor(application.accepted_by),
        materials=tuple(material(m) for m in in_hand(application.materials)),
        legal_due=due(application.legal_due),
        promised_due=due(application.promised_due),
        answered_at=answered_at,
        **_silence(application),
        complete_at=domain.counted_from(application),
        deferred=deferred_refs(application, item),
        commitments=commitment_refs(application),
        renews=renews(application.renews),
        amends=amends(application.course),
        acceptance_order=application.acceptance_order,
        quota=quota,
        bundle_no=application.bundle_no,
        scenario=application.course.scenario,
        claim_window=claim_window(application),
    )


def _silence(application: domain.Application) -> dict[str, Any]:
    """Of an acceptance that the law deems given."""
    deemed = application.deemed
    return {"deemed": True, "deemed_at": deemed.at, "lacking": deemed.lacking} if deemed else {"deemed": False}


def commitment_refs(application: domain.Application) -> tuple[events.CommitmentRef, ...]:
    return tuple(
        events.CommitmentRef(material_no=m.material_no, name=m.name, committed_at=m.provided_at, check_by=m.check_by)
        for m in commitments(application.materials)
    )


def claim_window(application: domain.Application) -> events.ClaimWindowRef | None:
    window = application.course.window
    if window is None:
        return None
    return events.ClaimWindowRef(
        name=window.name,
        waiting=window.waiting,
        opens_on=window.opens_on,
        closes=due(window.closes),
        basis=window.basis,
        waiting_limit=limit_value(window.waiting_limit) if window.waiting_limit else None,
        claim_limit=limit_value(window.claim_limit) if window.claim_limit else None,
    )


def deferred_refs(application: domain.Application, item: VersionedItem) -> tuple[events.DeferredRef, ...]:
    later = item.item.papers_later
    return tuple(
        events.DeferredRef(material_no=m.material_no, name=m.name, promised_on=m.promised_on, after_grant=later)
        for m in deferred(application.materials)
        if m.promised_on is not None
    )


def renews(renewal: domain.Renewal | None) -> events.RenewalRef | None:
    if renewal is None:
        return None
    return events.RenewalRef(
        certificate_identifier=renewal.certificate_identifier,
        valid_until=renewal.valid_until,
        silence_renews=renewal.silence_renews,
    )


def amends(course: Course) -> AmendmentRef | None:
    asked = course.amends
    if asked is None:
        return None
    changes = tuple(Change(what=one.what, before=one.before, after=one.after) for one in asked.changes)
    return AmendmentRef(certificate_identifier=asked.certificate_identifier, changes=changes)


def acceptance_refused(
    application: domain.Application, item: VersionedItem, remedies: Remedies | None
) -> events.AcceptanceRefused:
    refusal = application.refusal
    assert refusal is not None
    return events.AcceptanceRefused(
        application_id=application.application_id,
        case_no=application.case_no or "",
        kind=events.RefusalKind(refusal.kind.value),
        reason=refusal.reason,
        basis=refusal_basis(item.item, refusal.kind),
        competent_body=refusal.competent_body,
        remedies=remedies,
        refused_at=refusal.refused_at,
        refused_by=actor(refusal.refused_by),
    )


def withdrawn(application: domain.Application, by: domain.Staff) -> events.ApplicationWithdrawn:
    return events.ApplicationWithdrawn(
        application_id=application.application_id,
        case_no=application.case_no,
        reason=application.withdrawal_reason or "",
        withdrawn_at=at(application.withdrawn_at),
        withdrawn_by=actor(by),
    )


def handed_over(application: domain.Application) -> events.ResultHandedOver:
    handing = application.hand_over
    assert handing is not None
    return events.ResultHandedOver(
        application_id=application.application_id,
        case_no=application.case_no or "",
        method=events.HandOverMethod(handing.method.value),
        documents=handing.documents,
        recipient_name=handing.recipient_name,
        recipient_relation=handing.recipient_relation,
        tracking_no=handing.tracking_no,
        handed_over_at=handing.handed_over_at,
        handed_over_by=actor(handing.handed_over_by),
    )


def concluded(application: domain.Application) -> events.CaseConcluded:
    assert application.outcome is not None
    return events.CaseConcluded(
        application_id=application.application_id,
        case_no=application.case_no or "",
        outcome=Outcome(application.outcome.value),
        concluded_at=at(application.concluded_at),
    )
