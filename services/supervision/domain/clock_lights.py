"""Lights of the clocks beside the case time: pauses, consultations, notices, hearings, delivery. Rules as data. Pure.

Two ways to count. ELAPSED: used time with its time of day, as the e-supervision rule book counts what it monitors (its
thresholds are data below). DAY: over when the last day is over, for the periods the law itself sets in whole days; an
act in the evening of the last day is lawful and must light nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from services.kernel.errors import DomainError
from services.kernel.light_rules import Level
from services.kernel.time_limit import Clock, DueDate, due_date, end_of
from services.kernel.workdays import CalendarNotPublished, WorkCalendar
from services.supervision.domain.clocks import ClockName, Run
from services.supervision.domain.lights import crossed_at


class Counted(StrEnum):
    ELAPSED = "ELAPSED"
    DAY = "DAY"


@dataclass(frozen=True)
class ClockRule:
    """Light `level` is on when used >= limit + `days` (ELAPSED), or once the last day is over (DAY, `days` unused)."""

    rule: str
    clock: ClockName
    level: Level
    days: int = 1
    counted: Counted = Counted.DAY
    enabled: bool = True


_BY_BOOK = Counted.ELAPSED
DEFAULT_CLOCK_RULES = (
    # the rule book: warning two days before the end, yellow with the first day over, red with the second
    ClockRule("special-procedure-warning", ClockName.SPECIAL_PROCEDURE, Level.WARNING, -2, _BY_BOOK),
    ClockRule("special-procedure-yellow", ClockName.SPECIAL_PROCEDURE, Level.YELLOW, 1, _BY_BOOK),
    ClockRule("special-procedure-red", ClockName.SPECIAL_PROCEDURE, Level.RED, 2, _BY_BOOK),
    ClockRule("consultation-warning", ClockName.CONSULTATION, Level.WARNING, -2, _BY_BOOK),
    ClockRule("consultation-yellow", ClockName.CONSULTATION, Level.YELLOW, 1, _BY_BOOK),
    ClockRule("consultation-red", ClockName.CONSULTATION, Level.RED),  # silence past the limit counts as no objection
    ClockRule("e-certificate-yellow", ClockName.CERTIFICATE, Level.YELLOW, 1, _BY_BOOK),
    # periods of the law: missed is missed
    ClockRule("notice-red", ClockName.NOTICE, Level.RED),
    ClockRule("inspectors-red", ClockName.INSPECTORS, Level.RED),
    ClockRule("first-level-red", ClockName.FIRST_LEVEL, Level.RED),
    ClockRule("hearing-holding-red", ClockName.HEARING_HOLDING, Level.RED),
    ClockRule("hearing-notice-red", ClockName.HEARING_NOTICE, Level.RED),
    ClockRule("delivery-red", ClockName.DELIVERY, Level.RED),
    ClockRule("renewal-red", ClockName.RENEWAL, Level.RED),
    ClockRule("commitment-check-yellow", ClockName.COMMITMENT_CHECK, Level.YELLOW),
)


@dataclass(frozen=True)
class ClockCrossing:
    """The instant after which a clock's light is on. `ended`: the clock has stopped, nothing can change it any more."""

    rule: ClockRule
    run: Run
    at: datetime
    ended: bool

    @property
    def occasion(self) -> str:
        return occasion(self.run)


@dataclass(frozen=True)
class ClockWatch:
    """As `lights.Watch`; `ends` tells when each clock (rule, occasion) stopped: what was lit after that is void."""

    crossed: tuple[ClockCrossing, ...] = ()
    next_at: datetime | None = None
    missing_year: int | None = None
    ends: Mapping[tuple[str, str], datetime] = field(default_factory=dict)


def occasion(run: Run) -> str:
    """Which of several clocks of one name: when it started and what it is about. Part of the key that fires once."""
    started = run.started_at.astimezone(UTC).isoformat() if run.started_at else ""
    return f"{started}|{run.about}"


def watch_clocks(
    runs: Iterable[Run], rules: Sequence[ClockRule], calendar: WorkCalendar, *, now: datetime
) -> ClockWatch:
    """Lights these clocks have crossed up to now or up to their own end, and when to look again."""
    crossed: list[ClockCrossing] = []
    coming: list[datetime] = []
    missing: list[int] = []
    ends: dict[tuple[str, str], datetime] = {}
    for run, rule in _pairs(runs, rules):
        end = min((at for at in (run.met_at, run.ended_at) if at is not None), default=None)
        if end is not None:
            ends[rule.rule, occasion(run)] = end
        try:
            at = _lit_at(run, rule, calendar)
        except CalendarNotPublished as unknown:
            missing += [] if end is not None else [unknown.year]
            continue
        except DomainError:  # a ledger whose other half is still on the way: nothing to arm yet
            continue
        if at is not None and at < (end or now) and at < now:
            crossed.append(ClockCrossing(rule, run, at, ended=end is not None))
        elif at is not None and end is None:
            coming.append(at)
    crossed.sort(key=lambda crossing: crossing.at)
    return ClockWatch(tuple(crossed), min(coming, default=None), min(missing, default=None), ends)


def _pairs(runs: Iterable[Run], rules: Sequence[ClockRule]) -> Iterator[tuple[Run, ClockRule]]:
    for run in runs:
        if run.started_at is not None:
            yield from ((run, rule) for rule in rules if rule.clock is run.name and rule.enabled)


def _lit_at(run: Run, rule: ClockRule, calendar: WorkCalendar) -> datetime | None:
    """Raises CalendarNotPublished: a provisional day is the earliest it can be, so nobody has missed it."""
    assert run.started_at is not None
    if rule.counted is Counted.ELAPSED and run.limit is not None:
        return crossed_at(Clock(run.limit, run.started_at, run.ledger), rule.days, calendar)
    if run.named_on is not None:
        return end_of(run.named_on)
    if run.limit is None:
        return None
    due: DueDate = due_date(Clock(run.limit, run.started_at, run.ledger), calendar)
    if due.provisional and calendar.is_provisional(due.on):
        raise CalendarNotPublished(calendar.last_year + 1)
    return None if due.provisional else end_of(due.on)
