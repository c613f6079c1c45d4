"""Loading a year: preview, provisional dates made final, every open clock gone through, and told."""

import asyncio
import io
import json
import sys
from argparse import ArgumentParser, Namespace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from services.chassis import clock
from services.intake import calendar_load
from services.intake.commands.calendars import Projection
from services.intake.office import Office
from tests.integration.intake.bundle_desk import BundleDesk, member_of
from tests.integration.intake.desk import SHOP, ZHANG, Desk
from tests.integration.intake.travel import Travel, travel

__all__ = ["travel"]
LATE = date(2026, 12, 29)
YEAR: dict[str, Any] = {
    "sources": ["国办发明电〔2026〕1号（演练）"],
    "days": [
        {"on": "2027-01-01", "name": "元旦", "works": False},
        {"on": "2027-01-04", "name": "元旦", "works": False},
        {"on": "2027-01-09", "name": "元旦", "works": True},
    ],
}


@pytest.fixture(autouse=True)
async def before_new_year(travel: Travel, desk: Desk) -> None:
    """Nothing of 2027 is loaded, and nothing runs."""
    async with desk.database.transaction() as uow:
        for table in ("reference", "calendar_load"):
            await uow.connection.execute(text(f"DELETE FROM {table}"))
        await uow.connection.execute(text("UPDATE application SET state = 'WITHDRAWN'"))
        await uow.connection.execute(text("UPDATE bundle_application SET withdrawn_at = now()"))
    async with desk.database.read() as connection:
        await office_of(desk).calendars.current(connection)
    travel.to_day(LATE)


def office_of(desk: Desk) -> Office:
    transport = desk.http._transport
    assert isinstance(transport, httpx.ASGITransport)
    app = transport.app
    assert isinstance(app, FastAPI)
    office: Office = app.state.office
    return office


async def load(desk: Desk, body: Any = YEAR, year: int = 2027, **params: str) -> Any:
    query = "?" + "&".join(f"{k}={v}" for k, v in params.items()) if params else ""
    return await desk.post(f"/calendars/{year}{query}", desk.staff("CATALOGUE_ADMIN"), body)


async def go_through(desk: Desk, travel: Travel) -> None:
    await Projection(settle_seconds=0)(desk.database, clock.now())


async def shown(desk: Desk, application: dict[str, Any]) -> dict[str, Any]:
    return dict((await desk.get(f"/applications/{application['application_id']}", desk.clerk)).json())


async def test_preview_shows_what_moves_and_writes_nothing(desk: Desk) -> None:
    received = await desk.done(await desk.submitted("P07"), "receipt")

    preview = await load(desk, preview="true")
    again = await load(desk, preview="true")

    assert preview.status_code == 200, preview.text
    (moving,) = preview.json()["moving"]
    assert moving["application_id"] == received["application_id"]
    assert moving["dates"] == [
        {
            "clock": "NOTICE",
            "earlier": {"on": "2027-01-05", "provisional": True},
            "now": {"on": "2027-01-07", "provisional": False},
        }
    ]
    assert again.json()["moving"] == preview.json()["moving"]
    assert (await shown(desk, received))["notice_due"]["provisional"] is True


async def test_loading_makes_every_open_date_final_and_tells_of_each_once(desk: Desk, travel: Travel) -> None:
    received = await desk.done(await desk.submitted("P07"), "receipt")
    accepted = await desk.accepted("E02", number=SHOP)

    loaded = await load(desk)
    await go_through(desk, travel)
    await go_through(desk, travel)
    await go_through(desk, travel)

    assert loaded.status_code == 201, loaded.text
    assert (await shown(desk, received))["notice_due"] == {"on": "2027-01-07", "provisional": False}
    assert (await shown(desk, accepted))["legal_due"]["provisional"] is False
    for application, clocks in ((received, {"NOTICE"}), (accepted, {"NOTICE", "LEGAL", "PROMISED"})):
        moved = [
            e for _, name, e in await desk.events(application["application_id"]) if name.endswith("dates_moved.v1")
        ]
        assert [{d["clock"] for d in e["dates"]} for e in moved] == [clocks]


async def test_joint_dates_of_bundles_are_shown_before_and_told_once(desk: Desk) -> None:
    bundles = BundleDesk.at(desk)
    bundle = await bundles.accepted("K01", form={"area_m2": 1})
    earlier = {"JOINT": bundle["legal"]["due"], "JOINT_PROMISED": bundle["promised"]["due"]}

    preview = (await load(desk, preview="true")).json()
    untouched = await bundles.seen(bundle)
    await load(desk)
    await load(desk)
    seen = await bundles.seen(bundle)

    assert all(due["provisional"] for due in earlier.values())
    assert untouched["legal"] == bundle["legal"]
    now = {"JOINT": seen["legal"]["due"], "JOINT_PROMISED": seen["promised"]["due"]}
    assert not any(due["provisional"] for due in now.values())
    dates = [{"clock": name, "member_id": "", "earlier": earlier[name], "now": now[name]} for name in earlier]
    (shown,) = [one for one in preview["bundles"] if one["bundle_no"] == bundle["bundle_no"]]
    assert (preview["bundles_moving"], shown["dates"]) == (1, dates)
    (told,) = [e for _, name, e in await bundle_events(desk, bundle) if name == "intake.bundle.dates_moved.v1"]
    assert told["dates"] == dates
    assert seen["version"] == bundle["version"] + 1


async def test_what_is_shown_before_is_what_the_events_tell_then(desk: Desk, travel: Travel) -> None:
    received, faulty = [await desk.done(await desk.complete("P07"), "receipt") for _ in range(2)]
    faults = [{"material_no": 1, "fault": "未签名", "remedy": "签名后重新提交"}]
    correcting = await desk.done(faulty, "supplement-notice", {"faults": faults})
    accepted, divorce = await desk.accepted("E02", number=SHOP), await desk.accepted("P04")
    bundle = await BundleDesk.at(desk).accepted("K01", form={"area_m2": 1})
    travel.to_day(date(2026, 12, 31))
    newborn = await BundleDesk.at(desk).accepted("K03", number=ZHANG)
    start = (await outbox(desk, 0))[-1][0]

    preview = (await load(desk, preview="true")).json()
    await load(desk)
    for _ in range(2):
        await go_through(desk, travel)

    told = [(subject, event) for _, subject, event in await outbox(desk, start)]
    moved = {e["application_id"]: e["dates"] for name, e in told if name == "intake.application.dates_moved.v1"}
    joint = {e["bundle_no"]: e["dates"] for name, e in told if name == "intake.bundle.dates_moved.v1"}
    assert {one["application_id"]: one["dates"] for one in preview["moving"]} == moved
    assert {one["bundle_no"]: one["dates"] for one in preview["bundles"]} == joint
    open_ones = {one["application_id"] for one in (received, correcting, accepted, divorce)}
    assert (open_ones <= set(moved), set(joint)) == (True, {bundle["bundle_no"], newborn["bundle_no"]})
    (step,) = [one for one in joint[newborn["bundle_no"]] if one["clock"] == "STEP"]
    seen = member_of(await BundleDesk.at(desk).seen(newborn), step["member_id"])
    assert (step["member_id"], step["now"]) == ("出生医学证明签发", seen["promised_due"])
    assert (step["earlier"]["provisional"], step["now"]["provisional"]) == (True, False)
    shown = seen["step"]
    assert (shown["due"], shown["state"], shown["article"]) == (step["now"], "RUNNING", "优化营商环境条例第三十六条")
    assert shown["why_zh"].startswith("自2026年12月31日该步骤启动起算")
    assert shown["why_en"].endswith(f"due {step['now']['on']}.")
    assert [one["kind"] for one in shown["reasons"]][:2] == ["START", "LIMIT"]
    clocks = {one["clock"] for dates in moved.values() for one in dates}
    assert clocks == {"NOTICE", "SUPPLEMENT", "LEGAL", "PROMISED", "WAITING", "CLAIM"}


async def outbox(desk: Desk, after: int) -> list[tuple[int, str, dict[str, Any]]]:
    statement = text("SELECT seq, subject, payload FROM outbox WHERE seq > :after ORDER BY seq")
    async with desk.database.read() as connection:
        rows = (await connection.execute(statement, {"after": after})).all()
    return [(row.seq, row.subject, json.loads(row.payload)) for row in rows]


async def bundle_events(desk: Desk, bundle: dict[str, Any]) -> list[Any]:
    async with desk.database.read() as connection:
        statement = text("SELECT bundle_application_id FROM bundle_application WHERE bundle_no = :no")
        return await desk.events(str(await connection.scalar(statement, {"no": bundle["bundle_no"]})))


def provisional(value: Any) -> bool:
    """Whether anything in this answer is marked provisional."""
    if isinstance(value, list):
        return any(provisional(one) for one in value)
    if isinstance(value, dict):
        return any((one is True and name.endswith("provisional")) or provisional(one) for name, one in value.items())
    return False


async def test_no_open_date_stays_provisional_once_its_year_is_loaded(desk: Desk, travel: Travel) -> None:
    received, faulty = [await desk.done(await desk.complete("P07"), "receipt") for _ in range(2)]
    faults = [{"material_no": 1, "fault": "未签名", "remedy": "签名后重新提交"}]
    correcting = await desk.done(faulty, "supplement-notice", {"faults": faults})
    accepted, divorce = await desk.accepted("E02", number=SHOP), await desk.accepted("P04")
    open_ones = (received, correcting, accepted, divorce)
    before = [provisional(await shown(desk, one)) for one in open_ones]

    await load(desk)
    await go_through(desk, travel)

    assert before == [True] * len(open_ones)
    assert [provisional(await shown(desk, one)) for one in open_ones] == [False] * len(open_ones)
    (told,) = [e for _, name, e in await desk.events(divorce["application_id"]) if name.endswith("dates_moved.v1")]
    assert {one["clock"] for one in told["dates"]} >= {"WAITING", "CLAIM"}


async def test_silence_waits_until_the_last_day_is_final(desk: Desk, travel: Travel) -> None:
    received = await desk.done(await desk.submitted("P07"), "receipt")

    travel.to_day(date(2027, 1, 11))
    await travel.law_acts()
    waiting = (await shown(desk, received))["state"]
    await load(desk)
    await go_through(desk, travel)
    await travel.law_acts()

    assert waiting == "RECEIVED"
    accepted = await shown(desk, received)
    assert (accepted["state"], accepted["deemed"]) == ("ACCEPTED", True)


async def test_the_year_is_told_with_its_revision_and_a_correction_with_the_next(desk: Desk) -> None:
    first = (await load(desk)).json()
    second = (await load(desk, YEAR | {"days": YEAR["days"][:1]})).json()

    async with desk.database.read() as connection:
        told = await connection.execute(
            text("SELECT payload FROM outbox WHERE subject = 'intake.calendar.loaded.v1' ORDER BY seq DESC LIMIT 2")
        )
        revisions = [json.loads(row.payload)["revision"] for row in told]
    assert (first["revision"], second["revision"]) == (1, 2)
    assert revisions == [2, 1]


async def test_new_dates_use_the_loaded_year_at_once(desk: Desk) -> None:
    await load(desk)

    received = await desk.done(await desk.submitted("P07"), "receipt")

    assert received["notice_due"] == {"on": "2027-01-07", "provisional": False}


async def test_decision_to_delivery_is_ten_working_days_art_44(desk: Desk, travel: Travel) -> None:
    travel.to_day(date(2026, 3, 2))
    accepted = await desk.accepted("P07")

    decided = await desk.decided(accepted)

    assert decided["delivery_due"]["on"] > decided["decided_at"][:10]


@pytest.mark.parametrize(
    ("body", "year", "code"),
    [
        (YEAR, 2029, "calendar.gap"),
        (YEAR | {"sources": []}, 2027, "calendar.source"),
        (YEAR | {"days": [{"on": "2027-01-05", "name": "x", "works": True}]}, 2027, "calendar.no-makeup"),
        (YEAR | {"days": [*YEAR["days"], YEAR["days"][0]]}, 2027, "calendar.twice"),
        (YEAR | {"days": [*YEAR["days"], {"on": "2028-06-01", "name": "x", "works": False}]}, 2027, "calendar.outside"),
    ],
)
async def test_a_faulty_year_is_refused(desk: Desk, body: Any, year: int, code: str) -> None:
    answer = await load(desk, body, year)

    assert code in [error["code"] for error in answer.json()["errors"]]


async def test_only_the_catalogue_administrator_loads_one(desk: Desk) -> None:
    answer = await desk.post("/calendars/2027", desk.clerk, YEAR)

    assert answer.status_code == 403


def command(tmp_path: Path, *options: str) -> Namespace:
    file = tmp_path / "2027.json"
    days = [{"date": d["on"], "name": d["name"], "isOffDay": not d["works"]} for d in YEAR["days"]]
    file.write_text(json.dumps({"year": 2027, "papers": YEAR["sources"], "days": days}))
    parser = ArgumentParser()
    calendar_load.add_arguments(parser)
    return parser.parse_args([str(file), *options])


async def loads(desk: Desk) -> int:
    async with desk.database.read() as connection:
        found = await connection.execute(text("SELECT count(*) FROM calendar_load"))
    return int(found.scalar_one())


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [(["--preview"], 0, ""), (["--yes"], 0, "已载入 2027 年"), ([], 3, "非终端，无人确认：以上只是预览")],
)
async def test_the_command_shows_what_moves_and_loads_unasked_only_when_told_to(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], status: int, said: str
) -> None:
    await desk.done(await desk.submitted("P07"), "receipt")
    given = command(tmp_path, *options)

    ended = await asyncio.to_thread(calendar_load.run, given)

    seen = capsys.readouterr().out
    assert (ended, await loads(desk)) == (status, 1 if options == ["--yes"] else 0)
    assert "2027-01-07" in seen
    assert f"python -m services.approval preview-calendar {given.file}" in seen
    assert said in seen


@pytest.mark.parametrize(("answer", "status"), [("yes\n", 0), ("no\n", 3), ("\n", 3), ("", 3)])
async def test_in_a_terminal_the_command_asks_after_showing(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, status: int
) -> None:
    await desk.done(await desk.submitted("P07"), "receipt")
    screen = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys, "stdout", screen)

    ended = await asyncio.to_thread(calendar_load.run, command(tmp_path))

    shown_first, asked, after = screen.getvalue().partition("确认载入")
    assert (ended, await loads(desk)) == (status, 1 if status == 0 else 0)
    assert asked
    assert "2027-01-07" in shown_first
    assert "preview-calendar" in shown_first
    assert ("已载入" in after, "没有载入" in after) == (status == 0, status != 0)


class Terminal(io.StringIO):
    """A screen and a keyboard as far as a command asks."""

    def isatty(self) -> bool:
        return True


async def test_nobody_is_returned_on_a_provisional_day_to_supply_by(desk: Desk, travel: Travel) -> None:
    received = await desk.done(await desk.submitted("P07"), "receipt")
    faults = [{"material_no": no, "fault": "缺页", "remedy": "补齐"} for no in (1, 2, 3)]
    asked = await desk.act(received, "supplement-notice", {"faults": faults, "supply_by": "2027-01-01"})
    assert asked.status_code == 201, asked.text
    told = asked.json()["supplement"]

    travel.to_day(date(2027, 1, 4))
    await travel.law_acts()
    waiting = await shown(desk, received)
    await load(desk)
    await go_through(desk, travel)
    final = await shown(desk, received)
    travel.to_day(date(2027, 1, 6))
    await travel.law_acts()
    over = await shown(desk, received)

    assert (told["supply_by"], told["supply_by_provisional"]) == ("2027-01-01", True)
    assert waiting["state"] == "CORRECTION"
    assert (final["supplement"]["supply_by"], final["supplement"]["supply_by_provisional"]) == ("2027-01-05", False)
    assert over["state"] == "RETURNED"
