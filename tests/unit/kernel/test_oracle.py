"""The fast code against a slow oracle that walks day by day and shares no code with it.

ORACLE_HISTORIES sets the number of random histories (5,000 by default, `make oracle` takes 100,000).
"""

import json
import os
import random
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from services.kernel import workdays
from services.kernel.elapsed import elapsed, exceeds_at
from services.kernel.time_limit import Clock, DueDate, Extended, Paused, Resumed, StartRule, TimeLimit, Unit, due_date
from services.kernel.workdays import CalendarNotPublished, WorkCalendar, YearNotice, official_calendar

HISTORIES = int(os.environ.get("ORACLE_HISTORIES", "5000"))
CHINA = timezone(timedelta(hours=8))
DOCUMENTS = {
    int(file.stem): json.loads(file.read_text(encoding="utf-8"))
    for file in Path(workdays.__file__).parent.joinpath("data", "holidays").glob("*.json")
}
DAY = timedelta(days=1)
FIRST_LOADED_TO = range(2010, 2027)


class SlowCalendar:
    """A dictionary of the notices' days up to one year, and nothing clever."""

    def __init__(self, last_year):
        self.last_year = last_year
        self.named = {}
        for year in sorted(DOCUMENTS):
            if year <= last_year:
                self.named.update({day["date"]: day["isOffDay"] for day in DOCUMENTS[year]["days"]})

    def works(self, day):
        off = self.named.get(day.isoformat())
        return not off if off is not None else day.isoweekday() <= 5


def same_day_next_months(day, months):
    """The corresponding day by trying: month after month, then day after day backwards."""
    year, month = day.year, day.month
    for _ in range(months):
        month += 1
        if month == 13:
            year, month = year + 1, 1
    number = day.day
    while True:
        try:
            return date(year, month, number)
        except ValueError:
            number -= 1


def slow_due(unit, value, extra_months, extra_days, started, pauses, slow):
    """Walk: a day counts unless it lies behind the first day of a pause; never end inside a pause or on a rest day."""
    start = started.astimezone(CHINA).date()
    if unit == "MONTH":
        needed = (same_day_next_months(start, value + extra_months) - start).days + extra_days
    else:
        needed = value + extra_days
    stretches = [(a.astimezone(CHINA).date(), b.astimezone(CHINA).date()) for a, b in pauses]
    day, counted = start, 0
    while True:
        still = any(first <= day < last for first, last in stretches)
        if counted >= needed and slow.works(day) and not still:
            return DueDate(day, day.year > slow.last_year)
        day += DAY
        skipped = any(first < day <= last for first, last in stretches)
        if not skipped and (unit != "WORKDAY" or slow.works(day)):
            counted += 1


def slow_stretches(unit, started, until, pauses, slow):
    """Every stretch of counted time between two instants, day by day, cut at the pauses."""
    day = started.astimezone(CHINA).date()
    while day <= until.astimezone(CHINA).date():
        if unit != "WORKDAY" or slow.works(day):
            midnight = datetime(day.year, day.month, day.day, tzinfo=CHINA)
            pieces = [(max(midnight, started), min(midnight + DAY, until))]
            for first, last in pauses:
                pieces = [
                    piece
                    for begun, ended in pieces
                    for piece in ((begun, min(ended, first)), (max(begun, last), ended))
                ]
                pieces = [(begun, ended) for begun, ended in pieces if begun < ended]
            yield from pieces
        day += DAY


def random_history(dice):
    """A limit, its start, pauses in order and the extensions between them."""
    unit = dice.choice(["WORKDAY", "WORKDAY", "CALENDAR_DAY", "MONTH"])
    value = dice.choice([0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 45]) if unit != "MONTH" else dice.choice([1, 2, 3, 6])
    started = datetime(2009, 1, 1, tzinfo=CHINA) + timedelta(seconds=dice.randrange(18 * 365 * 86400))
    cursor, ledger, pauses, months, days = started, [], [], 0, 0
    for _ in range(dice.choice([0, 0, 1, 1, 2, 3])):
        begun = cursor + timedelta(seconds=dice.randrange(0, 12 * 86400))
        ended = begun + timedelta(seconds=dice.randrange(0, dice.choice([40_000, 4 * 86400, 20 * 86400])))
        pauses.append((begun, ended))
        cursor = ended
        stretch = [Paused(begun, "检验"), Resumed(ended)]
        if dice.random() < 0.3:
            more = dice.choice([1, 3, 10])
            other = unit == "MONTH" and dice.random() < 0.5
            months, days = (months + more, days) if unit == "MONTH" and not other else (months, days + more)
            inside = dice.random() < 0.4
            at = begun + (ended - begun) * dice.random() if inside else cursor
            extended = Extended(at, more, Unit.CALENDAR_DAY if other else Unit(unit), "案情复杂")
            stretch.insert(1 if inside else 2, extended)
        ledger += stretch
    clock = Clock(TimeLimit(value, Unit(unit), StartRule.ACCEPTED), started, tuple(ledger))
    return unit, value, months, days, started, pauses, clock


def left_open(dice, clock, pauses):
    """The same with its last pause still open, or one more that is; and a day up to which it is known to last."""
    ledger = list(clock.ledger)
    if pauses and dice.random() < 0.5:
        begun = pauses[-1][0]
        ledger = [entry for entry in ledger if not (isinstance(entry, Resumed) and entry.at == pauses[-1][1])]
        pauses = pauses[:-1]
        if sum(isinstance(entry, Resumed) for entry in ledger) != len(pauses):
            return None  # two ended at the same instant
    else:
        last = max([clock.started_at, *(entry.at for entry in ledger)])
        begun = last + timedelta(seconds=dice.randrange(0, 20 * 86400))
        ledger.append(Paused(begun, "听证"))
    known = dice.choice([None, begun.astimezone(CHINA).date() + DAY * dice.randrange(-5, 40)])
    return Clock(clock.limit, clock.started_at, tuple(ledger)), pauses, begun, known


def slow_due_while_open(told, pauses, begun, known, slow):
    """One that began after the last day changes nothing; else the date is the earliest it can be."""
    without = slow_due(*told, pauses, slow)
    first = begun.astimezone(CHINA).date()
    if first > without.on:
        return without
    last = datetime.combine(max(first, known or first), begun.astimezone(CHINA).time(), CHINA)
    return DueDate(slow_due(*told, [*pauses, (begun, last)], slow).on, provisional=True)


def fast_calendars():
    return {
        last: WorkCalendar(YearNotice.from_json(DOCUMENTS[year]) for year in DOCUMENTS if year <= last)
        for last in FIRST_LOADED_TO
    }


def test_due_dates_of_random_histories_are_those_of_the_walk():
    dice = random.Random(20261122)
    fast, slow = fast_calendars(), {last: SlowCalendar(last) for last in FIRST_LOADED_TO}

    for _ in range(HISTORIES):
        unit, value, months, days, started, pauses, clock = random_history(dice)
        last = dice.randrange(max(started.year - 1, 2010), 2027) if started.year <= 2026 else 2026

        walked = slow_due(unit, value, months, days, started, pauses, slow[last])

        assert due_date(clock, fast[last]) == walked, (clock, last)


def test_due_dates_of_histories_with_an_open_pause_are_the_earliest_the_walk_finds():
    dice = random.Random(4545)
    fast, slow = fast_calendars(), {last: SlowCalendar(last) for last in FIRST_LOADED_TO}

    for _ in range(HISTORIES // 2):
        unit, value, months, days, started, pauses, clock = random_history(dice)
        last = dice.randrange(max(started.year - 1, 2010), 2027) if started.year <= 2026 else 2026
        opened = left_open(dice, clock, pauses)
        if opened is None:
            continue
        clock, pauses, begun, known = opened

        walked = slow_due_while_open((unit, value, months, days, started), pauses, begun, known, slow[last])

        assert due_date(clock, fast[last], as_of=known) == walked, (clock, last, known)


def test_a_provisional_date_was_hardly_ever_later_than_the_official_one_and_never_by_more_than_a_working_day():
    """The one way a year brings a date forward: make-up weekends before the days off they make up for."""
    official, compared, earlier = SlowCalendar(2026), 0, {}

    for last, fast in fast_calendars().items():
        starts = [date(last, 1, 1) + DAY * n for n in range(270, 365 if last < 2026 else 0)]
        for start, days in [(start, days) for start in starts for days in (1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60)]:
            told = fast.earliest_workday(start, days)
            if told.year == last:
                continue
            clock = datetime.combine(start, datetime.min.time(), CHINA)
            on = slow_due("WORKDAY", days, 0, 0, clock, [], official).on
            compared += 1
            if on < told:
                weekdays = sum((on + DAY * n).isoweekday() <= 5 for n in range(1, (told - on).days + 1))
                earlier.setdefault(told.year, []).append(weekdays)

    found = [weekdays for years in earlier.values() for weekdays in years]
    assert set(found) == {1}
    assert set(earlier) == {2012, 2019, 2022}
    assert 0 < len(found) < compared / 200
    assert official_calendar().add_workdays(date(2021, 11, 29), 45) == date(2022, 1, 30)
    assert fast_calendars()[2021].earliest_workday(date(2021, 11, 29), 45) == date(2022, 1, 31)


def test_used_time_and_its_instants_are_those_of_the_walk():
    dice = random.Random(82)
    fast, slow = official_calendar(), SlowCalendar(2026)

    for _ in range(HISTORIES // 2):
        unit, _, _, _, started, pauses, clock = random_history(dice)
        until = started + timedelta(seconds=dice.randrange(0, 50 * 86400))
        if until.year > 2026 or (pauses and pauses[-1][1].year > 2026):
            continue

        walked = sum((b - a for a, b in slow_stretches(unit, started, until, pauses, slow)), timedelta())

        assert elapsed(clock, until, fast) == walked, (clock, until)


def test_the_instant_a_number_of_days_is_exceeded_is_that_of_the_walk():
    dice = random.Random(45)
    fast, slow = official_calendar(), SlowCalendar(2026)

    for _ in range(HISTORIES // 2):
        unit, _, _, _, started, pauses, clock = random_history(dice)
        days = dice.randrange(0, 15)
        try:
            exceeded = exceeds_at(clock, days, fast)
        except CalendarNotPublished:
            continue
        total, instant = timedelta(), None
        for begun, ended in slow_stretches(unit, started, started + timedelta(days=150), pauses, slow):
            if total + (ended - begun) > days * DAY:
                instant = begun + (days * DAY - total)
                break
            total += ended - begun
        while unit != "WORKDAY" and not slow.works(instant.astimezone(CHINA).date()):
            instant += DAY

        assert exceeded == instant, (clock, days)


def test_a_pause_or_an_added_holiday_never_brings_a_date_forward():
    dice = random.Random(42)
    calendar = official_calendar()
    document = {**DOCUMENTS[2026], "days": list(DOCUMENTS[2026]["days"])}

    for _ in range(200):
        *_, clock = random_history(dice)
        if clock.started_at.year > 2025:
            continue
        plain = due_date(Clock(clock.limit, clock.started_at), calendar)
        on = date(2026, 1, 1) + timedelta(days=dice.randrange(365))
        named = {day["date"] for day in document["days"]}
        added = [{"name": "临时放假", "date": on.isoformat(), "isOffDay": True}] if on.isoformat() not in named else []
        longer = calendar.with_year(YearNotice.from_json({**document, "days": [*document["days"], *added]}))

        assert due_date(clock, calendar).on >= plain.on
        assert due_date(clock, longer).on >= due_date(clock, calendar).on
