"""When a lamp goes on, as data: one definition for every service that shows lights, and one setting for all of them.

Source: a provincial e-supervision rule book (case time): warning when used >= promised - 2, yellow when used >=
promised + 1, red when used >= legal + 1. Places differ, so the rules are configuration (YICHUANG_LIGHT_RULES).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


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


def warning_days(rules: Iterable[LightRule]) -> int | None:
    """How many days before the promised date the first warning comes; None when there is none."""
    ahead = [
        -rule.days
        for rule in rules
        if rule.enabled and rule.level is Level.WARNING and rule.basis is Basis.PROMISED and rule.days <= 0
    ]
    return max(ahead, default=None)
