"""Facts of supervision: lights, findings and ratings. Aggregate: the supervised case (case_id)."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
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


class FindingKind(StrEnum):
    """SUPPLEMENT_KNOWABLE: a later notice that names what already lay before the window the first time (art. 32(4))."""

    DUE_DATE_DIFFERS = "DUE_DATE_DIFFERS"
    SUPPLEMENT_AGAIN = "SUPPLEMENT_AGAIN"
    SUPPLEMENT_KNOWABLE = "SUPPLEMENT_KNOWABLE"


class LightFired(Event):
    """A light went on. `crossed_at` is the instant of the threshold, `fired_at` when the sweep saw it.

    `clock` is empty for the case time, else the clock that was missed; `occasion` and `about` say which of several.
    `department_uscc` is the body that let the time pass: of a consultation the one that was asked.
    """

    SUBJECT: ClassVar[str] = "supervision.light.fired.v1"
    case_id: UUID
    case_no: str
    department_uscc: str
    level: LightLevel
    rule: str
    crossed_at: datetime
    fired_at: datetime
    clock: str = ""
    occasion: str = ""
    about: str = ""


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
    occasion: str = ""


class FindingRaised(Event):
    """Supervision found something by itself; `detail` holds what it is found from, of a date both days and both whys.

    `case_no` and `department_uscc` are empty where the case is not known beyond its id yet.
    """

    SUBJECT: ClassVar[str] = "supervision.finding.raised.v1"
    case_id: UUID
    case_no: str
    department_uscc: str
    kind: FindingKind
    summary: str
    detail: dict[str, Any]
    happened_at: datetime
    found_at: datetime


class RatingGiven(Event):
    SUBJECT: ClassVar[str] = "supervision.rating.given.v1"
    case_id: UUID
    case_no: str
    department_uscc: str
    satisfaction: Satisfaction
    comment: str = ""
    given_at: datetime
