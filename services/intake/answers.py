"""Bodies of answers of intake: an application with the answer to each material of its item's published list.

A personal number goes out only masked.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.intake.answers_course import (
    AmendmentOut,
    DueOut,
    EndedOut,
    NoticeOut,
    OriginalsOut,
    WindowOut,
    amendment_out,
    originals_out,
    window_out,
)
from services.intake.domain.application import Application
from services.intake.domain.catalogue import MaterialOption, Need, ServiceItem
from services.intake.domain.materials import CheckOutcome, Coverage, MaterialAnswer, Source, coverage_of
from services.intake.domain.names import name_warnings
from services.intake.domain.records import (
    MaterialFault,
    Method,
    Outcome,
    PartyType,
    RefusalKind,
    ReturnKind,
    SupplementNotice,
)
from services.intake.domain.states import STATE_NAMES, State
from services.intake.domain.supplement import outstanding
from services.intake.schemas import masked


class ItemBrief(BaseModel):
    item_code: str
    item_id: str
    name: str
    version: int
    department_uscc: str
    department_name: str


class PartyOut(BaseModel):
    party_type: PartyType
    name: str
    masked_number: str


class AgentOut(BaseModel):
    name: str
    masked_number: str


class MaterialOut(BaseModel):
    """One material of the published list: whether it is there, and why it is asked for."""

    material_no: int
    name: str
    need: Need
    coverage: Coverage
    why: str
    condition: str | None
    replaced_by: str | None = Field(description="可替代该材料的电子证照")
    options: tuple[MaterialOption, ...]
    source: Source | None
    certificate_identifier: str | None
    issued_in: str | None = Field(description="其他地区颁发的证照：颁发地区")
    further_certificates: tuple[str, ...] = Field(description="须各方均有的材料：其他各方的证照标识")
    copies: int | None
    sha256: str | None
    media_type: str | None
    size_bytes: int | None
    provided_at: datetime | None
    promised_on: date | None = Field(description="容缺后补：承诺补交的日期")
    check_by: date | None = Field(description="告知承诺：最迟核查日期")
    check_outcome: CheckOutcome | None

    @classmethod
    def of(cls, answer: MaterialAnswer) -> "MaterialOut":
        material, provided = answer.material, answer.provided
        return cls(
            material_no=material.material_no,
            name=material.name,
            need=material.need,
            coverage=answer.coverage,
            why=answer.why,
            condition=material.condition,
            replaced_by=material.certificate_type_name,
            options=material.options,
            source=provided.source if provided else None,
            certificate_identifier=provided.certificate_identifier if provided else None,
            issued_in=provided.issued_in if provided else None,
            further_certificates=provided.further_certificates if provided else (),
            copies=provided.copies if provided else None,
            sha256=provided.sha256 if provided else None,
            media_type=provided.media_type if provided else None,
            size_bytes=provided.size_bytes if provided else None,
            provided_at=provided.provided_at if provided else None,
            promised_on=provided.promised_on if provided else None,
            check_by=provided.check_by if provided else None,
            check_outcome=provided.check.outcome if provided and provided.check else None,
        )


class FaultOut(BaseModel):
    material_no: int
    name: str
    fault: str
    remedy: str
    shown_by: int | None = Field(description="再次补正：显出该问题的后交材料")
    shown_by_name: str | None = Field(description="该后交材料的名称")

    @classmethod
    def of(cls, fault: MaterialFault) -> "FaultOut":
        return cls(**vars(fault))


class SupplementOut(BaseModel):
    faults: list[FaultOut]
    outstanding: list[int]
    supply_by: date
    supply_by_provisional: bool = Field(description="true：暂定，按周一至周五推算的最早日期")
    requested_at: datetime
    supplied_at: datetime | None
    ordinal: int = Field(description="第几次补正告知")
    reason: str | None = Field(description="再次补正的理由")


class ReturnOut(BaseModel):
    kind: ReturnKind
    reason: str
    returned_at: datetime


class RenewalOut(BaseModel):
    certificate_identifier: str
    valid_until: date
    silence_renews: bool = Field(description="届满未作决定的，视为准予延续")
    renewed_at: datetime | None = Field(description="视为准予延续的时刻")


class RefusalOut(BaseModel):
    kind: RefusalKind
    reason: str
    basis: str
    competent_body: str | None
    refused_at: datetime


class HandOverOut(BaseModel):
    method: Method
    documents: tuple[str, ...]
    recipient_name: str
    recipient_relation: str
    tracking_no: str | None
    handed_over_at: datetime


class DocumentOut(BaseModel):
    kind: str
    number: str


class ApplicationBrief(BaseModel):
    """One line of a list."""

    application_id: UUID
    version: int
    state: State
    state_name: str
    item_code: str
    item_name: str
    channel: str
    division: str
    applicant: PartyOut
    case_no: str | None
    submitted_at: datetime
    received_at: datetime | None
    accepted_at: datetime | None
    promised_due: DueOut | None
    bundle_no: str | None = Field(description="所属“一件事”申请的编号")


class ApplicationOut(BaseModel):
    """An application with the answer to each material of its item's published list."""

    application_id: UUID
    version: int
    state: State
    state_name: str
    item: ItemBrief
    channel: str
    division: str
    applicant: PartyOut
    agent: AgentOut | None
    name_warnings: list[str] = Field(description="姓名或名称中的生僻字：文书字库未收录时的写法")
    case_no: str | None
    query_code: str | None
    submitted_at: datetime
    received_at: datetime | None
    accepted_at: datetime | None
    decided_at: datetime | None
    concluded_at: datetime | None
    withdrawn_at: datetime | None
    withdrawal_reason: str | None
    notice_due: DueOut | None
    legal_due: DueOut | None
    promised_due: DueOut | None
    delivery_due: DueOut | None = Field(description="准予后颁发、送达的最后日期")
    deemed: bool = Field(description="逾期未告知，视为受理")
    acceptance_order: int | None = Field(description="有数量限制的事项：按受理日期先后的次序，视为受理的自收件之日起算")
    renews: RenewalOut | None
    amends: AmendmentOut | None = Field(description="变更申请：所变更的证照和内容")
    bundle_no: str | None = Field(description="所属“一件事”申请的编号")
    scenario: str | None = Field(description="办理情形或阶段")
    follows: str | None = Field(description="前一阶段的办件编号")
    paused: bool = Field(description="特别程序中，期限停止计算")
    window: WindowOut | None
    ended: EndedOut | None = Field(description="终止或转报")
    originals: OriginalsOut | None = Field(description="退还的原件")
    outcome: Outcome | None
    complete: bool = Field(description="必要材料是否已齐全")
    materials: list[MaterialOut]
    supplement: SupplementOut | None
    earlier_supplements: list[SupplementOut]
    corrections: list[str] = Field(description="当场更正")
    returned: ReturnOut | None
    refusal: RefusalOut | None
    hand_over: HandOverOut | None


class ApplicationDetail(ApplicationOut):
    """An application as read on its own: with its form (numbers masked) and the documents that exist."""

    form: dict[str, Any] = Field(description="申请表内容，其中的证件号码已遮蔽")
    documents: list[DocumentOut] = Field(description="已可领取的证照和文书")
    notices: list[NoticeOut] = Field(description="审查中告知申请人的事项：暂停、恢复、延期、听证等")


def application_detail(
    application: Application,
    item: ServiceItem,
    refusal_basis: str,
    documents: list[tuple[str, str]],
    form: dict[str, Any],
    notices: Sequence[Mapping[str, Any]] = (),
) -> ApplicationDetail:
    return ApplicationDetail(
        **vars(application_out(application, item, refusal_basis=refusal_basis)),
        form=masked(form),
        documents=[DocumentOut(kind=kind, number=number) for kind, number in documents],
        notices=[NoticeOut.model_validate(dict(notice)) for notice in notices],
    )


# Shown as they are
_SAME = (
    "application_id",
    "version",
    "state",
    "channel",
    "division",
    "case_no",
    "query_code",
    "submitted_at",
    "received_at",
    "accepted_at",
    "decided_at",
    "concluded_at",
    "withdrawn_at",
    "withdrawal_reason",
    "acceptance_order",
    "outcome",
    "bundle_no",
)


def _item_brief(item: ServiceItem, version: int) -> ItemBrief:
    return ItemBrief(
        item_code=item.item_code,
        item_id=item.item_id,
        name=item.name,
        version=version,
        department_uscc=item.department.uscc,
        department_name=item.department.name,
    )


def application_out(application: Application, item: ServiceItem, *, refusal_basis: str = "") -> ApplicationOut:
    answers = coverage_of(item, application.materials)
    same = {name: getattr(application, name) for name in _SAME}
    applicant, agent = application.applicant, application.agent
    return ApplicationOut(
        **same,
        state_name=STATE_NAMES[application.state],
        item=_item_brief(item, application.item_version),
        applicant=PartyOut(party_type=applicant.party_type, name=applicant.name, masked_number=applicant.masked_number),
        agent=AgentOut(name=agent.name, masked_number=agent.masked_number) if agent else None,
        name_warnings=name_warnings(applicant.name, agent.name if agent else ""),
        notice_due=DueOut.of(application.notice_due),
        legal_due=DueOut.of(application.legal_due),
        promised_due=DueOut.of(application.promised_due),
        delivery_due=DueOut.of(application.delivery_due),
        deemed=application.deemed is not None,
        renews=RenewalOut(**vars(application.renews)) if application.renews else None,
        amends=amendment_out(application.course),
        scenario=application.course.scenario,
        follows=application.course.follows,
        paused=application.course.is_paused,
        window=window_out(application.course),
        ended=EndedOut(**vars(application.course.ended)) if application.course.ended else None,
        originals=originals_out(application.course.originals),
        complete=all(answer.coverage is not Coverage.MISSING for answer in answers),
        materials=[MaterialOut.of(answer) for answer in answers],
        supplement=_supplement_out(application.supplement, application),
        earlier_supplements=[
            out for notice in application.earlier_supplements if (out := _supplement_out(notice, application))
        ],
        corrections=[correction.what for correction in application.corrections],
        returned=_return_out(application),
        refusal=_refusal_out(application, refusal_basis),
        hand_over=_hand_over_out(application),
    )


def _return_out(application: Application) -> ReturnOut | None:
    back = application.returned
    return ReturnOut(kind=back.kind, reason=back.reason, returned_at=back.returned_at) if back else None


def _supplement_out(notice: SupplementNotice | None, application: Application) -> SupplementOut | None:
    if notice is None:
        return None
    return SupplementOut(
        faults=[FaultOut.of(fault) for fault in notice.faults],
        outstanding=[fault.material_no for fault in outstanding(application)] if not notice.supplied_at else [],
        supply_by=notice.supply_by,
        supply_by_provisional=notice.provisional,
        requested_at=notice.requested_at,
        supplied_at=notice.supplied_at,
        ordinal=notice.ordinal,
        reason=notice.reason,
    )


def _refusal_out(application: Application, basis: str) -> RefusalOut | None:
    refusal = application.refusal
    if refusal is None:
        return None
    return RefusalOut(
        kind=refusal.kind,
        reason=refusal.reason,
        basis=basis,
        competent_body=refusal.competent_body,
        refused_at=refusal.refused_at,
    )


def _hand_over_out(application: Application) -> HandOverOut | None:
    handing = application.hand_over
    if handing is None:
        return None
    return HandOverOut(
        method=handing.method,
        documents=handing.documents,
        recipient_name=handing.recipient_name,
        recipient_relation=handing.recipient_relation,
        tracking_no=handing.tracking_no,
        handed_over_at=handing.handed_over_at,
    )
