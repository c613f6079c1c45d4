"""The case after acceptance: its states and the acts open, examine, decide, withdraw."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.approval.domain.decision import Decision, DecisionDraft, ResultRule, make_decision
from services.approval.domain.errors import IncompleteOpinion, OtherDepartment, SeparationOfDuties, WrongState
from services.kernel.errors import FieldError


class State(StrEnum):
    EXAMINING = "EXAMINING"  # 审查中: waits for the handler's opinion
    REVIEWED = "REVIEWED"  # 已审查: waits for the chief representative's decision
    DECIDED = "DECIDED"  # 已决定
    WITHDRAWN = "WITHDRAWN"  # 已撤件


STATE_LABELS = {
    State.EXAMINING: "待审查",
    State.REVIEWED: "待决定",
    State.DECIDED: "已决定",
    State.WITHDRAWN: "已撤件",
}
OPEN_STATES = (State.EXAMINING, State.REVIEWED)


class Recommendation(StrEnum):
    GRANT = "GRANT"
    REFUSE = "REFUSE"


@dataclass(frozen=True)
class Officer:
    """Who acts: the account, and the department (uscc) it works for."""

    account_id: str
    department: str


@dataclass(frozen=True)
class Opinion:
    recommendation: Recommendation
    text: str


@dataclass(frozen=True)
class Case:
    """`version` counts the events of the case: every act publishes exactly one."""

    id: UUID
    case_no: str
    state: State
    version: int
    department: str
    accepted_by: str
    result: ResultRule
    opinion_writers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Opened:
    opened_at: datetime


@dataclass(frozen=True)
class OpinionWritten:
    opinion: Opinion
    written_at: datetime


@dataclass(frozen=True)
class Decided:
    decision: Decision
    decided_at: datetime


@dataclass(frozen=True)
class Withdrawn:
    reason: str
    withdrawn_at: datetime


def open_case(
    case_id: UUID, case_no: str, *, department: str, accepted_by: str, result: ResultRule, now: datetime
) -> tuple[Case, Opened]:
    """The case begins with its acceptance, and with nothing else."""
    case = Case(
        id=case_id,
        case_no=case_no,
        state=State.EXAMINING,
        version=1,
        department=department,
        accepted_by=accepted_by,
        result=result,
    )
    return case, Opened(opened_at=now)


def examine(case: Case, opinion: Opinion, officer: Officer, *, now: datetime) -> tuple[Case, OpinionWritten]:
    """The handler's opinion. Until the decision another one may be added; the last one counts.

    Raises:
        OtherDepartment, WrongState
        IncompleteOpinion: an opinion must be explicit, a bare signature is not enough (案卷评查).
    """
    _same_department(case, officer)
    _in_state(case, *OPEN_STATES, act="审查")
    if not opinion.text.strip():
        fault = FieldError("#/text", "required", "审查意见应当写明理由，不能只有签名")
        raise IncompleteOpinion("审查意见为空", errors=[fault])
    writers = case.opinion_writers | {officer.account_id}
    examined = replace(case, state=State.REVIEWED, version=case.version + 1, opinion_writers=writers)
    return examined, OpinionWritten(opinion=replace(opinion, text=opinion.text.strip()), written_at=now)


def decide(case: Case, draft: DecisionDraft, officer: Officer, *, now: datetime, today: date) -> tuple[Case, Decided]:
    """The chief representative's decision, for an instant case too: one review, one approval (一审一核).

    Args:
        now: the instant of the decision.
        today: its date in Asia/Shanghai, from which a validity runs.

    Raises:
        OtherDepartment, WrongState
        SeparationOfDuties: this officer accepted the application or wrote an opinion on it.
        IncompleteDecision: see `decision.make_decision`.
    """
    _same_department(case, officer)
    _in_state(case, State.REVIEWED, act="决定")
    if officer.account_id == case.accepted_by:
        raise SeparationOfDuties("受理人不得作出决定")
    if officer.account_id in case.opinion_writers:
        raise SeparationOfDuties("审查人不得作出决定")
    decision = make_decision(draft, case.result, today=today)
    return replace(case, state=State.DECIDED, version=case.version + 1), Decided(decision=decision, decided_at=now)


def withdraw(case: Case, reason: str, *, at: datetime) -> tuple[Case, Withdrawn]:
    """The applicant withdrew the application before the decision; a decision stands.

    Raises: WrongState
    """
    _in_state(case, *OPEN_STATES, act="撤件")
    return replace(case, state=State.WITHDRAWN, version=case.version + 1), Withdrawn(reason=reason, withdrawn_at=at)


def _same_department(case: Case, officer: Officer) -> None:
    if officer.department != case.department:
        raise OtherDepartment()


def _in_state(case: Case, *allowed: State, act: str) -> None:
    if case.state not in allowed:
        raise WrongState(f"办件状态为“{STATE_LABELS[case.state]}”，不能{act}")
