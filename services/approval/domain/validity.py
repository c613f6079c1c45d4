"""The validity of a certificate, read from the text that the service item publishes (5年, 长期, 按决定 …)."""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from services.kernel.errors import FieldError

_PERIOD = re.compile(r"(最长)?(\d{1,2})(年|个月)")


@dataclass(frozen=True)
class Validity:
    """`months` is the fixed or longest length; None where the text fixes none (长期, or left to the decision)."""

    months: int | None
    text: str

    @classmethod
    def parse(cls, text: str | None) -> "Validity":
        """Texts that are no plain period (按决定, 以登记经营期限为准, 3个月内开工 …) leave the date to the decision."""
        found = _PERIOD.fullmatch((text or "").strip())
        if found is None:
            return cls(None, text or "")
        return cls(int(found[2]) * (12 if found[3] == "年" else 1), text or "")

    def until(self, valid_from: date) -> date | None:
        """Last valid day: five years from 2026-03-05 end on 2031-03-04. None: no end."""
        return None if self.months is None else _last_day(valid_from, self.months)

    def faults(self, valid_from: date, valid_until: date | None) -> Iterator[FieldError]:
        longest = self.until(valid_from)
        if longest is not None and valid_until is not None and valid_until > longest:
            yield FieldError("#/valid_until", "too-long", f"有效期超过事项规定的{self.text}")


def _last_day(start: date, months: int) -> date:
    """The day before the corresponding day; where the month lacks that day, its last day (民法典 art. 202)."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    length = calendar.monthrange(year, month + 1)[1]
    if start.day > length:
        return date(year, month + 1, length)
    return date(year, month + 1, start.day) - timedelta(days=1)
