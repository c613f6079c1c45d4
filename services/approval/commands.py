"""Acts of approval: each is one transaction that stores the new state and publishes one event."""

import logging
from collections.abc import Sequence
from datetime import datetime

from contracts.events import approval as events
from contracts.events.common import Actor, OrganisationRef, Outcome, Remedies
from contracts.events.intake import ApplicationAccepted, ApplicationWithdrawn
from services.approval import repository
from services.approval.domain import case as rules
from services.approval.domain.case import OPEN_STATES, Case, Officer, Opinion
from services.approval.domain.decision import DecisionDraft
from services.approval.repository import Loaded
from services.approval.schemas import CaseOut
from services.approval.scope import visible
from services.chassis import clock
from services.chassis.auth import Principal
from services.chassis.database import Answer, Database, Idempotency, UnitOfWork
from services.chassis.errors import StaleVersion

log = logging.getLogger(__name__)


async def write_opinion(
    db: Database, idem: Idempotency, case_no: str, opinion: Opinion, officer: Principal, *, seen: int, now: datetime
) -> Answer:
    """The handler's opinion. Raises UnknownCase, StaleVersion and what `rules.examine` raises."""
    async with db.transaction(idem) as uow:
        loaded = await repository.load(uow.connection, case_no, visible(officer))
        case, written = rules.examine(loaded.case, opinion, _officer(officer), now=now)
        _unchanged(loaded.case, seen)
        by = _actor(officer, "HANDLER", loaded)
        await repository.save(uow.connection, case)
        await repository.add_opinion(uow.connection, case, written, by)
        event = events.OpinionWritten(
            case_id=case.id,
            case_no=case.case_no,
            recommendation=events.Recommendation(written.opinion.recommendation.value),
            written_at=now,
            written_by=by,
        )
        uow.publish(event, aggregate_id=case.id, version=case.version)
        return uow.answer(201, CaseOut.of(case), etag_version=case.version)


async def decide_case(
    db: Database, idem: Idempotency, case_no: str, draft: DecisionDraft, officer: Principal, *, seen: int, now: datetime
) -> Answer:
    """The chief's decision. Raises UnknownCase, StaleVersion, CaseChanged and what `rules.decide` raises."""
    async with db.transaction(idem) as uow:
        loaded = await repository.load(uow.connection, case_no, visible(officer))
        case, decided = rules.decide(loaded.case, draft, _officer(officer), now=now, today=clock.local_date(now))
        _unchanged(loaded.case, seen)
        by = _actor(officer, "CHIEF_REPRESENTATIVE", loaded)
        await repository.save(uow.connection, case)
        await repository.add_decision(uow.connection, case, decided, by)
        uow.publish(_case_decided(loaded, decided, by), aggregate_id=case.id, version=case.version)
        return uow.answer(201, CaseOut.of(case, decided.decision.outcome), etag_version=case.version)


async def open_cases(uow: UnitOfWork, accepted: Sequence[ApplicationAccepted], *, now: datetime) -> None:
    """Open the cases of accepted applications; one that is already there stays as it is.

    An application whose withdrawal was told first is opened and closed at once: it was accepted before it ended.
    """
    ids = [event.application_id for event in accepted]
    await repository.lock_applications(uow.connection, ids)
    pairs = [(_opened(event, now), event) for event in {e.application_id: e for e in accepted}.values()]
    new = await repository.add_cases(uow.connection, pairs, now)
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


def _opened(event: ApplicationAccepted, now: datetime) -> Case:
    case, _ = rules.open_case(
        event.application_id,
        event.case_no,
        department=event.item.department.uscc,
        accepted_by=event.accepted_by.account_id,
        result=repository.result_rule(event.item),
        now=now,
    )
    return case


def _unchanged(case: Case, seen: int) -> None:
    if case.version != seen:
        raise StaleVersion()


def _officer(principal: Principal) -> Officer:
    return Officer(account_id=principal.subject, department=principal.organisation)


def _actor(principal: Principal, role: str, loaded: Loaded) -> Actor:
    """The department is the item's: whoever acts belongs to it."""
    department = loaded.item.department
    body = OrganisationRef(uscc=department.uscc, name=department.name, division=department.division)
    return Actor(account_id=principal.subject, name=principal.name, role=role, organisation=body)


def _case_decided(loaded: Loaded, decided: rules.Decided, by: Actor) -> events.CaseDecided:
    decision = decided.decision
    remedies = Remedies(**vars(decision.remedies)) if decision.remedies else None
    return events.CaseDecided(
        case_id=loaded.case.id,
        case_no=loaded.case.case_no,
        query_code=loaded.query_code,
        outcome=Outcome(decision.outcome.value),
        item=loaded.item,
        applicant=loaded.applicant,
        agent=loaded.agent,
        accepted_at=loaded.row["accepted_at"],
        decided_at=decided.decided_at,
        decided_by=by,
        content=decision.content,
        conditions=decision.conditions,
        valid_from=decision.valid_from,
        valid_until=decision.valid_until,
        reasons=decision.reasons,
        legal_basis=decision.legal_basis,
        remedies=remedies,
    )
