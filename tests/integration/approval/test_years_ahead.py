"""Looking ahead to a year: what is shown before is what is told when it is loaded, nothing more and nothing less."""

import argparse
import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from contracts.calendars import CalendarIn
from contracts.events.common import Actor
from contracts.events.intake import CalendarDay, CalendarLoaded
from services.approval import calendar_command, records
from services.approval.calendars import calendars
from services.approval.commands.standing import StandingDays
from services.approval.commands.ticking import Projection
from services.approval.consumers import Listener
from services.chassis import clock
from services.kernel.workdays import official_calendar
from tests.integration.approval.test_standing import a_certificate, propose, the_holder
from tests.support import approval_desk as desks
from tests.support.approval import Approval, incoming
from tests.support.approval_desk import Desk

LAST = official_calendar().last_year
NEXT = LAST + 1
LATE = datetime(LAST, 12, 29, 2, tzinfo=UTC)
NOTICE: dict[str, Any] = {
    "sources": ["放假通知（演练）"],
    "days": [{"on": f"{NEXT}-01-0{day}", "name": "元旦", "works": False} for day in range(1, 6)],
}
MOVED, DAY_MOVED = "approval.case.days_moved.v1", "approval.standing_decision.day_moved.v1"


@pytest.fixture(autouse=True)
async def before_the_year(approval: Approval) -> AsyncIterator[None]:
    """Nothing of the next year is loaded, nothing runs, and it is the end of December."""
    async with approval.database.transaction() as uow:
        await uow.connection.execute(text("DELETE FROM reference"))
        await uow.connection.execute(text("UPDATE approval_case SET state = 'WITHDRAWN'"))
        await uow.connection.execute(text("UPDATE standing_decision SET state = 'DISMISSED'"))
    async with approval.database.read() as connection:
        await approval.app.state.calendars.current(connection)
    with approval.at(LATE):
        yield


def admin(approval: Approval) -> dict[str, str]:
    return approval.caller("admin", "CATALOGUE_ADMIN")


async def look_ahead(approval: Approval, who: dict[str, str] | None = None, body: Any = NOTICE) -> httpx.Response:
    return await approval.post(f"calendars/{NEXT}/step-days", who or admin(approval), body)


async def hear_year(approval: Approval, body: Any = NOTICE, revision: int = 1) -> None:
    days = tuple(CalendarDay(**vars(day)) for day in CalendarIn.model_validate(body).named())
    by = Actor(account_id="admin", name="目录管理员", role="CATALOGUE_ADMIN")
    known = {"sources": tuple(NOTICE["sources"]), "loaded_at": LATE, "loaded_by": by}
    loaded = CalendarLoaded(year=NEXT, revision=revision, days=days, **known)
    async with approval.database.transaction() as uow:
        await Listener(calendars())(uow, [incoming(loaded, uuid4(), revision)])


async def project(approval: Approval) -> None:
    await Projection(calendars())(approval.database, LATE)
    await StandingDays(calendars())(approval.database, LATE)


async def told(approval: Approval, subject: str) -> list[dict[str, Any]]:
    rows = await approval.rows(
        "SELECT convert_from(payload, 'UTF8')::jsonb FROM outbox WHERE subject = :subject ORDER BY seq", subject=subject
    )
    return [row[0] for row in rows]


async def every_step(approval: Approval) -> Desk:
    """A case with every step whose day can move; it ends up in a special procedure."""
    desk = await Desk.reviewed(approval)
    await desk.done("hearing/notice", approval.handler, persons=["申请人"], notice="可以申请听证")
    await desk.done("interested-parties", approval.handler, name="向家院", interest="相邻", notice="告知")
    await desk.done("consultations", approval.handler, department=desks.FIRE, question="是否符合")
    await desk.done("suspensions", approval.chief, **desks.PAUSE)
    return desk


def days_of(dates: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(one["clock"], one["about"], one["earlier"], one["now"]) for one in dates]


async def test_what_is_shown_before_is_what_the_events_tell_then(approval: Approval) -> None:
    case, asked = await every_step(approval), await Desk.reviewed(approval)
    await asked.done("hearing/notice", approval.handler, persons=["申请人"], notice="可以申请听证")
    await asked.done("hearing/request", approval.handler, person="申请人")
    township = await Desk.open(approval, item=desks.two_levels(), division=desks.TOWNSHIP, accepted_at=LATE)
    proposed = (await propose(approval, (await a_certificate(approval)).identifier)).json()

    preview = (await look_ahead(approval)).json()
    again = (await look_ahead(approval)).json()
    untouched = await case.shown()
    await hear_year(approval)
    await project(approval)
    await project(approval)

    shown = {one["case_no"]: days_of(one["dates"]) for one in preview["cases"]}
    moved = {one["case_no"]: days_of(one["dates"]) for one in await told(approval, MOVED)}
    assert shown == moved
    assert set(shown) == {one.accepted.case_no for one in (case, asked, township)}
    clocks = {number: {day[0] for day in days} for number, days in shown.items()}
    assert clocks[case.accepted.case_no] == {"PAUSE", "HEARING_REQUEST", "STATEMENT", "CONSULTATION"}
    assert (clocks[asked.accepted.case_no], clocks[township.accepted.case_no]) == ({"HEARING_HOLDING"}, {"FIRST_LEVEL"})
    assert (preview["cases_moving"], preview["holders_moving"], again) == (3, 1, preview)
    assert untouched["version"] == case.version
    (holder,), (moved_day,) = preview["holders"], await told(approval, DAY_MOVED)
    assert (holder["decision_id"], holder["earlier"]) == (proposed["decision_id"], proposed["speak_by"])
    assert (holder["earlier"], holder["now"]) == (moved_day["earlier"], moved_day["now"])
    assert (holder["earlier"]["provisional"], holder["now"]["provisional"]) == (True, False)


async def test_what_a_worker_just_started_hears_is_lit_by_the_loaded_year(approval: Approval) -> None:
    """As in a command, which has no timers: the first event is handled before anybody else has read the calendar."""
    before = await Desk.open(approval, accepted_at=LATE)
    shipped = await lights(approval, before)
    await hear_year(approval)
    await project(approval)

    after = await Desk.open(approval, accepted_at=LATE)

    assert await lights(approval, after) == await lights(approval, before)
    assert await lights(approval, after) != shipped


async def lights(approval: Approval, desk: Desk) -> Any:
    columns = "warning_after, yellow_after, red_after"
    case_id = desk.accepted.application_id
    return await approval.rows(f"SELECT {columns} FROM approval_case WHERE id = :id", id=case_id)


async def test_a_corrected_year_prolongs_what_was_told_as_final_and_shows_it_before(approval: Approval) -> None:
    desk = await every_step(approval)
    await hear_year(approval)
    await project(approval)
    before = len(await told(approval, MOVED))
    longer = [{"on": f"{NEXT}-01-0{day}", "name": "元旦", "works": False} for day in (6, 7)]
    corrected = NOTICE | {"days": [*NOTICE["days"], *longer]}

    preview = (await look_ahead(approval, body=corrected)).json()
    await hear_year(approval, corrected, revision=2)
    await project(approval)

    ((shown,), (moved,)) = preview["cases"], (await told(approval, MOVED))[before:]
    assert shown["case_no"] == desk.accepted.case_no
    assert days_of(shown["dates"]) == days_of(moved["dates"])
    assert [one["clock"] for one in shown["dates"]] == ["PAUSE", "HEARING_REQUEST", "STATEMENT", "CONSULTATION"]
    assert all(one["now"]["on"] > one["earlier"]["on"] for one in shown["dates"])
    (known,) = (await desk.shown())["consultations"]
    assert known["due_on"] == shown["dates"][-1]["now"]["on"]


async def test_a_working_day_added_later_brings_no_day_forward_that_was_told_as_final(approval: Approval) -> None:
    desk = await every_step(approval)
    await hear_year(approval)
    await project(approval)
    before, shown = len(await told(approval, MOVED)), await desk.shown()
    at_work = [{"on": f"{NEXT}-01-0{day}", "name": "元旦", "works": True} for day in (2, 3)]
    corrected = NOTICE | {"days": [*(NOTICE["days"][day] for day in (0, 3, 4)), *at_work]}

    preview = (await look_ahead(approval, body=corrected)).json()
    await hear_year(approval, corrected, revision=2)
    await project(approval)

    async with approval.database.read() as connection:
        known = await approval.app.state.calendars.current(connection)
    after = await desk.shown()
    days = {one["name"]: one["due"] for one in after["clocks"]}
    assert (preview["cases"], len(await told(approval, MOVED))) == ([], before)
    assert (after["consultations"], after["version"]) == (shown["consultations"], shown["version"])
    steps = {"PAUSE", "HEARING_REQUEST", "STATEMENT", "CONSULTATION"}
    assert {step: days[step] for step in steps} == {
        one["name"]: one["due"] for one in shown["clocks"] if one["name"] in steps
    }
    (asked,) = after["consultations"]
    assert days["CONSULTATION"]["on"] == asked["due_on"]
    assert str(known.earliest_workday(LATE.date(), 5)) < days["STATEMENT"]["on"]


async def test_a_proposal_is_not_decided_on_the_day_that_counted_before_a_correction(approval: Approval) -> None:
    made = (await propose(approval, (await a_certificate(approval)).identifier)).json()
    path, before = f"standing-decisions/{made['decision_id']}", len(await told(approval, DAY_MOVED))
    await hear_year(approval)
    await project(approval)
    final = date.fromisoformat((await approval.get(path, the_holder())).json()["speak_by"]["on"])
    rest = [{"on": str(final + timedelta(days=day)), "name": "元旦", "works": False} for day in range(4)]

    await hear_year(approval, NOTICE | {"days": [*NOTICE["days"], *rest]}, revision=2)
    async with approval.database.read() as connection:
        await approval.app.state.calendars.current(connection)
    with approval.at(datetime.combine(final + timedelta(days=1), time(2), UTC)):
        early = await approval.post(f"{path}/decision", approval.chief, {"outcome": "DECIDED"}, seen=2)
        spoken = await approval.post(f"{path}/statements", the_holder(), {"statement": "不同意"}, seen=2)

    assert (early.status_code, early.json()["code"]) == (409, "approval.holder-not-heard")
    assert (spoken.status_code, spoken.json()["version"]) == (201, 4)
    moved = (await told(approval, DAY_MOVED))[before:]
    assert [one["earlier"]["on"] for one in moved] == [made["speak_by"]["on"], str(final)]
    assert moved[-1]["now"] == spoken.json()["speak_by"]


async def test_a_holders_day_is_final_once_its_year_is_loaded_and_the_proposal_can_be_decided(
    approval: Approval,
) -> None:
    made = (await propose(approval, (await a_certificate(approval)).identifier)).json()
    path = f"standing-decisions/{made['decision_id']}"
    later = LATE + timedelta(days=30)

    with approval.at(later):
        waiting = await approval.post(f"{path}/decision", approval.chief, {"outcome": "DECIDED"}, seen=1)
    await hear_year(approval)
    await project(approval)
    seen = (await approval.get(path, the_holder())).json()
    with approval.at(later):
        decided = await approval.post(f"{path}/decision", approval.chief, {"outcome": "DECIDED"}, seen=2)

    assert (waiting.status_code, waiting.json()["code"]) == (409, "approval.holder-not-heard")
    assert (seen["version"], seen["speak_by"]["provisional"]) == (2, False)
    assert decided.status_code == 201, decided.text


async def test_an_act_before_the_projection_leaves_no_moved_day_untold(approval: Approval) -> None:
    desk = await Desk.reviewed(approval)
    await desk.done("hearing/notice", approval.handler, persons=["申请人"], notice="可以申请听证")
    before = len(await told(approval, MOVED))

    await hear_year(approval)
    async with approval.database.read() as connection:
        await approval.app.state.calendars.current(connection)
    await desk.done("hearing/request", approval.handler, person="申请人")
    await project(approval)

    (moved,) = (await told(approval, MOVED))[before:]
    assert [one["clock"] for one in moved["dates"]] == ["HEARING_REQUEST"]
    assert (await desk.events())[2:] == ["approval.hearing.told.v1", MOVED, "approval.hearing.requested.v1"]
    assert (await desk.shown())["version"] == desk.version == 5


async def test_open_cases_are_gone_through_again_once_every_process_knows_the_year(approval: Approval) -> None:
    now = clock.real_now()

    async def due(seconds: int) -> bool:
        async with approval.database.transaction() as uow:
            return await records.rules_changed(uow.connection, "a year", now + timedelta(seconds=seconds))

    found = [await due(seconds) for seconds in (0, 5, 60, 120)]

    assert found == [True, False, True, False]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"sources": []}, 422, "calendar.source"),
        ({"days": [{"on": f"{NEXT + 1}-06-01", "name": "x", "works": False}]}, 422, "calendar.outside"),
    ],
)
async def test_a_faulty_year_is_refused_as_intake_refuses_it(
    approval: Approval, change: Any, status: int, code: str
) -> None:
    answer = await look_ahead(approval, body=NOTICE | change)

    assert answer.status_code == status
    assert code in [error["code"] for error in answer.json()["errors"]]


async def test_only_the_catalogue_administrator_looks_ahead(approval: Approval) -> None:
    assert (await look_ahead(approval, approval.chief)).status_code == 403


async def test_by_command(
    approval: Approval,
    approval_environment: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = await every_step(approval)
    for name, value in approval_environment.items():
        monkeypatch.setenv(name, value)
    days = [{"date": d["on"], "name": d["name"], "isOffDay": not d["works"]} for d in NOTICE["days"]]
    file, faulty = tmp_path / "year.json", tmp_path / "faulty.json"
    file.write_text(json.dumps({"year": NEXT, "papers": NOTICE["sources"], "days": days}))
    faulty.write_text(json.dumps({"year": NEXT, "papers": [], "days": days}))
    parser = argparse.ArgumentParser()
    calendar_command.add_arguments(parser)

    status = await asyncio.to_thread(calendar_command.run, parser.parse_args([str(file)]))
    shown = capsys.readouterr().out
    refused = await asyncio.to_thread(calendar_command.run, parser.parse_args([str(faulty)]))

    assert (status, refused) == (0, 1)
    assert all(word in shown for word in (desk.accepted.case_no, "申请听证", "特别程序预计结束", "（暂定）"))
    assert "calendar.source" in capsys.readouterr().out
