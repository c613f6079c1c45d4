"""Used time of supervision: the sixteen printed thresholds with their exact seconds, pauses and rest days."""

from datetime import UTC, datetime, timedelta

import pytest

from services.kernel.elapsed import elapsed, end_of_day_on, exceeds_at, used_days
from services.kernel.time_limit import CHINA, Clock, Paused, Resumed, StartRule, TimeLimit, Unit
from services.kernel.workdays import CalendarNotPublished, official_calendar

CALENDAR = official_calendar()
SECOND = timedelta(seconds=1)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def a_clock(value=7, started="2018-10-15 10:00:00", unit=Unit.WORKDAY, ledger=()):
    return Clock(TimeLimit(value, unit, StartRule.ACCEPTED), at(started), tuple(ledger))


def a_pause(begun, ended=None):
    paused = Paused(at(begun), "检测")
    return [paused] if ended is None else [paused, Resumed(at(ended))]


THREE_DAYS = a_pause("2018-10-16 10:00:00", "2018-10-19 10:00:00")
# (name, limit, used is at least, the instant printed in the rule book, ledger)
THRESHOLDS = [
    ("case time: warning, promised 7", 7, 7 - 2, "2018-10-19 10:00:00", ()),
    ("case time: yellow, promised 7", 7, 7 + 1, "2018-10-24 10:00:00", ()),
    ("case time: red, legal 10", 10, 10 + 1, "2018-10-29 10:00:00", ()),
    ("case time after a special procedure of 3 days: warning", 7, 7 - 2, "2018-10-24 10:00:00", THREE_DAYS),
    ("case time after a special procedure of 3 days: yellow", 7, 7 + 1, "2018-10-29 10:00:00", THREE_DAYS),
    ("case time after a special procedure of 3 days: red", 10, 10 + 1, "2018-11-01 10:00:00", THREE_DAYS),
    ("special procedure of 7: warning", 7, 7 - 2, "2018-10-19 10:00:00", ()),
    ("special procedure of 7: yellow, overrun > 0", 7, 7 + 1, "2018-10-24 10:00:00", ()),
    ("special procedure of 7: red, overrun > 1", 7, 7 + 2, "2018-10-25 10:00:00", ()),
    ("pre-acceptance of 2: warning, overrun > 0", 2, 2 + 1, "2018-10-17 10:00:00", ()),
    ("pre-acceptance of 2: yellow, overrun > 3", 2, 2 + 4, "2018-10-22 10:00:00", ()),
    ("pre-acceptance of 2: red, overrun > 5", 2, 2 + 6, "2018-10-24 10:00:00", ()),
    ("e-certificate after completion, 3: yellow", 3, 3 + 1, "2018-10-18 10:00:00", ()),
    ("consultation of 5: warning", 5, 5 - 2, "2018-10-17 10:00:00", ()),
    ("consultation of 5: yellow", 5, 5 + 1, "2018-10-22 10:00:00", ()),
    ("consultation of 5: red", 5, 5 + 2, "2018-10-23 10:00:00", ()),
]


@pytest.mark.parametrize(
    ("limit", "at_least", "instant", "ledger"), [pytest.param(*rest, id=name) for name, *rest in THRESHOLDS]
)
def test_at_the_printed_second_there_is_no_light_and_one_second_later_there_is(limit, at_least, instant, ledger):
    clock = a_clock(limit, ledger=ledger)

    assert exceeds_at(clock, at_least - 1, CALENDAR) == at(instant)
    assert used_days(clock, at(instant), CALENDAR) == at_least - 1
    assert used_days(clock, at(instant) + SECOND, CALENDAR) == at_least


def test_any_fraction_counts_as_a_full_day():
    clock = a_clock()

    assert used_days(clock, at("2018-10-15 10:00:00"), CALENDAR) == 0
    assert used_days(clock, at("2018-10-15 10:00:01"), CALENDAR) == 1
    assert elapsed(clock, at("2018-10-15 22:00:00"), CALENDAR) == timedelta(hours=12)
    assert elapsed(clock, at("2018-10-14 22:00:00"), CALENDAR) == timedelta()


def test_a_case_accepted_on_a_rest_day_uses_no_time_before_the_next_working_day():
    clock = a_clock(7, "2018-10-13 15:30:00")

    assert used_days(clock, at("2018-10-15 00:00:00"), CALENDAR) == 0
    assert exceeds_at(clock, 0, CALENDAR) == at("2018-10-15 00:00:00")


def test_a_full_day_that_ends_at_midnight_before_a_weekend_is_exceeded_on_monday():
    clock = a_clock(5, "2018-10-15 00:00:00")

    assert exceeds_at(clock, 5, CALENDAR) == at("2018-10-22 00:00:00")
    assert used_days(clock, at("2018-10-22 00:00:00"), CALENDAR) == 5
    assert used_days(clock, at("2018-10-22 00:00:01"), CALENDAR) == 6


def test_a_pause_over_a_weekend_takes_out_its_working_hours_only():
    clock = a_clock(ledger=a_pause("2018-10-19 17:00:00", "2018-10-22 09:00:00"))

    assert exceeds_at(clock, 7, CALENDAR) == at("2018-10-24 10:00:00") + timedelta(hours=7 + 9)


def test_a_clock_that_stands_still_has_no_next_instant():
    clock = a_clock(ledger=a_pause("2018-10-18 10:00:00"))

    assert exceeds_at(clock, 7, CALENDAR) is None
    assert exceeds_at(clock, 2, CALENDAR) == at("2018-10-17 10:00:00")
    assert elapsed(clock, at("2018-10-30 10:00:00"), CALENDAR) == timedelta(days=3)


def test_a_clock_paused_at_the_very_threshold_has_not_exceeded_it():
    clock = a_clock(ledger=a_pause("2018-10-24 10:00:00", "2018-10-26 10:00:00"))

    assert exceeds_at(clock, 7, CALENDAR) == at("2018-10-26 10:00:00")


def test_a_limit_in_calendar_days_counts_weekends_and_is_not_over_on_a_rest_day():
    clock = a_clock(15, "2018-10-15 10:00:00", Unit.CALENDAR_DAY)

    assert exceeds_at(clock, 15, CALENDAR) == at("2018-10-30 10:00:00")
    assert exceeds_at(clock, 12, CALENDAR) == at("2018-10-29 10:00:00")
    assert used_days(clock, at("2018-10-21 10:00:00"), CALENDAR) == 6


def test_an_instant_in_an_unpublished_year_is_unknown_and_not_guessed():
    with pytest.raises(CalendarNotPublished):
        exceeds_at(a_clock(20, "2026-12-21 10:00:00"), 20, CALENDAR)
    with pytest.raises(CalendarNotPublished):
        exceeds_at(a_clock(20, "2026-12-21 10:00:00", Unit.CALENDAR_DAY), 20, CALENDAR)
    with pytest.raises(CalendarNotPublished):
        used_days(a_clock(20, "2026-12-21 10:00:00"), at("2027-01-04 10:00:00"), CALENDAR)


def test_on_the_spot_ends_with_its_day():
    assert end_of_day_on(a_clock(0), CALENDAR) == at("2018-10-16 00:00:00")
    assert end_of_day_on(a_clock(0, "2018-10-13 10:00:00"), CALENDAR) == at("2018-10-16 00:00:00")


def test_instants_are_given_in_utc():
    assert exceeds_at(a_clock(), 7, CALENDAR).tzinfo is UTC
