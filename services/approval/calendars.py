"""The working-day calendar as approval knows it: the shipped years and those loaded since, told by events."""

from typing import Annotated

from fastapi import Depends, Request

from services.chassis.database import Database
from services.chassis.reference import Reference
from services.kernel.workdays import WorkCalendar, build_calendar

NAME = "work-calendar"


def calendars() -> Reference[WorkCalendar]:
    """One per process."""
    return Reference(NAME, build_calendar)


async def _calendar(request: Request) -> WorkCalendar:
    known: Reference[WorkCalendar] = request.app.state.calendars
    database: Database = request.app.state.database
    return await known.fresh(database)


Calendar = Annotated[WorkCalendar, Depends(_calendar)]
