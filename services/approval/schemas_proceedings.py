"""What an examination shows of clocks, ledger, records and consultations."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from contracts.events.common import DueDate
from services.chassis.why import WhyOut


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
