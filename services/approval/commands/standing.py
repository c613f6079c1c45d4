"""Decisions about certificates after the grant: proposed, the holder heard, decided, dismissed; penalties recorded."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.events import standing as events
from contracts.events.common import Actor, DueDate, Event, OrganisationRef
from contracts.events.common import Remedies as RemediesOut
from services.approval import standing_repository as repository
from services.approval.commands.acting import on_version
from services.approval.domain.days_moved import CAUSE
from services.approval.domain.standing import HeldCertificate, StandingDecision, StandingState, day_now, move_day
from services.approval.mapping import due_out
from services.approval.schemas_standing import StandingOut
from services.approval.scope import CONCERNED, OFFICERS
from services.chassis.auth import Principal
from services.chassis.database import Answer, Database, Idempotency, UnitOfWork
from services.chassis.reference import Reference
from services.kernel.workdays import WorkCalendar

_BATCH = 200
Rule = Callable[[StandingDecision], StandingDecision]
Begin = Callable[[HeldCertificate], StandingDecision]


async def begin(db: Database, idem: Idempotency, identifier: str, principal: Principal, rule: Begin) -> Answer:
    """A proposal, or a penalty recorded at once, about a certificate of the caller's department.

    Raises UnknownCertificate, StandingOpen and what the rule raises.
    """
    async with db.transaction(idem) as uow:
        reach = repository.department_of(principal)
        made = rule(await repository.certificate(uow.connection, identifier, reach))
        by = _actor(principal, OFFICERS)
        await repository.add(uow.connection, made, by)
        return _answer(uow, made, by)


async def step(
    db: Database,
    idem: Idempotency,
    decision_id: UUID,
    principal: Principal,
    rule: Rule,
    *,
    seen: int,
    now: datetime,
    calendar: WorkCalendar,
) -> Answer:
    """Also a step that comes before the projection of a loaded year goes by the holder's day as it is now.

    Raises UnknownStanding, StaleVersion, CaseChanged and what the rule raises.
    """
    async with db.transaction(idem) as uow:
        found, _ = await repository.load(uow.connection, decision_id, repository.visible(principal), lock=True)
        async with on_version(uow, found, seen):
            made = rule(await _move_day(uow, found, calendar, now))
        by = _actor(principal, (*OFFICERS, *CONCERNED))
        await repository.save(uow.connection, made, by)
        return _answer(uow, made, by)


@dataclass(frozen=True)
class StandingDays:
    """Once a year is loaded: the day of each holder that was told as provisional is counted again, stored and told."""

    calendars: Reference[WorkCalendar]

    async def __call__(self, database: Database, now: datetime) -> None:
        after: UUID | None = None
        full = True
        while full:
            async with database.transaction() as uow:
                calendar = await self.calendars.current(uow.connection)
                waiting = await repository.waiting(uow.connection, after=after, limit=_BATCH, lock=True)
                for decision in waiting:
                    await _move_day(uow, decision, calendar, now)
            full = len(waiting) == _BATCH
            after = waiting[-1].id if waiting else None


async def _move_day(
    uow: UnitOfWork, decision: StandingDecision, calendar: WorkCalendar, now: datetime
) -> StandingDecision:
    """Told as a step of its own where it moves."""
    earlier, later = decision.speak_by, day_now(decision, calendar)
    if earlier is None or later is None:
        return decision
    moved = move_day(decision, calendar)
    await repository.save(uow.connection, moved, None)
    event = events.StandingDayMoved(
        **_same(moved),
        cause=CAUSE,
        limit_workdays=moved.proposal.speak_workdays,
        from_at=moved.proposed_at,
        earlier=due_out(earlier),
        now=due_out(later),
        moved_at=now,
    )
    uow.publish(event, aggregate_id=moved.id, version=moved.version)
    return moved


def _answer(uow: UnitOfWork, made: StandingDecision, by: Actor) -> Answer:
    uow.publish(_event(made, by), aggregate_id=made.id, version=made.version)
    return uow.answer(201, StandingOut.of(made), etag_version=made.version)


def _actor(principal: Principal, roles: tuple[str, ...]) -> Actor:
    role = next(role for role in roles if principal.has(role))
    return Actor(account_id=principal.subject, name=principal.name, role=role, organisation=_body(principal))


def _body(principal: Principal) -> OrganisationRef | None:
    if not principal.organisation:
        return None
    return OrganisationRef(uscc=principal.organisation, name=principal.organisation_name, division=principal.division)


def _event(made: StandingDecision, by: Actor) -> Event:
    """What the step was, by where the decision stands now."""
    same = _same(made)
    if made.state is StandingState.DECIDED:
        return _decided(made, by, same)
    if made.state is StandingState.DISMISSED:
        return events.StandingDismissed(**same, reasons=made.reasons, dismissed_at=made.decided_at, dismissed_by=by)
    if made.statements:
        return events.StandingHeard(**same, statement=made.statements[-1], heard_at=made.moved_at, heard_by=by)
    due = made.speak_by
    return events.StandingProposed(
        **same,
        facts=made.proposal.facts,
        basis=made.proposal.basis,
        compensation=made.proposal.compensation,
        changes=_changes(made),
        speak_by=DueDate(on=due.on, provisional=due.provisional) if due else None,
        proposed_at=made.proposed_at,
        proposed_by=by,
    )


def _same(made: StandingDecision) -> dict[str, Any]:
    return {
        "decision_id": made.id,
        "identifier": made.certificate.identifier,
        "holder_key": made.certificate.holder_key,
        "department_uscc": made.certificate.issuer,
        "act": events.StandingAct(made.proposal.act.value),
        "ground": made.proposal.ground.value,
        "article": made.rule.article,
    }


def _changes(made: StandingDecision) -> tuple[events.Change, ...]:
    return tuple(events.Change(**vars(one)) for one in made.proposal.changes)


def _decided(made: StandingDecision, by: Actor, same: dict[str, Any]) -> Event:
    proposal, penalty, remedies = made.proposal, made.penalty, made.remedies
    return events.StandingDecided(
        **same,
        certificate_id=made.certificate.id,
        department=by.organisation,
        grounds=made.rule.wording,
        facts=proposal.facts,
        basis=proposal.basis,
        compensation=proposal.compensation,
        changes=_changes(made),
        valid_until=proposal.valid_until,
        penalty=events.Penalty(**vars(penalty)) if penalty else None,
        remedies=RemediesOut(**vars(remedies)) if remedies else None,
        effective_on=made.effective_on,
        decided_at=made.decided_at,
        decided_by=by,
    )
