"""Facts of approval about certificates that stand: what a department proposes and decides after the grant.

Aggregate: the standing decision (decision_id). The certificate service executes what was decided.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from contracts.events.common import Actor, DueDate, Event, OrganisationRef, Remedies, Value


class StandingAct(StrEnum):
    AMEND = "AMEND"
    RESCIND = "RESCIND"
    ANNUL = "ANNUL"
    DEREGISTER = "DEREGISTER"
    REVOKE = "REVOKE"


class Change(Value):
    """One line of an amendment: what stands on the certificate, as it was and as it will be."""

    what: str
    before: str
    after: str


class AmendmentRef(Value):
    """What an application asks to change on a certificate its applicant holds (art. 49)."""

    certificate_identifier: str
    changes: tuple[Change, ...]


class Penalty(Value):
    """The penalty decision a revocation comes from; it was decided elsewhere."""

    number: str
    body: str
    decided_on: date


class _StandingFact(Event):
    decision_id: UUID
    identifier: str  # of the certificate
    holder_key: str
    department_uscc: str
    act: StandingAct
    ground: str  # Ground of the kernel, e.g. FRAUD
    article: str


class StandingProposed(_StandingFact):
    """The handler's opinion, told to the holder, who may speak until `speak_by` where it hurts him."""

    SUBJECT: ClassVar[str] = "approval.standing_decision.proposed.v1"
    facts: str
    basis: str = ""
    compensation: str = ""
    changes: tuple[Change, ...] = ()
    speak_by: DueDate | None = None
    proposed_at: datetime
    proposed_by: Actor


class StandingDayMoved(_StandingFact):
    """A loaded calendar moved the holder's last day to speak, or made it final; counted from `from_at`."""

    SUBJECT: ClassVar[str] = "approval.standing_decision.day_moved.v1"
    cause: str
    limit_workdays: int
    from_at: datetime
    earlier: DueDate
    now: DueDate
    moved_at: datetime


class StandingHeard(_StandingFact):
    """The holder's statement; his silence is no event."""

    SUBJECT: ClassVar[str] = "approval.standing_decision.heard.v1"
    statement: str
    heard_at: datetime
    heard_by: Actor


class StandingDecided(_StandingFact):
    """Decided: from `effective_on` the certificate is what the act makes of it."""

    SUBJECT: ClassVar[str] = "approval.standing_decision.decided.v1"
    certificate_id: UUID
    department: OrganisationRef
    grounds: str  # the ground in the law's words
    facts: str
    basis: str
    compensation: str = ""
    changes: tuple[Change, ...] = ()
    valid_until: date | None = None  # of the amended version; None: as before
    penalty: Penalty | None = None
    remedies: Remedies | None = None
    effective_on: date
    decided_at: datetime
    decided_by: Actor


class StandingDismissed(_StandingFact):
    """The chief representative did not follow the opinion: the certificate stays as it is."""

    SUBJECT: ClassVar[str] = "approval.standing_decision.dismissed.v1"
    reasons: str
    dismissed_at: datetime
    dismissed_by: Actor
