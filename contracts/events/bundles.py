"""Facts of one-stop bundles (一件事). Aggregate: the bundle application. Its members' own facts are those of intake."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from contracts.events.common import (
    Actor,
    AgentRef,
    Channel,
    DueDate,
    Event,
    LimitUnit,
    LimitValue,
    OrganisationRef,
    Party,
    Value,
)
from contracts.events.intake import HandOverMethod, MaterialFault


class BundleMemberResult(StrEnum):
    """How a member ended. SATISFIED: the applicant held the result. CANCELLED: an earlier member failed."""

    GRANTED = "GRANTED"
    REFUSED = "REFUSED"
    SATISFIED = "SATISFIED"
    ENDED = "ENDED"
    CANCELLED = "CANCELLED"


class BundleMemberRef(Value):
    """`application_id` is the member's own application and case; a step of a department has none."""

    member_id: str
    name: str
    application_id: UUID | None = None
    result: BundleMemberResult | None = None


class _BundleFact(Event):
    """What every event of a bundle application names."""

    bundle_application_id: UUID
    bundle_no: str
    bundle_id: str


class BundleSubmitted(_BundleFact):
    SUBJECT: ClassVar[str] = "intake.bundle.submitted.v1"
    name: str
    lead: OrganisationRef
    applicant: Party
    agent: AgentRef | None = None
    channel: Channel
    division: str
    members: tuple[BundleMemberRef, ...]
    submitted_at: datetime
    submitted_by: Actor


class BundleReceived(_BundleFact):
    SUBJECT: ClassVar[str] = "intake.bundle.received.v1"
    received_at: datetime
    received_by: Actor


class BundleAccepted(_BundleFact):
    """All members together. The limits run while any member's clock runs (art. 42 para. 2)."""

    SUBJECT: ClassVar[str] = "intake.bundle.accepted.v1"
    legal_limit: LimitValue
    promised_limit: LimitValue
    accepted_at: datetime
    accepted_by: Actor
    legal_due: DueDate | None = None  # as of `as_of`; None while no member's clock has started
    promised_due: DueDate | None = None
    as_of: datetime | None = None


class BundleSupplementRequested(_BundleFact):
    """One notice for the whole bundle, with every fault of every member (art. 32(4)); `material_no` of the one list."""

    SUBJECT: ClassVar[str] = "intake.bundle_supplement.requested.v1"
    faults: tuple[MaterialFault, ...]
    members: tuple[BundleMemberRef, ...]
    supply_by: date
    supply_by_provisional: bool = False
    requested_at: datetime
    requested_by: Actor
    ordinal: int = 1
    reason: str | None = None  # of a second notice: why this could not be seen the first time


class BundleSupplementSupplied(_BundleFact):
    """Everything the notice asked for has come in."""

    SUBJECT: ClassVar[str] = "intake.bundle_supplement.supplied.v1"
    supplied_at: datetime
    supplied_by: Actor


class BundleMemberStarted(_BundleFact):
    """Links an application to its bundle; a step is told to the department that carries it out."""

    SUBJECT: ClassVar[str] = "intake.bundle_member.started.v1"
    member: BundleMemberRef
    department: OrganisationRef | None = None
    started_at: datetime


class BundleMemberEnded(_BundleFact):
    SUBJECT: ClassVar[str] = "intake.bundle_member.ended.v1"
    member: BundleMemberRef
    ended_at: datetime


class BundleExtended(_BundleFact):
    """Once, approved by the government's responsible person; the reason reaches the applicant."""

    SUBJECT: ClassVar[str] = "intake.bundle.extended.v1"
    value: int
    unit: LimitUnit
    reason: str
    approved_by: str
    approval_no: str
    extended_at: datetime
    extended_by: Actor
    legal_due: DueDate | None = None  # as in BundleAccepted
    promised_due: DueDate | None = None
    as_of: datetime | None = None


class BundleClockName(StrEnum):
    JOINT = "JOINT"
    JOINT_PROMISED = "JOINT_PROMISED"
    SUPPLEMENT = "SUPPLEMENT"
    STEP = "STEP"


class BundleDateMoved(Value):
    """`member_id` names the step of a department that is no application of its own (STEP)."""

    clock: BundleClockName
    member_id: str = ""
    earlier: DueDate
    now: DueDate


class BundleDatesMoved(_BundleFact):
    """Dates of one running bundle that a loaded calendar moved or made final, counted as of `moved_at`."""

    SUBJECT: ClassVar[str] = "intake.bundle.dates_moved.v1"
    cause: str
    dates: tuple[BundleDateMoved, ...]
    moved_at: datetime


class BundleStageDone(_BundleFact):
    """Every required member of the stage is granted: the next one may be handed in."""

    SUBJECT: ClassVar[str] = "intake.bundle_stage.done.v1"
    stage_no: int
    stage_name: str
    next_stage_no: int
    next_lead: OrganisationRef
    done_at: datetime


class BundleStageHandedIn(_BundleFact):
    SUBJECT: ClassVar[str] = "intake.bundle_stage.handed_in.v1"
    stage_no: int
    stage_name: str
    lead: OrganisationRef
    handed_in_at: datetime
    handed_in_by: Actor


class BundleDecided(_BundleFact):
    """Every member has come to its end. `partial`: something was granted although another member failed."""

    SUBJECT: ClassVar[str] = "intake.bundle.decided.v1"
    members: tuple[BundleMemberRef, ...]
    partial: bool
    decided_at: datetime


class BundleHandedOver(_BundleFact):
    """Everything decided so far, handed out together; `concluded` at the end of the bundle."""

    SUBJECT: ClassVar[str] = "intake.bundle.handed_over.v1"
    application_ids: tuple[UUID, ...]
    method: HandOverMethod
    recipient_name: str
    concluded: bool
    handed_over_at: datetime
    handed_over_by: Actor


class BundleWithdrawn(_BundleFact):
    SUBJECT: ClassVar[str] = "intake.bundle.withdrawn.v1"
    reason: str
    withdrawn_at: datetime
    withdrawn_by: Actor
