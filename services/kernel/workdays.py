"""The official working-day calendar: which day works, and counting working days in constant time.

Source of the rule: Administrative Licensing Law art. 82 (periods are working days, statutory holidays excluded). Source
of the days: the yearly notice of the State Council's general office, one file per year in `data/holidays/`.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from services.kernel.errors import DomainError, Kind

HOLIDAYS_FOLDER = Path(__file__).parent / "data" / "holidays"
PROVISIONAL_YEARS = 30  # how far behind the last published year an earliest date is still given
ONE_DAY = timedelta(days=1)
SATURDAY = 5


class CalendarNotPublished(DomainError):
    """The count runs into a year whose holidays are not loaded. Never guess: ask for the earliest date instead."""

    code = "kernel.calendar-not-published"
    kind = Kind.UNAVAILABLE
    title_zh = "该年度节假日安排尚未载入"
    title_en = "The official calendar of that year is not loaded"

    def __init__(self, year: int) -> None:
        super().__init__(f"{year} 年的节假日安排尚未载入，无法确定工作日")
        self.year = year


class BrokenCalendar(DomainError):
    """A calendar that cannot be used: a gap between years, or a file that is no calendar."""

    code = "kernel.broken-calendar"
    kind = Kind.INVALID
    title_zh = "节假日数据有误"
    title_en = "The calendar data is faulty"


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day the notice names: a rest day, or a make-up working day (`works`)."""

    on: date
    name: str
    works: bool
    source: str


@dataclass(frozen=True, slots=True)
class YearNotice:
    """The notice of one year. It may name days at the edge of the neighbouring years."""

    year: int
    sources: tuple[str, ...]
    days: tuple[SpecialDay, ...]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "YearNotice":
        """Read the shape of holiday-cn: `year`, `papers` (addresses of the notices), `days`.

        Raises:
            BrokenCalendar: a field is missing or is no date, or the year names no day.
        """
        try:
            sources = tuple(str(paper) for paper in document["papers"])
            days = tuple(
                SpecialDay(date.fromisoformat(day["date"]), day["name"], not day["isOffDay"], "; ".join(sources))
                for day in document["days"]
            )
            notice = cls(int(document["year"]), sources, days)
        except (KeyError, TypeError, ValueError) as fault:
            raise BrokenCalendar(f"节假日文件无法读取：{fault}") from fault
        if not any(day.on.year == notice.year for day in days):
            raise BrokenCalendar(f"{notice.year} 年没有任何节假日，视为尚未公布")
        return notice


class WorkCalendar:
    """Working days of a run of published years; behind it Monday to Friday, for earliest dates only.

    Every day of the run is an index: `_before[i]` is the number of working days before day i, `_workdays[k]` the k-th
    working day. A count of any length is two look-ups.
    """

    def __init__(self, notices: Iterable[YearNotice]) -> None:
        self._notices = {notice.year: notice for notice in notices}
        years = sorted(self._notices)
        if not years or years != list(range(years[0], years[-1] + 1)):
            raise BrokenCalendar("节假日年度必须连续，且至少一年")
        self.first_year, self.last_year = years[0], years[-1]
        self.first_day = date(self.first_year, 1, 1)
        self.last_day = date(self.last_year, 12, 31)
        self.special: dict[date, SpecialDay] = {day.on: day for year in years for day in self._notices[year].days}
        self._special_days = sorted(self.special)
        self._build(date(self.last_year + PROVISIONAL_YEARS, 12, 31))

    def _build(self, end: date) -> None:
        self._base = self.first_day.toordinal()
        self._before = [0]
        self._workdays: list[date] = []
        day = self.first_day
        while day <= end:
            if self._works(day):
                self._workdays.append(day)
            self._before.append(len(self._workdays))
            day += ONE_DAY

    def _works(self, day: date) -> bool:
        special = self.special.get(day)
        return special.works if special is not None else day.weekday() < SATURDAY

    def covers(self, year: int) -> bool:
        """Whether the notice of this year is loaded."""
        return year in self._notices

    def with_year(self, notice: YearNotice) -> "WorkCalendar":
        """The same calendar with one year added or replaced."""
        return WorkCalendar([*(kept for kept in self._notices.values() if kept.year != notice.year), notice])

    def sources(self, year: int) -> tuple[str, ...]:
        """Addresses of the notices a year comes from; empty when it is not loaded."""
        notice = self._notices.get(year)
        return notice.sources if notice is not None else ()

    def is_workday(self, day: date) -> bool:
        """Raises CalendarNotPublished for a day of a year that is not loaded."""
        self._require(day)
        return self._works(day)

    def add_workdays(self, start: date, workdays: int) -> date:
        """Last day of a limit of `workdays` working days.

        Args:
            start: the day of the act; it is not counted (Civil Code art. 201).
            workdays: 0 is the start itself, or the next working day when it rests.

        Raises:
            CalendarNotPublished: the count starts or ends in a year that is not loaded.
        """
        reached = self.earliest_workday(start, workdays)
        if reached > self.last_day:
            raise CalendarNotPublished(self.last_year + 1)
        return reached

    def earliest_workday(self, start: date, workdays: int) -> date:
        """As `add_workdays`, but days after `last_day` count Monday to Friday: a date after it is provisional.

        No holiday is assumed there, so the official date is hardly ever earlier: only where make-up weekends come
        before the days off they make up for. Of the counts that run into the years 2011 to 2026 that was one in two
        hundred, always by one working day (`tests/unit/kernel/test_oracle.py`).

        Raises:
            CalendarNotPublished: before the first year and beyond every provisional year.
        """
        index = start.toordinal() - self._base
        if index < 0:
            raise CalendarNotPublished(start.year)
        try:
            # the working days up to and with the start are behind us; a limit of 0 ends on the start if it works
            first = self._before[index + 1] if workdays else self._before[index] + 1
            return self._workdays[first + workdays - 1]
        except IndexError:
            raise CalendarNotPublished(max(start.year, self.last_year + 1)) from None

    def workdays_between(self, after: date, until: date) -> int:
        """Working days after `after` up to and with `until`: the inverse of `add_workdays`. Negative backwards."""
        self._require(after)
        self._require(until)
        return self.earliest_between(after, until)

    def earliest_between(self, after: date, until: date) -> int:
        """As `workdays_between`, with Monday to Friday after `last_day`."""
        return self.count_before(until + ONE_DAY) - self.count_before(after + ONE_DAY)

    def count_before(self, day: date) -> int:
        """Number of working days of the calendar before `day` (provisional ones included): a position in time."""
        index = day.toordinal() - self._base
        if not 0 <= index < len(self._before):
            raise CalendarNotPublished(day.year)
        return self._before[index]

    def nth_workday(self, position: int) -> date:
        """The working day at a position as `count_before` counts them. Raises CalendarNotPublished past the end."""
        if not 0 <= position < len(self._workdays):
            raise CalendarNotPublished(self.last_year + PROVISIONAL_YEARS + 1)
        return self._workdays[position]

    def next_workday(self, day: date) -> date:
        """The day itself if it works, else the next that does (Civil Code art. 203)."""
        return self.add_workdays(day, 0)

    def is_provisional(self, day: date) -> bool:
        return day > self.last_day

    def special_days(self, after: date, until: date) -> list[SpecialDay]:
        """Days the notices name, after `after` up to and with `until`, in order."""
        first, last = bisect_right(self._special_days, after), bisect_right(self._special_days, until)
        return [self.special[day] for day in self._special_days[first:last]]

    def _require(self, day: date) -> None:
        if not self.covers(day.year):
            raise CalendarNotPublished(day.year)


def load_calendar(folder: Path = HOLIDAYS_FOLDER) -> WorkCalendar:
    """Read every year file of a folder. Raises BrokenCalendar."""
    files = sorted(folder.glob("[0-9][0-9][0-9][0-9].json"))
    return WorkCalendar(YearNotice.from_json(json.loads(file.read_text(encoding="utf-8"))) for file in files)


@lru_cache(maxsize=1)
def official_calendar() -> WorkCalendar:
    """The calendar the product is shipped with, read once per process."""
    return load_calendar()


def build_calendar(documents: Mapping[str, Mapping[str, Any]]) -> WorkCalendar:
    """The shipped calendar with the years loaded since, each as `YearNotice.from_json` reads it. Raises BrokenCalendar.

    Building takes milliseconds, so the same documents give the same calendar.
    """
    return _build(json.dumps([documents[key] for key in sorted(documents)], sort_keys=True))


@lru_cache(maxsize=8)
def _build(documents: str) -> WorkCalendar:
    calendar = official_calendar()
    for notice in sorted(map(YearNotice.from_json, json.loads(documents)), key=lambda n: n.year):
        calendar = calendar.with_year(notice)
    return calendar
