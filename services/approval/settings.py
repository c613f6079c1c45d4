"""Settings of approval: the bodies a refusal names when the decision names no others."""

from services.chassis.settings import ServiceSettings, load_settings


class ApprovalSettings(ServiceSettings):
    """YICHUANG_RECONSIDERATION_BODY and YICHUANG_COURT; each decision may name others."""

    reconsideration_body: str = "怀化市鹤城区人民政府"
    court: str = "怀化市鹤城区人民法院"


def settings() -> ApprovalSettings:
    return load_settings("approval", cls=ApprovalSettings)
