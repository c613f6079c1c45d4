"""变更/撤回/撤销/注销决定书: what approval decided about a certificate, as its paper says it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from contracts.events.common import (
    Channel,
    CoApplicant,
    DueDate,
    ItemKind,
    ItemRef,
    LimitStart,
    LimitUnit,
    LimitValue,
    OrganisationRef,
    Party,
    PartyType,
)
from contracts.events.standing import StandingAct, StandingDecided, StandingHeard, StandingProposed
from services.certificate.domain.certificate import HOLDER_NAME
from services.certificate.domain.holders import of_row
from services.certificate.files import contents_after as c
from services.certificate.files.contents_base import ART_7, BUSINESS_36, Remedies
from services.certificate.files.contents_procedure import APPLICANTS, ONLINE, StatementRecord
from services.certificate.papers.paper_contents import LICENCE, Build, CaseFacts, Draft
from services.kernel.certificate_life import GROUNDS, LABELS, Ground, LifeAct

_KINDS = {
    StandingAct.AMEND: "AMENDMENT_DECISION",
    StandingAct.RESCIND: "RESCISSION_DECISION",
    StandingAct.ANNUL: "ANNULMENT_DECISION",
    StandingAct.DEREGISTER: "DEREGISTRATION_DECISION",
}
_WITHOUT_CASE = {"item_code": "存量证照，无事项编码", "case_no": "存量证照，无办件编号", "query_code": "无"}
_OTHER_WORDS = (("准予行政许可", "原"), ("被许可人", "持证人"), ("行政许可", "本证件"))
_NOTHING_PAID = "以欺骗、贿赂等不正当手段取得的利益不受保护，不予赔偿。"
_NEVER_ISSUED = "该证照自始没有法律效力，不予赔偿。"


@dataclass(frozen=True)
class Standing:
    """What is proposed or decided, and the certificate as it was before."""

    event: StandingDecided | StandingProposed | StandingHeard
    certificate_id: UUID
    type_name: str
    number_shown: str
    extend: Mapping[str, Any]
    holder_name: str


def notice(standing: Standing, case: CaseFacts, contact: str) -> Draft:
    """Before the decision: what is about to be done, and until when the holder may speak."""
    event = standing.event
    assert isinstance(event, StandingProposed), "a notice needs a proposal"
    speak_by = event.speak_by
    assert speak_by is not None, "only who is heard is told"

    def build(head: dict[str, Any]) -> c.StandingNotice:
        return c.StandingNotice(
            **head | {name: head[name] or said for name, said in _WITHOUT_CASE.items()},
            act=LABELS[LifeAct(event.act.value)],
            licence=case.item.type_name == LICENCE,
            certificate_name=standing.type_name,
            certificate_number=standing.number_shown,
            grounds=_grounds(GROUNDS[Ground(event.ground)].wording, event, case.item),
            facts=event.facts,
            basis=_basis(event, case.item),
            changes=_lines(standing),
            compensation=event.compensation,
            speak_by=speak_by.on,
            speak_by_provisional=speak_by.provisional,
            contact=contact,
        )

    return _filed("STANDING_NOTICE", standing, case, event.proposed_at, build)


def statement(standing: Standing, case: CaseFacts) -> Draft:
    """What the holder says to it, each time he speaks; handed in online it is kept in his words."""
    event = standing.event
    assert isinstance(event, StandingHeard), "a record needs a statement"
    in_writing = event.heard_by.role in APPLICANTS

    def build(head: dict[str, Any]) -> StatementRecord:
        return StatementRecord(
            **head | {name: head[name] or said for name, said in _WITHOUT_CASE.items()},
            speaker_name=case.everybody,
            speaker_role="持证人",
            spoken_at=event.heard_at,
            officers=ONLINE if in_writing else (event.heard_by.name,),
            in_writing=in_writing,
            statement=event.statement,
            basis=ART_7
            if _speaks_of_licences(case.item)
            else f"{'、'.join(case.item.basis) or BUSINESS_36}，参照{ART_7}",
        )

    filed = _filed("STATEMENT_RECORD", standing, case, event.heard_at, build)
    return replace(filed, occasion=f"{event.decision_id} {event.heard_at.isoformat()}")


def draft(standing: Standing, case: CaseFacts, *, conditions: str = "", deliver_by: DueDate | None = None) -> Draft:
    """One paper per decision: the case may see several over the years.

    `conditions` and `deliver_by` are those of an amendment granted on application.
    """
    event = standing.event
    assert isinstance(event, StandingDecided), "a decision paper needs a decision"
    kind = cast(c.StandingKind, _KINDS[event.act])
    remedies = event.remedies

    def build(head: dict[str, Any]) -> c.StandingDecision:
        return c.StandingDecision(
            **head | {name: head[name] or said for name, said in _WITHOUT_CASE.items()},
            kind=kind,
            licence=case.item.type_name == LICENCE,
            certificate_name=standing.type_name,
            certificate_number=standing.number_shown,
            grounds=_grounds(event.grounds, event, case.item),
            facts=event.facts,
            basis=_basis(event, case.item),
            effective_on=event.effective_on,
            changes=_lines(standing),
            valid_until=event.valid_until,
            conditions=conditions,
            deliver_by=deliver_by.on if deliver_by else None,
            deliver_by_provisional=bool(deliver_by and deliver_by.provisional),
            compensation=event.compensation or _unpaid(event),
            remedies=Remedies(**remedies.model_dump()) if remedies else None,
        )

    return _filed(kind, standing, case, event.decided_at, build)


def _speaks_of_licences(item: ItemRef) -> bool:
    """An imported certificate does not tell of what type its matter is: it is taken for a licence."""
    return item.type_name in (LICENCE, "")


def _grounds(wording: str, event: StandingDecided | StandingProposed, item: ItemRef) -> str:
    """The Licensing Law's ground with its article; of another matter the ground alone, in its own terms."""
    if _speaks_of_licences(item):
        return f"{wording}（{event.article}）。"
    for licence, other in _OTHER_WORDS:
        wording = wording.replace(licence, other)
    return f"{wording}。"


def _basis(event: StandingDecided | StandingProposed, item: ItemRef) -> str:
    """What the handler named; where he named nothing, the article of the ground, or the matter's own basis."""
    named = event.basis or event.article
    if _speaks_of_licences(item) or named != event.article:
        return named
    return "、".join((*item.basis, BUSINESS_36))


def _unpaid(event: StandingDecided) -> str:
    """Why an annulment for which nothing is said of compensation pays nothing."""
    if event.act is not StandingAct.ANNUL:
        return ""
    return _NEVER_ISSUED if event.ground == Ground.FOUND_FALSE.value else _NOTHING_PAID


def _filed(kind: str, standing: Standing, case: CaseFacts, at: datetime, build: Build) -> Draft:
    return Draft(kind, case, at, build, str(standing.event.decision_id), certificate_id=standing.certificate_id)


def _lines(standing: Standing) -> tuple[c.ChangeLine, ...]:
    event = standing.event
    assert not isinstance(event, StandingHeard), "a statement changes nothing"
    return tuple(_line(one.what, one.before, one.after, standing) for one in event.changes)


def _line(what: str, before: str, after: str, standing: Standing) -> c.ChangeLine:
    """What stood on the certificate goes before what the officer remembered."""
    stood = standing.holder_name if what == HOLDER_NAME else standing.extend.get(what)
    return c.ChangeLine(what=what, before=str(stood or before or "（未载明）"), after=after)


def of_holders(case: CaseFacts, row: Any) -> CaseFacts:
    """The case of a certificate, with those who hold it now in place of those who applied then."""
    first, *others = of_row(row)
    named = {"name": first["name"], "masked_number": first["masked"], "subject_key": first["key"]}
    return replace(
        case,
        applicant=case.applicant.model_copy(update=named | {"party_type": PartyType(first["type"])}),
        co_applicants=tuple(_co_holder(one) for one in others),
    )


def _co_holder(one: Mapping[str, str]) -> CoApplicant:
    """His number stays where the certificate keeps it: a paper prints it masked."""
    return CoApplicant(
        party_type=PartyType(one["type"]),
        name=one["name"],
        subject_key=one["key"],
        masked_number=one["masked"],
        sealed_number="",
        share=one["share"],
    )


def bare_case(row: Any, decision_id: UUID, sealed_number: str) -> tuple[CaseFacts, dict[str, Any]]:
    """In place of a case, for a certificate that came without one: the facts, and the copy that gives their scope."""
    body = OrganisationRef(uscc=row.issuer_uscc, name=row.issuer_name, division=row.issuer_division)
    none = LimitValue(value=0, unit=LimitUnit.WORKDAY, start=LimitStart.ACCEPTED)
    item = ItemRef(
        item_code="",
        item_id="",
        version=0,
        name=row.type_name,
        type_code="",
        type_name="",
        kind=ItemKind.INSTANT,
        department=body,
        legal_limit=none,
        promised_limit=none,
        result_name=row.type_name,
        result_kind="证照",
    )
    holder = Party(
        party_type=row.holder_type,
        name=row.holder_name,
        subject_key=row.holder_key,
        masked_number=row.holder_masked,
        sealed_number=sealed_number,
    )
    facts = of_holders(CaseFacts(decision_id, "", "", item, holder, None), row)
    return facts, _kept(decision_id, item, holder) | {
        "co_applicants": [one.model_dump(mode="json") for one in facts.co_applicants]
    }


def _kept(decision_id: UUID, item: ItemRef, holder: Party) -> dict[str, Any]:
    return {
        "case_id": decision_id,
        "item": item.model_dump(mode="json"),
        "department_uscc": item.department.uscc,
        "department_division": item.department.division,
        "division": item.department.division,
        "channel": Channel.COUNTER.value,
        "applicant_key": holder.subject_key,
        "applicant_type": holder.party_type.value,
        "applicant_name": holder.name,
        "applicant_masked": holder.masked_number,
        "applicant_sealed": holder.sealed_number,
        "agent_key": None,
        "agent_name": None,
        "agent_masked": None,
    }
