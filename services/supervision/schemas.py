"""What supervision takes and gives over HTTP. No personal number, and no name of an applicant, is ever in it."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from contracts.events.common import Channel, ItemKind
from contracts.events.supervision import FindingKind
from services.chassis.why import WhyOut
from services.kernel.codes import holds_citizen_id
from services.supervision.domain.case import Basis, Stage
from services.supervision.domain.lights import Level
from services.supervision.domain.rating import LABELS, Rating, Satisfaction

# PostgreSQL stores no NUL, and nothing of ours prints control characters.
_PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"


def without_number(text: str) -> str:
    """A comment goes into rows and events in clear: a citizen's number has no place in it."""
    if holds_citizen_id(text):
        raise PydanticCustomError("number_in_text", "文字中不得包含公民身份号码")
    return text


FINDING_LABELS = {
    FindingKind.DUE_DATE_DIFFERS: "到期日复核不一致",
    FindingKind.SUPPLEMENT_AGAIN: "再次补正告知",
    FindingKind.SUPPLEMENT_KNOWABLE: "再次补正告知：首次即可告知的内容",
    FindingKind.READ_WITHOUT_GROUND: "无在办办件、无事由查看证照",
    FindingKind.CERTIFICATE_WITHHELD: "证照项目缺少或格式不符，未能签发",
}
STAGE_LABELS = {
    Stage.SUBMITTED: "已提交",
    Stage.RECEIVED: "已收件",
    Stage.SUPPLEMENT: "待补正",
    Stage.ACCEPTED: "办理中",
    Stage.DECIDED: "已决定",
    Stage.CONCLUDED: "已办结",
    Stage.REFUSED: "不予受理",
    Stage.WITHDRAWN: "已撤件",
    Stage.ENDED: "已终止或转报",
}
EVENT_LABELS = {
    "intake.application.submitted.v1": "提交申请",
    "intake.application.received.v1": "收件",
    "intake.supplement.requested.v1": "一次性告知补正",
    "intake.supplement.supplied.v1": "补正材料",
    "intake.application.accepted.v1": "受理",
    "intake.acceptance.refused.v1": "不予受理",
    "intake.application.withdrawn.v1": "撤回申请",
    "intake.application.corrected.v1": "当场更正",
    "intake.application.returned.v1": "退件",
    "intake.application.claimed.v1": "申请人再次到场申请",
    "intake.originals.returned.v1": "退还材料原件",
    "intake.deferred_material.supplied.v1": "容缺后补材料",
    "intake.commitment.checked.v1": "告知承诺事后核查",
    "intake.application.dates_moved.v1": "到期日重新推算",
    "intake.application.moved.v1": "改用事项新版本",
    "intake.renewal.deemed.v1": "逾期未决定，视为准予延续",
    "intake.certificate.relied_upon.v1": "以已有电子证照作为依据",
    "intake.case.recalled.v1": "所依据的证照失效，转请复核",
    "intake.bundle_member.started.v1": "纳入一件事联办",
    "intake.result.handed_over.v1": "送达结果",
    "intake.case.concluded.v1": "办结",
    "approval.case.opened.v1": "转入审查",
    "approval.opinion.written.v1": "提出审查意见",
    "approval.case.decided.v1": "作出决定",
    "approval.case.withdrawn.v1": "终止审查",
    "approval.case.suspended.v1": "启动特别程序，停止计时",
    "approval.case.resumed.v1": "特别程序结束，恢复计时",
    "approval.case.extended.v1": "延期",
    "approval.case.passed_up.v1": "下级初审后报送上级",
    "approval.case.terminated.v1": "终止办理",
    "approval.case.transferred.v1": "转报有权机关",
    "approval.case.renewed.v1": "视为准予延续，审查终结",
    "approval.case.moved.v1": "改用事项新版本",
    "approval.commitment.found_false.v1": "告知承诺不实，不得准予",
    "approval.applicant.heard.v1": "申请人陈述申辩",
    "approval.first_level.assigned.v1": "指定初审机关",
    "approval.inspectors.assigned.v1": "指派核查人员",
    "approval.site_check.recorded.v1": "现场核查",
    "approval.hearing.told.v1": "告知听证权利",
    "approval.hearing.requested.v1": "申请听证",
    "approval.hearing.waived.v1": "放弃听证",
    "approval.hearing.announced.v1": "通知听证",
    "approval.hearing.held.v1": "举行听证",
    "approval.interested_party.notified.v1": "告知利害关系人",
    "approval.interested_party.heard.v1": "听取陈述申辩",
    "approval.consultation.asked.v1": "征求意见",
    "approval.consultation.answered.v1": "答复征求意见",
    "approval.consultation.silent.v1": "征求意见逾期未复，视为无意见",
    "approval.case.days_moved.v1": "各步骤期限重新推算",
    "approval.recall.concluded.v1": "所依据的证照失效，复核办结",
    "certificate.certificate.issued.v1": "签发电子证照",
    "certificate.certificate.sealed.v1": "电子证照盖章",
    "certificate.paper.issued.v1": "签发文书",
    "certificate.paper.sealed.v1": "文书盖章",
    "certificate.access.unfounded.v1": "办结后无事由查看证照",
    "certificate.certificate.withheld.v1": "证照待补齐项目",
}


class ItemOut(BaseModel):
    item_code: str
    item_id: str
    name: str
    kind: ItemKind


class BodyOut(BaseModel):
    uscc: str
    name: str


class DateOut(BaseModel):
    """A due date with its reasons. `provisional`: the earliest by Monday to Friday, not final."""

    basis: Basis
    on: date
    provisional: bool
    told_on: date | None = Field(description="受理时由收件服务告知的日期；与 on 不同即为差异")
    used_days: int | None = Field(description="已用时间（不足一日按一日计）；未公布节假日的年度无法计算")
    why: WhyOut


class LightOut(BaseModel):
    level: Level
    label: str
    rule: str
    clock: str = Field("", description="所监察的时限；空为办件总时限（法定、承诺）")
    about: str = Field("", description="涉及的程序、部门或者材料")
    crossed_at: datetime = Field(description="越过界限的时刻")
    fired_at: datetime = Field(description="系统亮灯的时刻")
    voided_at: datetime | None = Field(None, description="撤销时刻：事后得知办件此前已经办出，此灯不计")


class TimelineEntry(BaseModel):
    at: datetime
    event: str
    label: str
    actor_role: str | None
    actor_name: str | None = Field(description="工作人员姓名；申请人一方不显示")
    actor_body: str | None
    detail: dict[str, Any] | None


class RatingOut(BaseModel):
    case_no: str
    satisfaction: Satisfaction
    label: str
    comment: str
    given_at: datetime

    @classmethod
    def of(cls, case_no: str, rating: Rating) -> "RatingOut":
        return cls(
            case_no=case_no,
            satisfaction=rating.satisfaction,
            label=LABELS[rating.satisfaction],
            comment=rating.comment,
            given_at=rating.given_at,
        )


class SentenceOut(BaseModel):
    zh: str
    en: str


class DifferenceOut(BaseModel):
    """A due date told in an event that supervision computes differently: a fault of one of the two services."""

    at: datetime
    event: str
    limit: str = Field(description="LEGAL、PROMISED，或者时限清单中的名称")
    told: date
    computed: date
    computed_provisional: bool = Field(False, description="true：本服务复核的日期为暂定")
    told_why: SentenceOut | None = None
    computed_why: SentenceOut | None = None


class FindingOut(BaseModel):
    """What supervision found by itself; raised once."""

    id: UUID
    case_no: str | None
    kind: FindingKind
    label: str
    summary: str
    item_name: str | None
    department: BodyOut | None
    happened_at: datetime
    found_at: datetime
    detail: dict[str, Any]


class FindingPage(BaseModel):
    items: list[FindingOut]
    next: str | None = None


class SupervisedCase(BaseModel):
    """One case as supervision knows it, from events alone."""

    case_id: UUID
    case_no: str
    stage: Stage
    stage_label: str
    item: ItemOut
    department: BodyOut
    division: str
    channel: Channel
    submitted_at: datetime | None
    received_at: datetime | None
    accepted_at: datetime | None
    decided_at: datetime | None
    concluded_at: datetime | None
    outcome: str | None
    dates: list[DateOut]
    lights: list[LightOut] | None = Field(description="灯；不向申请人一方显示")
    next_light_at: datetime | None
    missing_year: int | None = Field(description="因该年度节假日尚未载入，尚有灯无法设定")
    differences: list[DifferenceOut] | None = Field(description="到期日复核差异；不向申请人一方显示")
    findings: list[FindingOut] | None = Field(description="监察发现；不向申请人一方显示")
    rating: RatingOut | None
    timeline: list[TimelineEntry]


class LightLine(LightOut):
    """One line of the list of lights."""

    id: UUID
    case_no: str
    item_name: str
    department: BodyOut
    division: str
    open: bool = Field(description="办件（一件事）尚未办结：没有决定、撤回、终止")
    legal_due_on: date | None
    legal_due_provisional: bool | None = Field(description="true：暂定，按周一至周五推算的最早日期")
    promised_due_on: date | None
    promised_due_provisional: bool | None = Field(description="true：暂定，按周一至周五推算的最早日期")


class LightPage(BaseModel):
    items: list[LightLine]
    next: str | None = None


class RatingIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    satisfaction: Satisfaction
    comment: Annotated[str, StringConstraints(max_length=500, pattern=_PRINTABLE), AfterValidator(without_number)] = (
        Field("", description="文字评价")
    )


class Figures(BaseModel):
    """Figures of one department in one period. Each counts what happened within the period (Asia/Shanghai days).

    - `received`, `accepted`, `decided`, `concluded`: cases with that event in the period.
    - `instant_share`: instant items (即办件) among the concluded; a district reported 86.83 % of concluded cases.
    - `on_time_rate`: of the decided, the share decided on or before the promised day (Ordinance on Optimising the
      Business Environment art. 36: over the promised time the unit must explain). Undecidable ones are left out.
    - `early_rate`: of the decided committed-time cases, the share decided before the promised day (提前办结率).
    - `mean_promised_workdays`, `mean_used_workdays`: of the decided cases whose promised limit is in working days; used
      days are counted as due dates are (the start is not counted), so that both figures can be compared.
    - `satisfaction_rate`: of the ratings, the share of the three upper levels (国办发〔2019〕51号: the lower two are
      差评).

    A rate is null when it has nothing to divide by.
    """

    department: BodyOut
    period_from: date
    received: int
    accepted: int
    decided: int
    concluded: int
    instant_share: float | None
    on_time_rate: float | None
    early_rate: float | None
    mean_promised_workdays: float | None
    mean_used_workdays: float | None
    ratings: int
    satisfaction_rate: float | None


class Statistics(BaseModel):
    from_on: date
    until_on: date
    items: list[Figures]
