"""The light of the inbox to the second, shown and filtered, through everything that moves the clock."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from contracts.events.common import LimitStart, LimitUnit, LimitValue
from contracts.events.intake import ApplicationMoved
from services.approval.calendars import calendars
from services.approval.commands.ticking import Projection
from services.approval.consumers import Listener
from services.approval.domain.light import LightBook
from services.kernel.light_rules import Basis, Level, LightRule
from tests.support.approval import Approval, an_item, incoming
from tests.support.approval_desk import EXTENSION, PAUSE, Desk
from tests.support.approval_domain import utc

SECOND = timedelta(seconds=1)
ACCEPTED_AT = utc("2026-03-02 10:00")  # a Monday; March has no holiday. Promised 7 working days, legal 10
WARNING, YELLOW, RED = utc("2026-03-06 10:00"), utc("2026-03-11 10:00"), utc("2026-03-16 10:00")


@pytest.fixture(autouse=True)
async def _the_rule_book(approval: Approval) -> None:
    """What one test configures is not the next one's."""
    await Projection(calendars())(approval.database, ACCEPTED_AT)


async def opened(approval: Approval, **changes: Any) -> Desk:
    item = an_item(item_id=f"L{uuid4().hex[:12]}", **changes)
    same = dict.fromkeys(("submitted_at", "received_at", "accepted_at"), ACCEPTED_AT)
    return Desk(approval, await approval.open(item=item, **same))


async def light(desk: Desk, at: datetime) -> str | None:
    """What the inbox, its filter and the examination show alike."""
    approval, item = desk.approval, desk.accepted.item.item_id
    with approval.at(at):
        (task,) = (await approval.get("tasks", approval.handler, item=item)).json()["items"]
        found = [
            level
            for level in Level
            if (await approval.get("tasks", approval.handler, item=item, light=level.value)).json()["items"]
        ]
        examined = (await desk.shown())["light"]
    shown: str | None = task["light"]
    assert found == ([shown] if shown else [])
    assert examined == shown
    return shown


async def lights_around(desk: Desk, instant: datetime) -> list[str | None]:
    return [await light(desk, instant + seconds * SECOND) for seconds in (-1, 0, 1)]


async def act(desk: Desk, at: datetime, name: str, who: dict[str, str], **body: Any) -> None:
    with desk.approval.at(at):
        await desk.done(name, who, **body)


@pytest.mark.parametrize(
    ("instant", "before", "after"),
    [(WARNING, None, "WARNING"), (YELLOW, "WARNING", "YELLOW"), (RED, "YELLOW", "RED")],
)
async def test_a_light_goes_on_one_second_after_its_instant_and_not_at_it(
    approval: Approval, instant: datetime, before: str | None, after: str
) -> None:
    desk = await opened(approval)

    assert await lights_around(desk, instant) == [before, before, after]


async def test_limits_in_calendar_days_are_lit_in_calendar_days(approval: Approval) -> None:
    limit = LimitValue(value=7, unit=LimitUnit.CALENDAR_DAY, start=LimitStart.ACCEPTED)

    desk = await opened(approval, promised_limit=limit)

    assert await lights_around(desk, utc("2026-03-09 10:00")) == ["WARNING", "WARNING", "YELLOW"]


async def test_a_pause_stops_the_light_is_watched_itself_and_moves_all_that_come_after(approval: Approval) -> None:
    desk = await opened(approval)

    await act(desk, utc("2026-03-04 10:00"), "suspensions", approval.chief, **PAUSE)  # ten working days are told
    paused = [await light(desk, utc(text)) for text in ("2026-03-16 10:00", "2026-03-16 10:01", "2026-03-18 10:01")]
    await act(desk, utc("2026-03-09 10:00"), "resumption", approval.handler, result="评审通过")

    assert paused == ["WARNING", "WARNING", "YELLOW"]
    assert await lights_around(desk, utc("2026-03-11 10:00")) == [None, None, "WARNING"]
    assert await lights_around(desk, utc("2026-03-16 10:00")) == ["WARNING", "WARNING", "YELLOW"]


async def test_an_extension_moves_red_and_leaves_yellow(approval: Approval) -> None:
    desk = await opened(approval)

    await act(desk, utc("2026-03-04 10:00"), "extension", approval.chief, **EXTENSION)  # ten working days more

    assert await light(desk, YELLOW + SECOND) == "YELLOW"
    assert await light(desk, RED + SECOND) == "YELLOW"
    assert await lights_around(desk, utc("2026-03-30 10:00")) == ["YELLOW", "YELLOW", "RED"]


async def test_a_case_moved_to_another_version_is_lit_by_its_limits(approval: Approval) -> None:
    desk = await opened(approval)
    accepted = desk.accepted
    longer = accepted.item.promised_limit.model_copy(update={"value": 9})
    moved = ApplicationMoved(
        application_id=accepted.application_id,
        case_no=accepted.case_no,
        from_version=1,
        item=accepted.item.model_copy(update={"version": 2, "promised_limit": longer}),
        reason="新版本",
        legal_due=accepted.legal_due,
        promised_due=accepted.promised_due,
        moved_at=utc("2026-03-04 10:00"),
        moved_by=accepted.accepted_by,
    )

    async with approval.database.transaction() as uow:
        await Listener(calendars())(uow, [incoming(moved, accepted.application_id, 4)])

    assert await light(desk, YELLOW + SECOND) == "WARNING"
    assert await lights_around(desk, utc("2026-03-13 10:00")) == ["WARNING", "WARNING", "YELLOW"]


async def test_other_rules_light_the_open_cases_that_were_there_before(approval: Approval) -> None:
    desk = await opened(approval)
    book = LightBook((LightRule("early", Level.RED, Basis.PROMISED, -3),), ())

    await Projection(calendars(), book)(approval.database, ACCEPTED_AT)

    assert await lights_around(desk, utc("2026-03-05 10:00")) == [None, None, "RED"]


async def test_cases_of_the_version_before_get_their_instants_from_the_projection(approval: Approval) -> None:
    desk = await opened(approval)
    async with approval.database.transaction() as uow:
        await uow.connection.exec_driver_sql(
            "UPDATE approval_case SET warning_after = NULL, yellow_after = NULL, red_after = NULL, "
            "projected_on = '-infinity'"  # as the migration leaves them
        )

    await Projection(calendars())(approval.database, ACCEPTED_AT)

    assert await lights_around(desk, YELLOW) == ["WARNING", "WARNING", "YELLOW"]
