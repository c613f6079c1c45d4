"""A calendar loaded later makes provisional dates final, and nothing else changes."""

from datetime import date
from uuid import uuid4

from contracts.events.common import Actor, DueDate
from contracts.events.intake import CalendarDay, CalendarLoaded
from services.approval.calendars import calendars
from services.approval.commands.ticking import Projection
from services.approval.consumers import Listener
from services.chassis import clock
from services.kernel.workdays import official_calendar
from tests.support import approval_desk as desks
from tests.support.approval import Approval, an_item, incoming
from tests.support.approval_desk import Desk


def a_year(year: int) -> CalendarLoaded:
    return CalendarLoaded(
        year=year,
        revision=1,
        sources=("国务院办公厅通知",),
        days=(CalendarDay(on=date(year, 1, 1), name="元旦", works=False),),
        loaded_at=clock.now(),
        loaded_by=Actor(account_id="admin", name="目录管理员", role="CATALOGUE_ADMIN"),
    )


async def test_a_year_that_is_loaded_makes_the_dates_of_open_cases_final(approval: Approval) -> None:
    shipped = official_calendar()
    earliest = shipped.earliest_workday(clock.today(), 300)
    item = an_item(legal_limit=desks.TWENTY.model_copy(update={"value": 300}))
    desk = await Desk.open(approval, item=item, legal_due=DueDate(on=earliest, provisional=True))
    years = [a_year(year) for year in range(shipped.last_year + 1, earliest.year + 2)]

    async with approval.database.transaction() as uow:
        await Listener(calendars())(uow, [incoming(year, uuid4()) for year in (*years, *years)])
    await Projection(calendars())(approval.database, clock.now())

    shown = await desk.shown()
    new_years = sum(date(year.year, 1, 1).weekday() < 5 for year in years if date(year.year, 1, 1) <= earliest)
    assert not shown["legal_due"]["provisional"]
    assert desks.day(shown["legal_due"]["on"]) == shipped.earliest_workday(earliest, new_years)
    assert (shown["version"], await desk.events()) == (1, ["approval.case.opened.v1"])
