"""A bundle application from submission to conclusion: its states, and every act as a pure function.

Its item members are ordinary applications; what became of them is told to `advance`. Steps live here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.intake.domain.application import Agent, Applicant, Application, Outcome, Staff
from services.intake.domain.bundle import BundleDefinition
from services.intake.domain.bundle_clock import Span, running
from services.intake.domain.bundle_errors import (
    AlreadyExtended,
    BundleLimitOver,
    UnknownMember,
    WrongBundleState,
    WrongMemberState,
)
from services.intake.domain.bundle_plan import (
    FAILED,
    OVER,
    MemberState,
    Part,
    Planned,
    is_cut_off,
    may_start,
    stage_result,
)
from services.intake.domain.catalogue import Extension
from services.intake.domain.errors import Invalid
from services.intake.domain.materials import Provided, merge
from services.intake.domain.records import BundleSupplement
from services.intake.domain.states import State
from services.kernel.errors import FieldError
from services.kernel.time_limit import DueDate, china_date

_UNDER_WAY = frozenset({State.SUBMITTED, State.RECEIVED, State.CORRECTION, State.ACCEPTED})


class BundleState(StrEnum):
    SUBMITTED = "SUBMITTED"
    RECEIVED = "RECEIVED"
    CORRECTION = "CORRECTION"  # one notice for the whole bundle waits to be answered
    ACCEPTED = "ACCEPTED"
    STAGE_DONE = "STAGE_DONE"  # the next stage may be handed in
    DECIDED = "DECIDED"  # every member has come to its end
    CONCLUDED = "CONCLUDED"
    WITHDRAWN = "WITHDRAWN"


BUNDLE_STATE_NAMES = {
    BundleState.SUBMITTED: "已提交",
    BundleState.RECEIVED: "已收件",
    BundleState.CORRECTION: "待补正",
    BundleState.ACCEPTED: "办理中",
    BundleState.STAGE_DONE: "本阶段已完成，待申报下一阶段",
    BundleState.DECIDED: "各事项均已办理完毕",
    BundleState.CONCLUDED: "已办结",
    BundleState.WITHDRAWN: "已撤回",
}


class BundleAct(StrEnum):
    PROVIDE = "PROVIDE"
    RECEIVE = "RECEIVE"
    REQUEST_SUPPLEMENT = "REQUEST_SUPPLEMENT"
    SUPPLY = "SUPPLY"
    LAPSE = "LAPSE"
    ACCEPT = "ACCEPT"
    DEEM_ACCEPTED = "DEEM_ACCEPTED"
    RECORD_RESULT = "RECORD_RESULT"
    EXTEND = "EXTEND"
    HAND_IN_STAGE = "HAND_IN_STAGE"
    HAND_OVER = "HAND_OVER"
    WITHDRAW = "WITHDRAW"


_S = BundleState
BUNDLE_ALLOWED: Mapping[BundleAct, frozenset[BundleState]] = {
    BundleAct.PROVIDE: frozenset({_S.SUBMITTED, _S.RECEIVED, _S.CORRECTION}),
    BundleAct.RECEIVE: frozenset({_S.SUBMITTED}),
    BundleAct.REQUEST_SUPPLEMENT: frozenset({_S.RECEIVED}),
    BundleAct.SUPPLY: frozenset({_S.CORRECTION}),
    BundleAct.LAPSE: frozenset({_S.CORRECTION}),
    BundleAct.ACCEPT: frozenset({_S.RECEIVED}),
    BundleAct.DEEM_ACCEPTED: frozenset({_S.RECEIVED}),
    BundleAct.RECORD_RESULT: frozenset({_S.ACCEPTED}),
    BundleAct.EXTEND: frozenset({_S.ACCEPTED}),
    BundleAct.HAND_IN_STAGE: frozenset({_S.STAGE_DONE}),
    # Results of a stage are handed out before the next one, those of the whole bundle at its end.
    BundleAct.HAND_OVER: frozenset({_S.STAGE_DONE, _S.DECIDED}),
    BundleAct.WITHDRAW: frozenset({_S.SUBMITTED, _S.RECEIVED, _S.CORRECTION, _S.ACCEPTED, _S.STAGE_DONE}),
}


@dataclass(frozen=True)
class StepResult:
    """What a department recorded: of a step its outcome, of any member the number it yields (sealed)."""

    outcome: Outcome
    recorded_at: datetime
    recorded_by: Staff
    reason: str = ""
    document_no: str = ""
    sealed_number: str | None = None
    masked_number: str | None = None


@dataclass(frozen=True)
class MemberRun:
    """One member under way. `application_id` of an item is set when it starts, a step has none."""

    member_id: str
    department_uscc: str | None
    state: MemberState = MemberState.WAITING
    application_id: UUID | None = None
    opened_at: datetime | None = None
    ended_at: datetime | None = None
    clock_from: datetime | None = None
    pauses: tuple[tuple[datetime, datetime | None], ...] = ()
    result: StepResult | None = None

    def spans(self) -> Iterable[Span]:
        return running(self.clock_from, self.ended_at, self.pauses) if self.clock_from else ()


@dataclass(frozen=True)
class BundleExtension:
    """More time, once, approved by the government's responsible person; the reason is told (art. 42 para. 2)."""

    value: int
    reason: str
    approved_by: str
    approval_no: str
    extended_at: datetime
    extended_by: Staff


@dataclass(frozen=True)
class BundleCase:
    """`version` counts changes (ETag); `event_no` counts published events, without gaps."""

    bundle_application_id: UUID
    bundle_no: str
    bundle_id: str
    catalogue_version: int
    state: BundleState
    applicant: Applicant
    agent: Agent | None
    channel: str
    division: str
    submitted_by: Staff
    submitted_at: datetime
    members: tuple[MemberRun, ...]
    materials: tuple[Provided, ...] = ()
    stage_no: int = 0
    reuse: bool = False
    version: int = 1
    event_no: int = 1
    received_at: datetime | None = None
    received_by: Staff | None = None
    accepted_at: datetime | None = None
    accepted_by: Staff | None = None
    stage_handed_in_at: datetime | None = None
    extension: BundleExtension | None = None
    supplement: BundleSupplement | None = None
    decided_at: datetime | None = None
    handed_over_at: datetime | None = None
    concluded_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawal_reason: str | None = None

    @property
    def states(self) -> dict[str, MemberState]:
        return {run.member_id: run.state for run in self.members}

    @property
    def over(self) -> bool:
        return all(run.state in OVER for run in self.members)

    def run_of(self, member_id: str) -> MemberRun:
        """Raises UnknownMember."""
        found = next((run for run in self.members if run.member_id == member_id), None)
        if found is None:
            raise UnknownMember()
        return found

    def with_run(self, run: MemberRun) -> "BundleCase":
        return replace(self, members=tuple(run if r.member_id == run.member_id else r for r in self.members))


def require(case: BundleCase, act: BundleAct) -> None:
    if case.state not in BUNDLE_ALLOWED[act]:
        raise WrongBundleState(f"申请处于“{BUNDLE_STATE_NAMES[case.state]}”状态，不能进行此操作")


def runs_of(planned: Iterable[Planned], departments: Mapping[str, str | None]) -> tuple[MemberRun, ...]:
    """A run for every member that takes part, and for one that is satisfied already."""
    states = {Part.TAKES_PART: MemberState.WAITING, Part.SATISFIED: MemberState.SATISFIED}
    return tuple(
        MemberRun(p.member.member_id, departments[p.member.member_id], states[p.part])
        for p in planned
        if p.part in states
    )


def provide(case: BundleCase, materials: Iterable[Provided]) -> BundleCase:
    """Add or replace materials of the common list. From receipt on nothing that was handed in disappears."""
    require(case, BundleAct.PROVIDE)
    return replace(case, materials=merge(case.materials, materials, keep=case.received_at is not None))


def receive(case: BundleCase, *, by: Staff, now: datetime) -> BundleCase:
    require(case, BundleAct.RECEIVE)
    return replace(case, state=BundleState.RECEIVED, received_at=now, received_by=by)


def startable(
    case: BundleCase, definition: BundleDefinition, wanting: Callable[[str], frozenset[str]]
) -> tuple[str, ...]:
    """Members that may start now; `wanting`: the certificate types a member still waits for from another one."""
    lacking = {run.member_id for run in case.members if is_lacking(run, definition)}
    return tuple(
        run.member_id
        for run in case.members
        if run.state is MemberState.WAITING
        and may_start(
            definition.member(run.member_id),
            case.states,
            stage_no=case.stage_no,
            lacking=lacking,
            wanting=wanting(run.member_id),
        )
    )


def is_lacking(run: MemberRun, definition: BundleDefinition) -> bool:
    """Granted, but the number it yields is not recorded yet."""
    yields = definition.member(run.member_id).yields is not None
    known = run.result is not None and run.result.sealed_number is not None
    return yields and run.state is MemberState.GRANTED and not known


def open_member(case: BundleCase, member_id: str, application_id: UUID | None, *, now: datetime) -> BundleCase:
    """The member starts: an item as an application, a step with the named department, whose clock starts at once."""
    run = case.run_of(member_id)
    if run.state is not MemberState.WAITING:
        raise WrongMemberState()
    clock_from = now if application_id is None else None
    opened = replace(
        run, state=MemberState.RUNNING, application_id=application_id, opened_at=now, clock_from=clock_from
    )
    return case.with_run(opened)


def record_result(case: BundleCase, definition: BundleDefinition, member_id: str, result: StepResult) -> BundleCase:
    """A step is completed by its department; an item that yields a number gets it after the grant.

    Raises WrongBundleState, UnknownMember, WrongMemberState, Invalid.
    """
    require(case, BundleAct.RECORD_RESULT)
    run, member = case.run_of(member_id), definition.member(member_id)
    _check_number(member.yields, result)
    if member.item_id is None and run.state is MemberState.RUNNING:
        if result.outcome is Outcome.REFUSED and not result.reason:
            raise Invalid(errors=[FieldError("#/reason", "required", "不予办理的，应当说明理由")])
        state = MemberState.GRANTED if result.outcome is Outcome.GRANTED else MemberState.REFUSED
        return case.with_run(replace(run, state=state, ended_at=result.recorded_at, result=result))
    if member.item_id is not None and is_lacking(run, definition) and result.outcome is Outcome.GRANTED:
        return case.with_run(replace(run, result=result))
    raise WrongMemberState()


def _check_number(yields: str | None, result: StepResult) -> None:
    given = result.sealed_number is not None
    expected = yields is not None and result.outcome is Outcome.GRANTED
    if given != expected:
        message = f"应当填写{yields}" if expected else "该事项不产生证件号码"
        raise Invalid(errors=[FieldError("#/number", "bundle.number", message)])


def heard(case: BundleCase, applications: Mapping[UUID, Application], *, now: datetime) -> BundleCase:
    """What became of the members that are ordinary applications."""
    for run in case.members:
        application = applications.get(run.application_id) if run.application_id else None
        if application is not None and run.state is MemberState.RUNNING:
            case = case.with_run(_after(run, application, now))
    return case


def _after(run: MemberRun, application: Application, now: datetime) -> MemberRun:
    run = replace(run, clock_from=application.accepted_at)
    if application.outcome is not None:
        state = MemberState.GRANTED if application.outcome is Outcome.GRANTED else MemberState.REFUSED
        return replace(run, state=state, ended_at=application.decided_at)
    if application.state in _UNDER_WAY:
        return run
    state = MemberState.SATISFIED if application.state is State.NOT_REQUIRED else MemberState.ENDED
    ended = application.course.ended
    return replace(run, state=state, ended_at=application.withdrawn_at or (ended.ended_at if ended else now))


def advance(case: BundleCase, definition: BundleDefinition, *, now: datetime) -> BundleCase:
    """What follows from the members: who is cut off, whether a stage or the whole has come to its end."""
    if case.state is not BundleState.ACCEPTED:
        return case
    case = _cut_off(case, definition, now)
    passed = stage_result([definition.member(run.member_id) for run in case.members], case.states, case.stage_no)
    if passed is None or any(is_lacking(run, definition) for run in case.members):
        return case
    waiting = [run for run in case.members if run.state is MemberState.WAITING]
    if waiting and passed:
        return replace(case, state=BundleState.STAGE_DONE)
    for run in waiting:
        case = case.with_run(replace(run, state=MemberState.CANCELLED, ended_at=now))
    return replace(case, state=BundleState.DECIDED, decided_at=now)


def _cut_off(case: BundleCase, definition: BundleDefinition, now: datetime) -> BundleCase:
    while True:
        cut = [run for run in case.members if is_cut_off(definition.member(run.member_id), case.states)]
        if not cut:
            return case
        for run in cut:
            case = case.with_run(replace(run, state=MemberState.CANCELLED, ended_at=now))


def extend(
    case: BundleCase, allowed: Extension | None, extension: BundleExtension, *, due: DueDate | None
) -> BundleCase:
    """Once, and only before the legal limit is over; a provisional day cuts nobody's right off.

    Raises WrongBundleState, AlreadyExtended, BundleLimitOver, Invalid.

    Source: Administrative Licensing Law art. 42 para. 2: up to 15 days, approved by the government's head.
    """
    require(case, BundleAct.EXTEND)
    if case.extension is not None:
        raise AlreadyExtended()
    if due is not None and not due.provisional and china_date(extension.extended_at) > due.on:
        raise BundleLimitOver()
    if allowed is None:
        raise Invalid(errors=[FieldError("#/workdays", "bundle.extension", "该“一件事”没有规定可以延长期限")])
    if not 0 < extension.value <= allowed.value:
        raise Invalid(errors=[FieldError("#/workdays", "bundle.extension", f"延长不得超过 {allowed.value} 个工作日")])
    return replace(case, extension=extension)


def hand_in_stage(case: BundleCase, joining: Iterable[MemberRun], *, now: datetime) -> BundleCase:
    """The applicant hands in the next stage's form; it goes through receipt and acceptance like the first."""
    require(case, BundleAct.HAND_IN_STAGE)
    return replace(
        case,
        state=BundleState.SUBMITTED,
        stage_no=case.stage_no + 1,
        stage_handed_in_at=now,
        members=(*case.members, *joining),
    )


def hand_over(case: BundleCase, *, now: datetime) -> BundleCase:
    """Everything decided is handed out together. At the end of the bundle this concludes it."""
    require(case, BundleAct.HAND_OVER)
    if case.state is BundleState.STAGE_DONE:
        return replace(case, handed_over_at=now)
    return replace(case, state=BundleState.CONCLUDED, handed_over_at=now, concluded_at=now)


def withdraw(case: BundleCase, *, reason: str, now: datetime) -> BundleCase:
    """The applicant takes back everything that is not decided yet; what was granted stands."""
    require(case, BundleAct.WITHDRAW)
    for run in case.members:
        if run.state not in OVER:
            case = case.with_run(replace(run, state=MemberState.ENDED, ended_at=now))
    return replace(case, state=BundleState.WITHDRAWN, withdrawn_at=now, withdrawal_reason=reason)


def is_partial(case: BundleCase) -> bool:
    """Concluded in part (部分办结): something was granted although another member failed."""
    states = set(case.states.values())
    return bool(states & FAILED) and bool(states & {MemberState.GRANTED})
