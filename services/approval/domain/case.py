"""The case after acceptance, and the acts every case knows: open, examine, decide, withdraw, terminate, transfer."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.approval.domain.clocks import Clocks, Dates
from services.approval.domain.decision import Decision, DecisionDraft, Outcome, ResultRule, make_decision
from services.approval.domain.errors import IncompleteOpinion, OtherDepartment, SeparationOfDuties
from services.approval.domain.guards import (
    Unsettled,
    check_not_renewed,
    check_promises,
    check_settled,
    check_standard,
    check_window,
)
from services.approval.domain.proceedings import Body, Consultation, ItemRules, Proceedings
from services.approval.domain.states import Act, State, require
from services.approval.domain.wording import require_text
from services.kernel.errors import FieldError

_PLAIN = ItemRules()
_NOTHING = Proceedings()


class Recommendation(StrEnum):
    GRANT = "GRANT"
    REFUSE = "REFUSE"


@dataclass(frozen=True)
class Officer:
    """Who acts: the account, the department (uscc) it works for, its division, and whether it may approve."""

    account_id: str
    department: str
    division: str = ""
    name: str = ""
    is_chief: bool = False
    is_government_head: bool = False


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
    clocks: Clocks
    dates: Dates
    rules: ItemRules = _PLAIN
    opinion_writers: frozenset[str] = frozenset()
    proceedings: Proceedings = _NOTHING
    consultations: tuple[Consultation, ...] = ()
    materials: frozenset[int] = frozenset()

    def stepped(self, state: State | None = None, **proceedings: object) -> "Case":
        """The case one event later, with changed parts of its proceedings."""
        changed = replace(self.proceedings, **proceedings) if proceedings else self.proceedings  # type: ignore[arg-type]
        return replace(self, state=state or self.state, version=self.version + 1, proceedings=changed)


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


@dataclass(frozen=True)
class Renewed:
    certificate_identifier: str
    basis: str
    renewed_at: datetime
    recorded_at: datetime


@dataclass(frozen=True)
class Terminated:
    reason: str
    legal_basis: str
    terminated_at: datetime


@dataclass(frozen=True)
class Transferred:
    transferred_to: Body
    reason: str
    legal_basis: str
    transferred_at: datetime


def examine(case: Case, opinion: Opinion, officer: Officer, *, now: datetime) -> tuple[Case, OpinionWritten]:
    """The handler's opinion. Until the decision another one may be added; the last one counts.

    Raises:
        OtherDepartment, WrongState
        SeparationOfDuties: who approved a pause or an extension, or chairs the hearing, is not the handler.
        IncompleteOpinion: an opinion must be explicit, a bare signature is not enough (案卷评查).
    """
    same_department(case, officer)
    require(case.state, Act.EXAMINE)
    if officer.account_id in case.proceedings.approvers:
        raise SeparationOfDuties("批准特别程序、延期或主持听证的人员不得审查此件")
    if not opinion.text.strip():
        fault = FieldError("#/text", "required", "审查意见应当写明理由，不能只有签名")
        raise IncompleteOpinion("审查意见为空", errors=[fault])
    writers = case.opinion_writers | {officer.account_id}
    examined = replace(case.stepped(State.REVIEWED), opinion_writers=writers)
    return examined, OpinionWritten(opinion=replace(opinion, text=opinion.text.strip()), written_at=now)


def decide(case: Case, draft: DecisionDraft, officer: Officer, *, now: datetime, today: date) -> tuple[Case, Decided]:
    """The chief representative's decision, for an instant case too: one review, one approval (一审一核).

    Args:
        now: the instant of the decision.
        today: its date in Asia/Shanghai, from which a validity runs.

    Raises:
        OtherDepartment, WrongState
        SeparationOfDuties: this officer accepted the application, wrote an opinion on it or inspected.
        RenewedBySilence, MaterialOutstanding, CommitmentFalse: see `guards.check_promises`.
        SiteCheckOpen, HearingOpen, PartyNotHeard, ConsultationOpen: what was begun is settled first.
        OutsideWindow: see `guards.check_window`.
        IncompleteDecision: see `decision.make_decision` and `guards.check_standard`.
    """
    same_department(case, officer)
    require(case.state, Act.DECIDE)
    not_a_handler(case, officer, "作出决定")
    check_window(case.proceedings)
    check_promises(case.proceedings, granted=draft.outcome is Outcome.GRANTED, now=now)
    check_settled(Unsettled(case.proceedings, case.consultations), now=now)
    if case.rules.licensing:
        check_standard(case.proceedings, draft)
    decision = make_decision(draft, case.result, today=today)
    return case.stepped(State.DECIDED), Decided(decision=decision, decided_at=now)


def withdraw(case: Case, reason: str, *, at: datetime) -> tuple[Case, Withdrawn]:
    """The applicant withdrew the application before the decision; a decision stands.

    Raises: WrongState
    """
    require(case.state, Act.WITHDRAW)
    return case.stepped(State.WITHDRAWN), Withdrawn(reason=reason, withdrawn_at=at)


def renew_by_silence(case: Case, renewed: Renewed) -> tuple[Case, Renewed]:
    """No decision by the old certificate's last day: renewed by law, the case is closed (art. 50 para. 2).

    Raises: WrongState
    """
    require(case.state, Act.RENEW)
    return case.stepped(State.RENEWED), renewed


def terminate(case: Case, officer: Officer, *, reason: str, legal_basis: str, now: datetime) -> tuple[Case, Terminated]:
    """The case ends without a decision, with reason and basis.

    Raises: OtherDepartment, WrongState, SeparationOfDuties, RenewedBySilence, IncompleteRecord
    """
    same_department(case, officer)
    require(case.state, Act.TERMINATE)
    check_not_renewed(case.proceedings, now=now)
    not_a_handler(case, officer, "终止办理")
    require_text(("reason", reason, "终止的理由"), ("legal_basis", legal_basis, "法律依据"))
    return case.stepped(State.TERMINATED), Terminated(reason=reason, legal_basis=legal_basis, terminated_at=now)


def transfer(
    case: Case, officer: Officer, *, to: Body, reason: str, legal_basis: str, now: datetime
) -> tuple[Case, Transferred]:
    """The case goes to the body that is competent, and ends here.

    Raises: OtherDepartment, WrongState, SeparationOfDuties, RenewedBySilence, IncompleteRecord
    """
    same_department(case, officer)
    require(case.state, Act.TRANSFER)
    check_not_renewed(case.proceedings, now=now)
    not_a_handler(case, officer, "转报")
    own = to.uscc if to.uscc != case.department else ""
    require_text(
        ("transferred_to/uscc", own, "接收机关（不能是本机关）"),
        ("reason", reason, "转报的理由"),
        ("legal_basis", legal_basis, "法律依据"),
    )
    moved = Transferred(transferred_to=to, reason=reason, legal_basis=legal_basis, transferred_at=now)
    return case.stepped(State.TRANSFERRED), moved


def same_department(case: Case, officer: Officer) -> None:
    """Raises OtherDepartment."""
    if officer.department != case.department:
        raise OtherDepartment()


def not_a_handler(case: Case, officer: Officer, act: str) -> None:
    """Acceptance, examination and inspection are one side, approval and decision the other.

    Raises: SeparationOfDuties
    """
    if officer.account_id == case.accepted_by:
        raise SeparationOfDuties(f"受理人不得{act}")
    if officer.account_id in case.opinion_writers:
        raise SeparationOfDuties(f"审查人不得{act}")
    check = case.proceedings.site_check
    if check is not None and officer.account_id in {*(i.account_id for i in check.inspectors), *check.former}:
        raise SeparationOfDuties(f"现场核查人员不得{act}")
