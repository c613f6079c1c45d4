"""What has changed between two states of a bundle application, as its events tell it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.events import bundles as events
from contracts.events.common import Channel, DueDate, Event, LimitUnit, OrganisationRef
from contracts.events.intake import HandOverMethod, MaterialFault
from services.intake import facts
from services.intake.bundles.definitions import Running
from services.intake.domain.application import Method, Staff
from services.intake.domain.bundle_case import BundleCase, BundleState, MemberRun, is_partial
from services.intake.domain.bundle_plan import OVER, MemberState
from services.intake.domain.catalogue import Department
from services.intake.domain.joint_clock import joint_clock
from services.intake.items import limit_value
from services.kernel.light_rules import Basis
from services.kernel.workdays import WorkCalendar


def _named(case: BundleCase) -> dict[str, Any]:
    return {
        "bundle_application_id": case.bundle_application_id,
        "bundle_no": case.bundle_no,
        "bundle_id": case.bundle_id,
    }


def _body(department: Department) -> OrganisationRef:
    return OrganisationRef(uscc=department.uscc, name=department.name, division=department.division)


def _member(running: Running, run: MemberRun) -> events.BundleMemberRef:
    result = events.BundleMemberResult(run.state.value) if run.state in OVER else None
    return events.BundleMemberRef(
        member_id=run.member_id,
        name=running.name_of(run.member_id),
        application_id=run.application_id,
        result=result,
    )


def submitted(running: Running, case: BundleCase) -> events.BundleSubmitted:
    return events.BundleSubmitted(
        **_named(case),
        name=running.definition.name,
        lead=_body(running.definition.lead),
        applicant=facts.party(case.applicant),
        agent=facts.agent(case.agent),
        channel=Channel(case.channel),
        division=case.division,
        members=tuple(_member(running, run) for run in case.members),
        submitted_at=case.submitted_at,
        submitted_by=facts.actor(case.submitted_by),
    )


@dataclass(frozen=True)
class HandedOut:
    """What was handed out together, how and to whom."""

    method: Method
    recipient_name: str
    runs: Sequence[MemberRun]


@dataclass(frozen=True)
class AsOf:
    """What the joint dates are told by."""

    now: datetime
    calendar: WorkCalendar


def told(
    running: Running,
    before: BundleCase,
    after: BundleCase,
    by: Staff,
    as_of: AsOf,
    handed: HandedOut | None = None,
) -> list[Event]:
    """In the order things happen: what a person did, what became of members, where that led."""
    return [
        *_acts(running, before, after, by, _joint_dates(running, after, as_of)),
        *_members(running, before, after),
        *_ends(running, before, after),
        *([handed_over(after, handed, by)] if handed else []),
    ]


def _joint_dates(running: Running, case: BundleCase, as_of: AsOf) -> dict[str, Any]:
    clocks = {
        name: joint_clock(case, running.definition, basis, as_of.calendar, now=as_of.now)
        for name, basis in (("legal_due", Basis.LEGAL), ("promised_due", Basis.PROMISED))
    }
    dues = {name: clock.why.due for name, clock in clocks.items() if clock is not None}
    return {name: DueDate(on=due.on, provisional=due.provisional) for name, due in dues.items()} | {"as_of": as_of.now}


def _acts(running: Running, before: BundleCase, after: BundleCase, by: Staff, dates: dict[str, Any]) -> Iterator[Event]:
    named = _named(after)
    if after.stage_no > before.stage_no > 0:
        yield _stage_handed_in(running, after, by)
    if after.received_at != before.received_at and after.received_at is not None:
        yield events.BundleReceived(**named, received_at=after.received_at, received_by=facts.actor(by))
    yield from _supplement(running, before, after, by)
    if after.accepted_at != before.accepted_at and after.accepted_at is not None:
        yield events.BundleAccepted(
            **named,
            legal_limit=limit_value(running.definition.legal_limit),
            promised_limit=limit_value(running.definition.promised_limit),
            accepted_at=after.accepted_at,
            accepted_by=facts.actor(by),
            **dates,
        )
    if after.extension is not None and before.extension is None:
        extension = after.extension
        yield events.BundleExtended(
            **named,
            value=extension.value,
            unit=LimitUnit(running.definition.legal_limit.unit.value),
            reason=extension.reason,
            approved_by=extension.approved_by,
            approval_no=extension.approval_no,
            extended_at=extension.extended_at,
            extended_by=facts.actor(by),
            **dates,
        )
    if after.withdrawn_at is not None and before.withdrawn_at is None:
        yield events.BundleWithdrawn(
            **named,
            reason=after.withdrawal_reason or "",
            withdrawn_at=after.withdrawn_at,
            withdrawn_by=facts.actor(by),
        )


def _supplement(running: Running, before: BundleCase, after: BundleCase, by: Staff) -> Iterator[Event]:
    notice, earlier = after.supplement, before.supplement
    if notice is None or notice == earlier:
        return
    if earlier is not None and (notice.requested_at, notice.supplied_at) == (earlier.requested_at, earlier.supplied_at):
        return  # a loaded calendar made its day final; nobody asked or supplied anything
    if notice.supplied_at is not None:
        yield events.BundleSupplementSupplied(
            **_named(after), supplied_at=notice.supplied_at, supplied_by=facts.actor(by)
        )
        return
    yield events.BundleSupplementRequested(
        **_named(after),
        faults=tuple(MaterialFault(**vars(fault)) for fault in notice.faults),
        members=tuple(_member(running, after.run_of(member_id)) for member_id in notice.members),
        supply_by=notice.supply_by,
        supply_by_provisional=notice.provisional,
        requested_at=notice.requested_at,
        requested_by=facts.actor(by),
        ordinal=notice.ordinal,
        reason=notice.reason,
    )


def _stage_handed_in(running: Running, case: BundleCase, by: Staff) -> Event:
    stage = running.definition.stage(case.stage_no)
    assert stage is not None  # a stage is handed in only where the bundle has stages
    return events.BundleStageHandedIn(
        **_named(case),
        stage_no=stage.stage_no,
        stage_name=stage.name,
        lead=_body(stage.lead),
        handed_in_at=facts.at(case.stage_handed_in_at),
        handed_in_by=facts.actor(by),
    )


def _members(running: Running, before: BundleCase, after: BundleCase) -> Iterator[Event]:
    earlier = {run.member_id: run for run in before.members}
    for run in after.members:
        was = earlier.get(run.member_id)
        started = was is None or was.opened_at is None
        if started and run.opened_at is not None:
            department = running.department_of(run.member_id)
            yield events.BundleMemberStarted(
                **_named(after),
                member=_member(running, run).model_copy(update={"result": None}),
                department=_body(department) if department else None,
                started_at=run.opened_at,
            )
        if run.ended_at is not None and (was is None or was.ended_at is None) and run.state is not MemberState.RUNNING:
            yield events.BundleMemberEnded(**_named(after), member=_member(running, run), ended_at=run.ended_at)


def _ends(running: Running, before: BundleCase, after: BundleCase) -> Iterator[Event]:
    if after.state is before.state:
        return
    if after.state is BundleState.STAGE_DONE:
        stage, following = running.definition.stage(after.stage_no), running.definition.stage(after.stage_no + 1)
        assert stage is not None
        assert following is not None  # a stage is done only while members of a later one wait
        yield events.BundleStageDone(
            **_named(after),
            stage_no=stage.stage_no,
            stage_name=stage.name,
            next_stage_no=following.stage_no,
            next_lead=_body(following.lead),
            done_at=_last_end(after),
        )
    elif after.decided_at != before.decided_at:
        yield events.BundleDecided(
            **_named(after),
            members=tuple(_member(running, run) for run in after.members),
            partial=is_partial(after),
            decided_at=after.decided_at or _last_end(after),
        )


def _last_end(case: BundleCase) -> datetime:
    return max(run.ended_at for run in case.members if run.ended_at is not None)


def handed_over(case: BundleCase, handed: HandedOut, by: Staff) -> events.BundleHandedOver:
    assert case.handed_over_at is not None  # set by the act that this event tells of
    return events.BundleHandedOver(
        **_named(case),
        application_ids=tuple(run.application_id for run in handed.runs if run.application_id is not None),
        method=HandOverMethod(handed.method.value),
        recipient_name=handed.recipient_name,
        concluded=case.state is BundleState.CONCLUDED,
        handed_over_at=case.handed_over_at,
        handed_over_by=facts.actor(by),
    )
