"""Events of what comes seldom or late: corrected, returned, promised, checked, renewed by law, moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from contracts.events import intake as events
from contracts.events import intake_seldom as seldom
from contracts.events.common import DueDate, Outcome
from services.intake.domain import application as domain
from services.intake.domain.materials import Provided, deferred, in_hand
from services.intake.domain.moving import Move
from services.intake.domain.supplement import outstanding
from services.intake.facts import actor, agent, at, claim_window, co_applicant, deferred_refs, material, party, renews
from services.intake.items import VersionedItem
from services.kernel import time_limit

SILENCE_BASIS = "《中华人民共和国行政许可法》第五十条第二款"


def corrected(
    application: domain.Application, what: Sequence[str], materials: Sequence[Provided], by: domain.Staff, now: datetime
) -> events.ApplicationCorrected:
    return events.ApplicationCorrected(
        application_id=application.application_id,
        case_no=application.case_no or "",
        corrections=tuple(what),
        materials=tuple(material(m) for m in in_hand(materials)),
        corrected_at=now,
        corrected_by=actor(by),
    )


def returned(application: domain.Application) -> events.ApplicationReturned:
    back = application.returned
    assert back is not None  # set by the act that this event tells of
    return events.ApplicationReturned(
        application_id=application.application_id,
        case_no=application.case_no or "",
        kind=events.ReturnKind(back.kind.value),
        reason=back.reason,
        outstanding=tuple(fault.name for fault in outstanding(application)),
        returned_at=back.returned_at,
        returned_by=actor(back.returned_by),
    )


def deferred_supplied(
    application: domain.Application,
    item: VersionedItem,
    earlier: domain.Application,
    by: domain.Staff,
    now: datetime,
) -> events.DeferredMaterialSupplied:
    came = {m.material_no for m in deferred(earlier.materials)} - {
        m.material_no for m in deferred(application.materials)
    }
    return events.DeferredMaterialSupplied(
        application_id=application.application_id,
        case_no=application.case_no or "",
        materials=tuple(material(m) for m in application.materials if m.material_no in came),
        outstanding=deferred_refs(application, item),
        supplied_at=now,
        supplied_by=actor(by),
    )


@dataclass(frozen=True)
class Falsehood:
    """What follows from a false commitment: how long its maker is barred, certificates the case has brought."""

    barred_until: date
    issued: tuple[str, ...]


def commitment_checked(
    application: domain.Application,
    item: VersionedItem,
    material_no: int,
    follows: Falsehood | None,
    by: domain.Staff,
) -> events.CommitmentChecked:
    given = next(m for m in application.materials if m.material_no == material_no)
    assert given.check is not None  # set by the act that this event tells of
    return events.CommitmentChecked(
        application_id=application.application_id,
        case_no=application.case_no or "",
        item=item.ref,
        subject_key=application.applicant.subject_key,
        material_no=material_no,
        name=given.name,
        outcome=events.CommitmentOutcome(given.check.outcome.value),
        finding=given.check.finding,
        case_outcome=Outcome(application.outcome.value) if application.outcome else None,
        barred_until=follows.barred_until if follows else None,
        issued=follows.issued if follows else (),
        checked_at=given.check.checked_at,
        checked_by=actor(by),
    )


def renewal_deemed(application: domain.Application, item: VersionedItem, now: datetime) -> events.RenewalDeemed:
    renewal = renews(application.renews)
    assert renewal is not None  # only such an application is renewed by silence
    return events.RenewalDeemed(
        application_id=application.application_id,
        case_no=application.case_no or "",
        query_code=application.query_code or "",
        item=item.ref,
        applicant=party(application.applicant),
        co_applicants=tuple(co_applicant(one) for one in application.co_applicants),
        agent=agent(application.agent),
        renews=renewal,
        basis=SILENCE_BASIS,
        accepted_at=at(application.accepted_at),
        renewed_at=at(application.decided_at),
        deemed_at=now,
        deemed_by=actor(domain.SYSTEM),
        delivery_due=_due(application.delivery_due) if application.delivery_due else None,
    )


def dates_moved(application: domain.Application, moves: Sequence[Move], cause: str, now: datetime) -> events.DatesMoved:
    return events.DatesMoved(
        application_id=application.application_id,
        case_no=application.case_no or "",
        cause=cause,
        dates=tuple(
            events.DateMoved(clock=events.ClockName(m.clock.value), earlier=_due(m.earlier), now=_due(m.now))
            for m in moves
        ),
        moved_at=now,
        accepted=application.accepted_at is not None,
    )


def moved(
    application: domain.Application,
    item: VersionedItem,
    *,
    from_version: int,
    reason: str,
    by: domain.Staff,
    now: datetime,
) -> events.ApplicationMoved:
    return events.ApplicationMoved(
        application_id=application.application_id,
        case_no=application.case_no,
        from_version=from_version,
        item=item.ref,
        reason=reason,
        legal_due=_due(application.legal_due) if application.legal_due else None,
        promised_due=_due(application.promised_due) if application.promised_due else None,
        moved_at=now,
        moved_by=actor(by),
    )


def _due(value: time_limit.DueDate) -> DueDate:
    return DueDate(on=value.on, provisional=value.provisional)


def claimed(application: domain.Application) -> seldom.ApplicationClaimed:
    window, claim = claim_window(application), application.course.claimed
    assert window is not None  # only such an application is claimed
    assert claim is not None  # set by the act that this event tells of
    return seldom.ApplicationClaimed(
        application_id=application.application_id,
        case_no=application.case_no or "",
        window=window,
        persons=claim.persons,
        claimed_at=claim.claimed_at,
        claimed_by=actor(claim.claimed_by),
    )


def originals_returned(application: domain.Application) -> seldom.OriginalsReturned:
    originals = application.course.originals
    assert originals is not None  # set by the act that this event tells of
    return seldom.OriginalsReturned(
        application_id=application.application_id,
        case_no=application.case_no,
        materials=originals.materials,
        recipient_name=originals.recipient_name,
        returned_at=originals.returned_at,
        returned_by=actor(originals.returned_by),
    )
