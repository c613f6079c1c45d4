"""Supplement: the notice with every fault, what the applicant supplies, and return when he gives up."""

from collections.abc import Sequence
from uuid import UUID

from services.chassis.database import Answer
from services.intake import facts, facts_later
from services.intake.commands.accept import counting
from services.intake.commands.acting import load, publish, save
from services.intake.commands.submit import hand_in, holders_of, promises
from services.intake.domain import supplement as rules
from services.intake.domain.application import NOTICE_WORKDAYS
from services.intake.domain.catalogue import ServiceItem
from services.intake.domain.records import MaterialFault
from services.intake.domain.states import Act
from services.intake.office import Call, Office, answer
from services.intake.schemas import FaultIn, ReturnIn, SupplementNoticeIn, SupplementsIn


async def request_supplement(
    office: Office,
    application_id: UUID,
    body: SupplementNoticeIn,
    call: Call,
    *,
    judged: Sequence[MaterialFault] | None = None,
) -> Answer:
    """`judged`: this member's part of a bundle's notice, which was found possible for all of them.

    Raises UnknownApplication, StaleVersion, ApplicationChanged, WrongState, AlreadyNotified,
    FaultCouldBeSeen, Invalid.
    """
    async with office.db.transaction(call.idempotency) as uow:
        seen = await load(uow.connection, application_id, call)
        await call.check_seen(uow, seen, Act.REQUEST_SUPPLEMENT)
        item = await office.items.pinned(uow.connection, seen.item_code, seen.item_version, seen.course.scenario)
        workdays = office.settings.supply_workdays if body.supply_by is None else None
        asked = rules.request_supplement(
            seen,
            item.item,
            judged or [_fault(item.item, fault) for fault in body.faults],
            supply_by=body.supply_by or office.workdays_after(call.now, office.settings.supply_workdays).on,
            today=call.today,
            by=call.by,
            now=call.now,
            reason=body.reason,
            workdays=workdays,
            calendar=office.calendar,
            counting=await counting(uow.connection, seen, call.today),
            judged=judged is not None,
        )
        asked = await save(uow, seen, asked, events=1)
        publish(uow, asked, facts.supplement_requested(asked, item))
        return answer(uow, 201, asked, item)


def _fault(item: ServiceItem, fault: FaultIn) -> MaterialFault:
    material, shown = item.material(fault.material_no), item.material(fault.shown_by or 0)
    return MaterialFault(
        fault.material_no,
        material.name if material else "",
        fault.fault,
        fault.remedy,
        fault.shown_by,
        shown.name if shown else None,
    )


async def give_up(office: Office, application_id: UUID, body: ReturnIn, call: Call) -> Answer:
    """Raises UnknownApplication, StaleVersion, ApplicationChanged, WrongState, Invalid."""
    async with office.db.transaction(call.idempotency) as uow:
        seen = await load(uow.connection, application_id, call)
        await call.check_seen(uow, seen, Act.RETURN)
        item = await office.items.pinned(uow.connection, seen.item_code, seen.item_version, seen.course.scenario)
        returned = rules.give_up(seen, reason=body.reason, by=call.by, now=call.now)
        returned = await save(uow, seen, returned, events=1)
        publish(uow, returned, facts_later.returned(returned))
        return answer(uow, 201, returned, item)


async def supply(office: Office, application_id: UUID, body: SupplementsIn, call: Call) -> Answer:
    """What was uploaded since the notice counts, and what is named here.

    Raises UnknownApplication, StaleVersion, ApplicationChanged, WrongState, Invalid.
    """
    claims = [material.claim() for material in body.materials]
    async with office.db.transaction(call.idempotency) as uow:
        seen = await load(uow.connection, application_id, call)
        await call.check_seen(uow, seen, Act.SUPPLY)
        item = await office.items.pinned(uow.connection, seen.item_code, seen.item_version, seen.course.scenario)
        holders = holders_of(seen, call.principal)
        promising = promises(office, seen.applicant, seen.co_applicants, call.today)
        materials = await hand_in(uow.connection, item.item, claims, call, holders=holders, promising=promising)
        due = office.workdays_after(call.now, NOTICE_WORKDAYS)
        supplied = await save(uow, seen, rules.supply(seen, materials, now=call.now, notice_due=due), events=1)
        publish(uow, supplied, facts.supplement_supplied(supplied, by=call.by, now=call.now))
        return answer(uow, 201, supplied, item)
