"""How a case begins and ends from outside: acceptance opens it, the applicant's withdrawal closes it."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from contracts.events import approval as events
from contracts.events.intake import (
    ApplicationAccepted,
    ApplicationWithdrawn,
    ClaimWindowRef,
    ClockName,
    DatesMoved,
    DeferredMaterialSupplied,
    DeferredRef,
)
from contracts.events.intake_seldom import ApplicationClaimed
from services.approval import mapping, records, repository
from services.approval.commands.acting import lights_of
from services.approval.domain import case as rules
from services.approval.domain import taking
from services.approval.domain.case import Case
from services.approval.domain.light import LightBook
from services.approval.domain.opening import open_case
from services.approval.domain.proceedings import Claim, Promised
from services.approval.domain.states import OPEN_STATES
from services.chassis.bus import NotYet
from services.chassis.database import UnitOfWork
from services.kernel.time_limit import end_of
from services.kernel.workdays import WorkCalendar

log = logging.getLogger(__name__)
_WINDOW = frozenset({ClockName.WAITING, ClockName.CLAIM})


async def open_cases(
    uow: UnitOfWork,
    accepted: Sequence[tuple[ApplicationAccepted, int]],
    *,
    now: datetime,
    calendar: WorkCalendar,
    lights: LightBook,
) -> None:
    """Open the cases of accepted applications; one that is already there stays as it is.

    An application whose withdrawal was told first is opened and closed at once: it was accepted before it ended.

    Args:
        accepted: each acceptance with its number among the events of its application.
    """
    once = {event.application_id: (event, told) for event, told in accepted}
    ids = list(once)
    await repository.lock_applications(uow.connection, ids)
    pairs = [(_opened(event, told, now, calendar), event) for event, told in once.values()]
    lit = [(case, lights_of(case, lights, calendar), event) for case, event in pairs]
    new = await repository.add_cases(uow.connection, lit, now)
    ended = await repository.withdrawals_of(uow.connection, ids)
    for case, _ in pairs:
        if case.id not in new:
            continue
        opened = events.CaseOpened(case_id=case.id, case_no=case.case_no, opened_at=now)
        uow.publish(opened, aggregate_id=case.id, version=case.version)
        if case.id in ended:
            await _close(uow, case, ended[case.id]["reason"], ended[case.id]["withdrawn_at"])


async def withdraw_case(uow: UnitOfWork, withdrawn: ApplicationWithdrawn) -> None:
    """End an undecided case. A decision that was first stands; intake learns it from the event of the decision."""
    await repository.lock_applications(uow.connection, [withdrawn.application_id])
    loaded = await repository.find_for_update(uow.connection, withdrawn.application_id)
    await repository.add_withdrawal(uow.connection, withdrawn)
    if loaded is None:
        return
    if loaded.case.state not in OPEN_STATES:
        log.info("withdrawal after the end of the case", extra={"case_no": loaded.case.case_no})
        return
    await _close(uow, loaded.case, withdrawn.reason, withdrawn.withdrawn_at)


async def _close(uow: UnitOfWork, case: Case, reason: str, at: datetime) -> None:
    closed, withdrawn = rules.withdraw(case, reason, at=at)
    await repository.save(uow.connection, closed)
    event = events.CaseWithdrawn(
        case_id=case.id, case_no=case.case_no, reason=withdrawn.reason, withdrawn_at=withdrawn.withdrawn_at
    )
    uow.publish(event, aggregate_id=case.id, version=closed.version)


def _opened(event: ApplicationAccepted, told: int, now: datetime, calendar: WorkCalendar) -> Case:
    case, _ = open_case(
        event.application_id,
        event.case_no,
        department=event.item.department.uscc,
        accepted_by=event.accepted_by.account_id,
        result=mapping.result_rule(event.item, amends=event.amends is not None),
        clocks=mapping.clocks_of_acceptance(event),
        dates=mapping.dates_of_acceptance(event),
        now=now,
        calendar=calendar,
        rules=mapping.item_rules(event.item),
        division=event.division,
        materials=frozenset(material.material_no for material in event.materials),
        promised=promised(event.deferred),
        decide_before=_decide_before(event),
        claim=_claim(event.claim_window, told) if event.claim_window else None,
    )
    return case


def promised(deferred: Sequence[DeferredRef]) -> tuple[Promised, ...]:
    """Those a grant waits for; what an emergency lets come later is followed up by intake and supervision."""
    return tuple(Promised(d.material_no, d.name, d.promised_on) for d in deferred if not d.after_grant)


def _claim(window: ClaimWindowRef, told: int, claimed_at: datetime | None = None) -> Claim:
    return Claim(window.name, window.waiting, window.opens_on, window.closes.on, claimed_at, told, told)


def _decide_before(event: ApplicationAccepted) -> datetime | None:
    renews = event.renews
    return end_of(renews.valid_until) if renews is not None and renews.silence_renews else None


async def take_deferred(uow: UnitOfWork, supplied: DeferredMaterialSupplied) -> None:
    """What is still promised; nothing else of the case changes, and nothing of one that has ended.

    Raises NotYet: the case is not opened yet.
    """
    case = await _running(uow, supplied.application_id)
    if case is not None:
        brought = {material.material_no for material in supplied.materials}
        taken = taking.take_deferred(case, promised(supplied.outstanding), brought)
        await repository.save_proceedings(uow.connection, case.id, taken.proceedings)
        await repository.add_materials(uow.connection, case.id, supplied.materials)


async def take_window(
    uow: UnitOfWork, moved: DatesMoved, *, told: int, calendar: WorkCalendar, lights: LightBook
) -> None:
    """A loaded calendar moved the window in which the applicants come again; before acceptance there is no case yet.

    Raises NotYet: it was accepted before its window was moved, and the case is not opened yet.
    """
    days = {one.clock: one.now.on for one in moved.dates}
    loaded = await repository.find_for_update(uow.connection, moved.application_id) if days.keys() & _WINDOW else None
    if loaded is None and moved.accepted and days.keys() & _WINDOW:
        raise NotYet("the case is not opened yet")
    claim = loaded.case.proceedings.claim if loaded is not None else None
    if loaded is None or claim is None or loaded.case.state not in OPEN_STATES:
        return
    waiting_until = days.get(ClockName.WAITING)
    opens_on = waiting_until + timedelta(days=1) if waiting_until is not None else None
    claim = taking.later_ends(claim, opens_on, days.get(ClockName.CLAIM), told=told)
    case = taking.take_claim(loaded.case, claim)
    await repository.save_proceedings(uow.connection, case.id, case.proceedings)
    await records.save_lights(uow.connection, case.id, lights_of(case, lights, calendar))


async def take_claim(
    uow: UnitOfWork, claimed: ApplicationClaimed, *, told: int, calendar: WorkCalendar, lights: LightBook
) -> None:
    """The applicants came again in their window: the case may be decided; one that has ended stays as it is.

    Raises NotYet: the case is not opened yet.
    """
    case = await _running(uow, claimed.application_id)
    if case is None:
        return
    claim = taking.came_again(case.proceedings.claim, _claim(claimed.window, told, claimed.claimed_at))
    case = taking.take_claim(case, claim)
    await repository.save_proceedings(uow.connection, case.id, case.proceedings)
    await records.save_lights(uow.connection, case.id, lights_of(case, lights, calendar))


async def _running(uow: UnitOfWork, case_id: UUID) -> Case | None:
    """The case, locked; None when it has ended. Raises NotYet: the case is not opened yet."""
    loaded = await repository.find_for_update(uow.connection, case_id)
    if loaded is None:
        raise NotYet("the case is not opened yet")
    if loaded.case.state not in OPEN_STATES:
        log.info("told of a case that has ended", extra={"case_no": loaded.case.case_no})
        return None
    return loaded.case
