"""Settings of approval: the bodies a refusal names when the decision names no others, and the light rules."""

from services.chassis.settings import ServiceSettings, load_settings
from services.kernel.light_rules import DEFAULT_RULES, LightRule


class ApprovalSettings(ServiceSettings):
    """YICHUANG_RECONSIDERATION_BODY and YICHUANG_COURT; each decision may name others.

    YICHUANG_LIGHT_RULES: the same setting as supervision's, so that the inbox warns when supervision does.
    """

    reconsideration_body: str = "怀化市鹤城区人民政府"
    court: str = "怀化市鹤城区人民法院"
    light_rules: tuple[LightRule, ...] = DEFAULT_RULES


def settings() -> ApprovalSettings:
    return load_settings("approval", cls=ApprovalSettings)
