"""What approval takes and gives over HTTP. Masked numbers only."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from contracts.events.certificate import CertificateStatus
from contracts.events.common import Actor, AgentRef, Channel, DueDate, ItemKind, ItemRef, MaterialRef, PartyType
from contracts.events.reuse import RecallOutcome
from contracts.events.standing import AmendmentRef
from services.approval.domain.case import Case, Opinion, Recommendation
from services.approval.domain.decision import (
    LITIGATION_MONTHS,
    RECONSIDERATION_DAYS,
    DecisionDraft,
    Outcome,
    Remedies,
)
from services.approval.domain.light import Light
from services.approval.domain.states import STATE_LABELS, State
from services.approval.schemas_proceedings import ClockOut, ConsultationOut, LedgerOut, RecordOut
from services.approval.settings import ApprovalSettings
from services.kernel.codes import holds_citizen_id
from services.kernel.printable import unprintable


def _clean(text: str) -> str:
    """Opinions and decisions go into rows, events and papers in clear: a citizen's number has no place in them."""
    if unprintable(text):
        raise PydanticCustomError("unprintable", "文字中不得包含控制字符、不可见字符、表情或自造字")
    if holds_citizen_id(text):
        raise PydanticCustomError("number_in_text", "文字中不得包含公民身份号码")
    return text


_Free = AfterValidator(_clean)
LongText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000), _Free]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), _Free]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OpinionIn(_In):
    recommendation: Recommendation = Field(description="GRANT 建议准予，REFUSE 建议不予")
    text: LongText = Field(description="审查意见，应当写明理由")

    def opinion(self) -> Opinion:
        return Opinion(self.recommendation, self.text)


class RemediesIn(_In):
    reconsideration_body: ShortText = Field("", description="行政复议机关；不填则用本地默认机关")
    reconsideration_days: int = RECONSIDERATION_DAYS
    court: ShortText = Field("", description="有管辖权的人民法院；不填则用本地默认法院")
    litigation_months: int = LITIGATION_MONTHS


class DecisionIn(_In):
    outcome: Outcome
    content: LongText = Field("", description="准予的内容和范围；不填则按事项生成")
    conditions: LongText = Field("", description="附带条件")
    valid_from: date | None = Field(None, description="证照有效期起始日；不填则为决定之日")
    valid_until: date | None = Field(None, description="证照有效期届满日；不填则按事项规定的有效期计算")
    certificate_fields: Annotated[dict[ShortText, LongText], Field(max_length=50)] = Field(
        default_factory=dict,
        description="证照类型要求的项目，按名称填写：日期写作 YYYY-MM-DD，列表以“、”分隔；不填的由证照库退回补齐",
    )
    facts: LongText = Field("", description="查明的事实，不予决定必填")
    reasons: LongText = Field("", description="不予的理由，不予决定必填")
    legal_basis: LongText = Field("", description="法律依据，不予决定必填")
    technical_standard: LongText = Field(
        "", description="所依据的技术标准、技术规范；检验、检测、检疫或现场核查不合格而不予许可的必填（第五十五条）"
    )
    remedies: RemediesIn | None = Field(None, description="救济途径：六十日内复议，六个月内诉讼")

    def draft(self, settings: ApprovalSettings) -> DecisionDraft:
        """A refusal names the bodies of the settings where it names none itself."""
        values = self.model_dump(exclude={"remedies"})
        if self.remedies is None and self.outcome is Outcome.GRANTED:
            return DecisionDraft(**values)
        given = self.remedies or RemediesIn()
        remedies = Remedies(
            reconsideration_body=given.reconsideration_body or settings.reconsideration_body,
            court=given.court or settings.court,
            reconsideration_days=given.reconsideration_days,
            litigation_months=given.litigation_months,
        )
        return DecisionDraft(**values, remedies=remedies)


class CaseOut(BaseModel):
    """What an act answers: where the case stands now."""

    case_id: UUID
    case_no: str
    state: State
    state_label: str
    version: int
    outcome: Outcome | None = None

    @classmethod
    def of(cls, case: Case, outcome: Outcome | None = None) -> "CaseOut":
        return cls(
            case_id=case.id,
            case_no=case.case_no,
            state=case.state,
            state_label=STATE_LABELS[case.state],
            version=case.version,
            outcome=outcome,
        )


class TaskItem(BaseModel):
    item_code: str
    item_id: str
    name: str
    kind: ItemKind


class Task(BaseModel):
    """One line of the inbox."""

    case_id: UUID
    case_no: str
    state: State
    state_label: str
    version: int = Field(description='If-Match: "v<version>"')
    item: TaskItem
    applicant_name: str
    channel: Channel
    accepted_at: datetime
    legal_due: DueDate
    promised_due: DueDate
    light: Light | None = Field(description="当前灯色：预警、黄牌、红牌；已结束的办件没有")
    waiting_for: str | None = Field(description="等待哪个角色办理")


class ConsultationTask(BaseModel):
    """A question another department has put to this one."""

    case_id: UUID
    case_no: str
    version: int = Field(description='If-Match: "v<version>"')
    consultation_no: int
    item: TaskItem
    question: str
    asked_at: datetime
    due: DueDate


class ConsultationPage(BaseModel):
    items: list[ConsultationTask]
    next: str | None = None


class RecallGround(StrEnum):
    CERTIFICATE = "CERTIFICATE"
    COMMITMENT_FALSE = "COMMITMENT_FALSE"


class RecallTask(BaseModel):
    """A case to look at again: a certificate it relied on was taken away, or a commitment was found false."""

    recall_id: UUID
    case_id: UUID
    case_no: str
    item_name: str
    department_uscc: str
    version: int = Field(description='If-Match: "v<version>"')
    ground: RecallGround = Field(description="CERTIFICATE 所依据的证照不再有效；COMMITMENT_FALSE 告知承诺不实")
    identifier: str = Field(description="被撤回、撤销或吊销的证照；告知承诺不实的为空")
    status: CertificateStatus | None
    material: str = Field(description="承诺不实的材料")
    finding: str = Field(description="核查情况")
    through: list[str] = Field(description="从该证照到本办件所用证照的来龙去脉")
    issued: list[str] = Field(description="本办件已颁发的证照")
    concluded: bool = Field(description="召回时办件是否已作出决定")
    recalled_at: datetime
    outcome: RecallOutcome | None
    reasons: str
    concluded_at: datetime | None


class TaskPage(BaseModel):
    items: list[Task]
    recalls: list[RecallTask] = Field(default_factory=list, description="待处理的召回，仅首页")
    next: str | None = None


class Applicant(BaseModel):
    party_type: PartyType
    name: str
    masked_number: str


class OpinionOut(BaseModel):
    recommendation: Recommendation
    text: str
    written_at: datetime
    written_by: Actor


class RemediesOut(BaseModel):
    reconsideration_body: str
    reconsideration_days: int
    court: str
    litigation_months: int


class DecisionOut(BaseModel):
    outcome: Outcome
    content: str
    conditions: str
    valid_from: date | None
    valid_until: date | None
    facts: str
    reasons: str
    legal_basis: str
    technical_standard: str
    certificate_fields: dict[str, str]
    remedies: RemediesOut | None
    decided_at: datetime
    decided_by: Actor


class WithdrawalOut(BaseModel):
    reason: str
    withdrawn_at: datetime


class Examination(BaseModel):
    """Everything an officer needs to examine and decide, and what has been done so far."""

    case_id: UUID
    case_no: str
    query_code: str
    state: State
    state_label: str
    version: int
    item: ItemRef
    applicant: Applicant
    agent: AgentRef | None
    channel: Channel
    division: str
    submitted_at: datetime
    received_at: datetime
    accepted_at: datetime
    accepted_by_name: str
    legal_due: DueDate
    promised_due: DueDate
    light: Light | None
    materials: list[MaterialRef]
    amends: AmendmentRef | None = Field(None, description="变更申请：所变更的证照和内容")
    opinions: list[OpinionOut]
    decision: DecisionOut | None
    withdrawal: WithdrawalOut | None
    first_level_division: str | None = Field(description="负责初审的乡镇（街道）；一级办理的没有")
    clocks: list[ClockOut] = Field(description="各项期限：由期限和台账推算的到期日及理由")
    ledger: list[LedgerOut] = Field(description="暂停、恢复、延期的台账，只增不改")
    records: list[RecordOut] = Field(description="审查过程中的各项通知和记录")
    consultations: list[ConsultationOut]
