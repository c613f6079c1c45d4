"""Settings of approval: the bodies a refusal names when the decision names no others, and the light rules."""

from services.approval.domain.light import LightBook
from services.chassis.settings import ServiceSettings, load_settings
from services.kernel.light_rules import DEFAULT_CLOCK_RULES, DEFAULT_RULES, ClockRule, LightRule


class ApprovalSettings(ServiceSettings):
    """YICHUANG_RECONSIDERATION_BODY and YICHUANG_COURT; each decision may name others.

    YICHUANG_LIGHT_RULES, YICHUANG_CLOCK_LIGHT_RULES: the same settings as supervision's, so that the inbox is lit when
    supervision is.
    """

    reconsideration_body: str = "怀化市鹤城区人民政府"
    court: str = "怀化市鹤城区人民法院"
    light_rules: tuple[LightRule, ...] = DEFAULT_RULES
    clock_light_rules: tuple[ClockRule, ...] = DEFAULT_CLOCK_RULES

    @property
    def light_book(self) -> LightBook:
        return LightBook(self.light_rules, self.clock_light_rules)


def settings() -> ApprovalSettings:
    return load_settings("approval", cls=ApprovalSettings)
