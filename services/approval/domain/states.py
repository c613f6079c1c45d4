"""The states of a case, its acts, and the one table that says which act is allowed in which state."""

from collections.abc import Mapping
from enum import StrEnum

from services.approval.domain.errors import WrongState


class State(StrEnum):
    FIRST_EXAMINING = "FIRST_EXAMINING"  # 下级初审: a township examines first (art. 35)
    EXAMINING = "EXAMINING"  # 审查中: waits for the handler's opinion
    REVIEWED = "REVIEWED"  # 已审查: waits for the chief representative's decision
    SUSPENDED = "SUSPENDED"  # 特别程序: the clock stands still (art. 45)
    DECIDED = "DECIDED"  # 已决定
    WITHDRAWN = "WITHDRAWN"  # 已撤件
    TERMINATED = "TERMINATED"  # 已终止
    TRANSFERRED = "TRANSFERRED"  # 已转报
    RENEWED = "RENEWED"  # 视为准予延续: silence has renewed (art. 50)


STATE_LABELS = {
    State.FIRST_EXAMINING: "待下级初审",
    State.EXAMINING: "待审查",
    State.REVIEWED: "待决定",
    State.SUSPENDED: "特别程序中",
    State.DECIDED: "已决定",
    State.WITHDRAWN: "已撤件",
    State.TERMINATED: "已终止",
    State.TRANSFERRED: "已转报",
    State.RENEWED: "视为准予延续",
}


class Act(StrEnum):
    ASSIGN_FIRST_LEVEL = "ASSIGN_FIRST_LEVEL"
    PASS_UP = "PASS_UP"  # noqa: S105  the act of passing up
    EXAMINE = "EXAMINE"
    DECIDE = "DECIDE"
    SUSPEND = "SUSPEND"
    RESUME = "RESUME"
    EXTEND = "EXTEND"
    ASSIGN_INSPECTORS = "ASSIGN_INSPECTORS"
    RECORD_SITE_CHECK = "RECORD_SITE_CHECK"
    TELL_HEARING = "TELL_HEARING"
    REQUEST_HEARING = "REQUEST_HEARING"
    WAIVE_HEARING = "WAIVE_HEARING"
    ANNOUNCE_HEARING = "ANNOUNCE_HEARING"
    HOLD_HEARING = "HOLD_HEARING"
    NOTIFY_PARTY = "NOTIFY_PARTY"
    HEAR_PARTY = "HEAR_PARTY"
    HEAR_APPLICANT = "HEAR_APPLICANT"
    CONSULT = "CONSULT"
    ANSWER_CONSULTATION = "ANSWER_CONSULTATION"
    RECORD_SILENCE = "RECORD_SILENCE"
    TERMINATE = "TERMINATE"
    TRANSFER = "TRANSFER"
    WITHDRAW = "WITHDRAW"
    RENEW = "RENEW"
    MOVE = "MOVE"
    MOVE_DAYS = "MOVE_DAYS"
    TAKE_DEFERRED = "TAKE_DEFERRED"
    TAKE_CLAIM = "TAKE_CLAIM"
    TAKE_FALSEHOOD = "TAKE_FALSEHOOD"


ACT_LABELS = {
    Act.ASSIGN_FIRST_LEVEL: "指定初审机关",
    Act.PASS_UP: "报送上级",
    Act.EXAMINE: "审查",
    Act.DECIDE: "决定",
    Act.SUSPEND: "启动特别程序",
    Act.RESUME: "结束特别程序",
    Act.EXTEND: "延期",
    Act.ASSIGN_INSPECTORS: "指派核查人员",
    Act.RECORD_SITE_CHECK: "记录现场核查",
    Act.TELL_HEARING: "告知听证权利",
    Act.REQUEST_HEARING: "登记听证申请",
    Act.WAIVE_HEARING: "登记放弃听证",
    Act.ANNOUNCE_HEARING: "通知听证",
    Act.HOLD_HEARING: "记录听证",
    Act.NOTIFY_PARTY: "告知利害关系人",
    Act.HEAR_PARTY: "记录陈述申辩",
    Act.HEAR_APPLICANT: "提交陈述申辩",
    Act.CONSULT: "征求意见",
    Act.ANSWER_CONSULTATION: "答复征求意见",
    Act.RECORD_SILENCE: "记录逾期未复",
    Act.TERMINATE: "终止",
    Act.TRANSFER: "转报",
    Act.WITHDRAW: "撤件",
    Act.RENEW: "记录视为准予延续",
    Act.MOVE: "改用事项新版本",
    Act.MOVE_DAYS: "重新推算各步骤期限",
    Act.TAKE_DEFERRED: "记录补交材料",
    Act.TAKE_CLAIM: "记录再次到场",
    Act.TAKE_FALSEHOOD: "记录告知承诺不实",
}

_AT_HAND = (State.EXAMINING, State.REVIEWED)  # with the department, the clock runs
_OPEN_HERE = (*_AT_HAND, State.SUSPENDED)  # a procedure goes on while the clock stands still
OPEN_STATES = (State.FIRST_EXAMINING, *_OPEN_HERE)

ALLOWED: Mapping[Act, tuple[State, ...]] = {
    Act.ASSIGN_FIRST_LEVEL: (State.FIRST_EXAMINING,),
    Act.PASS_UP: (State.FIRST_EXAMINING,),
    Act.EXAMINE: _AT_HAND,
    Act.DECIDE: (State.REVIEWED,),
    Act.SUSPEND: _AT_HAND,
    Act.RESUME: (State.SUSPENDED,),
    Act.EXTEND: _AT_HAND,
    Act.ASSIGN_INSPECTORS: _OPEN_HERE,
    Act.RECORD_SITE_CHECK: _OPEN_HERE,
    Act.TELL_HEARING: _OPEN_HERE,
    Act.REQUEST_HEARING: _OPEN_HERE,
    Act.WAIVE_HEARING: _OPEN_HERE,
    Act.ANNOUNCE_HEARING: _OPEN_HERE,
    Act.HOLD_HEARING: _OPEN_HERE,
    Act.NOTIFY_PARTY: _OPEN_HERE,
    Act.HEAR_PARTY: _OPEN_HERE,
    Act.HEAR_APPLICANT: OPEN_STATES,
    Act.CONSULT: _AT_HAND,
    Act.ANSWER_CONSULTATION: _OPEN_HERE,
    Act.RECORD_SILENCE: _OPEN_HERE,
    Act.TERMINATE: OPEN_STATES,
    Act.TRANSFER: _AT_HAND,
    Act.WITHDRAW: OPEN_STATES,
    Act.RENEW: OPEN_STATES,
    Act.MOVE: OPEN_STATES,
    Act.MOVE_DAYS: OPEN_STATES,
    Act.TAKE_DEFERRED: OPEN_STATES,
    Act.TAKE_CLAIM: OPEN_STATES,
    Act.TAKE_FALSEHOOD: OPEN_STATES,
}


def require(state: State, act: Act) -> None:
    """Raises WrongState."""
    if state not in ALLOWED[act]:
        raise WrongState(f"办件状态为“{STATE_LABELS[state]}”，不能{ACT_LABELS[act]}")
