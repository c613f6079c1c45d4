"""Papers beside the way to a decision: commitment, return, withdrawal, termination, transfer, deemed renewal."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from contracts.events.approval import CaseDecided, CaseTerminated, CaseTransferred
from contracts.events.common import Channel, MaterialSource
from contracts.events.intake import (
    ApplicationAccepted,
    ApplicationReturned,
    ApplicationWithdrawn,
    CommitmentRef,
    RenewalDeemed,
    ReturnKind,
)
from services.certificate.files import contents_after as c
from services.certificate.files.contents_base import ART_50_2, BUSINESS_36, Remedies
from services.certificate.life.terms import Terms
from services.certificate.papers.paper_contents import LICENCE, CaseFacts, Draft
from services.certificate.settings import CertificateSettings
from services.chassis.clock import local_date

_RETURN_BASES = {
    ReturnKind.NOT_SUPPLIED: "补正告知书载明的补正期限已经届满",
    ReturnKind.GIVEN_UP: "申请人放弃申请",
}
_COMMITMENT_BASIS = "《国务院办公厅关于全面推行证明事项和涉企经营许可事项告知承诺制的指导意见》"
_LIABILITY = (
    "承诺内容不实的，终止办理、责令限期整改，或者依法撤销已作出的决定；依法给予行政处罚；失信情况依法记入信用记录。"
)
_COMMITMENTS = (
    "已经知晓行政机关告知的全部内容",
    "已经符合告知的条件、标准和要求，能够在规定期限内按要求提供有关材料",
    "愿意配合核查，并承担不实承诺、违反承诺的法律责任",
)


def commitments(event: ApplicationAccepted) -> Iterator[Draft]:
    """One per material that a commitment stands for."""
    for one in event.commitments:
        yield _commitment(event, one, CaseFacts.of_event(event))


def _commitment(event: ApplicationAccepted, one: CommitmentRef, case: CaseFacts) -> Draft:
    until = f"，至{one.check_by.year}年{one.check_by.month}月{one.check_by.day}日" if one.check_by else ""
    online = event.channel in (Channel.ONLINE, Channel.MOBILE)

    def build(head: dict[str, Any]) -> c.CommitmentPaper:
        return c.CommitmentPaper(
            **head,
            basis="；".join(event.item.basis) or _COMMITMENT_BASIS,
            proof_name=one.name,
            proof_content=f"办理“{event.item.name}”所要求的“{one.name}”所证明的内容。",
            liability=_LIABILITY,
            verification=f"作出决定后，通过政务信息共享、实地核查等方式核查{until}。",
            publication="承诺书在作出决定后依法公开，涉及国家秘密、商业秘密和个人隐私的除外。",
            commitments=_COMMITMENTS,
            promised_by=case.everybody + (f"（代理人：{case.agent.name}）" if case.agent else ""),
            promised_at=one.committed_at,
            signature_method="经统一身份认证后在线确认" if online else "窗口手写签名",
        )

    return Draft("COMMITMENT", case, event.accepted_at, build, str(one.material_no))


def withdrawn(event: ApplicationWithdrawn, case: CaseFacts, settings: CertificateSettings) -> Draft:
    said = {"reason": event.reason, "basis": "申请人撤回申请", "ended_by": event.withdrawn_by.name}
    return _ended("WITHDRAWAL_CONFIRMATION", case, event.withdrawn_at, settings, said)


def returned(event: ApplicationReturned, case: CaseFacts, settings: CertificateSettings) -> Draft:
    lacking = f"\n未补正的材料：{'、'.join(event.outstanding)}。" if event.outstanding else ""
    said = {
        "reason": event.reason + lacking,
        "basis": _RETURN_BASES[event.kind],
        "ended_by": event.returned_by.name,
    }
    return _ended("RETURN_CONFIRMATION", case, event.returned_at, settings, said)


def terminated(event: CaseTerminated, case: CaseFacts, settings: CertificateSettings) -> Draft:
    said = {
        "reason": event.reason,
        "basis": event.legal_basis,
        "ended_by": event.terminated_by.name,
        "remedies": Remedies(reconsideration_body=settings.reconsideration_body, court=settings.court),
    }
    return _ended("TERMINATION_NOTICE", case, event.terminated_at, settings, said)


def transferred(event: CaseTransferred, case: CaseFacts, settings: CertificateSettings) -> Draft:
    said = {
        "reason": event.reason,
        "basis": event.legal_basis,
        "ended_by": event.transferred_by.name,
        "competent_body": event.transferred_to.name,
    }
    return _ended("TRANSFER_NOTICE", case, event.transferred_at, settings, said)


def _ended(
    kind: c.EndKind,
    case: CaseFacts,
    at: datetime,
    settings: CertificateSettings,
    said: dict[str, Any],
) -> Draft:
    """What was handed in on paper goes back; electronic files stay as the record of the application."""
    stays = kind == "TRANSFER_NOTICE"  # with the application at the competent body
    originals = [one for one in case.materials if one.source is MaterialSource.PAPER_ORIGINAL and not stays]

    def build(head: dict[str, Any]) -> c.EndConfirmation:
        return c.EndConfirmation(
            **head,
            **said,
            kind=kind,
            ended_at=at,
            materials=tuple(c.ReturnedMaterial(name=one.name, form="原件", copies=one.copies) for one in originals),
            contact=settings.contact,
        )

    return Draft(kind, case, at, build)


def granted_renewal(event: CaseDecided, terms: Terms, numbers: Mapping[str, str] | None = None) -> Draft:
    """A renewal that was applied for and granted (art. 50 para. 2): 准予延续决定书, not a first grant.

    `numbers`: of the old certificates, as people know them.
    """
    item, old = event.item, event.renews
    assert old is not None, "a renewal names what it renews"
    licence = item.type_name == LICENCE
    due = event.delivery_due if item.certificate_type_code else None

    def build(head: dict[str, Any]) -> c.StandingDecision:
        valid_from, valid_until = terms.of_decision(event)
        content = f"\n准予内容：{event.content}" if event.content not in ("", item.name) else ""
        return c.StandingDecision(
            **head,
            kind="RENEWAL_DECISION",
            licence=licence,
            certificate_name=item.certificate_type_name or item.result_name,
            certificate_number=(numbers or {}).get(old.certificate_identifier, old.certificate_identifier),
            grounds="在有效期届满前提出延续申请，经审查符合法定条件、标准，依法准予延续。",
            facts=f"延续申请已于{_day(local_date(event.accepted_at))}受理；原证件有效期至{_day(old.valid_until)}。{content}",
            basis=event.legal_basis or "；".join((*item.basis, *([ART_50_2] if licence else ()))) or BUSINESS_36,
            effective_on=local_date(event.decided_at),
            valid_from=valid_from,
            valid_until=valid_until,
            conditions=event.conditions,
            deliver_by=due.on if due else None,
            deliver_by_provisional=bool(due and due.provisional),
        )

    return Draft("RENEWAL_DECISION", CaseFacts.of_decision(event), event.decided_at, build)


def _day(on: date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"


def deemed_renewal(event: RenewalDeemed, terms: Terms, numbers: Mapping[str, str] | None = None) -> Draft:
    """No decision by the last day of the old certificate (art. 50 para. 2): the paper says so in the body's name."""
    case = CaseFacts(event.application_id, event.case_no, event.query_code, event.item, event.applicant, event.agent)
    case = replace(case, co_applicants=event.co_applicants)
    old = event.renews

    def build(head: dict[str, Any]) -> c.StandingDecision:
        valid_from, valid_until = terms.of_renewal(event)
        ended = _day(old.valid_until)
        return c.StandingDecision(
            **head,
            kind="RENEWAL_DECISION",
            licence=event.item.type_name == LICENCE,
            certificate_name=event.item.certificate_type_name or event.item.result_name,
            certificate_number=(numbers or {}).get(old.certificate_identifier, old.certificate_identifier),
            deemed=True,
            grounds="本机关在有效期届满前未作出是否准予延续的决定，依法视为准予延续。",
            facts=f"延续申请已依法受理；原证件有效期至{ended}，届满前未作出决定。",
            basis=event.basis or ART_50_2,
            effective_on=old.valid_until + timedelta(days=1),  # without a gap, also when it was accepted after the end
            valid_from=valid_from,
            valid_until=valid_until,
        )

    return Draft("RENEWAL_DECISION", case, event.deemed_at, build)
