"""What each event says about a case: the columns it fills and its line in the timeline."""

from collections.abc import Callable, Iterable
from typing import Any

from contracts.events import approval, certificate, intake
from contracts.events.common import AgentRef, CoApplicant, Event, ItemRef, LimitValue, Outcome, Party
from contracts.events.supervision import SupervisionPaper
from services.supervision.facts_of_clocks import BUNDLE_FACTS, acceptance_detail, matter_detail
from services.supervision.facts_of_intake import INTAKE_FACTS
from services.supervision.facts_of_proceedings import CLOCK_FACTS, other_fact
from services.supervision.told import Fact


def fact_of(event: Event) -> Fact | None:
    """None for an event that is about no case of ours (an imported certificate, another aggregate of a stream)."""
    tell = _TELLERS.get(type(event))
    return tell(event) if tell is not None else other_fact(event)


def _item(item: ItemRef) -> dict[str, Any]:
    return {
        "item_code": item.item_code,
        "item_id": item.item_id,
        "item_name": item.name,
        "item_kind": item.kind.value,
        "department_uscc": item.department.uscc,
        "department_name": item.department.name,
        "legal": _limit(item.legal_limit),
        "promised": _limit(item.promised_limit),
    }


def _limit(limit: LimitValue) -> dict[str, Any]:
    return limit.model_dump(mode="json")


def _parties(applicant: Party, agent: AgentRef | None) -> dict[str, Any]:
    return {"applicant_key": applicant.subject_key, "agent_key": agent.subject_key if agent else None}


def _keys(together: Iterable[CoApplicant]) -> list[str] | None:
    return [one.subject_key for one in together] or None


def _submitted(event: intake.ApplicationSubmitted) -> Fact:
    columns = _item(event.item) | _parties(event.applicant, event.agent)
    columns |= {
        "division": event.division,
        "channel": event.channel.value,
        "submitter_id": event.submitted_by.account_id,
        "submitted_at": event.submitted_at,
    }
    return Fact(event.application_id, None, event.submitted_at, columns, event.submitted_by)


def _received(event: intake.ApplicationReceived) -> Fact:
    columns = _item(event.item) | _parties(event.applicant, event.agent)
    columns |= {
        "co_applicant_keys": _keys(event.co_applicants),
        "division": event.division,
        "channel": event.channel.value,
        "submitted_at": event.submitted_at,
        "received_at": event.received_at,
    }
    detail = matter_detail(event.item) or None
    return Fact(event.application_id, event.case_no, event.received_at, columns, event.received_by, detail)


def _supplement_requested(event: intake.SupplementRequested) -> Fact:
    detail: dict[str, Any] = {"materials": [fault.name for fault in event.faults]}
    detail["supply_by"] = event.supply_by.isoformat()
    if event.supply_by_provisional:
        detail["supply_by_provisional"] = True
    if event.supply_workdays is not None:
        detail["supply_workdays"] = event.supply_workdays
    if event.ordinal > 1:  # a second notice: only for what could not be seen the first time (art. 32(4))
        detail |= {"ordinal": event.ordinal, "reason": event.reason, "seen_before": list(event.seen_before)}
    columns = {"supplement_open": True}
    return Fact(event.application_id, event.case_no, event.requested_at, columns, event.requested_by, detail)


def _supplement_supplied(event: intake.SupplementSupplied) -> Fact:
    detail = {"materials": [material.name for material in event.materials], "complete": event.complete}
    columns: dict[str, Any] = {"supplement_open": not event.complete}
    if event.complete:
        columns["complete_at"] = event.supplied_at
    return Fact(event.application_id, event.case_no, event.supplied_at, columns, event.supplied_by, detail)


def _accepted(event: intake.ApplicationAccepted) -> Fact:
    columns = _item(event.item) | _parties(event.applicant, event.agent)
    columns |= {
        "co_applicant_keys": _keys(event.co_applicants),
        "division": event.division,
        "channel": event.channel.value,
        "submitted_at": event.submitted_at,
        "received_at": event.received_at,
        "accepted_at": event.accepted_at,
        "supplement_open": False,
        "told_legal_due_on": event.legal_due.on,
        "told_promised_due_on": event.promised_due.on,
    }
    if event.complete_at is not None:
        columns["complete_at"] = event.complete_at
    at = event.deemed_at or event.answered_at or event.accepted_at
    detail = acceptance_detail(event)
    return Fact(event.application_id, event.case_no, at, columns, event.accepted_by, detail)


def _moved(event: intake.ApplicationMoved) -> Fact:
    columns = _item(event.item)
    if event.legal_due is not None and event.promised_due is not None:
        columns |= {"told_legal_due_on": event.legal_due.on, "told_promised_due_on": event.promised_due.on}
    detail = {"from_version": event.from_version, "to_version": event.item.version}
    return Fact(event.application_id, event.case_no, event.moved_at, columns, event.moved_by, detail)


def _acceptance_refused(event: intake.AcceptanceRefused) -> Fact:
    detail = {"kind": event.kind.value, "competent_body": event.competent_body}
    columns = {"refused_at": event.refused_at}
    return Fact(event.application_id, event.case_no, event.refused_at, columns, event.refused_by, detail)


def _withdrawn(event: intake.ApplicationWithdrawn) -> Fact:
    columns = {"withdrawn_at": event.withdrawn_at}
    return Fact(event.application_id, event.case_no, event.withdrawn_at, columns, event.withdrawn_by)


def _handed_over(event: intake.ResultHandedOver) -> Fact:
    detail = {"method": event.method.value}
    return Fact(event.application_id, event.case_no, event.handed_over_at, {}, event.handed_over_by, detail)


def _concluded(event: intake.CaseConcluded) -> Fact:
    columns = {"concluded_at": event.concluded_at, "outcome": event.outcome.value}
    return Fact(event.application_id, event.case_no, event.concluded_at, columns)


def _opened(event: approval.CaseOpened) -> Fact:
    return Fact(event.case_id, event.case_no, event.opened_at)


def _opinion(event: approval.OpinionWritten) -> Fact:
    detail = {"recommendation": event.recommendation.value}
    return Fact(event.case_id, event.case_no, event.written_at, {}, event.written_by, detail)


def _decided(event: approval.CaseDecided) -> Fact:
    columns = {"decided_at": event.decided_at, "outcome": event.outcome.value}
    detail: dict[str, Any] = {"outcome": event.outcome.value}
    if event.outcome is Outcome.GRANTED and event.item.certificate_type_code:
        detail["certificate_due"] = True
    return Fact(event.case_id, event.case_no, event.decided_at, columns, event.decided_by, detail)


def _case_withdrawn(event: approval.CaseWithdrawn) -> Fact:
    return Fact(event.case_id, event.case_no, event.withdrawn_at, {"withdrawn_at": event.withdrawn_at})


def _certificate_issued(event: certificate.CertificateIssued) -> Fact | None:
    if event.case_id is None:
        return None
    detail = {"identifier": event.identifier, "type_name": event.type_name}
    return Fact(event.case_id, event.case_no, event.issued_at, {}, None, detail)


def _certificate_sealed(event: certificate.CertificateSealed) -> Fact | None:
    if event.case_no is None:
        return None
    return Fact(None, event.case_no, event.sealed_at, {}, None, {"identifier": event.identifier})


# Between the supervisor and the department: no line of the case's own timeline, which the applicant reads.
_LETTERS = {kind.value for kind in SupervisionPaper}


def _paper_issued(event: certificate.PaperIssued) -> Fact | None:
    if not event.case_no or event.kind.value in _LETTERS:  # or of an imported certificate, which no case brought
        return None
    detail = {"kind": event.kind.value, "number": event.number}
    return Fact(event.case_id, event.case_no, event.issued_at, {}, None, detail)


def _paper_sealed(event: certificate.PaperSealed) -> Fact | None:
    if not event.case_no or event.kind.value in _LETTERS:
        return None
    return Fact(None, event.case_no, event.sealed_at, {}, None, {"kind": event.kind.value})


_TELLERS: dict[type[Event], Callable[[Any], Fact | None]] = {
    intake.ApplicationSubmitted: _submitted,
    intake.ApplicationReceived: _received,
    intake.SupplementRequested: _supplement_requested,
    intake.SupplementSupplied: _supplement_supplied,
    intake.ApplicationAccepted: _accepted,
    intake.AcceptanceRefused: _acceptance_refused,
    intake.ApplicationWithdrawn: _withdrawn,
    intake.ResultHandedOver: _handed_over,
    intake.CaseConcluded: _concluded,
    approval.CaseOpened: _opened,
    approval.OpinionWritten: _opinion,
    approval.CaseDecided: _decided,
    approval.CaseWithdrawn: _case_withdrawn,
    certificate.CertificateIssued: _certificate_issued,
    certificate.CertificateSealed: _certificate_sealed,
    certificate.PaperIssued: _paper_issued,
    certificate.PaperSealed: _paper_sealed,
    intake.ApplicationMoved: _moved,
    **INTAKE_FACTS,
    **BUNDLE_FACTS,
    **CLOCK_FACTS,
}
