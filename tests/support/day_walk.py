"""Due dates found by walking day by day over the holiday notices: the journeys' own opinion, no code of the product."""

import json
from datetime import date, timedelta
from functools import cache
from pathlib import Path

NOTICES = Path(__file__).resolve().parents[2] / "services" / "kernel" / "data" / "holidays"


# Of years of which no notice is shipped: what a test assumes of them, or has loaded itself.
DECLARED: dict[int, dict[str, bool]] = {}


def last_shipped_year() -> int:
    return max(int(file.stem) for file in NOTICES.glob("[0-9]*.json"))


def _notice(year: int) -> dict[str, bool]:
    """Day -> off, as published. A year without a notice fails the test: a journey must not guess."""
    return DECLARED[year] if year in DECLARED else _shipped(year)


@cache
def _shipped(year: int) -> dict[str, bool]:
    days = json.loads((NOTICES / f"{year}.json").read_text("utf-8"))["days"]
    return {day["date"]: day["isOffDay"] for day in days}


def works(day: date) -> bool:
    """Whether offices are open: Monday to Friday unless declared off, and make-up days."""
    declared_off = _notice(day.year).get(day.isoformat())
    return day.weekday() < 5 if declared_off is None else not declared_off


def workdays_after(start: date, number: int) -> date:
    """The number-th working day after `start`; none: `start` itself."""
    day = start
    while number:
        day += timedelta(days=1)
        number -= works(day)
    return day


def workdays_between(start: date, end: date) -> int:
    """Working days after `start` up to and with `end`: what a pause from one to the other takes out."""
    return sum(works(start + timedelta(days=n + 1)) for n in range((end - start).days))


def months_after(start: date, number: int, *, open_day: bool = True) -> date:
    """The same day of a later month, or its last day; a rest day moves on (Civil Code arts. 202, 203)."""
    year, month = divmod(start.month - 1 + number, 12)
    first = date(start.year + year, month + 1, 1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    day = first.replace(day=min(start.day, last.day))
    return next_open(day) if open_day else day


def days_after(start: date, number: int) -> date:
    """The number-th calendar day after `start`; a rest day moves on."""
    return next_open(start + timedelta(days=number))


def next_open(day: date) -> date:
    """The day itself when offices are open, or the next such day."""
    while not works(day):
        day += timedelta(days=1)
    return day
