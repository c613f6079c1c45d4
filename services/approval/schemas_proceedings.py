"""What an examination shows of clocks, ledger, records and consultations."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from contracts.events.common import DueDate
from services.kernel.why import Reason, Why


class ClockName(StrEnum):
    LEGAL = "LEGAL"
    PROMISED = "PROMISED"
    FIRST_LEVEL = "FIRST_LEVEL"
    PAUSE = "PAUSE"
    INSPECTORS = "INSPECTORS"
    HEARING_REQUEST = "HEARING_REQUEST"
    HEARING_HOLDING = "HEARING_HOLDING"
    STATEMENT = "STATEMENT"
    CONSULTATION = "CONSULTATION"


class ClockState(StrEnum):
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    ENDED = "ENDED"  # what it waited for has happened, or the case has ended


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
        return cls(
            kind=reason.kind.value,
            zh=reason.zh,
            en=reason.en,
            from_on=reason.from_on,
            to_on=reason.to_on,
            days=reason.days,
            article=reason.article,
            source=reason.source,
        )


class WhyOut(BaseModel):
    zh: str
    en: str
    reasons: list[ReasonOut]

    @classmethod
    def of(cls, why: Why) -> "WhyOut":
        return cls(zh=why.zh, en=why.en, reasons=[ReasonOut.of(reason) for reason in why.reasons])


class ClockOut(BaseModel):
    """`overdue`: its last day has passed while it was running; a provisional day is never overdue."""

    name: ClockName
    label: str
    article: str
    state: ClockState
    due: DueDate
    overdue: bool
    why: WhyOut | None = Field(description="逐项理由；仅对未存起算时刻的旧记录为空")


class LedgerOut(BaseModel):
    kind: str = Field(description="PAUSED 暂停，RESUMED 恢复，EXTENDED 延期")
    at: datetime
    cause: str
    article: str
    value: int | None
    unit: str | None


class RecordOut(BaseModel):
    """`content` is the event of the act without the names of the case."""

    case_version: int
    subject: str
    at: datetime
    content: dict[str, Any]


class ConsultationOut(BaseModel):
    no: int
    department_uscc: str
    department_name: str
    question: str
    asked_at: datetime
    due_on: date
    due_provisional: bool
    state: str = Field(description="OPEN 待答复，ANSWERED 已答复，SILENT 逾期未复、视为无意见")
