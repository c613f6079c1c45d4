"""The current light of an open case: what the officer's inbox shows and filters by. The rule is the kernel's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.approval.domain.clocks import Clocks
from services.approval.domain.proceedings import Claim, Proceedings, Suspension
from services.kernel.light_rules import (
    DEFAULT_CLOCK_RULES,
    DEFAULT_RULES,
    Basis,
    ClockName,
    ClockRule,
    Level,
    LightRule,
    crossings,
    fingerprint,
    lit_at,
)
from services.kernel.time_limit import Clock, StartRule, TimeLimit, Unit, china_date, end_of
from services.kernel.workdays import CalendarNotPublished, WorkCalendar


class Light(StrEnum):
    WARNING = "WARNING"  # 预警
    YELLOW = "YELLOW"  # 黄牌
    RED = "RED"  # 红牌


@dataclass(frozen=True)
class LightInstants:
    """The instants after which each light is on; None where it never goes on, or cannot be known yet."""

    warning_after: datetime | None = None
    yellow_after: datetime | None = None
    red_after: datetime | None = None

    def light(self, now: datetime) -> Light | None:
        """The gravest that is on; at the instant itself it is not, one second later it is."""
        by_gravity = (
            (Light.RED, self.red_after),
            (Light.YELLOW, self.yellow_after),
            (Light.WARNING, self.warning_after),
        )
        return next((light for light, after in by_gravity if after is not None and after < now), None)


@dataclass(frozen=True)
class LightBook:
    """The configured rules: those of the case time, and of the clocks beside it, of which a pause counts here."""

    case_rules: tuple[LightRule, ...] = DEFAULT_RULES
    clock_rules: tuple[ClockRule, ...] = DEFAULT_CLOCK_RULES

    def instants(self, clocks: Clocks, proceedings: Proceedings, calendar: WorkCalendar) -> LightInstants:
        """When the lights of a case go on as its limits, its ledger and the calendar are now.

        A pause stops the case time and is itself watched while it lasts. Until the applicants come again in a window of
        the item's own law nobody can decide, and nobody is late before their last day is over.
        """
        first: dict[Level, datetime] = {}
        of_case = self._of_case(clocks, proceedings.claim, calendar)
        for level, at in (*of_case, *self._of_pause(proceedings.suspension, calendar)):
            first[level] = min(at, first.get(level, at))
        return LightInstants(*(first.get(level) for level in (Level.WARNING, Level.YELLOW, Level.RED)))

    def fingerprint(self, calendar: WorkCalendar) -> str:
        """Changes with what the instants of every open case are derived from."""
        return fingerprint((*self.case_rules, *self.clock_rules), calendar)

    def _of_case(self, clocks: Clocks, claim: Claim | None, calendar: WorkCalendar) -> Iterator[tuple[Level, datetime]]:
        if claim is not None and claim.claimed_at is None:
            return
        accepted_at = clocks.accepted_at
        earliest = max(accepted_at, end_of(claim.closes_on)) if claim is not None else accepted_at

        def clock_of(basis: Basis) -> Clock:
            return clocks.legal_clock if basis is Basis.LEGAL else clocks.promised_clock

        for crossing in crossings(clock_of, self.case_rules, calendar, not_before=earliest).known:
            yield crossing.rule.level, crossing.at

    def _of_pause(self, suspension: Suspension | None, calendar: WorkCalendar) -> Iterator[tuple[Level, datetime]]:
        if suspension is None:
            return
        begun = suspension.suspended_at
        told = calendar.earliest_between(china_date(begun), suspension.expected_end.on)
        clock = Clock(TimeLimit(told, Unit.WORKDAY, StartRule.ACCEPTED), begun)
        for rule in self.clock_rules:
            if rule.clock is not ClockName.SPECIAL_PROCEDURE or not rule.enabled:
                continue
            try:
                at = lit_at(clock, rule, calendar)
            except CalendarNotPublished:
                continue
            if at is not None:
                yield rule.level, at
