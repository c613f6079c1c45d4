"""变更/撤回/撤销/注销决定书: what approval decided about a certificate, as its paper says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from contracts.events.common import (
    Channel,
    ItemKind,
    ItemRef,
    LimitStart,
    LimitUnit,
    LimitValue,
    OrganisationRef,
    Party,
)
from contracts.events.standing import StandingAct, StandingDecided
from services.certificate.domain.certificate import HOLDER_NAME
from services.certificate.files import contents_after as c
from services.certificate.files.contents_base import Remedies
from services.certificate.paper_contents import LICENCE, CaseFacts, Draft

_KINDS = {
    StandingAct.AMEND: "AMENDMENT_DECISION",
    StandingAct.RESCIND: "RESCISSION_DECISION",
    StandingAct.ANNUL: "ANNULMENT_DECISION",
    StandingAct.DEREGISTER: "DEREGISTRATION_DECISION",
}
_WITHOUT_CASE = {"item_code": "存量证照，无事项编码", "case_no": "存量证照，无办件编号", "query_code": "无"}
_NOTHING_PAID = "以欺骗、贿赂等不正当手段取得的利益不受保护，不予赔偿。"


@dataclass(frozen=True)
class Standing:
    """The decision, and the certificate as it was before."""

    event: StandingDecided
    type_name: str
    number_shown: str
    extend: Mapping[str, Any]
    holder_name: str


def draft(standing: Standing, case: CaseFacts) -> Draft:
    """One paper per decision: the case may see several over the years."""
    event = standing.event
    kind = cast(c.StandingKind, _KINDS[event.act])
    remedies = event.remedies

    def build(head: dict[str, Any]) -> c.StandingDecision:
        return c.StandingDecision(
            **head | {name: head[name] or said for name, said in _WITHOUT_CASE.items()},
            kind=kind,
            licence=case.item.type_name == LICENCE,
            certificate_name=standing.type_name,
            certificate_number=standing.number_shown,
            grounds=f"{event.grounds}（{event.article}）。",
            facts=event.facts,
            basis=event.basis,
            effective_on=event.effective_on,
            changes=tuple(_line(one.what, one.before, one.after, standing) for one in event.changes),
            valid_until=event.valid_until,
            compensation=event.compensation or (_NOTHING_PAID if event.act is StandingAct.ANNUL else ""),
            remedies=Remedies(**remedies.model_dump()) if remedies else None,
        )

    return Draft(kind, case, event.decided_at, build, str(event.decision_id))


def _line(what: str, before: str, after: str, standing: Standing) -> c.ChangeLine:
    """What stood on the certificate goes before what the officer remembered."""
    stood = standing.holder_name if what == HOLDER_NAME else standing.extend.get(what)
    return c.ChangeLine(what=what, before=str(stood or before or "（未载明）"), after=after)


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
    return CaseFacts(decision_id, "", "", item, holder, None), _kept(decision_id, item, holder)


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
