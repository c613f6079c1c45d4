"""When a lamp goes on: the rules as data, and the exact instant each is crossed. For every service that shows lights.

Source: a provincial e-supervision rule book (case time): warning when used >= promised - 2, yellow when used >=
promised + 1, red when used >= legal + 1; `used` counts every fraction as a full day, so that a light is on one second
after the instant and not at it. Places differ, so the rules are configuration (YICHUANG_LIGHT_RULES,
YICHUANG_CLOCK_LIGHT_RULES), one setting for all services.

Two ways to count. ELAPSED: used time with its time of day, as the rule book counts what it monitors. DAY: over when the
last day is over, for the periods the law itself sets in whole days; an act in the evening of the last day is lawful and
must light nothing.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.kernel.elapsed import end_of_day_on, exceeds_at
from services.kernel.time_limit import Clock, budget_days, due_date, end_of
from services.kernel.workdays import CalendarNotPublished, WorkCalendar


class Level(StrEnum):
    """Names of the lamps; places differ in what they call them, so the labels are settings."""

    WARNING = "WARNING"
    YELLOW = "YELLOW"
    RED = "RED"


class Basis(StrEnum):
    """Which limit of the item a date or a light is about."""

    LEGAL = "LEGAL"
    PROMISED = "PROMISED"


@dataclass(frozen=True)
class LightRule:
    """Light `level` is on when used >= limit + `days` (days of the limit's own unit)."""

    rule: str
    level: Level
    basis: Basis
    days: int
    enabled: bool = True


DEFAULT_RULES = (
    LightRule("case-time-warning", Level.WARNING, Basis.PROMISED, -2),
    LightRule("case-time-yellow", Level.YELLOW, Basis.PROMISED, 1),
    LightRule("case-time-red", Level.RED, Basis.LEGAL, 1),
)


class ClockName(StrEnum):
    NOTICE = "NOTICE"
    DECISION = "DECISION"
    PROMISED = "PROMISED"
    JOINT = "JOINT"
    FIRST_LEVEL = "FIRST_LEVEL"
    INSPECTORS = "INSPECTORS"
    SPECIAL_PROCEDURE = "SPECIAL_PROCEDURE"
    HEARING_REQUEST = "HEARING_REQUEST"
    HEARING_HOLDING = "HEARING_HOLDING"
    HEARING_NOTICE = "HEARING_NOTICE"
    PARTY_STATEMENT = "PARTY_STATEMENT"
    CONSULTATION = "CONSULTATION"
    CERTIFICATE = "CERTIFICATE"
    DELIVERY = "DELIVERY"
    RENEWAL = "RENEWAL"
    SUPPLEMENT = "SUPPLEMENT"
    DEFERRED_MATERIAL = "DEFERRED_MATERIAL"
    COMMITMENT_CHECK = "COMMITMENT_CHECK"
    CLAIM = "CLAIM"


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
    ClockRule("joint-red", ClockName.JOINT, Level.RED),
    ClockRule("inspectors-red", ClockName.INSPECTORS, Level.RED),
    ClockRule("first-level-red", ClockName.FIRST_LEVEL, Level.RED),
    ClockRule("hearing-holding-red", ClockName.HEARING_HOLDING, Level.RED),
    ClockRule("hearing-notice-red", ClockName.HEARING_NOTICE, Level.RED),
    ClockRule("delivery-red", ClockName.DELIVERY, Level.RED),
    ClockRule("renewal-red", ClockName.RENEWAL, Level.RED),
    ClockRule("commitment-check-yellow", ClockName.COMMITMENT_CHECK, Level.YELLOW),
)


@dataclass(frozen=True)
class Crossing:
    """The instant after which a light is on."""

    rule: LightRule
    at: datetime

    def is_on(self, now: datetime) -> bool:
        """Not at the instant itself: one second over is over."""
        return self.at < now


@dataclass(frozen=True)
class Crossings:
    """In order of time. `missing_year` names a year without a calendar that keeps a light from being armed."""

    known: tuple[Crossing, ...] = ()
    missing_year: int | None = None


def crossings(
    clock_of: Callable[[Basis], Clock | None],
    rules: Sequence[LightRule],
    calendar: WorkCalendar,
    *,
    not_before: datetime,
) -> Crossings:
    """When each light of a case goes on.

    Args:
        clock_of: the clock of a limit, None while it has not started.
        not_before: acceptance, or a later day up to which the item's own law leaves it to the applicants. A limit may
            run from receipt; before that instant nobody can be late with a decision.
    """
    found: list[Crossing] = []
    missing: list[int] = []
    for rule in rules:
        clock = clock_of(rule.basis)
        if clock is None or not rule.enabled:
            continue
        try:
            at = crossed_at(clock, rule.days, calendar)
        except CalendarNotPublished as unknown:
            missing.append(unknown.year)
            continue
        if at is not None:
            found.append(Crossing(rule, max(at, not_before)))
    found.sort(key=lambda crossing: crossing.at)
    return Crossings(tuple(found), min(missing, default=None))


def crossed_at(clock: Clock, days: int, calendar: WorkCalendar) -> datetime | None:
    """The instant after which used >= limit + days; None when it lies before the start or the clock stands still.

    A limit of 0 (on the spot) is due on its own day: it is over when that day is, not one second after acceptance.
    A threshold before the start (two days before the end of a limit of one or two days) warns of nothing.

    Raises:
        CalendarNotPublished: the instant lies in a year that is not loaded.
    """
    limit = budget_days(clock)
    if limit == 0:
        midnight = Clock(clock.limit, end_of_day_on(clock, calendar))
        return exceeds_at(midnight, days - 1, calendar) if days >= 1 else None
    if limit + days < 1:
        return None
    return exceeds_at(clock, limit + days - 1, calendar)


def lit_at(clock: Clock, rule: ClockRule, calendar: WorkCalendar) -> datetime | None:
    """The instant after which the light of a clock beside the case time is on; None while it stands still.

    Raises:
        CalendarNotPublished: a provisional day is not final, so nobody has missed it.
        BrokenLedger: the entries contradict each other.
    """
    if rule.counted is Counted.ELAPSED:
        return crossed_at(clock, rule.days, calendar)
    due = due_date(clock, calendar)
    if due.provisional and calendar.is_provisional(due.on):
        raise CalendarNotPublished(calendar.last_year + 1)
    return None if due.provisional else end_of(due.on)


def fingerprint(rules: Sequence[object], calendar: WorkCalendar) -> str:
    """Changes with the rules or the calendar: then every pending case is armed again."""
    years = ",".join(f"{day.on}{day.works:d}" for day in calendar.special_days(calendar.first_day, calendar.last_day))
    told = f"{sorted(map(repr, rules))}|{calendar.first_year}-{calendar.last_year}|{years}"
    return hashlib.sha256(told.encode()).hexdigest()
