"""Lights of the clocks beside the case time: pauses, consultations, notices, hearings, delivery. Pure.

The rules and how they count are the kernel's, `light_rules`; here they meet the clocks of one case.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.kernel.errors import DomainError
from services.kernel.light_rules import DEFAULT_CLOCK_RULES as DEFAULT_CLOCK_RULES
from services.kernel.light_rules import ClockRule as ClockRule
from services.kernel.light_rules import Counted as Counted
from services.kernel.light_rules import lit_at
from services.kernel.time_limit import Clock, end_of, reaching
from services.kernel.workdays import CalendarNotPublished, WorkCalendar
from services.supervision.domain.clocks import Run


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
    """Raises CalendarNotPublished: a provisional day is not final, so nobody has missed it."""
    assert run.started_at is not None
    if run.named_on is not None and (rule.counted is Counted.DAY or run.limit is None):
        return end_of(run.named_on)
    if run.limit is None:
        return None
    return lit_at(reaching(Clock(run.limit, run.started_at, run.ledger), run.told, calendar), rule, calendar)
