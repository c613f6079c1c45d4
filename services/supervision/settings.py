"""Settings of supervision: the light rules, what the lamps are called here, how often the sweep looks."""

from typing import TypeVar

from pydantic import field_validator

from services.chassis.settings import ServiceSettings, load_settings
from services.supervision.domain.clock_lights import DEFAULT_CLOCK_RULES, ClockRule
from services.supervision.domain.lights import DEFAULT_RULES, Level, LightRule, check_rules

R = TypeVar("R", LightRule, ClockRule)


class SupervisionSettings(ServiceSettings):
    """YICHUANG_LIGHT_RULES, YICHUANG_CLOCK_LIGHT_RULES (JSON lists), YICHUANG_LIGHT_LABELS (JSON object)."""

    light_rules: tuple[LightRule, ...] = DEFAULT_RULES
    clock_light_rules: tuple[ClockRule, ...] = DEFAULT_CLOCK_RULES
    light_labels: dict[Level, str] = {Level.WARNING: "预警", Level.YELLOW: "黄牌", Level.RED: "红牌"}
    sweep_seconds: float = 1.0

    @field_validator("light_rules", "clock_light_rules")
    @classmethod
    def _usable(cls, rules: tuple[R, ...]) -> tuple[R, ...]:
        return check_rules(rules)


def settings() -> SupervisionSettings:
    return load_settings("supervision", cls=SupervisionSettings)
