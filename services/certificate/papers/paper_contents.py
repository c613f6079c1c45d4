"""From the facts of a case to what its papers print. Numbers of people arrive masked and stay so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.events.approval import CaseDecided
from contracts.events.common import (
    Actor,
    ItemRef,
    MaterialRef,
    MaterialSource,
    OrganisationRef,
    Outcome,
)
from contracts.events.common import Remedies as RemediesValue
from contracts.events.intake import (
    AcceptanceRefused,
    ApplicationAccepted,
    ApplicationReceived,
    ClaimWindowRef,
    HandOverMethod,
    MaterialFault,
    RefusalKind,
    ResultHandedOver,
    SupplementRequested,
)
from services.certificate.domain.paper import FORMS
from services.certificate.files import contents
from services.certificate.files.contents_after import SupervisionLetter
from services.certificate.life.terms import Terms
from services.certificate.papers import receipt_record
from services.certificate.papers.case_facts import LICENCE as LICENCE
from services.certificate.papers.case_facts import CaseFacts as CaseFacts
from services.certificate.papers.case_facts import is_licence as is_licence
from services.certificate.settings import CertificateSettings
from services.chassis.clock import local_date
from services.kernel.workdays import WorkCalendar

_FORMS: dict[str, tuple[str, str]] = {
    MaterialSource.UPLOAD: ("电子文件", ""),
    MaterialSource.CERTIFICATE: ("电子证照", "复用电子证照，免提交"),
    MaterialSource.PAPER_ORIGINAL: ("原件", "窗口核验原件"),
    "COMMITTED": ("告知承诺", "以书面承诺替代"),
    "DEFERRED": ("容缺", "承诺限期补交"),
}
_METHODS = {
    HandOverMethod.COLLECTION: "直接送达",
    HandOverMethod.EXPRESS: "邮寄送达",
    HandOverMethod.ELECTRONIC: "电子送达",
}


# The header is known only when the paper has its number: the rest waits for it.
Build = Callable[[dict[str, Any]], contents.AnyPaper]


@dataclass(frozen=True)
class Draft:
    """A paper to be: its kind, its case, the instant of the act, and its contents but for the header.

    Only a letter of supervision may have no case: it is then filed under the order, `about`.
    """

    kind: str
    case: CaseFacts | None
    at: datetime
    build: Build
    occasion: str = ""  # tells papers of one kind apart where a case may have several
    body: OrganisationRef | None = None  # who issues it, when it is not the department of the item
    record: Callable[[contents.Receipt], dict[str, Any]] | None = None  # what a receipt signs
    about: UUID | None = None
    addressee: str | None = None  # uscc of the body a letter of supervision goes to
    order_no: str = ""  # of the supervision order a letter carries
    certificate_id: UUID | None = None  # the certificate it is about, whether or not that came from a case

    @property
    def issuer(self) -> OrganisationRef:
        issuer = self.body or (self.case.item.department if self.case else None)
        assert issuer is not None, "a paper without a case names its body"
        return issuer

    @property
    def case_id(self) -> UUID:
        found = self.case.case_id if self.case else self.about
        assert found is not None, "a paper without a case names what it is about"
        return found

    @property
    def case_no(self) -> str:
        return self.case.case_no if self.case else ""

    @property
    def seal(self) -> contents.SealBody:
        """Procedural papers carry the body's special seal, letters of supervision the body's own."""
        if self.addressee is not None or self.case is None:
            return contents.SealBody(name=self.issuer.name, uscc=self.issuer.uscc)
        return seal_of(self.case.item, self.issuer)


def header(draft: Draft, paper_id: UUID, number: str, public_url: str) -> dict[str, Any]:
    """The common header of all papers."""
    return {
        "reference": str(paper_id),
        "body_name": draft.issuer.name,
        "number": number,
        "dated_on": local_date(draft.at),
        "verification_url": f"{public_url.rstrip('/')}/api/v1/certificates/verify?paper={paper_id}",
        **(draft.case.header() if draft.case else dict.fromkeys(SupervisionLetter.OF_CASE, "")),
    }


def seal_of(item: ItemRef, body: OrganisationRef) -> contents.SealBody:
    """Procedural papers carry the body's special seal."""
    purpose = "行政许可专用章" if is_licence(item) else "政务服务专用章"
    return contents.SealBody(name=body.name, uscc=body.uscc, purpose=purpose)


def receipt(event: ApplicationReceived, settings: CertificateSettings, calendar: WorkCalendar) -> Draft:
    def build(head: dict[str, Any]) -> contents.Receipt:
        return contents.Receipt(
            **head,
            materials=tuple(_material(material) for material in event.materials),
            received_at=event.received_at,
            clerk_name=_clerk(event.received_by),
            notice_due_on=event.notice_due.on,
            notice_due_provisional=event.notice_due.provisional,
            contact=settings.contact,
            due_dates=tuple(due.line() for due in dues),
        )

    def record(paper: contents.Receipt) -> dict[str, Any]:
        return receipt_record.record(event, paper, dues)

    dues = receipt_record.due_dates(event, calendar)
    return Draft("RECEIPT", CaseFacts.of_event(event), event.received_at, build, record=record)


def supplement_notice(event: SupplementRequested, case: CaseFacts, settings: CertificateSettings) -> Draft:
    def build(head: dict[str, Any]) -> contents.SupplementNotice:
        return contents.SupplementNotice(
            **head,
            received_on=local_date(case.received_at or event.requested_at),
            faults=tuple(_fault(fault, case) for fault in event.faults),
            supply_by=event.supply_by,
            supply_by_provisional=event.supply_by_provisional,
            basis=event.basis or contents.ART_32_4,
            contact=settings.contact,
            again_because=event.reason or "" if event.ordinal > 1 else "",
        )

    occasion = str(event.ordinal) if event.ordinal > 1 else ""
    return Draft("SUPPLEMENT_NOTICE", case, event.requested_at, build, occasion)


def _fault(fault: MaterialFault, case: CaseFacts) -> contents.FaultLine:
    """An early event names the material that shows the fault by its number alone."""
    known = next((one.name for one in case.materials if one.material_no == fault.shown_by), "")
    shown_by = fault.shown_by_name or known
    return contents.FaultLine(name=fault.name, fault=fault.fault, remedy=fault.remedy, shown_by=shown_by)


def acceptance_notice(event: ApplicationAccepted, settings: CertificateSettings) -> Draft:
    def build(head: dict[str, Any]) -> contents.AcceptanceNotice:
        return contents.AcceptanceNotice(
            **head,
            licence=licence,
            excluded=""
            if licence
            else "、".join(dict.fromkeys(p.name for p in item.special_procedures if p.stops_clock)),
            accepted_on=local_date(event.accepted_at),
            legal_due_on=event.legal_due.on,
            legal_due_provisional=event.legal_due.provisional,
            promised_due_on=event.promised_due.on,
            promised_due_provisional=event.promised_due.provisional,
            handling_department=event.item.department.name,
            query_method=f"凭查询码在 {settings.public_url} 查询，或到综合窗口查询",
            fee=event.item.fee,
            material_count=len(event.materials),
            deferred=tuple(
                contents.DeferredLine(name=one.name, promised_on=one.promised_on, after_grant=one.after_grant)
                for one in event.deferred
            ),
            claim=_claim(event.claim_window),
            deemed=event.deemed,
            basis=_basis_of_acceptance(event),
        )

    item = event.item
    licence = is_licence(item)
    told_at = event.deemed_at or event.answered_at or event.accepted_at
    return Draft("ACCEPTANCE_NOTICE", CaseFacts.of_event(event), told_at, build)


def _claim(window: ClaimWindowRef | None) -> contents.ClaimLine | None:
    if window is None:
        return None
    return contents.ClaimLine(
        name=window.name,
        waiting=window.waiting,
        opens_on=window.opens_on,
        closes_on=window.closes.on,
        closes_provisional=window.closes.provisional,
        basis=window.basis,
    )


def _basis_of_acceptance(event: ApplicationAccepted) -> str:
    if is_licence(event.item):
        return contents.ART_32_4 if event.deemed else contents.ART_32_5
    return "、".join((*event.item.basis, contents.BUSINESS_36))


def refusal_of_acceptance(event: AcceptanceRefused, case: CaseFacts, settings: CertificateSettings) -> Draft:
    """不受理告知书 when nothing needs to be applied for, otherwise 不予受理决定书 with remedies."""
    received_on = local_date(case.received_at or event.refused_at)

    def not_required(head: dict[str, Any]) -> contents.NotRequiredNotice:
        basis = event.basis or contents.ART_32_1
        licence = is_licence(case.item)
        return contents.NotRequiredNotice(
            **head, licence=licence, reason=event.reason, basis=basis, received_on=received_on
        )

    def refused(head: dict[str, Any]) -> contents.AcceptanceRefusal:
        usual = contents.ART_78 if event.kind is RefusalKind.FALSE_MATERIALS else contents.ART_32_2
        return contents.AcceptanceRefusal(
            **head,
            reason=event.reason,
            basis=event.basis or usual,
            competent_body=event.competent_body or "",
            remedies=_remedies(event.remedies, settings),
            received_on=received_on,
            out_of_scope=event.kind is RefusalKind.OUT_OF_SCOPE,
        )

    if event.kind is RefusalKind.NOT_REQUIRED:
        return Draft("NOT_REQUIRED_NOTICE", case, event.refused_at, not_required)
    return Draft("ACCEPTANCE_REFUSAL", case, event.refused_at, refused)


def decision(event: CaseDecided, settings: CertificateSettings, terms: Terms) -> Draft:
    case = CaseFacts.of_decision(event)
    if event.outcome is Outcome.GRANTED:
        return Draft("GRANT_DECISION", case, event.decided_at, lambda head: _grant(head, event, terms))
    return Draft("REFUSAL_DECISION", case, event.decided_at, lambda head: _refusal(head, event, settings))


def _usual_basis(item: ItemRef) -> str:
    return "《中华人民共和国行政许可法》第三十八条第一款" if is_licence(item) else contents.BUSINESS_36


def _grant(head: dict[str, Any], event: CaseDecided, terms: Terms) -> contents.GrantDecision:
    item = event.item
    valid_from, valid_until = terms.of_decision(event)
    return contents.GrantDecision(
        **head,
        licence=is_licence(item),
        accepted_on=local_date(event.accepted_at),
        content=event.content or item.name,
        conditions=event.conditions,
        valid_from=valid_from,
        valid_until=valid_until,
        certificate_name=item.certificate_type_name or "",
        deliver_by=event.delivery_due.on if event.delivery_due else None,
        deliver_by_provisional=event.delivery_due.provisional if event.delivery_due else False,
        basis=event.legal_basis or "；".join(item.basis) or _usual_basis(item),
    )


# Decisions published before they carried their facts.
_FACTS_IN_REASONS = "本机关依法审查了你（单位）提交的全部申请材料及审查中取得的意见，查明的情况见下列理由。"


def _refusal(head: dict[str, Any], event: CaseDecided, settings: CertificateSettings) -> contents.RefusalDecision:
    return contents.RefusalDecision(
        **head,
        licence=is_licence(event.item),
        act="延续" if event.renews else "变更" if event.amends else "",
        accepted_on=local_date(event.accepted_at),
        facts=event.facts or _FACTS_IN_REASONS,
        reasons=event.reasons,
        basis=event.legal_basis,
        technical_standard=event.technical_standard,
        remedies=_remedies(event.remedies, settings),
    )


# Decisions are called as their paper is headed, which their kind alone does not tell.
_OTHER_TITLES = {"GRANT_DECISION": "准予决定书", "REFUSAL_DECISION": "不予办理决定书"}
_LICENCE_TITLES = {"RENEWAL_DECISION": "准予延续行政许可决定书", "AMENDMENT_DECISION": "准予变更行政许可决定书"}


def document_name(reference: str, known: Mapping[str, tuple[str, str]], item: ItemRef) -> str:
    """What the recipient signs for: title and number of a paper, name and number of a certificate."""
    if reference not in known:
        return reference if reference.startswith("《") else f"《{reference}》"
    name, number = known[reference]
    if name in FORMS:
        other = (_LICENCE_TITLES if is_licence(item) else _OTHER_TITLES).get(name)
        return f"《{other or FORMS[name].title}》（{number}）"
    return f"《{name}》（编号：{number}）"


def proof_of_service(event: ResultHandedOver, case: CaseFacts, known: Mapping[str, tuple[str, str]]) -> Draft:
    """`known`: the documents of the case by the reference under which they were handed over."""

    def build(head: dict[str, Any]) -> contents.ProofOfService:
        return contents.ProofOfService(
            **head,
            documents=tuple(document_name(reference, known, case.item) for reference in event.documents),
            method=_METHODS[event.method],
            served_at=event.handed_over_at,
            recipient_name=event.recipient_name,
            recipient_relation=event.recipient_relation,
            tracking_no=event.tracking_no or "",
            clerk_name=_clerk(event.handed_over_by),
        )

    return Draft("PROOF_OF_SERVICE", case, event.handed_over_at, build)


def _material(material: MaterialRef) -> contents.MaterialLine:
    form, note = _FORMS.get(material.source.value, ("其他", ""))
    noted = f"{material.issued_in}颁发，已向其证照库核验" if material.issued_in else note
    return contents.MaterialLine(name=material.name, form=form, copies=material.copies, note=noted)


def _clerk(actor: Actor) -> str:
    """Self-service receipts and electronic service have no clerk: the platform did it."""
    return "一窗平台" if actor.role in {"CITIZEN", "ENTERPRISE_AGENT"} else actor.name


def _remedies(value: RemediesValue | None, settings: CertificateSettings) -> contents.Remedies:
    """Both bodies named; the district's own when the act did not name them."""
    if value is None:
        return contents.Remedies(reconsideration_body=settings.reconsideration_body, court=settings.court)
    return contents.Remedies(
        reconsideration_body=value.reconsideration_body or settings.reconsideration_body,
        court=value.court or settings.court,
        reconsideration_days=value.reconsideration_days,
        litigation_months=value.litigation_months,
    )
