"""The working-day calendar as intake's events tell it, kept in supervision's own table."""

from services.chassis import reference
from services.chassis.database import UnitOfWork
from services.chassis.reference import Reference
from services.kernel.workdays import WorkCalendar, build_calendar

CALENDARS = "work-calendar"


def work_calendars() -> Reference[WorkCalendar]:
    return Reference(CALENDARS, build_calendar)


async def keep(uow: UnitOfWork, year: int, revision: int, document: dict[str, object]) -> None:
    await reference.keep(uow.connection, CALENDARS, str(year), revision, document)
