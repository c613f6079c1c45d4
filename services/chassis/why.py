"""Why a date is what it is, as answers of every service tell it."""

from datetime import date

from pydantic import BaseModel

from services.kernel.why import Reason, Why


class ReasonOut(BaseModel):
    """One thing that fixed or moved the date."""

    kind: str
    zh: str
    en: str
    from_on: date | None
    to_on: date | None
    days: int
    article: str
    source: str

    @classmethod
    def of(cls, reason: Reason) -> "ReasonOut":
        said = {name: getattr(reason, name) for name in cls.model_fields if name != "kind"}
        return cls(kind=reason.kind.value, **said)


class WhyOut(BaseModel):
    zh: str
    en: str
    reasons: list[ReasonOut]

    @classmethod
    def of(cls, why: Why) -> "WhyOut":
        return cls(zh=why.zh, en=why.en, reasons=[ReasonOut.of(reason) for reason in why.reasons])
