"""Settings of intake: how long an applicant has to supply, and the bodies a refusal of acceptance names."""

from services.chassis.settings import ServiceSettings, load_settings


class IntakeSettings(ServiceSettings):
    """YICHUANG_SUPPLY_WORKDAYS is the default deadline of a supplement notice; each notice may name a later day.

    YICHUANG_DEFERRAL_WORKDAYS: how far ahead a deferred material may be promised. YICHUANG_COMMITMENT_CHECK_DAYS: an
    informed commitment is checked within so many days of acceptance. YICHUANG_COMMITMENT_BAR_DAYS: who committed
    himself falsely makes no commitment for so many days (no text of law fixes them). YICHUANG_RENEWAL_GRACE_SECONDS: a
    decision made in time is given so long to arrive before silence renews. YICHUANG_BY_LAW_SECONDS: how often what is
    due is looked for.
    """

    supply_workdays: int = 15
    deferral_workdays: int = 15
    commitment_check_days: int = 60
    commitment_bar_days: int = 365
    renewal_grace_seconds: int = 300
    by_law_seconds: float = 1.0
    reconsideration_body: str = "怀化市鹤城区人民政府"
    court: str = "怀化市鹤城区人民法院"


def settings() -> IntakeSettings:
    return load_settings("intake", cls=IntakeSettings)
