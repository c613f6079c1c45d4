"""The current light of an open case, from its two due dates: what the officer's inbox shows and filters by."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.kernel.light_rules import DEFAULT_RULES, LightRule, warning_days
from services.kernel.workdays import WorkCalendar

_A_DAY = timedelta(days=1)


class Light(StrEnum):
    WARNING = "WARNING"  # 预警: as many working days or less to the promised date as the light rules say
    YELLOW = "YELLOW"  # 黄牌: past the promised date
    RED = "RED"  # 红牌: past the legal date


@dataclass(frozen=True)
class LightDays:
    """The two days that divide the lights today; the same values serve one case and a whole query."""

    today: date
    warning_until: date  # of limits in working days, and of pauses
    warning_until_calendar: date  # of limits in calendar days or months

    @classmethod
    def of(cls, today: date, calendar: WorkCalendar, rules: Iterable[LightRule] = DEFAULT_RULES) -> "LightDays":
        """As far ahead as the rules warn; after the last published year Monday to Friday count, a warning is no final
        date. Without a rule that warns, the day lies in the past and no case is warned of."""
        ahead = warning_days(rules)
        if ahead is None:
            return cls(today, today - _A_DAY, today - _A_DAY)
        return cls(today, calendar.earliest_workday(today, ahead), today + ahead * _A_DAY)

    def paused_light(
        self, *, promised_due_on: date, legal_due_on: date, projected_on: date, pause_due_on: date | None
    ) -> Light | None:
        """While the clock stands still: what was past before it stopped, and the limit of the pause itself."""
        if legal_due_on < projected_on:
            return Light.RED
        if promised_due_on < projected_on or (pause_due_on is not None and pause_due_on < self.today):
            return Light.YELLOW
        return Light.WARNING if pause_due_on is not None and pause_due_on <= self.warning_until else None

    def light(self, *, promised_due_on: date, legal_due_on: date, in_workdays: bool = True) -> Light | None:
        """The due day itself is still in time. `in_workdays`: whether the promised limit counts working days."""
        if legal_due_on < self.today:
            return Light.RED
        if promised_due_on < self.today:
            return Light.YELLOW
        warning_until = self.warning_until if in_workdays else self.warning_until_calendar
        return Light.WARNING if promised_due_on <= warning_until else None
