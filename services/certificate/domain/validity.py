"""Until when a certificate is valid: the rule of its type as data, and what the decision says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

_TERM = re.compile(r"(?:最长)?(\d{1,2})(年|个月)")


class RuleKind(StrEnum):
    TERM = "TERM"  # so many months at the longest: the decision may shorten it but not lengthen it
    UNTIL = "UNTIL"  # no longer than until this day
    WITH_CERTIFICATE = "WITH_CERTIFICATE"  # no longer than the holder's certificate of that type
    LONG_TERM = "LONG_TERM"  # open-ended unless the decision limits it
    BY_DECISION = "BY_DECISION"


@dataclass(frozen=True)
class Rule:
    kind: RuleKind
    months: int | None = None
    until: date | None = None
    type_code: str | None = None

    def longest(self, valid_from: date, tied_until: date | None = None) -> date | None:
        """The last day that the rule allows; None: it sets none. `tied_until` is that of the other certificate."""
        if self.months is not None:
            return months_later(valid_from, self.months)
        return tied_until if self.kind is RuleKind.WITH_CERTIFICATE else self.until

    def as_dict(self) -> dict[str, Any]:
        told = {
            "kind": self.kind.value,
            "months": self.months,
            "until": self.until.isoformat() if self.until else None,
            "type_code": self.type_code,
        }
        return {name: value for name, value in told.items() if value is not None}

    @classmethod
    def of_dict(cls, told: Mapping[str, Any]) -> "Rule":
        until = date.fromisoformat(told["until"]) if told.get("until") else None
        return cls(RuleKind(told["kind"]), told.get("months"), until, told.get("type_code"))


def rule_of(text: str | None) -> Rule:
    """The rule behind a published text, for types that state none: a plain period, 每年…, 长期; else the decision."""
    said = (text or "").strip()
    if said.startswith("每年"):
        return Rule(RuleKind.TERM, 12)
    found = _TERM.fullmatch(said)
    if found:
        return Rule(RuleKind.TERM, int(found[1]) * (12 if found[2] == "年" else 1))
    return Rule(RuleKind.LONG_TERM if said == "长期" else RuleKind.BY_DECISION)


def months_later(start: date, months: int) -> date:
    """The last day of a term that begins on `start` (it counts): the day before the corresponding day.

    Where the month lacks that day the term ends with the month (civil code art. 202).
    """
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    try:
        return date(year, month + 1, start.day) - timedelta(days=1)
    except ValueError:
        return date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)


def term(
    rule: Rule,
    decided_on: date,
    decided_from: date | None,
    decided_until: date | None,
    tied_until: date | None = None,
) -> tuple[date, date | None]:
    """First and last day of what was granted: the same on the decision and on the certificate."""
    valid_from = decided_from or decided_on
    longest = rule.longest(valid_from, tied_until)
    days = [day for day in (longest, decided_until) if day is not None]
    return valid_from, min(days) if days else None
