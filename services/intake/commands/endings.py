"""The applicants come again in their window; originals go back after an end without a result."""

from uuid import UUID

from services.chassis.database import Answer
from services.intake import facts_later
from services.intake.commands.acting import load, publish, save
from services.intake.domain import endings, windows
from services.intake.domain.course import Originals
from services.intake.domain.states import Act
from services.intake.office import Call, Office, answer
from services.intake.schemas import ClaimIn, OriginalsIn


async def claim(office: Office, application_id: UUID, body: ClaimIn, call: Call) -> Answer:
    """Raises UnknownApplication, StaleVersion, ApplicationChanged, WrongState, OutsideWindow, AlreadyClaimed,
    Invalid.
    """
    async with office.db.transaction(call.idempotency) as uow:
        seen = await load(uow.connection, application_id, call)
        await call.check_seen(uow, seen, Act.CLAIM)
        item = await office.items.pinned(uow.connection, seen.item_code, seen.item_version, seen.course.scenario)
        claimed = windows.claim(seen, tuple(body.persons), by=call.by, now=call.now)
        claimed = await save(uow, seen, claimed, events=1)
        publish(uow, claimed, facts_later.claimed(claimed))
        return answer(uow, 201, claimed, item)


async def return_originals(office: Office, application_id: UUID, body: OriginalsIn, call: Call) -> Answer:
    """Raises UnknownApplication, StaleVersion, ApplicationChanged, WrongState, NothingToReturn."""
    async with office.db.transaction(call.idempotency) as uow:
        seen = await load(uow.connection, application_id, call)
        await call.check_seen(uow, seen, Act.RETURN_ORIGINALS)
        item = await office.items.pinned(uow.connection, seen.item_code, seen.item_version, seen.course.scenario)
        originals = Originals(endings.originals_of(seen), body.recipient_name, call.now, call.by)
        returned = await save(uow, seen, endings.return_originals(seen, originals), events=1)
        publish(uow, returned, facts_later.originals_returned(returned))
        return answer(uow, 201, returned, item)
