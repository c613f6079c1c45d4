"""A year of the working-day calendar as an administrator loads it or looks ahead to it, and its faults. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.kernel.errors import FieldError
from services.kernel.workdays import SATURDAY, WorkCalendar, YearNotice


@dataclass(frozen=True)
class Day:
    on: date
    name: str
    works: bool


@dataclass(frozen=True)
class Year:
    """The notice of a year: where it was published, and each day it names."""

    year: int
    sources: tuple[str, ...]
    days: tuple[Day, ...]

    def document(self) -> dict[str, Any]:
        """In the shape of holiday-cn, as calendars are kept."""
        days = [{"date": day.on.isoformat(), "name": day.name, "isOffDay": not day.works} for day in self.days]
        return {"year": self.year, "papers": list(self.sources), "days": days}

    def on(self, calendar: WorkCalendar) -> WorkCalendar:
        """What this calendar is once the year is loaded."""
        return calendar.with_year(YearNotice.from_json(self.document()))

    def touches_from(self, calendar: WorkCalendar) -> date:
        """The first day whose working or resting may change: nothing that ends before it moves."""
        replaced = [day.on for day in calendar.special.values() if day.on.year == self.year]
        first = min([date(self.year, 1, 1), *(day.on for day in self.days), *replaced])
        return min(first, calendar.last_day + timedelta(days=1)) if not calendar.covers(self.year) else first


def year_faults(year: int, sources: Sequence[str], days: Sequence[Day], calendar: WorkCalendar) -> list[FieldError]:
    """Everything that keeps this year from being loaded; empty: nothing does.

    Source: Administrative Licensing Law art. 82; the yearly notice of the State Council's general office.
    """
    return [*_year_faults(year, sources, days, calendar), *_day_faults(year, days)]


def in_order(year: int, sources: Sequence[str], days: Sequence[Day]) -> Year:
    return Year(year, tuple(sources), tuple(sorted(days, key=lambda day: day.on)))


def _year_faults(year: int, sources: Sequence[str], days: Sequence[Day], calendar: WorkCalendar) -> list[FieldError]:
    errors = []
    if not calendar.first_year <= year <= calendar.last_year + 1:
        message = f"年度必须连续：可载入 {calendar.first_year} 至 {calendar.last_year + 1} 年"
        errors.append(FieldError("#/year", "calendar.gap", message))
    if not any(source.strip() for source in sources):
        errors.append(FieldError("#/sources", "calendar.source", "应写明通知的出处"))
    if not any(day.on.year == year for day in days):
        errors.append(FieldError("#/days", "calendar.empty", "没有列明该年度的任何日期"))
    return errors


def _day_faults(year: int, days: Sequence[Day]) -> list[FieldError]:
    """A day named twice, a day far outside the year, a working day declared to work."""
    errors, seen = [], set()
    edge = timedelta(days=15)  # a notice may name days at the edge of the neighbouring years
    for index, day in enumerate(days):
        pointer = f"#/days/{index}/on"
        if day.on in seen:
            errors.append(FieldError(pointer, "calendar.twice", "同一日期列了两次"))
        seen.add(day.on)
        if not date(year, 1, 1) - edge <= day.on <= date(year, 12, 31) + edge:
            errors.append(FieldError(pointer, "calendar.outside", f"日期不在 {year} 年"))
        if day.works and day.on.weekday() < SATURDAY:
            errors.append(FieldError(pointer, "calendar.no-makeup", "周一至周五本为工作日，无须列为调休上班"))
    return errors
