"""Facts of supervision: lights and ratings. Aggregate: the supervised case (case_id)."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from contracts.events.common import Event


class LightLevel(StrEnum):
    WARNING = "WARNING"
    YELLOW = "YELLOW"
    RED = "RED"


class Satisfaction(StrEnum):
    """Five levels of the service rating; the digits of the standards conflict and exist only at the edges."""

    VERY_SATISFIED = "VERY_SATISFIED"
    SATISFIED = "SATISFIED"
    BASICALLY_SATISFIED = "BASICALLY_SATISFIED"
    DISSATISFIED = "DISSATISFIED"
    VERY_DISSATISFIED = "VERY_DISSATISFIED"


class LightFired(Event):
    """A light went on. `crossed_at` is the instant of the threshold, `fired_at` when the sweep saw it."""

    SUBJECT: ClassVar[str] = "supervision.light.fired.v1"
    case_id: UUID
    case_no: str
    department_uscc: str
    level: LightLevel
    rule: str
    crossed_at: datetime
    fired_at: datetime


class LightVoided(Event):
    """A fired light did not count: the case had ended before it was crossed, which was only heard afterwards."""

    SUBJECT: ClassVar[str] = "supervision.light.voided.v1"
    case_id: UUID
    case_no: str
    department_uscc: str
    level: LightLevel
    rule: str
    crossed_at: datetime
    voided_at: datetime


class RatingGiven(Event):
    SUBJECT: ClassVar[str] = "supervision.rating.given.v1"
    case_id: UUID
    case_no: str
    department_uscc: str
    satisfaction: Satisfaction
    comment: str = ""
    given_at: datetime
