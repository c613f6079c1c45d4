"""The clocks of a case over HTTP."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from services.chassis.why import WhyOut
from services.supervision.domain.clocks import ClockName, ClockState, ClockView, Whose

CLOCK_LABELS = {
    ClockName.NOTICE: "一次性告知或受理",
    ClockName.DECISION: "法定办结时限",
    ClockName.PROMISED: "承诺办结时限",
    ClockName.JOINT: "一件事联办时限",
    ClockName.FIRST_LEVEL: "下级机关初审",
    ClockName.INSPECTORS: "指派核查人员",
    ClockName.SPECIAL_PROCEDURE: "特别程序告知的所需时间",
    ClockName.HEARING_REQUEST: "提出听证申请",
    ClockName.HEARING_HOLDING: "组织听证",
    ClockName.HEARING_NOTICE: "听证通知",
    ClockName.PARTY_STATEMENT: "利害关系人陈述申辩",
    ClockName.CONSULTATION: "征求意见答复",
    ClockName.CERTIFICATE: "签发电子证照",
    ClockName.DELIVERY: "颁发、送达",
    ClockName.RENEWAL: "届满前作出延续决定",
    ClockName.SUPPLEMENT: "申请人补正材料",
    ClockName.DEFERRED_MATERIAL: "申请人补交容缺材料",
    ClockName.COMMITMENT_CHECK: "告知承诺事后核查",
    ClockName.CLAIM: "申请人在法定期间内再次到场",
}
# Names of limits as differences tell them: the legal one is told as LEGAL.
LIMIT_LABELS = {name.value: label for name, label in CLOCK_LABELS.items()} | {
    "LEGAL": "法定办结时限",
    "JOINT_PROMISED": "一件事承诺时限",
    "WAITING": "再次到场前的等待期",
}
STATE_LABELS = {
    ClockState.NOT_STARTED: "未起算",
    ClockState.RUNNING: "计时中",
    ClockState.PAUSED: "暂停计时",
    ClockState.MET: "按期",
    ClockState.MISSED: "逾期",
    ClockState.ENDED: "办件已终结，不再计时",
}


class DueOut(BaseModel):
    on: date
    provisional: bool = Field(description="true：按周一至周五推算的最早日期，非最终日期")


class ClockOut(BaseModel):
    """One clock of a case. `due` and `why` are null while it has not started."""

    clock: ClockName
    label: str
    article: str
    about: str = Field(description="涉及的材料、部门或程序；多数时限为空")
    whose: Whose = Field(description="应当由谁在期限内行动")
    state: ClockState
    state_label: str
    started_on: date | None
    due: DueOut | None
    met_at: datetime | None
    why: WhyOut | None
    rule: str = Field("", description="尚未起算的：从何时起算、期限多长")
    rule_en: str = Field("", description="rule 的英文")

    @classmethod
    def of(cls, view: ClockView) -> "ClockOut":
        due = view.due
        return cls(
            clock=view.name,
            label=CLOCK_LABELS[view.name],
            article=view.article,
            about=view.about,
            whose=view.whose,
            state=view.state,
            state_label=STATE_LABELS[view.state],
            started_on=view.started_on,
            due=DueOut(on=due.on, provisional=due.provisional) if due else None,
            met_at=view.met_at,
            why=WhyOut.of(view.why) if view.why else None,
            rule=view.rule,
            rule_en=view.rule_en,
        )


class CaseClocks(BaseModel):
    case_no: str
    item_name: str
    department_name: str
    as_of: datetime
    items: list[ClockOut]
