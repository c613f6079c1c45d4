"""Used time of a limit as e-supervision counts it: time of day included, linear over a 24-hour day.

A rest day adds nothing to a working-day limit, a pause adds nothing at all. "Any fraction counts as a full day" and
"one second over is over": `used` is the elapsed time rounded up, and it exceeds n days from the instant after n full
days. Source: the rule book quoted in the README of supervision, re-derived from its sixteen printed thresholds.
"""

from datetime import UTC, date, datetime, time, timedelta

from services.kernel.time_limit import CHINA, Clock, Unit, pauses
from services.kernel.workdays import CalendarNotPublished, WorkCalendar

DAY = timedelta(days=1)
NOTHING = timedelta()


def elapsed(clock: Clock, until: datetime, calendar: WorkCalendar) -> timedelta:
    """Time used from the start up to `until`, pauses excluded, in days of the limit's own unit.

    Raises:
        CalendarNotPublished: `until` lies in a year that is not loaded and the limit is in working days.
    """
    if until <= clock.started_at:
        return NOTHING
    position = _position(until, clock, calendar)
    used = position - _position(clock.started_at, clock, calendar)
    for pause in pauses(clock):
        if pause.from_at >= until:
            break
        stopped_until = until if pause.to_at is None else min(pause.to_at, until)
        used -= _position(stopped_until, clock, calendar) - _position(pause.from_at, clock, calendar)
    return used


def used_days(clock: Clock, until: datetime, calendar: WorkCalendar) -> int:
    """Used time with every fraction counted as a full day."""
    return -(-elapsed(clock, until, calendar) // DAY)


def exceeds_at(clock: Clock, days: int, calendar: WorkCalendar) -> datetime | None:
    """The last instant at which no more than `days` days are used: one moment later `used_days` is greater.

    Args:
        days: at least 0. For a limit in calendar days or months an instant on a rest day moves on to the next working
            day at the same time of day, as its last day does (Civil Code art. 203).

    Returns:
        An aware UTC instant, or None while an open pause keeps the clock from ever getting there.

    Raises:
        CalendarNotPublished: the instant lies in a year that is not loaded; it is not known yet.
    """
    target = _position(clock.started_at, clock, calendar) + days * DAY
    reached = _instant(target, clock, calendar)
    for pause in pauses(clock):
        if pause.from_at > reached:
            break
        if pause.to_at is None:
            return None
        target += _position(pause.to_at, clock, calendar) - _position(pause.from_at, clock, calendar)
        reached = _instant(target, clock, calendar)
    if clock.limit.unit is not Unit.WORKDAY:
        reached = _off_rest_days(reached, calendar)
    if calendar.is_provisional(reached.date()):
        raise CalendarNotPublished(reached.year)
    return reached.astimezone(UTC)


def end_of_day_on(clock: Clock, calendar: WorkCalendar) -> datetime:
    """End of the day a limit of 0 is due on: "on the spot" is not late before its day is over.

    Raises CalendarNotPublished. Returns an aware UTC instant (midnight in China).
    """
    day = calendar.next_workday(clock.started_at.astimezone(CHINA).date())
    return datetime.combine(day + DAY, time(), CHINA).astimezone(UTC)


def _position(at: datetime, clock: Clock, calendar: WorkCalendar) -> timedelta:
    """Where an instant lies on the axis of the limit's unit, counted from the calendar's first day."""
    local = at.astimezone(CHINA)
    day, time_of_day = local.date(), local - datetime.combine(local.date(), time(), CHINA)
    if clock.limit.unit is not Unit.WORKDAY:
        return (day - calendar.first_day) + time_of_day
    works = calendar.is_workday(day)
    return calendar.count_before(day) * DAY + (time_of_day if works else NOTHING)


def _instant(position: timedelta, clock: Clock, calendar: WorkCalendar) -> datetime:
    """The latest instant at a position: at a full day, the beginning of the next day that counts."""
    full_days, rest = divmod(position, DAY)
    day: date = (
        calendar.nth_workday(full_days)
        if clock.limit.unit is Unit.WORKDAY
        else calendar.first_day + timedelta(days=full_days)
    )
    return datetime.combine(day, time(), CHINA) + rest


def _off_rest_days(at: datetime, calendar: WorkCalendar) -> datetime:
    moved = calendar.earliest_workday(at.date(), 0)
    return at + (moved - at.date())
