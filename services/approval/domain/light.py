"""The current light of an open case, from its two due dates: what the officer's inbox shows and filters by."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.kernel.workdays import WorkCalendar

WARNING_WORKDAYS = 2


class Light(StrEnum):
    WARNING = "WARNING"  # 预警: two working days or less to the promised date
    YELLOW = "YELLOW"  # 黄牌: past the promised date
    RED = "RED"  # 红牌: past the legal date


@dataclass(frozen=True)
class LightDays:
    """The two days that divide the lights today; the same values serve one case and a whole query."""

    today: date
    warning_until: date

    @classmethod
    def of(cls, today: date, calendar: WorkCalendar) -> "LightDays":
        """Two working days ahead; after the last published year Monday to Friday count, a warning is no final date."""
        return cls(today, calendar.earliest_workday(today, WARNING_WORKDAYS))

    def light(self, *, promised_due_on: date, legal_due_on: date) -> Light | None:
        """The due day itself is still in time."""
        if legal_due_on < self.today:
            return Light.RED
        if promised_due_on < self.today:
            return Light.YELLOW
        return Light.WARNING if promised_due_on <= self.warning_until else None
