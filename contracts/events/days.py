"""What a loaded calendar does to the days of running steps of a case. Aggregate: the case, as in approval."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from contracts.events.common import DueDate, Event, LimitUnit, Value


class DayClock(StrEnum):
    """A limit of a single step of the proceedings."""

    FIRST_LEVEL = "FIRST_LEVEL"
    PAUSE = "PAUSE"
    HEARING_REQUEST = "HEARING_REQUEST"
    HEARING_HOLDING = "HEARING_HOLDING"
    STATEMENT = "STATEMENT"
    CONSULTATION = "CONSULTATION"


class DayMoved(Value):
    """The last day of one step, before and after; counted from `from_at`.

    `about`: number of the party or question, or of an earlier telling of the hearing.
    """

    clock: DayClock
    about: str = ""
    value: int
    unit: LimitUnit
    from_at: datetime
    earlier: DueDate
    now: DueDate


class CaseDaysMoved(Event):
    """Days of running steps that a loaded calendar moved or made final; the case's own two limits intake tells."""

    SUBJECT: ClassVar[str] = "approval.case.days_moved.v1"
    case_id: UUID
    case_no: str
    cause: str
    dates: tuple[DayMoved, ...]
    moved_at: datetime
