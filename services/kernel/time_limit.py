"""A time limit as the law sets it: a budget, a start rule and an append-only ledger. Dates are always derived.

The rules, in the order they are applied:

1. The day of the start is not counted (Civil Code art. 201). Months end on the corresponding day, or on the last day of
   a shorter month (art. 202). Working days exclude holidays (Administrative Licensing Law art. 82).
2. The days after the day a pause begins, up to and with the day it ends, are not counted. A pause within one day moves
   nothing; a pause from Friday 17:00 to Monday 09:00 moves a working-day limit by one day, not by 64 hours.
3. A limit never ends while it is paused, and never on a rest day: it moves on to the next working day (art. 203).
4. An extension adds to the budget. A pause after the last day has no effect any more.

`provisional` marks a date that is only the earliest it can be: an open pause, or a year without a published calendar,
counted Monday to Friday. There make-up weekends can still bring it forward: of a count begun before that year, since
2011 by one working day.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from itertools import pairwise, zip_longest

from services.kernel.errors import DomainError, Kind
from services.kernel.workdays import CalendarNotPublished, WorkCalendar

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")  # no daylight saving since 1992


class Unit(StrEnum):
    WORKDAY = "WORKDAY"
    CALENDAR_DAY = "CALENDAR_DAY"
    MONTH = "MONTH"


class StartRule(StrEnum):
    RECEIVED = "RECEIVED"
    ACCEPTED = "ACCEPTED"
    DECIDED = "DECIDED"


class BrokenLedger(DomainError):
    """Entries that contradict each other or the limit; a fault of the caller, never of the applicant."""

    code = "kernel.broken-ledger"
    kind = Kind.CONFLICT
    title_zh = "时限台账前后矛盾"
    title_en = "The ledger of the time limit contradicts itself"


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """A budget and where it starts. `value` 0 means on the spot: due on the day of the start."""

    value: int
    unit: Unit
    start: StartRule
    article: str = ""


@dataclass(frozen=True, slots=True)
class Paused:
    """The clock stops at `at`. `article` is what allows it (art. 45 or the item's own law)."""

    at: datetime
    cause: str
    article: str = ""


@dataclass(frozen=True, slots=True)
class Resumed:
    at: datetime


@dataclass(frozen=True, slots=True)
class Extended:
    """More budget: `value` in `unit`, which must be the limit's own kind (days for months are allowed)."""

    at: datetime
    value: int
    unit: Unit
    reason: str
    article: str = ""


Entry = Paused | Resumed | Extended


@dataclass(frozen=True, slots=True)
class Pause:
    """A closed or open stretch of standstill, derived from the ledger."""

    cause: str
    article: str
    from_at: datetime
    to_at: datetime | None


@dataclass(frozen=True, slots=True)
class Clock:
    """One running limit: the limit, the instant it started, and everything that happened to it since."""

    limit: TimeLimit
    started_at: datetime
    ledger: tuple[Entry, ...] = ()

    def with_entry(self, entry: Entry) -> "Clock":
        """The clock with one more entry; what is written is never changed.

        Raises:
            BrokenLedger: out of order, before the start, a second pause, a resumption without one, units that differ.
        """
        clock = Clock(self.limit, self.started_at, (*self.ledger, entry))
        pauses(clock)
        if isinstance(entry, Extended):
            _extend(clock.limit, entry, clock.limit.value, 0)
        return clock


@dataclass(frozen=True, slots=True)
class DueDate:
    """Last day of a limit. `provisional`: the earliest it can be, see the head of this file."""

    on: date
    provisional: bool = False


def china_date(at: datetime) -> date:
    """Calendar day in China of an aware instant."""
    return at.astimezone(CHINA).date()


def end_of(day: date) -> datetime:
    """The instant a day is over in China: midnight in Asia/Shanghai, as aware UTC."""
    return datetime.combine(day + timedelta(days=1), time(), CHINA).astimezone(UTC)


def due_date(clock: Clock, calendar: WorkCalendar, *, as_of: date | None = None) -> DueDate:
    """Last day of the limit, in time that does not depend on its length.

    Args:
        as_of: the day up to which an open pause is known to last; without it, the day the pause began.

    Raises:
        CalendarNotPublished: the limit starts before the first published year.
        BrokenLedger: the entries contradict each other.
    """
    started_on = clock.started_at.astimezone(CHINA).date()
    if not clock.ledger and clock.limit.unit is Unit.WORKDAY:
        due = calendar.earliest_workday(started_on, clock.limit.value)
        return DueDate(due, due > calendar.last_day)
    workdays, budget = _budget(clock, started_on)
    due, skipped, open_pause = _reach(started_on, budget, workdays, calendar), 0, False
    for pause in pauses(clock):
        first = max(china_date(pause.from_at), started_on)
        last = china_date(pause.to_at) if pause.to_at is not None else max(first, as_of or first)
        if first > due:
            break
        open_pause = pause.to_at is None
        if last > first:
            skipped += calendar.earliest_between(first, last) if workdays else (last - first).days
            due = max(_reach(started_on, budget + skipped, workdays, calendar), calendar.earliest_workday(last, 0))
    return DueDate(due, open_pause or calendar.is_provisional(due))


def settled(told: DueDate, now: DueDate) -> DueDate:
    """The day that counts of the one told and the one this calendar gives.

    What was told as final is neither brought forward nor taken back; a rest day that was added to it prolongs it.
    """
    if told.provisional:
        return now
    return now if now.on > told.on and not now.provisional else told


def reaching(clock: Clock, told: DueDate | None, calendar: WorkCalendar) -> Clock:
    """The same clock, its limit long enough for the day told where that counts and lies behind the count.

    Raises: CalendarNotPublished, BrokenLedger
    """
    if told is None:
        return clock
    counted = due_date(clock, calendar)
    on = settled(told, counted).on
    if on <= counted.on:
        return clock
    workdays, budget = _budget(clock, china_date(clock.started_at))
    more = calendar.earliest_between(counted.on, on) if workdays else (on - counted.on).days
    unit = Unit.WORKDAY if workdays else Unit.CALENDAR_DAY
    return replace(clock, limit=replace(clock.limit, value=budget + more, unit=unit))


def final_due_date(clock: Clock, calendar: WorkCalendar) -> date:
    """As `due_date`, for callers that cannot use a provisional date. Raises CalendarNotPublished, BrokenLedger."""
    due = due_date(clock, calendar)
    if calendar.is_provisional(due.on):
        raise CalendarNotPublished(calendar.last_year + 1)
    if due.provisional:
        raise BrokenLedger("时限处于暂停之中，尚无确定的到期日")
    return due.on


def pauses(clock: Clock) -> tuple[Pause, ...]:
    """The stretches of standstill in order; the last may be open. Raises BrokenLedger."""
    if not clock.ledger:
        return ()
    instants = [clock.started_at, *(entry.at for entry in clock.ledger)]
    if any(later < earlier for earlier, later in pairwise(instants)):
        raise BrokenLedger("台账记录必须按时间先后，且不早于起算时刻")
    turns = [entry for entry in clock.ledger if not isinstance(entry, Extended)]
    return tuple(_pause(begun, ended) for begun, ended in zip_longest(turns[::2], turns[1::2]))


def _pause(begun: Paused | Resumed, ended: Paused | Resumed | None) -> Pause:
    if not isinstance(begun, Paused) or isinstance(ended, Paused):
        raise BrokenLedger("暂停与恢复必须成对交替")
    return Pause(begun.cause, begun.article, begun.at, ended.at if ended is not None else None)


def budget_days(clock: Clock) -> int:
    """Length of the limit with its extensions: working days, or calendar days (months are turned into days)."""
    return _budget(clock, china_date(clock.started_at))[1]


def _budget(clock: Clock, started_on: date) -> tuple[bool, int]:
    """Whether working days are counted, and how many days in all."""
    limit = clock.limit
    value, days = limit.value, 0
    for entry in clock.ledger:
        if isinstance(entry, Extended):
            value, days = _extend(limit, entry, value, days)
    if limit.unit is Unit.MONTH:
        return False, (add_months(started_on, value) - started_on).days + days
    return limit.unit is Unit.WORKDAY, value


def _extend(limit: TimeLimit, entry: Extended, value: int, days: int) -> tuple[int, int]:
    if entry.value < 1:
        raise BrokenLedger("延长的期限必须为正数")
    if entry.unit is limit.unit:
        return value + entry.value, days
    if limit.unit is Unit.MONTH and entry.unit is Unit.CALENDAR_DAY:
        return value, days + entry.value
    raise BrokenLedger(f"以 {limit.unit} 计的期限不能延长 {entry.unit}")


def _reach(started_on: date, days: int, workdays: bool, calendar: WorkCalendar) -> date:
    if workdays:
        return calendar.earliest_workday(started_on, days)
    return calendar.earliest_workday(started_on + timedelta(days=days), 0)


def add_months(day: date, months: int) -> date:
    """The corresponding day `months` later; the last day of the month where there is none (Civil Code art. 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), following - timedelta(days=1))
