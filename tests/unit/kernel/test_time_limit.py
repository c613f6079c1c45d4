"""Due dates worked by hand from the articles, with pauses, extensions and rest days."""

from datetime import date, datetime

import pytest

from services.kernel.time_limit import (
    CHINA,
    BrokenLedger,
    Clock,
    DueDate,
    Extended,
    Paused,
    Resumed,
    StartRule,
    TimeLimit,
    Unit,
    add_months,
    due_date,
    final_due_date,
    pauses,
)
from services.kernel.workdays import CalendarNotPublished, official_calendar
from tests.support.speed import best_rate

CALENDAR = official_calendar()


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def a_clock(value, started="2026-11-20 10:00", unit=Unit.WORKDAY, ledger=()):
    clock = Clock(TimeLimit(value, unit, StartRule.ACCEPTED, "行政许可法第四十二条"), at(started))
    for entry in ledger:
        clock = clock.with_entry(entry)
    return clock


def a_pause(begun, ended=None):
    paused = Paused(at(begun), "专家评审", "行政许可法第四十五条")
    return (paused,) if ended is None else (paused, Resumed(at(ended)))


def extended(when, value, unit=Unit.WORKDAY):
    return Extended(at(when), value, unit, "案情复杂", "行政许可法第四十二条")


@pytest.mark.parametrize(
    ("clock", "due"),
    [
        pytest.param(a_clock(5, "2026-02-12 16:00"), "2026-02-26", id="XKF 32(1)(4): five days over Spring Festival"),
        pytest.param(a_clock(20), "2026-12-18", id="XKF 42(1): twenty days from acceptance"),
        pytest.param(a_clock(20, "2026-11-20 23:59"), "2026-12-18", id="civil code 201: the time of day is nothing"),
        pytest.param(
            a_clock(20, ledger=[extended("2026-12-10 09:00", 10)]), "2027-01-01", id="XKF 42(1): ten days more"
        ),
        pytest.param(a_clock(45, "2026-03-02 09:00"), "2026-05-08", id="XKF 42(2): joint handling, 45 days"),
        pytest.param(
            a_clock(45, "2026-03-02 09:00", ledger=[extended("2026-05-06 09:00", 15)]),
            "2026-05-28",
            id="XKF 42(2): fifteen days more",
        ),
        pytest.param(a_clock(10, "2026-11-20 10:00"), "2026-12-04", id="XKF 44: delivery within ten days"),
        pytest.param(a_clock(0, "2026-11-20 10:00"), "2026-11-20", id="XKF 34(2): on the spot"),
        pytest.param(a_clock(0, "2026-11-21 10:00"), "2026-11-23", id="XKF 34(2), 203: online on a Saturday"),
        pytest.param(
            a_clock(20, ledger=a_pause("2026-11-27 17:00", "2026-11-30 09:00")),
            "2026-12-21",
            id="XKF 45: Friday 17:00 to Monday 09:00 moves it by one working day",
        ),
        pytest.param(
            a_clock(20, ledger=a_pause("2026-11-27 09:00", "2026-11-27 17:00")),
            "2026-12-18",
            id="XKF 45: a pause within one day moves nothing",
        ),
        pytest.param(
            a_clock(20, "2026-09-21 09:00", ledger=a_pause("2026-09-24 09:00", "2026-10-08 09:00")),
            "2026-10-30",
            id="XKF 45: a pause over two holidays counts its four working days only",
        ),
        pytest.param(
            a_clock(7, ledger=a_pause("2026-12-01 10:00", "2026-12-04 10:00")),
            "2026-12-04",
            id="XKF 45: paused on the last day, due again on the day it resumes",
        ),
        pytest.param(
            a_clock(7, ledger=a_pause("2026-12-01 10:00", "2026-12-05 10:00")),
            "2026-12-07",
            id="XKF 45, 203: paused on the last day, resumed on a Saturday",
        ),
        pytest.param(
            a_clock(7, ledger=a_pause("2026-12-02 10:00", "2026-12-09 10:00")),
            "2026-12-01",
            id="XKF 45: a pause after the last day helps nobody",
        ),
        pytest.param(
            a_clock(7, ledger=[*a_pause("2026-11-23 10:00", "2026-11-25 10:00"), extended("2026-11-26 09:00", 3)]),
            "2026-12-08",
            id="XKF 42, 45: a pause of two and three days more",
        ),
        pytest.param(
            a_clock(15, "2026-09-18 10:00", Unit.CALENDAR_DAY),
            "2026-10-08",
            id="civil code 203: fifteen calendar days end in National Day",
        ),
        pytest.param(
            a_clock(15, "2026-11-16 10:00", Unit.CALENDAR_DAY), "2026-12-01", id="civil code 201: fifteen calendar days"
        ),
        pytest.param(
            a_clock(15, "2026-11-16 10:00", Unit.CALENDAR_DAY, a_pause("2026-11-20 17:00", "2026-11-23 09:00")),
            "2026-12-04",
            id="XKF 45: in calendar days the same weekend counts three",
        ),
        pytest.param(
            a_clock(3, "2025-11-30 10:00", Unit.MONTH),
            "2026-02-28",
            id="civil code 202: no 30 February, and the 28th is a make-up Saturday",
        ),
        pytest.param(a_clock(3, "2026-02-06 10:00", Unit.MONTH), "2026-05-06", id="civil code 202: corresponding day"),
        pytest.param(
            a_clock(3, "2026-02-03 10:00", Unit.MONTH), "2026-05-06", id="civil code 203: ends in the May holiday"
        ),
        pytest.param(
            a_clock(3, "2026-02-06 10:00", Unit.MONTH, [extended("2026-04-01 09:00", 1, Unit.MONTH)]),
            "2026-06-08",
            id="one month more: the sixth of June is a Saturday",
        ),
    ],
)
def test_the_last_day_worked_by_hand(clock, due):
    assert due_date(clock, CALENDAR).on == date.fromisoformat(due)


def test_a_date_in_an_unpublished_year_is_provisional_and_final_on_demand_only():
    clock = a_clock(5, "2026-12-25 09:00")

    assert due_date(clock, CALENDAR) == DueDate(date(2027, 1, 1), provisional=True)
    with pytest.raises(CalendarNotPublished):
        final_due_date(clock, CALENDAR)
    assert final_due_date(a_clock(20), CALENDAR) == date(2026, 12, 18)


def test_an_open_pause_gives_the_earliest_date_and_moves_with_the_day_it_is_asked():
    clock = a_clock(20, ledger=a_pause("2026-11-27 10:00"))

    assert due_date(clock, CALENDAR) == DueDate(date(2026, 12, 18), provisional=True)
    assert due_date(clock, CALENDAR, as_of=date(2026, 12, 1)) == DueDate(date(2026, 12, 22), provisional=True)
    with pytest.raises(BrokenLedger):
        final_due_date(clock, CALENDAR)


@pytest.mark.parametrize(
    "ledger",
    [
        [Resumed(at("2026-11-23 10:00"))],
        [*a_pause("2026-11-23 10:00"), *a_pause("2026-11-24 10:00")],
        [*a_pause("2026-11-23 10:00", "2026-11-24 10:00"), Resumed(at("2026-11-25 10:00"))],
        a_pause("2026-11-19 10:00", "2026-11-24 10:00"),
        a_pause("2026-11-24 10:00", "2026-11-23 10:00"),
        [extended("2026-11-24 10:00", 0)],
        [extended("2026-11-24 10:00", 5, Unit.CALENDAR_DAY)],
    ],
)
def test_an_entry_that_contradicts_the_ledger_is_refused(ledger):
    with pytest.raises(BrokenLedger):
        a_clock(20, ledger=ledger)


def test_the_ledger_only_grows():
    before = a_clock(20)

    after = before.with_entry(a_pause("2026-11-23 10:00")[0])

    assert before.ledger == ()
    assert [pause.to_at for pause in pauses(after)] == [None]


def test_months_end_on_the_last_day_of_a_shorter_month():
    assert add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert add_months(date(2026, 12, 31), 1) == date(2027, 1, 31)
    assert add_months(date(2026, 1, 31), 13) == date(2027, 2, 28)
    assert add_months(date(2026, 10, 31), 1) == date(2026, 11, 30)


def test_300_000_due_dates_a_second():
    clock = a_clock(20, "2026-02-12 10:00")

    assert best_rate(lambda: due_date(clock, CALENDAR), 20_000) >= 300_000
