"""Settings of intake: how long an applicant has to supply, and the bodies a refusal of acceptance names."""

from services.chassis.settings import ServiceSettings, load_settings


class IntakeSettings(ServiceSettings):
    """YICHUANG_SUPPLY_WORKDAYS is the default deadline of a supplement notice; each notice may name a later day."""

    supply_workdays: int = 15
    reconsideration_body: str = "怀化市鹤城区人民政府"
    court: str = "怀化市鹤城区人民法院"


def settings() -> IntakeSettings:
    return load_settings("intake", cls=IntakeSettings)
