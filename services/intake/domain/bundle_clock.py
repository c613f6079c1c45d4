"""The clock of a bundle: it runs while any member's clock runs; derived from the members by the kernel. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.kernel.time_limit import Clock, Entry, Extended, Paused, Resumed, TimeLimit, china_date
from services.kernel.why import Why, why
from services.kernel.workdays import WorkCalendar

STANDSTILL = "各成员事项均未在计时"


class ClockState(StrEnum):
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    MET = "MET"
    MISSED = "MISSED"


@dataclass(frozen=True)
class Span:
    """A stretch in which one member's clock ran; `to_at` None: it still runs."""

    from_at: datetime
    to_at: datetime | None = None


@dataclass(frozen=True)
class BundleClock:
    limit: TimeLimit
    started_at: datetime
    state: ClockState
    why: Why
    stopped_at: datetime | None


def running(
    from_at: datetime, to_at: datetime | None, pauses: Iterable[tuple[datetime, datetime | None]]
) -> Iterator[Span]:
    """A member's time without its own pauses (art. 45)."""
    at = from_at
    for paused_at, resumed_at in pauses:
        if paused_at > at:
            yield Span(at, paused_at)
        if resumed_at is None:
            return
        at = max(at, resumed_at)
    if to_at is None or to_at > at:
        yield Span(at, to_at)


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The union of the members' running time, in order and without overlap."""
    union: list[Span] = []
    for span in sorted(spans, key=lambda s: s.from_at):
        last = union[-1] if union else None
        if last is None or (last.to_at is not None and span.from_at > last.to_at):
            union.append(span)
        elif last.to_at is not None and (span.to_at is None or span.to_at > last.to_at):
            union[-1] = Span(last.from_at, span.to_at)
    return tuple(union)


def parent_clock(
    limit: TimeLimit,
    spans: Sequence[Span],
    calendar: WorkCalendar,
    *,
    extended: Extended | None,
    over: bool,
    now: datetime,
) -> BundleClock | None:
    """None before the first member's clock starts.

    Args:
        spans: when each member's clock ran.
        over: every member has come to its end: the clock has stopped at the last one.

    Source: Administrative Licensing Law art. 42 para. 2.
    """
    union = merged(spans)
    if not union:
        return None
    entries: list[Entry] = list(_standstills(union, over))
    if extended is not None:
        entries = sorted([*entries, extended], key=lambda entry: entry.at)
    clock = Clock(limit, union[0].from_at, tuple(entries))
    reasons = why(clock, calendar, as_of=china_date(now))
    stopped_at = union[-1].to_at if over else None
    reached = china_date(stopped_at or now)
    return BundleClock(limit, clock.started_at, clock_state(union, reasons, reached, over), reasons, stopped_at)


def _standstills(union: Sequence[Span], over: bool) -> Iterator[Paused | Resumed]:
    for number, span in enumerate(union):
        if number:
            yield Resumed(span.from_at)
        is_last = number == len(union) - 1
        if span.to_at is not None and not (is_last and over):
            yield Paused(span.to_at, STANDSTILL)


def clock_state(union: Sequence[Span], reasons: Why, reached: date, over: bool) -> ClockState:
    """A provisional day is not final: nobody has missed it."""
    if reasons.due.on < reached and not reasons.due.provisional:
        return ClockState.MISSED
    if over:
        return ClockState.MET
    return ClockState.RUNNING if union[-1].to_at is None else ClockState.PAUSED
