"""The working-day calendar: the fourteen worked vectors, edges of the published years, the speed it promises."""

import json
from datetime import date, timedelta

import pytest

from services.kernel.workdays import (
    HOLIDAYS_FOLDER,
    BrokenCalendar,
    CalendarNotPublished,
    WorkCalendar,
    YearNotice,
    official_calendar,
)
from tests.support.speed import best_rate

VECTORS = [
    ("2026-02-12", 5, "2026-02-26", "make-up Saturday counts, Spring Festival off"),
    ("2026-02-12", 20, "2026-03-18", "make-up Saturday 02-28 counts"),
    ("2026-02-13", 1, "2026-02-14", "due on a make-up Saturday"),
    ("2026-01-02", 1, "2026-01-04", "start on a holiday, due on a make-up Sunday"),
    ("2026-09-18", 1, "2026-09-20", "make-up Sunday before National Day"),
    ("2026-09-21", 5, "2026-09-29", "Mid-Autumn off"),
    ("2026-09-21", 10, "2026-10-12", "National Day off, Saturday 10-10 works"),
    ("2026-09-21", 20, "2026-10-26", "over both autumn holidays"),
    ("2026-04-28", 20, "2026-05-28", "Saturday 05-09 works"),
    ("2026-03-02", 45, "2026-05-08", "joint handling"),
    ("2025-12-30", 5, "2026-01-07", "needs two year files"),
    ("2025-01-20", 20, "2025-02-21", "Sunday 01-26 and Saturday 02-08 work"),
    ("2024-09-27", 20, "2024-10-30", "Sunday 09-29 and Saturday 10-12 work"),
    ("2026-11-20", 20, "2026-12-18", "plain"),
]
CALENDAR = official_calendar()


@pytest.mark.parametrize(
    ("start", "workdays", "due"),
    [pytest.param(date.fromisoformat(s), n, date.fromisoformat(d), id=f"art. 82: {why}") for s, n, d, why in VECTORS],
)
def test_the_last_day_of_a_working_day_limit(start, workdays, due):
    assert CALENDAR.add_workdays(start, workdays) == due
    assert CALENDAR.workdays_between(start, due) == workdays


def test_a_year_that_is_not_loaded_is_never_counted_as_if_it_had_no_holidays():
    with pytest.raises(CalendarNotPublished) as raised:
        CALENDAR.add_workdays(date(2026, 12, 25), 5)

    assert raised.value.year == 2027
    assert "2027" in raised.value.detail


def test_the_earliest_date_in_a_year_that_is_not_loaded_is_given_and_marked():
    earliest = CALENDAR.earliest_workday(date(2026, 12, 25), 5)

    assert earliest == date(2027, 1, 1)
    assert CALENDAR.is_provisional(earliest)


def test_a_limit_that_ends_on_the_last_published_day_is_final():
    due = CALENDAR.add_workdays(date(2026, 12, 25), 4)

    assert due == date(2026, 12, 31)
    assert not CALENDAR.is_provisional(due)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: CALENDAR.is_workday(date(2027, 1, 4)),
        lambda: CALENDAR.workdays_between(date(2026, 12, 1), date(2027, 1, 4)),
        lambda: CALENDAR.add_workdays(date(2006, 12, 29), 1),
        lambda: CALENDAR.earliest_workday(date(2006, 12, 29), 1),
        lambda: CALENDAR.earliest_workday(date(2090, 1, 1), 1),
        lambda: CALENDAR.next_workday(date(2027, 1, 1)),
        lambda: CALENDAR.count_before(date(1999, 1, 1)),
    ],
)
def test_every_question_about_an_unknown_year_raises(ask):
    with pytest.raises(CalendarNotPublished):
        ask()


def test_the_next_working_day_is_the_day_itself_when_it_works():
    assert CALENDAR.next_workday(date(2026, 2, 14)) == date(2026, 2, 14)
    assert CALENDAR.next_workday(date(2026, 2, 15)) == date(2026, 2, 24)


def test_a_loaded_year_replaces_monday_to_friday():
    document = {
        "year": 2027,
        "papers": ["https://example.invalid/notice"],
        "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": True}],
    }

    loaded = CALENDAR.with_year(YearNotice.from_json(document))

    assert loaded.add_workdays(date(2026, 12, 25), 5) == date(2027, 1, 4)
    assert loaded.covers(2027)
    assert loaded.sources(2027) == ("https://example.invalid/notice",)
    assert not CALENDAR.covers(2027)


def test_a_notice_may_change_the_last_days_of_the_year_before():
    # the notice for 2019 made 2018-12-31 a rest day and 2018-12-29 a working day
    assert not CALENDAR.is_workday(date(2018, 12, 31))
    assert CALENDAR.is_workday(date(2018, 12, 29))


def test_every_day_a_notice_names_is_kept_with_its_source():
    for file in HOLIDAYS_FOLDER.glob("*.json"):
        document = json.loads(file.read_text(encoding="utf-8"))
        for day in document["days"]:
            on = date.fromisoformat(day["date"])
            if on >= CALENDAR.first_day:
                assert CALENDAR.is_workday(on) is not day["isOffDay"]
                assert CALENDAR.special[on].source.startswith("http")


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"year": 2027, "papers": [], "days": []},
        {"year": 2027, "papers": [], "days": [{"name": "元旦", "date": "2027-13-01", "isOffDay": True}]},
        {"year": 2027, "papers": [], "days": [{"date": "2027-01-01", "isOffDay": True}]},
        {"year": 2027, "papers": None, "days": []},
    ],
)
def test_a_file_that_is_no_calendar_is_refused(document):
    with pytest.raises(BrokenCalendar):
        YearNotice.from_json(document)


def test_a_gap_between_years_is_refused():
    notice = YearNotice(2029, (), ())

    with pytest.raises(BrokenCalendar):
        CALENDAR.with_year(notice)
    with pytest.raises(BrokenCalendar):
        WorkCalendar([])


def test_the_length_of_a_limit_does_not_cost_time_and_300_000_a_second_are_reached():
    start = date(2016, 1, 4)

    short = best_rate(lambda: CALENDAR.add_workdays(start, 1), 20_000)
    long = best_rate(lambda: CALENDAR.add_workdays(start, 2_400), 20_000)

    assert min(short, long) >= 300_000
    assert long > short / 3


def test_counting_forward_and_backward_agree_over_all_published_days():
    day = CALENDAR.first_day
    while day < date(2026, 11, 1):
        due = CALENDAR.add_workdays(day, 20)
        assert CALENDAR.is_workday(due)
        assert CALENDAR.workdays_between(day, due) == 20
        day += timedelta(days=7)
