"""A year that intake loads becomes supervision's own: kept once, used at once, and every pending case armed again."""

from datetime import UTC, date, datetime
from uuid import uuid4

from contracts.events.common import Actor
from contracts.events.intake import CalendarDay, CalendarLoaded
from services.chassis.bus import Incoming
from services.chassis.ids import uuid7
from services.supervision.calendars import work_calendars
from services.supervision.consumers import Listener
from services.supervision.watching import Sweep
from tests.support.supervision import Story, Supervision

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def told(revision: int, *days: CalendarDay) -> Incoming:
    event = CalendarLoaded(
        year=2027,
        revision=revision,
        sources=("演练",),
        days=days,
        loaded_at=NOW,
        loaded_by=Actor(account_id="a", name="管理员", role="CATALOGUE_ADMIN"),
    )
    return Incoming(uuid7(), event.SUBJECT, uuid4(), revision, event, NOW, NOW, None, 1)


async def test_a_loaded_year_is_used_and_a_late_older_revision_is_not(supervision: Supervision) -> None:
    new_year = CalendarDay(on=date(2027, 1, 1), name="元旦", works=False)
    monday = CalendarDay(on=date(2027, 1, 4), name="元旦", works=False)
    watcher = supervision.watcher
    before = watcher.calendar.covers(2027)

    async with supervision.database.transaction() as uow:
        await Listener(watcher)(uow, [told(2, new_year, monday)])
    async with supervision.database.transaction() as uow:
        await Listener(watcher)(uow, [told(1, new_year)])
    sweep = Sweep(watcher, calendars=work_calendars())
    await sweep(supervision.database, NOW)

    assert before is False
    assert watcher.calendar.covers(2027)
    assert watcher.calendar.is_workday(date(2027, 1, 4)) is False


async def test_what_a_worker_just_started_hears_is_measured_by_the_loaded_year(supervision: Supervision) -> None:
    """As in a command, which has no sweep: the first event is handled before anybody else has read the calendar."""
    new_year = CalendarDay(on=date(2027, 1, 1), name="元旦", works=False)
    monday = CalendarDay(on=date(2027, 1, 4), name="元旦", works=False)
    async with supervision.database.transaction() as uow:
        await Listener(supervision.watcher)(uow, [told(2, new_year, monday)])
    story = Story().submitted("2026-12-29 09:00:00").received("2026-12-29 09:30:00").accepted("2026-12-30 10:00:00")

    await supervision.tell(story)

    columns = "promised_due_on, promised_due_provisional"
    (row,) = await supervision.rows(f"SELECT {columns} FROM supervised_case WHERE case_id = :id", id=story.case_id)
    assert tuple(row) == (date(2027, 1, 12), False)
