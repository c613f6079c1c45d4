"""What every act on an existing application shares: save with the next versions, publish under them."""

from dataclasses import replace

from contracts.events.common import Event
from services.chassis.database import UnitOfWork
from services.intake import repository
from services.intake.domain.application import Application


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
