"""A light that is on, of the case time or of another clock, as it is stored and told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.chassis.ids import uuid7
from services.kernel.light_rules import Level
from services.supervision.domain.case import Supervised
from services.supervision.domain.clock_lights import ClockCrossing
from services.supervision.domain.lights import Crossing


@dataclass(frozen=True)
class Lit:
    """`ended`: its clock has stopped, so that nothing still to be heard can take it back by being earlier."""

    rule: str
    level: Level
    at: datetime
    ended: bool
    occasion: str = ""
    clock: str = ""
    about: str = ""
    responsible: tuple[str, str] | None = None

    def stored(self, row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """The row of the light; the body that let the time pass is the case's own unless another was asked."""
        uscc, name = self.responsible or (row["department_uscc"], row["department_name"])
        return {
            "id": uuid7(),
            "case_id": row["case_id"],
            "rule": self.rule,
            "occasion": self.occasion,
            "clock": self.clock,
            "about": self.about,
            "level": self.level.value,
            "department_uscc": uscc,
            "department_name": name or "",
            "division": row["division"],
            "crossed_at": self.at,
            "fired_at": now,
        }


def of_case(crossing: Crossing, case: Supervised) -> Lit:
    return Lit(crossing.rule.rule, crossing.rule.level, crossing.at, not case.is_pending)


def of_clock(crossing: ClockCrossing) -> Lit:
    rule, run = crossing.rule, crossing.run
    return Lit(
        rule.rule,
        rule.level,
        crossing.at,
        crossing.ended,
        crossing.occasion,
        run.name.value,
        run.about,
        run.responsible,
    )
