"""States of an application and the acts that are allowed in each: the whole state machine (domain.md 3.1)."""

from enum import StrEnum


class State(StrEnum):
    SUBMITTED = "SUBMITTED"  # 已提交
    RECEIVED = "RECEIVED"  # 收件
    CORRECTION = "CORRECTION"  # 补正
    ACCEPTED = "ACCEPTED"  # 受理
    REFUSED_ACCEPTANCE = "REFUSED_ACCEPTANCE"  # 不予受理
    NOT_REQUIRED = "NOT_REQUIRED"  # 不受理
    WITHDRAWN = "WITHDRAWN"  # 撤回
    RETURNED = "RETURNED"  # 退件
    DECIDED = "DECIDED"  # 已决定
    HANDED_OVER = "HANDED_OVER"  # 已出件
    CONCLUDED = "CONCLUDED"  # 办结
    TERMINATED = "TERMINATED"  # 终止: approval ended the case without a decision
    TRANSFERRED = "TRANSFERRED"  # 转报: the case went to the body that is competent


STATE_NAMES = {
    State.SUBMITTED: "已提交",
    State.RECEIVED: "已收件",
    State.CORRECTION: "待补正",
    State.ACCEPTED: "已受理",
    State.REFUSED_ACCEPTANCE: "不予受理",
    State.NOT_REQUIRED: "不需要受理",
    State.WITHDRAWN: "已撤回",
    State.RETURNED: "已退件",
    State.DECIDED: "已作出决定",
    State.HANDED_OVER: "已出件",
    State.CONCLUDED: "已办结",
    State.TERMINATED: "已终止",
    State.TRANSFERRED: "已转报",
}


ENDED_WITHOUT_RESULT = frozenset(
    {
        State.REFUSED_ACCEPTANCE,
        State.NOT_REQUIRED,
        State.WITHDRAWN,
        State.RETURNED,
        State.TERMINATED,
        State.TRANSFERRED,
    }
)


class Act(StrEnum):
    PROVIDE = "PROVIDE"
    RECEIVE = "RECEIVE"
    CORRECT = "CORRECT"
    REQUEST_SUPPLEMENT = "REQUEST_SUPPLEMENT"
    SUPPLY = "SUPPLY"
    RETURN = "RETURN"
    ACCEPT = "ACCEPT"
    DEEM_ACCEPTED = "DEEM_ACCEPTED"
    REFUSE_ACCEPTANCE = "REFUSE_ACCEPTANCE"
    WITHDRAW = "WITHDRAW"
    SUPPLY_DEFERRED = "SUPPLY_DEFERRED"
    DEEM_RENEWED = "DEEM_RENEWED"
    RECORD_DECISION = "RECORD_DECISION"
    HAND_OVER = "HAND_OVER"
    CONCLUDE = "CONCLUDE"
    CHECK_COMMITMENT = "CHECK_COMMITMENT"
    MOVE = "MOVE"
    CLAIM = "CLAIM"
    DEEM_WITHDRAWN = "DEEM_WITHDRAWN"
    RECORD_TERMINATION = "RECORD_TERMINATION"
    RECORD_TRANSFER = "RECORD_TRANSFER"
    RETURN_ORIGINALS = "RETURN_ORIGINALS"


ALLOWED: dict[Act, frozenset[State]] = {
    Act.PROVIDE: frozenset({State.SUBMITTED, State.RECEIVED, State.CORRECTION}),
    Act.RECEIVE: frozenset({State.SUBMITTED}),
    Act.CORRECT: frozenset({State.RECEIVED}),
    Act.REQUEST_SUPPLEMENT: frozenset({State.RECEIVED}),
    Act.SUPPLY: frozenset({State.CORRECTION}),
    Act.RETURN: frozenset({State.CORRECTION}),
    Act.ACCEPT: frozenset({State.RECEIVED}),
    Act.DEEM_ACCEPTED: frozenset({State.RECEIVED}),
    Act.REFUSE_ACCEPTANCE: frozenset({State.RECEIVED}),
    Act.WITHDRAW: frozenset({State.SUBMITTED, State.RECEIVED, State.CORRECTION, State.ACCEPTED}),
    # After the decision too: an emergency helps first and takes the papers later.
    Act.SUPPLY_DEFERRED: frozenset({State.ACCEPTED, State.DECIDED, State.CONCLUDED}),
    Act.DEEM_RENEWED: frozenset({State.ACCEPTED}),
    # A decision made before the withdrawal was known to approval is a fact and stands.
    Act.RECORD_DECISION: frozenset({State.ACCEPTED, State.WITHDRAWN}),
    Act.HAND_OVER: frozenset({State.DECIDED}),
    Act.CONCLUDE: frozenset({State.HANDED_OVER}),
    # The later check of what was promised in writing comes when it is due, mostly long after the decision.
    Act.CHECK_COMMITMENT: frozenset({State.ACCEPTED, State.DECIDED, State.HANDED_OVER, State.CONCLUDED}),
    Act.MOVE: frozenset({State.SUBMITTED, State.RECEIVED, State.CORRECTION, State.ACCEPTED}),
    Act.CLAIM: frozenset({State.ACCEPTED}),
    Act.DEEM_WITHDRAWN: frozenset({State.ACCEPTED}),
    # What approval ended before the withdrawal was known to it had ended already.
    Act.RECORD_TERMINATION: frozenset({State.ACCEPTED, State.WITHDRAWN}),
    Act.RECORD_TRANSFER: frozenset({State.ACCEPTED, State.WITHDRAWN}),
    Act.RETURN_ORIGINALS: ENDED_WITHOUT_RESULT,
}
