"""The sweep on a real database: fires once, exactly after the instant, catches up, and touches only what is due."""

import asyncio
import logging
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from services.kernel.workdays import SpecialDay, YearNotice
from services.supervision import metrics
from services.supervision.watching import Alarm, Sweep
from tests.support.supervision import MARKET, Story, Supervision, at, day

YELLOW_AT = "2018-10-24 10:00:00"


async def pending(supervision: Supervision, monkeypatch: pytest.MonkeyPatch, now: str, **changes: Any) -> Story:
    """A case accepted on Monday 2018-10-15 10:00:00, heard at `now`."""
    monkeypatch.setattr("services.supervision.consumers.clock.now", lambda: at(now))
    return await supervision.tell(Story(**changes).submitted().received().accepted())


async def test_at_the_threshold_no_light_and_one_second_later_one(
    supervision: Supervision, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await pending(supervision, monkeypatch, "2018-10-20 10:00:00")

    await supervision.sweep("2018-10-24 10:00:00")
    before = [level for level, _ in await supervision.lights(story)]
    await supervision.sweep("2018-10-24 10:00:01")
    after = [level for level, _ in await supervision.lights(story)]

    assert (before, after) == (["WARNING"], ["WARNING", "YELLOW"])


async def test_after_downtime_or_time_travel_every_light_is_fired_with_its_own_instant(
    supervision: Supervision, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await pending(supervision, monkeypatch, "2018-10-15 10:00:00")

    await supervision.sweep("2019-03-01 08:00:00")

    assert await supervision.lights(story) == [
        ("WARNING", at("2018-10-19 10:00:00")),
        ("YELLOW", at(YELLOW_AT)),
        ("RED", at("2018-10-29 10:00:00")),
    ]
    fired = {light["fired_at"] for light in (await supervision.case(story))["lights"]}
    assert {datetime.fromisoformat(when) for when in fired} == {at("2019-03-01 08:00:00")}


async def test_each_light_is_published_once_in_the_cases_own_order(
    supervision: Supervision, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await pending(supervision, monkeypatch, "2018-10-15 10:00:00")

    for when in ("2018-10-20 08:00:00", "2018-10-20 08:00:01", "2018-12-01 08:00:00", "2018-12-01 08:00:00"):
        await supervision.sweep(when)

    rows = await supervision.rows(
        "SELECT aggregate_version, convert_from(payload, 'UTF8')::jsonb ->> 'level' FROM outbox "
        "WHERE aggregate_id = :id ORDER BY seq",
        id=story.case_id,
    )
    assert [tuple(row) for row in rows] == [(1, "WARNING"), (2, "YELLOW"), (3, "RED")]


async def test_two_sweeps_at_once_fire_each_light_once(
    supervision: Supervision, monkeypatch: pytest.MonkeyPatch
) -> None:
    stories = [await pending(supervision, monkeypatch, "2018-10-15 10:00:00") for _ in range(10)]

    await asyncio.gather(*(supervision.sweep("2018-12-01 08:00:00") for _ in range(4)))

    ((lights, events),) = await supervision.rows("SELECT (SELECT count(*) FROM light), (SELECT count(*) FROM outbox)")
    assert (lights, events) == (30, 30)
    assert len(await supervision.lights(stories[0])) == 3


async def test_a_lost_next_instant_does_not_fire_again(
    supervision: Supervision, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await pending(supervision, monkeypatch, "2018-10-15 10:00:00")
    await supervision.sweep("2018-12-01 08:00:00")

    async with supervision.database.transaction() as uow:
        await uow.connection.execute(text("UPDATE supervised_case SET next_light_at = accepted_at"))
    await supervision.sweep("2018-12-01 09:00:00")

    assert len(await supervision.lights(story)) == 3
    assert (await supervision.rows("SELECT count(*) FROM outbox"))[0][0] == 3


async def test_a_case_decided_while_supervision_was_away_gets_what_it_crossed_and_nothing_later(
    supervision: Supervision, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await pending(supervision, monkeypatch, "2018-10-15 10:00:00")
    monkeypatch.setattr("services.supervision.consumers.clock.now", lambda: at("2018-12-01 08:00:00"))

    await supervision.tell(story.opened().decided("2018-10-24 10:00:00"))
    await supervision.sweep("2018-12-01 08:00:00")

    assert [level for level, _ in await supervision.lights(story)] == ["WARNING"]


async def test_hearing_late_of_an_acceptance_lights_nothing_before_the_decision_could_be_heard(
    supervision: Supervision, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await pending(supervision, monkeypatch, "2018-12-01 08:00:00")

    before = await supervision.lights(story)
    await supervision.tell(story.opened().decided("2018-10-17 10:00:00").concluded("2018-10-17 11:00:00"))
    await supervision.sweep("2018-12-01 08:00:01")

    assert before == []
    assert await supervision.lights(story) == []
    assert await supervision.rows("SELECT * FROM outbox") == []


async def test_nothing_is_fired_while_events_still_wait_on_the_bus(
    supervision: Supervision, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await pending(supervision, monkeypatch, "2018-10-15 10:00:00")

    async def behind() -> bool:
        return False

    await Sweep(supervision.watcher, caught_up=behind)(supervision.database, at("2018-12-01 08:00:00"))
    waiting = await supervision.lights(story)
    await supervision.sweep("2018-12-01 08:00:01")

    assert waiting == []
    assert len(await supervision.lights(story)) == 3


async def test_a_light_fired_before_an_earlier_decision_was_heard_is_voided_once_and_stays_on_record(
    supervision: Supervision, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await pending(supervision, monkeypatch, "2018-10-15 10:00:00")
    await supervision.sweep("2018-12-01 08:00:00")

    await supervision.tell(story.opened().decided("2018-10-20 10:00:00"))
    await supervision.tell(story.concluded("2018-10-20 11:00:00"))

    shown = (await supervision.case(story))["lights"]
    assert [(light["level"], light["voided_at"] is not None) for light in shown] == [
        ("WARNING", False),
        ("YELLOW", True),
        ("RED", True),
    ]
    rows = await supervision.rows("SELECT aggregate_version, subject FROM outbox ORDER BY seq")
    assert [tuple(row) for row in rows][3:] == [
        (4, "supervision.light.voided.v1"),
        (5, "supervision.light.voided.v1"),
    ]


async def test_the_sweep_touches_only_what_is_due(supervision: Supervision, monkeypatch: pytest.MonkeyPatch) -> None:
    await pending(supervision, monkeypatch, "2018-10-15 10:00:00")
    other = await pending(supervision, monkeypatch, "2018-10-15 10:00:00", promised=20, legal=30)
    await supervision.sweep("2018-10-15 10:00:01")  # the first run of all arms every case
    (before,) = await supervision.rows("SELECT xmin::text FROM supervised_case WHERE case_id = :id", id=other.case_id)

    await supervision.sweep("2018-10-25 10:00:00")

    (after,) = await supervision.rows("SELECT xmin::text FROM supervised_case WHERE case_id = :id", id=other.case_id)
    assert after == before


async def test_the_sweep_reads_an_index_of_what_is_due_even_among_many(supervision: Supervision) -> None:
    async with supervision.database.transaction() as uow:
        await uow.connection.execute(
            text(
                "INSERT INTO supervised_case (case_id, accepted_at, next_light_at) SELECT gen_random_uuid(), now(), "
                "now() + make_interval(secs => n) FROM generate_series(1, 20000) n"
            )
        )
        # the table's statistics are of a few rows: without a sort the index alone can give the oldest first
        await uow.connection.execute(text("SET LOCAL enable_sort = off"))
        query = "EXPLAIN SELECT * FROM supervised_case WHERE next_light_at < now() ORDER BY next_light_at LIMIT 200"
        plan = "\n".join((await uow.connection.execute(text(query))).scalars())

    assert "supervised_case_next_light" in plan


async def test_without_a_calendar_no_light_is_guessed_and_the_alarm_is_raised(
    supervision: Supervision, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("services.supervision.consumers.clock.now", lambda: at("2026-12-24 10:00:00"))
    story = Story().submitted("2026-12-23 09:00:00").received("2026-12-23 09:00:00").accepted("2026-12-23 10:00:00")
    await supervision.tell(story)

    await supervision.sweep("2027-03-01 10:00:00")
    with caplog.at_level(logging.ERROR):
        await Alarm().measure(supervision.database, at("2027-03-01 10:00:00"))

    assert [level for level, _ in await supervision.lights(story)] == ["WARNING"]
    assert metrics.cases_unarmed._value.get() == 1
    assert "no calendar for 2027" in caplog.text


async def test_a_calendar_that_arrives_arms_and_fires_what_was_missing(
    supervision: Supervision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.supervision.consumers.clock.now", lambda: at("2026-12-24 10:00:00"))
    story = Story().submitted("2026-12-23 09:00:00").received("2026-12-23 09:00:00").accepted("2026-12-23 10:00:00")
    await supervision.tell(story)
    await supervision.sweep("2027-03-01 10:00:00")
    new_year = SpecialDay(day("2027-01-01"), "元旦", False, "notice")
    loaded = supervision.calendar.with_year(YearNotice(2027, ("notice",), (new_year,)))

    monkeypatch.setattr(supervision, "calendar", loaded)
    await supervision.sweep("2027-03-01 10:00:01")

    assert await supervision.lights(story) == [
        ("WARNING", at("2026-12-29 10:00:00")),
        ("YELLOW", at("2027-01-04 10:00:00")),
        ("RED", at("2027-01-07 10:00:00")),
    ]
    ((due, provisional, missing),) = await supervision.rows(
        "SELECT legal_due_on, legal_due_provisional, missing_year FROM supervised_case"
    )
    assert (due, provisional, missing) == (day("2027-01-07"), False, None)


async def test_the_same_calendar_arms_nothing_again(supervision: Supervision) -> None:
    sweep = Sweep(supervision.watcher)
    await sweep(supervision.database, at("2018-10-15 10:00:00"))
    before = await supervision.rows("SELECT xmin::text FROM arming")

    await Sweep(supervision.watcher)(supervision.database, at("2018-10-15 10:00:01"))

    assert await supervision.rows("SELECT xmin::text FROM arming") == before


async def test_the_event_names_department_rule_and_both_instants(
    supervision: Supervision, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pending(supervision, monkeypatch, "2018-10-15 10:00:00")
    await supervision.sweep("2018-10-20 08:00:00")

    ((event,),) = await supervision.rows("SELECT convert_from(payload, 'UTF8')::jsonb FROM outbox")

    assert (event["department_uscc"], event["rule"], event["level"]) == (MARKET, "case-time-warning", "WARNING")
    assert datetime.fromisoformat(event["crossed_at"]) == at("2018-10-19 10:00:00")
    assert datetime.fromisoformat(event["fired_at"]) == at("2018-10-20 08:00:00")
