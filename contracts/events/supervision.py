"""Facts of supervision: lights, findings, ratings (aggregate: the supervised case, case_id), orders (order_id)."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from contracts.events.common import Actor, DueDate, Event


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
    READ_WITHOUT_GROUND = "READ_WITHOUT_GROUND"  # a certificate, without an open case or a purpose
    CERTIFICATE_WITHHELD = "CERTIFICATE_WITHHELD"  # decided, and a field that its type demands is missing or malformed


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

    `case_no` and `department_uscc` are empty where the case is not known beyond its id yet. A certificate that came
    from no case is read without ground in none: then there is no `case_id`, and the department is the reader's.
    """

    SUBJECT: ClassVar[str] = "supervision.finding.raised.v1"
    case_id: UUID | None
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


class SupervisionPaper(StrEnum):
    """The kinds of paper a supervisor issues; named as certificate names the papers."""

    SUPERVISION_ORDER = "SUPERVISION_ORDER"
    SUPERVISION_NOTICE = "SUPERVISION_NOTICE"
    SUPERVISION_ADVICE = "SUPERVISION_ADVICE"


class OrderIssued(Event):
    """A supervisor urges, notifies or advises a department. Aggregate: the order (order_id).

    Without a case (`case_id` None) it is about the department's work. `level` is None where no light is on.
    The paper goes out in the name of `issued_by.organisation`.
    """

    SUBJECT: ClassVar[str] = "supervision.order.issued.v1"
    order_id: UUID
    order_no: str
    kind: SupervisionPaper
    case_id: UUID | None = None
    case_no: str = ""
    department_uscc: str
    department_name: str
    rule: str
    level: LightLevel | None = None
    state_at: datetime
    finding: str
    requirement: str
    reply_by: DueDate
    issued_at: datetime
    issued_by: Actor


class OrderReplied(Event):
    """The department answered. `late`: after the last day. Aggregate: the order (order_id)."""

    SUBJECT: ClassVar[str] = "supervision.order.replied.v1"
    order_id: UUID
    order_no: str
    department_uscc: str
    reply: str
    late: bool
    replied_at: datetime
    replied_by: Actor
