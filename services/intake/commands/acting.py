"""What every act on an existing application shares: load in scope, save with the next versions, publish under them."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events.common import Event
from services.chassis.database import UnitOfWork
from services.intake import repository
from services.intake.domain.application import Application
from services.intake.domain.errors import ActsOfTheFirst, UnknownApplication
from services.intake.office import Call
from services.intake.scope import CITIZENS, together, visible


async def load(connection: AsyncConnection, application_id: UUID, call: Call) -> Application:
    """The application he may act on. Raises UnknownApplication; ActsOfTheFirst when he may only read it."""
    try:
        return await repository.load(connection, application_id, visible(call.principal, call.roles))
    except UnknownApplication:
        if call.principal.has(*CITIZENS):
            await repository.load(connection, application_id, together(call.principal))
            raise ActsOfTheFirst from None
        raise


async def save(uow: UnitOfWork, seen: Application, changed: Application, *, events: int) -> Application:
    """Save with the next version; `events` is how many events will tell of it. Raises ApplicationChanged."""
    saved = stepped(seen, changed, events=events)
    await repository.save(uow.connection, saved, seen=seen.version)
    return saved


def stepped(seen: Application, changed: Application, *, events: int) -> Application:
    return replace(changed, version=seen.version + 1, event_no=seen.event_no + events)


def publish(uow: UnitOfWork, application: Application, *events: Event) -> None:
    """The last event gets the application's number, the ones before it the numbers before: no gap."""
    first = application.event_no - len(events) + 1
    for number, event in enumerate(events, start=first):
        uow.publish(event, aggregate_id=application.application_id, version=number)
