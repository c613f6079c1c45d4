"""Supplement: the one-time notice with every fault, and what the applicant supplies."""

from uuid import UUID

from services.chassis.database import Answer
from services.intake import facts, repository
from services.intake.commands.acting import publish, save
from services.intake.commands.submit import hand_in, holders_of
from services.intake.domain import application as rules
from services.intake.domain.catalogue import ServiceItem
from services.intake.office import Call, Office, answer
from services.intake.schemas import FaultIn, SupplementNoticeIn, SupplementsIn
from services.intake.scope import visible


async def request_supplement(office: Office, application_id: UUID, body: SupplementNoticeIn, call: Call) -> Answer:
    """Raises UnknownApplication, StaleVersion, WrongState, AlreadyNotified, Invalid."""
    async with office.db.transaction(call.idempotency) as uow:
        seen = await repository.load(uow.connection, application_id, visible(call.principal, call.roles))
        call.check_seen(seen)
        item = await office.items.pinned(uow.connection, seen.item_code, seen.item_version)
        default = office.workdays_after(call.now, office.settings.supply_workdays)
        asked = rules.request_supplement(
            seen,
            item.item,
            [_fault(item.item, fault) for fault in body.faults],
            supply_by=body.supply_by or default.on,
            today=call.today,
            by=call.by,
            now=call.now,
        )
        asked = await save(uow, seen, asked, events=1)
        publish(uow, asked, facts.supplement_requested(asked))
        return answer(uow, 201, asked, item)


def _fault(item: ServiceItem, fault: FaultIn) -> rules.MaterialFault:
    material = item.material(fault.material_no)
    return rules.MaterialFault(fault.material_no, material.name if material else "", fault.fault, fault.remedy)


async def supply(office: Office, application_id: UUID, body: SupplementsIn, call: Call) -> Answer:
    """What was uploaded since the notice counts, and what is named here.

    Raises UnknownApplication, StaleVersion, WrongState, Invalid.
    """
    claims = [material.claim() for material in body.materials]
    async with office.db.transaction(call.idempotency) as uow:
        seen = await repository.load(uow.connection, application_id, visible(call.principal, call.roles))
        call.check_seen(seen)
        item = await office.items.pinned(uow.connection, seen.item_code, seen.item_version)
        holders = holders_of(seen, call.principal)
        materials = await hand_in(uow.connection, item.item, claims, call, holders=holders)
        supplied = await save(uow, seen, rules.supply(seen, materials, now=call.now), events=1)
        publish(uow, supplied, facts.supplement_supplied(supplied, by=call.by, now=call.now))
        return answer(uow, 201, supplied, item)
