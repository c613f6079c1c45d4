"""The working-day calendar as intake tells it: papers explain dates with the one intake counts by."""

from collections.abc import Iterable

from contracts.events.common import Event
from contracts.events.intake import CalendarLoaded
from services.chassis import reference
from services.chassis.database import UnitOfWork
from services.chassis.reference import Reference
from services.kernel.workdays import WorkCalendar, build_calendar

NAME = "work-calendar"


def work_calendars() -> Reference[WorkCalendar]:
    """One per process."""
    return Reference(NAME, build_calendar)


async def keep_calendars(uow: UnitOfWork, events: Iterable[Event]) -> None:
    for event in events:
        if isinstance(event, CalendarLoaded):
            await reference.keep(uow.connection, NAME, str(event.year), event.revision, event.document())
