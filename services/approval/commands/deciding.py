"""The two acts every case goes through: the handler's opinion and the chief's decision."""

from datetime import datetime

from contracts.events import approval as events
from contracts.events.common import Actor, Outcome, Remedies
from services.approval import quotas, recalls, renewals, repository, standing_repository
from services.approval.commands.acting import actor, officer, on_version, with_days
from services.approval.domain import case as rules
from services.approval.domain.case import Opinion
from services.approval.domain.clocks import DELIVERY_WORKDAYS, workdays_after
from services.approval.domain.decision import DecisionDraft
from services.approval.mapping import due_out
from services.approval.repository import Loaded
from services.approval.schemas import CaseOut
from services.approval.scope import visible
from services.chassis import clock
from services.chassis.auth import Principal
from services.chassis.database import Answer, Database, Idempotency
from services.kernel.workdays import WorkCalendar


async def write_opinion(
    db: Database, idem: Idempotency, case_no: str, opinion: Opinion, principal: Principal, *, seen: int, now: datetime
) -> Answer:
    """The handler's opinion. Raises UnknownCase, StaleVersion, CaseChanged and what `rules.examine` raises."""
    async with db.transaction(idem) as uow:
        loaded = await repository.load(uow.connection, case_no, visible(principal))
        async with on_version(uow, loaded.case, seen):
            case, written = rules.examine(loaded.case, opinion, officer(principal), now=now)
        by = actor(principal, "HANDLER", loaded)
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
    db: Database,
    idem: Idempotency,
    case_no: str,
    draft: DecisionDraft,
    principal: Principal,
    *,
    seen: int,
    now: datetime,
    calendar: WorkCalendar,
) -> Answer:
    """Raises UnknownCase, StaleVersion, CaseChanged, RecallOpen, RecallToAnnul, and what `rules.decide`,
    `order.check_place` and the checks of what it amends or renews raise."""
    async with db.transaction(idem) as uow:
        loaded = await repository.load(uow.connection, case_no, visible(principal))
        loaded = await renewals.as_it_stands(uow.connection, loaded)
        async with on_version(uow, loaded.case, seen):
            before = await with_days(uow, loaded, calendar, now)
            case, decided = rules.decide(before, draft, officer(principal), now=now, today=clock.local_date(now))
        if decided.decision.outcome.value == Outcome.GRANTED:
            await recalls.check_answered(uow.connection, case.id)
            await quotas.check_order(uow.connection, loaded)
            granted = decided.decision
            await standing_repository.check_amendable(uow.connection, loaded.row["amends"], granted.valid_until)
            await renewals.check_renewable(uow.connection, loaded.row["renews"])
            renewals.check_start(loaded.row["renews"], granted.valid_from, today=clock.local_date(now))
        by = actor(principal, "CHIEF_REPRESENTATIVE", loaded)
        await repository.save(uow.connection, case)
        await repository.add_decision(uow.connection, case, decided, by)
        uow.publish(_case_decided(loaded, decided, by, calendar), aggregate_id=case.id, version=case.version)
        return uow.answer(201, CaseOut.of(case, decided.decision.outcome), etag_version=case.version)


def _case_decided(loaded: Loaded, decided: rules.Decided, by: Actor, calendar: WorkCalendar) -> events.CaseDecided:
    decision = decided.decision
    due = workdays_after(decided.decided_at, DELIVERY_WORKDAYS, calendar)
    delivery_due = due_out(due) if decision.outcome.value == Outcome.GRANTED.value else None
    remedies = Remedies(**vars(decision.remedies)) if decision.remedies else None
    return events.CaseDecided(
        case_id=loaded.case.id,
        case_no=loaded.case.case_no,
        query_code=loaded.query_code,
        outcome=Outcome(decision.outcome.value),
        item=loaded.item,
        applicant=loaded.applicant,
        co_applicants=loaded.row["co_applicants"] or (),
        agent=loaded.agent,
        accepted_at=loaded.row["accepted_at"],
        decided_at=decided.decided_at,
        decided_by=by,
        content=decision.content,
        conditions=decision.conditions,
        valid_from=decision.valid_from,
        valid_until=decision.valid_until,
        facts=decision.facts,
        reasons=decision.reasons,
        legal_basis=decision.legal_basis,
        remedies=remedies,
        technical_standard=decision.technical_standard,
        delivery_due=delivery_due,
        renews=loaded.row["renews"],
        amends=loaded.row["amends"],
        fields=dict(decision.certificate_fields),
    )
