"""What all acts share: who acts, that the version seen is the newest, and how an act is stored and published."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from contracts.events.common import Actor, OrganisationRef
from services.approval import facts, records, renewals, repository
from services.approval.domain.case import Case, Officer
from services.approval.domain.days_moved import move_days, moved_days
from services.approval.domain.errors import CaseChanged
from services.approval.domain.light import LightBook, LightInstants
from services.approval.domain.standing import StandingDecision
from services.approval.domain.states import OPEN_STATES
from services.approval.repository import Loaded
from services.approval.schemas import CaseOut
from services.approval.scope import visible
from services.chassis.auth import Principal
from services.chassis.database import Answer, Database, Idempotency, UnitOfWork
from services.chassis.errors import StaleVersion
from services.kernel.errors import DomainError, Kind
from services.kernel.workdays import WorkCalendar

Rule = Callable[[Case, Officer], tuple[Case, Any]]


async def perform(
    db: Database,
    idem: Idempotency,
    case_no: str,
    principal: Principal,
    rule: Rule,
    *,
    roles: Sequence[str],
    seen: int,
    now: datetime,
    calendar: WorkCalendar,
    lights: LightBook,
    reach: Callable[[Principal], ColumnElement[bool]] = visible,
) -> Answer:
    """One act in one transaction: load, apply the rule, save, record, publish.

    Args:
        rule: a function of the domain with everything but case and officer filled in.
        roles: that allow the act; the first the caller has is named as his.
        lights: derived again when the act moves the clock.
        reach: which cases the caller may act on at all.

    Raises: UnknownCase, StaleVersion, CaseChanged and what the rule raises.
    """
    async with db.transaction(idem) as uow:
        loaded = await repository.load(uow.connection, case_no, reach(principal))
        loaded = await renewals.as_it_stands(uow.connection, loaded)
        async with on_version(uow, loaded.case, seen):
            before = await with_days(uow, loaded, calendar, now)
            case, fact = rule(before, officer(principal))
        role = next(role for role in roles if principal.has(role))
        await store(uow, before, case, fact, by=actor(principal, role, loaded), now=now, calendar=calendar)
        if case.clocks != loaded.case.clocks:
            await records.save_lights(uow.connection, case.id, lights_of(case, lights, calendar))
        return uow.answer(201, CaseOut.of(case), etag_version=case.version)


async def with_days(uow: UnitOfWork, loaded: Loaded, calendar: WorkCalendar, now: datetime) -> Case:
    """The case with the days of its steps as the calendar has them now. Told, as a step of its own, where one of them
    has moved: also an act that comes before the projection of a loaded year leaves none of them untold.

    Raises CaseChanged.
    """
    case = loaded.case
    if case.state not in OPEN_STATES or not moved_days(case, calendar):
        return repository.as_known(case, calendar)
    moved, fact = move_days(case, now=now, calendar=calendar)
    await store(uow, case, moved, fact, by=None, now=now, calendar=calendar)
    await records.settle_days(uow.connection, case.id, fact.dates)
    return moved


async def store(
    uow: UnitOfWork,
    before: Case,
    after: Case,
    fact: Any,
    *,
    by: Actor | None,
    now: datetime,
    calendar: WorkCalendar,
) -> None:
    """Raises CaseChanged."""
    event = facts.event_of(after, fact, by)
    await repository.save(uow.connection, after)
    await records.add(uow.connection, before, after, event, at=now)
    await records.save_consultations(uow.connection, before, after, calendar)
    uow.publish(event, aggregate_id=after.id, version=after.version)


def lights_of(case: Case, lights: LightBook, calendar: WorkCalendar) -> LightInstants:
    return lights.instants(case.clocks, case.proceedings, calendar)


@asynccontextmanager
async def on_version(uow: UnitOfWork, case: Case | StandingDecision, seen: int) -> AsyncIterator[None]:
    """What rules the act out says more than that something has changed, so the rule is asked inside of this.

    Of several acts at once one wins, and the others hear 409: the fact that now forbids them, or CaseChanged where the
    act would still be possible. Who had read too long ago hears 412.

    Raises: StaleVersion, CaseChanged and what the rule raises.
    """
    if case.version == seen:
        yield
        return
    lost = await uow.overtaken(case.id, case.version - seen)
    try:
        yield
    except DomainError as refused:
        if lost and refused.kind is not Kind.CONFLICT:
            raise CaseChanged() from refused
        raise
    raise CaseChanged() if lost else StaleVersion()


def officer(principal: Principal) -> Officer:
    return Officer(
        account_id=principal.subject,
        department=principal.organisation,
        division=principal.division,
        name=principal.name,
        is_chief=principal.has("CHIEF_REPRESENTATIVE"),
        is_government_head=principal.has("GOVERNMENT_HEAD"),
    )


def actor(principal: Principal, role: str, loaded: Loaded) -> Actor:
    """Whoever belongs to the item's department is named with it, anybody else with the own body."""
    department = loaded.item.department
    if principal.organisation == department.uscc:
        body = OrganisationRef(uscc=department.uscc, name=department.name, division=department.division)
    else:
        body = OrganisationRef(
            uscc=principal.organisation, name=principal.organisation_name, division=principal.division
        )
    return Actor(account_id=principal.subject, name=principal.name, role=role, organisation=body)
