"""Settings of supervision: the light rules, what the lamps are called here, how often the sweep looks."""

from pydantic import field_validator

from services.chassis.settings import ServiceSettings, load_settings
from services.supervision.domain.lights import DEFAULT_RULES, Level, LightRule, check_rules


class SupervisionSettings(ServiceSettings):
    """YICHUANG_LIGHT_RULES (JSON list of rules), YICHUANG_LIGHT_LABELS (JSON object), YICHUANG_SWEEP_SECONDS."""

    light_rules: tuple[LightRule, ...] = DEFAULT_RULES
    light_labels: dict[Level, str] = {Level.WARNING: "预警", Level.YELLOW: "黄牌", Level.RED: "红牌"}
    sweep_seconds: float = 1.0

    @field_validator("light_rules")
    @classmethod
    def _usable(cls, rules: tuple[LightRule, ...]) -> tuple[LightRule, ...]:
        return check_rules(rules)


def settings() -> SupervisionSettings:
    return load_settings("supervision", cls=SupervisionSettings)
