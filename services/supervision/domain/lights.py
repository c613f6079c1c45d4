"""Lights of a pending case: which are on, and the next instant to look at. The rule itself is the kernel's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from services.kernel.light_rules import DEFAULT_RULES as DEFAULT_RULES
from services.kernel.light_rules import Crossing as Crossing
from services.kernel.light_rules import Level as Level
from services.kernel.light_rules import LightRule as LightRule
from services.kernel.light_rules import crossings
from services.kernel.light_rules import fingerprint as fingerprint
from services.kernel.workdays import WorkCalendar
from services.supervision.domain.case import Supervised
from services.supervision.domain.errors import BadRules


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
    earliest = max(case.accepted_at, not_before or case.accepted_at)
    found = crossings(case.clock, rules, calendar, not_before=earliest)
    crossed = tuple(crossing for crossing in found.known if crossing.is_on(until))
    if not case.is_pending:
        return Watch(crossed)
    coming = [crossing.at for crossing in found.known if not crossing.is_on(until)]
    return Watch(crossed, min(coming, default=None), found.missing_year)
