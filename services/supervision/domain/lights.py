"""Lights of a pending case: rules as data, the exact instant each is crossed, and the next instant to look at.

Source: a provincial e-supervision rule book (case time): warning when used >= promised - 2, yellow when used >=
promised + 1, red when used >= legal + 1; `used` counts every fraction as a full day, so that a light is on one second
after the instant and not at it. All of it is configuration.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

from services.kernel.elapsed import end_of_day_on, exceeds_at
from services.kernel.light_rules import DEFAULT_RULES as DEFAULT_RULES
from services.kernel.light_rules import Level as Level
from services.kernel.light_rules import LightRule as LightRule
from services.kernel.time_limit import Clock, budget_days
from services.kernel.workdays import CalendarNotPublished, WorkCalendar
from services.supervision.domain.case import Supervised
from services.supervision.domain.errors import BadRules


@dataclass(frozen=True)
class Crossing:
    """The instant after which a light is on."""

    rule: LightRule
    at: datetime


@dataclass(frozen=True)
class Watch:
    """What the lights of a case need now.

    `crossed` are on and must be fired if they were not. `next_at` is the next instant to look at (None: nothing to wait
    for). `missing_year` names a year without a calendar that keeps a light from being armed.
    """

    crossed: tuple[Crossing, ...] = ()
    next_at: datetime | None = None
    missing_year: int | None = None


class Named(Protocol):
    @property
    def rule(self) -> str: ...


R = TypeVar("R", bound=Named)


def check_rules(rules: Sequence[R]) -> tuple[R, ...]:
    """Raises BadRules: the name of a rule is part of the key that fires it once."""
    if len({rule.rule for rule in rules}) != len(rules):
        raise BadRules("亮灯规则的 rule 不得重复")
    return tuple(rules)


def watch(
    case: Supervised,
    rules: Sequence[LightRule],
    calendar: WorkCalendar,
    *,
    now: datetime,
    not_before: datetime | None = None,
) -> Watch:
    """Lights crossed up to now (or up to the end of the case), and when to look again.

    None is on before `not_before`: up to then the item's own law leaves it to the applicants.

    A case that ended while nobody looked still gets the lights it crossed before, with their own instants.
    """
    if case.accepted_at is None:
        return Watch()
    until = min(now, case.stopped_at or now)
    crossings, missing_year = _crossings(case, rules, calendar)
    if not_before is not None:
        crossings = [replace(crossing, at=max(crossing.at, not_before)) for crossing in crossings]
    crossed = tuple(crossing for crossing in crossings if crossing.at < until)
    if not case.is_pending:
        return Watch(crossed)
    coming = [crossing.at for crossing in crossings if crossing.at >= until]
    return Watch(crossed, min(coming, default=None), missing_year)


def _crossings(
    case: Supervised, rules: Sequence[LightRule], calendar: WorkCalendar
) -> tuple[list[Crossing], int | None]:
    found: list[Crossing] = []
    missing_year: int | None = None
    for rule in rules:
        clock = case.clock(rule.basis)
        if clock is None or not rule.enabled:
            continue
        try:
            at = crossed_at(clock, rule.days, calendar)
        except CalendarNotPublished as missing:
            missing_year = min(missing.year, missing_year or missing.year)
            continue
        if at is not None:
            # a limit may run from receipt; before acceptance nobody can be late with a decision
            found.append(Crossing(rule, max(at, case.accepted_at or at)))
    return sorted(found, key=lambda crossing: crossing.at), missing_year


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


def fingerprint(rules: Sequence[object], calendar: WorkCalendar) -> str:
    """Changes with the rules or the calendar: then every pending case is armed again."""
    years = ",".join(f"{day.on}{day.works:d}" for day in calendar.special_days(calendar.first_day, calendar.last_day))
    told = f"{sorted(map(repr, rules))}|{calendar.first_year}-{calendar.last_year}|{years}"
    return hashlib.sha256(told.encode()).hexdigest()
