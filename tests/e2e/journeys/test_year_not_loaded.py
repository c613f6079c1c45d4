"""A year nobody has published yet: its dates are provisional wherever they are shown, until the calendar is loaded.

The last journey by its name: it takes the whole town into that year.
"""

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from demo.api import eventually, expect
from demo.life import Life
from services.chassis.reference import FRESH_SECONDS
from tests.support.day_walk import DECLARED, last_shipped_year, next_open, workdays_after
from tests.support.journeys import PATIENCE_SECONDS, Town
from tests.support.steps import application, clocks_named, examination, printed, refused

YEAR = last_shipped_year() + 1
MARK = "所涉年度放假安排尚未公布，为按周一至周五推算的最早日期"


def _notice() -> dict[str, bool]:
    """New Year's Day and the first two weekdays after it are off, the Saturday after them works."""
    first = date(YEAR, 1, 1)
    weekdays = [day for n in range(1, 8) if (day := first + timedelta(days=n)).weekday() < 5][:2]
    saturday = next(day for n in range(1, 15) if (day := weekdays[1] + timedelta(days=n)).weekday() == 5)
    return {str(first): True} | {str(day): True for day in weekdays} | {str(saturday): False}


@pytest.fixture
def unpublished() -> Iterator[None]:
    """Nothing is assumed of the year: Monday to Friday."""
    DECLARED[YEAR] = {}
    yield
    del DECLARED[YEAR]


@pytest.mark.usefixtures("unpublished")
async def test_art_82_a_date_in_a_year_not_loaded_is_provisional_until_it_is(town: Town) -> None:
    town.to(next_open(date(YEAR - 1, 11, 20)))
    accepted_on = town.office_opens()
    life, waiting = town.life("E17"), town.life("P07", town.hall.citizen(1))
    await life.submit()
    await life.receive()
    await life.accept()
    earliest = workdays_after(accepted_on, 45)
    assert earliest.year == YEAR

    await _is_provisional(town, life, accepted_on, earliest)
    await _lit_line(town, life, provisional=True, on=workdays_after(accepted_on, 17))
    town.to(received_on := next_open(date(YEAR - 1, 12, 28)))
    await waiting.submit()
    await waiting.receive()
    await _receipt_is_provisional(town, waiting, workdays_after(received_on, 5))
    told = {"persons": [life.who.applicant["name"]], "notice": "可以在五个工作日内申请听证"}
    await town.act(await town.officer("HANDLER", "E17"), life.case_no, "hearing/notice", told)

    await _preview(town, life, waiting, accepted_on, received_on)
    due = await _load(town, life, accepted_on)
    assert due > earliest
    await _is_final(town, life, due)
    await _silence_has_a_last_day(town, waiting, workdays_after(received_on, 5))
    await _decided_in_the_new_year(town, life, due)


def _zh(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


async def _is_provisional(town: Town, life: Life, accepted_on: date, earliest: date) -> None:
    """Clocks, their page, application, examination, inbox, supervision and paper: never without its mark."""
    told = {"on": str(earliest), "provisional": True}
    clocks = await town.clocks(life.case_no, "DECISION", "PROMISED")
    assert clocks["DECISION"]["due"] == told
    assert f"最早于{_zh(earliest)}到期（暂定）" in clocks["DECISION"]["why"]["zh"]
    assert clocks["PROMISED"]["due"] == {"on": str(workdays_after(accepted_on, 15)), "provisional": False}
    supervisor, handler = await town.hall.person("supervisor1"), await town.officer("HANDLER", "E17")
    page = await supervisor.http.get(f"/api/v1/cases/{life.case_no}/clocks", headers={"Accept": "text/html"})
    assert f"最早{_zh(earliest)}（暂定）" in page.text
    assert (await application(town, life))["legal_due"] == told
    assert (await examination(handler, life))["legal_due"] == told
    assert (await _task(town, life))["legal_due"] == told
    watched = await town.watched(life.case_no, "approval.case.opened.v1")
    legal = next(one for one in watched["dates"] if one["basis"] == "LEGAL")
    assert (legal["on"], legal["provisional"], watched["differences"]) == (str(earliest), True, [])
    assert MARK in await printed(town, life, "ACCEPTANCE_NOTICE")


async def _task(town: Town, life: Life) -> dict[str, Any]:
    handler = await town.officer("HANDLER", "E17")
    tasks = expect(await handler.get("/api/v1/tasks", limit=200), 200, "inbox")["items"]
    return next(task for task in tasks if task["case_no"] == life.case_no)


async def _lit_line(town: Town, life: Life, *, provisional: bool, on: date) -> None:
    """In the list of lights, the lamp of the promise lost names the legal date as what it is."""
    town.to(on)
    supervisor = await town.hall.person("supervisor1")

    async def lit() -> bool | None:
        listed = expect(await supervisor.get("/api/v1/supervision/lights", limit=200), 200, "lights")["items"]
        ours = [line for line in listed if line["case_no"] == life.case_no]
        return True if ours and {line["legal_due_provisional"] for line in ours} == {provisional} else None

    await eventually(lit, f"a lamp whose legal date is provisional: {provisional}", PATIENCE_SECONDS)


async def _receipt_is_provisional(town: Town, waiting: Life, earliest: date) -> None:
    told = {"on": str(earliest), "provisional": True}
    assert (await application(town, waiting, state="RECEIVED"))["notice_due"] == told
    assert (await town.clocks(waiting.case_no, "NOTICE"))["NOTICE"]["due"] == told
    receipt = await printed(town, waiting, "RECEIPT")
    assert (MARK in receipt, f"{_zh(earliest)}（暂定）" in receipt) == (True, True), receipt


def _body() -> dict[str, Any]:
    days = [{"on": day, "name": "元旦", "works": not off} for day, off in _notice().items()]
    return {"sources": [f"国办发明电〔{YEAR - 1}〕1号（演练）"], "days": days}


async def _preview(town: Town, life: Life, waiting: Life, accepted_on: date, received_on: date) -> None:
    """What will move is shown before anything does; nothing is written."""
    admin, path = await town.hall.person("catalogue1"), f"/api/v1/calendars/{YEAR}"
    refused(await (await town.hall.person("clerk1")).post(path, _body()), "platform.forbidden")
    refused(await admin.post(f"/api/v1/calendars/{YEAR + 1}", _body()), "intake.invalid", "calendar.gap")
    before = (workdays_after(accepted_on, 45), workdays_after(received_on, 5))

    seen = expect(await admin.post(f"{path}?preview=true", _body()), 200, "preview")

    DECLARED[YEAR] = _notice()
    after = (workdays_after(accepted_on, 45), workdays_after(received_on, 5))
    moving = {one["case_no"]: one["dates"] for one in seen["moving"]}
    for one, clock, earlier, now in zip((life, waiting), ("LEGAL", "NOTICE"), before, after, strict=True):
        dates = {"earlier": {"on": str(earlier), "provisional": True}, "now": {"on": str(now), "provisional": False}}
        assert moving[one.case_no] == [{"clock": clock} | dates]
    assert (seen["preview"], seen["revision"], seen["missing"], seen["notice"]) == (True, None, [], None)
    steps = {one["case_no"]: one["dates"] for one in seen["steps"]["cases"]}
    (hearing,) = steps[life.case_no]
    told = [hearing[name] for name in ("clock", "earlier", "now")]
    assert told == ["HEARING_REQUEST", dates["earlier"], dates["now"]]
    loaded = expect(await admin.get("/api/v1/calendars"), 200, "calendars")
    assert YEAR not in {one["year"] for one in loaded["items"]}
    assert (await application(town, life))["legal_due"]["provisional"] is True


async def _load(town: Town, life: Life, accepted_on: date) -> date:
    """Confirmed: the final date, worked out day by day over the notice."""
    admin = await town.hall.person("catalogue1")
    loaded = expect(await admin.post(f"/api/v1/calendars/{YEAR}", _body()), 201, "the year is loaded")
    assert (loaded["preview"], loaded["revision"], loaded["days"]) == (False, 1, len(_notice()))
    calendars = expect(await admin.get("/api/v1/calendars"), 200, "calendars")
    assert calendars["last_day"] == f"{YEAR}-12-31"
    return workdays_after(accepted_on, 45)


async def _is_final(town: Town, life: Life, due: date) -> None:
    """Every service tells the same final date; the event that moved it and supervision agree."""
    final = {"on": str(due), "provisional": False}
    await application(town, life, legal_due=final)
    decision = await town.clock_until(life.case_no, "DECISION", state="RUNNING", due=due)
    assert decision["due"] == final
    assert (decision["why"]["zh"].count("元旦") > 0, "暂定" in decision["why"]["zh"]) == (True, False)
    watched = await town.watched(life.case_no, "intake.application.dates_moved.v1")
    assert {one["basis"]: one["provisional"] for one in watched["dates"]} == {"LEGAL": False, "PROMISED": False}
    assert watched["differences"] == []
    moved = [entry for entry in watched["timeline"] if entry["event"] == "intake.application.dates_moved.v1"]
    assert len(moved) == 1
    await _hearing_is_final(town, life)
    await _lit_line(town, life, provisional=False, on=town.today())
    await examination(await town.officer("HANDLER", "E17"), life, legal_due=final)
    assert (await _task(town, life))["legal_due"] == final
    await _nothing_is_provisional(town)


async def _hearing_is_final(town: Town, life: Life) -> None:
    """The step's day too: told once, without a difference, and read by the applicant."""
    watched = await town.watched(life.case_no, "approval.case.days_moved.v1")
    assert watched["differences"] == []
    assert [one["event"] for one in watched["timeline"]].count("approval.case.days_moved.v1") == 1

    async def read() -> str | None:
        notices = (await application(town, life))["notices"]
        return next((notice["text"] for notice in notices if notice["kind"] == "DAYS_MOVED"), None)

    text = await eventually(read, "the notice of the moved day", PATIENCE_SECONDS)
    assert f"申请听证的最后日期由 {YEAR}-" in text
    assert "（暂定） 改为" in text


async def _nothing_is_provisional(town: Town) -> None:
    """Not only the case we look at: every open clock of the town was gone through."""
    supervisor = await town.hall.person("supervisor1")
    lights = expect(await supervisor.get("/api/v1/supervision/lights", limit=200), 200, "lights")["items"]
    open_ones = [line for line in lights if line["open"]]
    assert open_ones
    assert not [line for line in open_ones if line["legal_due_provisional"] or line["promised_due_provisional"]]
    differing = await supervisor.get("/api/v1/supervision/findings", kind="DUE_DATE_DIFFERS")
    assert expect(differing, 200, "findings")["items"] == []


async def _silence_has_a_last_day(town: Town, waiting: Life, last: date) -> None:
    """What silence brings about waits for a final date; on that day's end it comes, as of the day of receipt."""
    await application(town, waiting, notice_due={"on": str(last), "provisional": False})
    town.to(last)
    await town.breathe()
    await application(town, waiting, state="RECEIVED")
    town.to(last + timedelta(days=1))
    seen = await application(town, waiting, state="ACCEPTED", deemed=True)
    assert seen["accepted_at"] == seen["received_at"]
    (notice,) = await clocks_named(town, waiting, "NOTICE")
    assert notice["due"] == {"on": str(last), "provisional": False}


async def _decided_in_the_new_year(town: Town, life: Life, due: date) -> None:
    """On the last day, in time; the paper tells the day of delivery without a mark."""
    await asyncio.sleep(FRESH_SECONDS)  # a process may count by the calendar it has read for so long
    town.to(due)
    await life.examine()
    await life.decide()
    assert (await town.clock_until(life.case_no, "DECISION", state="MET"))["due"]["on"] == str(due)
    paper = await printed(town, life, "GRANT_DECISION")
    assert MARK not in paper
    await life.hand_over()
    watched = await town.watched(life.case_no, "intake.case.concluded.v1")
    assert watched["differences"] == []
