"""One worked example per fact of a certificate's later life: proposed and decided by approval, done by the library."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from contracts.events import certificate, standing
from contracts.events.common import Actor, DueDate, Event, OrganisationRef, Remedies

_AT = datetime(2027, 4, 1, 2, 0, tzinfo=UTC)
_LATER = datetime(2027, 4, 12, 2, 0, tzinfo=UTC)
_DECISION = UUID("0195c000-0000-7000-8000-00000000d001")
_NEXT = UUID("0195c000-0000-7000-8000-00000000d002")
_FRAUD = {"ground": "FRAUD", "article": "《中华人民共和国行政许可法》第六十九条第二款"}


def standing_examples(
    certificate_id: UUID, identifier: str, holder_key: str, department: OrganisationRef, handler: Actor, chief: Actor
) -> tuple[Event, ...]:
    of = {"identifier": identifier, "holder_key": holder_key}
    return (
        *_decisions(certificate_id, of, department, handler, chief),
        *_versions(of),
        *_states(certificate_id, of, department),
        certificate.CertificateConfirmed(
            certificate_id=_NEXT,
            identifier=identifier,
            type_code="11431202006100029C001",
            region="431102000000",
            trusted_until=date(2027, 4, 13),
            confirmed_at=_LATER,
        ),
    )


def _decisions(
    certificate_id: UUID, of: dict[str, Any], department: OrganisationRef, handler: Actor, chief: Actor
) -> tuple[Event, ...]:
    same = of | _FRAUD | {"decision_id": _DECISION, "department_uscc": department.uscc, "act": "ANNUL"}
    facts = "经查，申请时提交的租赁合同系伪造"
    return (
        standing.StandingProposed(
            **same,
            facts=facts,
            basis="《中华人民共和国行政许可法》第六十九条第二款",
            speak_by=DueDate(on=date(2027, 4, 9)),
            proposed_at=_AT,
            proposed_by=handler,
        ),
        standing.StandingDayMoved(
            **same,
            cause="2027年节假日安排载入",
            limit_workdays=5,
            from_at=_AT,
            earlier=DueDate(on=date(2027, 4, 8), provisional=True),
            now=DueDate(on=date(2027, 4, 9)),
            moved_at=_AT,
        ),
        standing.StandingHeard(**same, statement="合同由中介代办，本人不知情", heard_at=_AT, heard_by=handler),
        standing.StandingDecided(
            **same,
            certificate_id=certificate_id,
            department=department,
            grounds="被许可人以欺骗、贿赂等不正当手段取得行政许可",
            facts=facts,
            basis="《中华人民共和国行政许可法》第六十九条第二款",
            remedies=Remedies(reconsideration_body="怀化市鹤城区人民政府", court="怀化市鹤城区人民法院"),
            effective_on=date(2027, 4, 12),
            decided_at=_LATER,
            decided_by=chief,
        ),
        standing.StandingDismissed(**same, reasons="伪造的证据不足", dismissed_at=_LATER, dismissed_by=chief),
    )


def _versions(of: dict[str, Any]) -> tuple[Event, ...]:
    new = of | {"certificate_id": _NEXT, "previous_identifier": of["identifier"], "at": _LATER}
    return (
        certificate.CertificateAmended(**new, decision_id=_DECISION),
        certificate.CertificateRenewed(**new),
        certificate.CertificateReissued(**new),
        certificate.CertificatePrinted(
            certificate_id=_NEXT, identifier=of["identifier"], print_id=_DECISION, duplicate_no=1, printed_at=_LATER
        ),
        certificate.CertificateCopied(
            **of,
            certificate_id=_NEXT,
            copy_id=_DECISION,
            copy_no=1,
            expires_on=date(2027, 5, 1),
            copied_at=_LATER,
        ),
        certificate.CertificateWithheld(
            withheld_id=_DECISION,
            case_id=_DECISION,
            case_no="11431202006100029C4430102001000202603020001",
            department_uscc="11431202006100029C",
            type_code="11431202006100029C002",
            lacking=("主体业态：该类证照必填",),
            withheld_at=_LATER,
        ),
    )


def _states(certificate_id: UUID, of: dict[str, Any], department: OrganisationRef) -> tuple[Event, ...]:
    kinds: dict[type[certificate.CertificateStanding], str] = {
        certificate.CertificateRescinded: "RESCINDED",
        certificate.CertificateAnnulled: "ANNULLED",
        certificate.CertificateDeregistered: "DEREGISTERED",
        certificate.CertificateRevoked: "REVOKED",
        certificate.CertificateReportedLost: "LOST",
        certificate.CertificateLossWithdrawn: "VALID",
        certificate.CertificateExpired: "EXPIRED",
    }
    same = of | {
        "certificate_id": certificate_id,
        "type_code": "11431202006100029C002",
        "issuer_uscc": department.uscc,
        "at": _LATER,
    }
    annulled = _FRAUD | {"decision_id": _DECISION}
    return tuple(
        kind(**same, status=certificate.CertificateStatus(status), **(annulled if status == "ANNULLED" else {}))
        for kind, status in kinds.items()
    )
