"""Corrected on the spot; promised materials that come in; the later check of an informed commitment."""

from uuid import UUID

from services.chassis.database import Answer, UnitOfWork
from services.intake import facts_later
from services.intake.commands.acting import load, publish, save
from services.intake.commands.barring import bar_for_falsehood
from services.intake.commands.reliance import record
from services.intake.commands.submit import hand_in, holders_of
from services.intake.domain import application as rules
from services.intake.domain.materials import Check, CheckOutcome
from services.intake.domain.states import Act
from services.intake.office import Call, Office, answer
from services.intake.reliance_repository import issued_by
from services.intake.schemas import CommitmentCheckIn, CorrectionIn, DeferredIn


async def correct(office: Office, application_id: UUID, body: CorrectionIn, call: Call) -> Answer:
    """Raises UnknownApplication, StaleVersion, ApplicationChanged, WrongState, Invalid."""
    claims = [material.claim() for material in body.materials]
    async with office.db.transaction(call.idempotency) as uow:
        seen = await load(uow.connection, application_id, call)
        await call.check_seen(uow, seen, Act.CORRECT)
        item = await office.items.pinned(uow.connection, seen.item_code, seen.item_version, seen.course.scenario)
        holders = holders_of(seen, call.principal)
        materials = await hand_in(uow.connection, item.item, claims, call, holders=holders)
        corrected = rules.correct(seen, body.corrections, materials, by=call.by, now=call.now)
        corrected = await save(uow, seen, corrected, events=1)
        publish(uow, corrected, facts_later.corrected(corrected, body.corrections, materials, call.by, call.now))
        return answer(uow, 201, corrected, item)


async def supply_deferred(office: Office, application_id: UUID, body: DeferredIn, call: Call) -> Answer:
    """Raises UnknownApplication, StaleVersion, ApplicationChanged, WrongState, Invalid."""
    claims = [material.claim() for material in body.materials]
    async with office.db.transaction(call.idempotency) as uow:
        seen = await load(uow.connection, application_id, call)
        await call.check_seen(uow, seen, Act.SUPPLY_DEFERRED)
        item = await office.items.pinned(uow.connection, seen.item_code, seen.item_version, seen.course.scenario)
        holders = holders_of(seen, call.principal)
        materials = await hand_in(uow.connection, item.item, claims, call, holders=holders)
        supplied = await save(uow, seen, rules.supply_deferred(seen, materials), events=1)
        publish(uow, supplied, facts_later.deferred_supplied(supplied, item, seen, call.by, call.now))
        await record(uow, supplied, item, office.items, call.now)
        return answer(uow, 201, supplied, item)


async def check_commitment(office: Office, application_id: UUID, body: CommitmentCheckIn, call: Call) -> Answer:
    """Found false, its maker is barred from commitments, and approval hears of the case and what it has brought.

    Raises UnknownApplication, StaleVersion, ApplicationChanged, WrongState, NothingToCheck.
    """
    async with office.db.transaction(call.idempotency) as uow:
        seen = await load(uow.connection, application_id, call)
        await call.check_seen(uow, seen, Act.CHECK_COMMITMENT)
        item = await office.items.pinned(uow.connection, seen.item_code, seen.item_version, seen.course.scenario)
        check = Check(body.outcome, body.finding, call.now, call.by.account_id)
        checked = rules.check_commitment(seen, body.material_no, check)
        checked = await save(uow, seen, checked, events=1)
        follows = await _what_follows(office, uow, checked, body.material_no, call)
        publish(uow, checked, facts_later.commitment_checked(checked, item, body.material_no, follows, call.by))
        return answer(uow, 201, checked, item)


async def _what_follows(
    office: Office, uow: UnitOfWork, checked: rules.Application, material_no: int, call: Call
) -> facts_later.Falsehood | None:
    given = next(m for m in checked.materials if m.material_no == material_no)
    if given.check is None or given.check.outcome is not CheckOutcome.FALSE:
        return None
    until = await bar_for_falsehood(uow, checked, given, call, days=office.settings.commitment_bar_days)
    issued = await issued_by(uow.connection, [checked.application_id])
    return facts_later.Falsehood(until, tuple(sorted(number for _, number in issued)))
