"""Facts of intake, from application to hand-over. Aggregate: the application (application_id)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from contracts.events.common import (
    Actor,
    AgentRef,
    Channel,
    CoApplicant,
    DueDate,
    Event,
    ItemRef,
    LimitValue,
    MaterialRef,
    Outcome,
    Party,
    Remedies,
    Value,
)
from contracts.events.standing import AmendmentRef


class RefusalKind(StrEnum):
    """Administrative Licensing Law art. 32(1) not required, 32(2) not this body's power; 78 false materials."""

    NOT_REQUIRED = "NOT_REQUIRED"
    OUT_OF_SCOPE = "OUT_OF_SCOPE"
    FALSE_MATERIALS = "FALSE_MATERIALS"


class HandOverMethod(StrEnum):
    COLLECTION = "COLLECTION"
    EXPRESS = "EXPRESS"
    ELECTRONIC = "ELECTRONIC"


class MaterialFault(Value):
    material_no: int
    name: str
    fault: str
    remedy: str
    shown_by: int | None = None  # of a second notice: the material supplied since the first that shows this fault
    shown_by_name: str | None = None  # its name; of a bundle it may stand in another member's list, without a number


class DeferredRef(Value):
    """A material that may come after acceptance (容缺), for the day promised; `after_grant`: even after a grant."""

    material_no: int
    name: str
    promised_on: date
    after_grant: bool = False


class ClaimWindowRef(Value):
    """No decision before the applicants come again (`name`), `opens_on` to `closes`; silence in it is withdrawal."""

    name: str
    waiting: str
    opens_on: date
    closes: DueDate
    basis: str = ""
    waiting_limit: LimitValue | None = None  # from receipt to the day before `opens_on`
    claim_limit: LimitValue | None = None  # from then on to `closes`


class CommitmentRef(Value):
    """A material replaced by the applicant's informed commitment (告知承诺); it is checked until `check_by`."""

    material_no: int
    name: str
    committed_at: datetime
    check_by: date | None = None


class RenewalRef(Value):
    """The certificate this application renews. With `silence_renews` no decision by its last day is a renewal."""

    certificate_identifier: str
    valid_until: date
    silence_renews: bool


class ReturnKind(StrEnum):
    """Why an application goes back: not supplied in time, or given up by the applicant."""

    NOT_SUPPLIED = "NOT_SUPPLIED"
    GIVEN_UP = "GIVEN_UP"


class CommitmentOutcome(StrEnum):
    KEPT = "KEPT"
    FALSE = "FALSE"


class ClockName(StrEnum):
    NOTICE = "NOTICE"
    LEGAL = "LEGAL"
    PROMISED = "PROMISED"
    DELIVERY = "DELIVERY"
    SUPPLEMENT = "SUPPLEMENT"
    WAITING = "WAITING"  # windows of the item's own law: the day after its end the applicants may come again
    CLAIM = "CLAIM"


class DateMoved(Value):
    """One due date of an application, before and after."""

    clock: ClockName
    earlier: DueDate
    now: DueDate


class CalendarDay(Value):
    on: date
    name: str
    works: bool


class ApplicationSubmitted(Event):
    SUBJECT: ClassVar[str] = "intake.application.submitted.v1"
    application_id: UUID
    item: ItemRef
    applicant: Party
    agent: AgentRef | None = None
    channel: Channel
    division: str
    submitted_at: datetime
    submitted_by: Actor
    bundle_no: str | None = None  # the bundle application it is a member of
    scenario: str | None = None  # the way of handling the applicant chose (情形), or the stage
    reused: tuple[str, ...] = ()  # identifiers of the certificates that answer materials; whoever submitted saw them


class ApplicationReceived(Event):
    """Receipt: the case number is given here and stays; the five working days of art. 32(4) start."""

    SUBJECT: ClassVar[str] = "intake.application.received.v1"
    application_id: UUID
    case_no: str
    query_code: str
    item: ItemRef
    applicant: Party
    co_applicants: tuple[CoApplicant, ...] = ()
    agent: AgentRef | None = None
    channel: Channel
    division: str
    submitted_at: datetime
    received_at: datetime
    received_by: Actor
    materials: tuple[MaterialRef, ...]
    notice_due: DueDate
    bundle_no: str | None = None


class SupplementRequested(Event):
    """`ordinal` 2 asks again, with `reason`, for what could not be seen the first time; `seen_before` names materials
    that lay there unchanged at the first notice; one that came in since shows the fault of each (`shown_by`)."""

    SUBJECT: ClassVar[str] = "intake.supplement.requested.v1"
    application_id: UUID
    case_no: str
    faults: tuple[MaterialFault, ...]
    supply_by: date
    supply_by_provisional: bool = False
    supply_workdays: int | None = None  # what `supply_by` was counted from; None: the window named the day
    basis: str
    requested_at: datetime
    requested_by: Actor
    ordinal: int = 1
    reason: str | None = None
    seen_before: tuple[int, ...] = ()
    bundle_no: str | None = None  # part of the one notice of a whole bundle


class SupplementSupplied(Event):
    SUBJECT: ClassVar[str] = "intake.supplement.supplied.v1"
    application_id: UUID
    case_no: str
    materials: tuple[MaterialRef, ...]
    complete: bool
    supplied_at: datetime
    supplied_by: Actor
    notice_due: DueDate | None = None  # when complete: the last day on which the window may answer again


class ApplicationAccepted(Event):
    """Acceptance. Approval opens the case from this fact alone.

    After a supplement `accepted_at` is when everything had arrived; the window said so at `answered_at`.
    `deemed`: nobody answered within five working days (art. 32(4)); accepted by law as of `accepted_at`, the day the
    materials came in, found at `deemed_at`; `lacking` names required materials that were not there. No grant before
    the `deferred` materials are in. `acceptance_order` counts those accepted for an item limited in number (art. 57).
    """

    SUBJECT: ClassVar[str] = "intake.application.accepted.v1"
    application_id: UUID
    case_no: str
    query_code: str
    item: ItemRef
    applicant: Party
    co_applicants: tuple[CoApplicant, ...] = ()
    agent: AgentRef | None = None
    channel: Channel
    division: str
    submitted_at: datetime
    received_at: datetime
    accepted_at: datetime
    accepted_by: Actor
    materials: tuple[MaterialRef, ...]
    legal_due: DueDate
    promised_due: DueDate
    answered_at: datetime | None = None
    deemed: bool = False
    deemed_at: datetime | None = None
    lacking: tuple[int, ...] = ()
    complete_at: datetime | None = None  # from here limits count that start at receipt
    deferred: tuple[DeferredRef, ...] = ()
    commitments: tuple[CommitmentRef, ...] = ()
    renews: RenewalRef | None = None
    amends: AmendmentRef | None = None
    acceptance_order: int | None = None
    quota: int | None = None
    bundle_no: str | None = None
    scenario: str | None = None
    claim_window: ClaimWindowRef | None = None


class AcceptanceRefused(Event):
    SUBJECT: ClassVar[str] = "intake.acceptance.refused.v1"
    application_id: UUID
    case_no: str
    kind: RefusalKind
    reason: str
    basis: str
    competent_body: str | None = None
    remedies: Remedies | None = None
    refused_at: datetime
    refused_by: Actor


class ApplicationWithdrawn(Event):
    """`case_no` is None when it was withdrawn before receipt."""

    SUBJECT: ClassVar[str] = "intake.application.withdrawn.v1"
    application_id: UUID
    case_no: str | None
    reason: str
    withdrawn_at: datetime
    withdrawn_by: Actor


class ResultHandedOver(Event):
    SUBJECT: ClassVar[str] = "intake.result.handed_over.v1"
    application_id: UUID
    case_no: str
    method: HandOverMethod
    documents: tuple[str, ...]
    recipient_name: str
    recipient_relation: str
    tracking_no: str | None = None
    handed_over_at: datetime
    handed_over_by: Actor


class CaseConcluded(Event):
    SUBJECT: ClassVar[str] = "intake.case.concluded.v1"
    application_id: UUID
    case_no: str
    outcome: Outcome
    concluded_at: datetime


class ApplicationCorrected(Event):
    """Errors the applicant put right on the spot (art. 32(3)); no clock moves."""

    SUBJECT: ClassVar[str] = "intake.application.corrected.v1"
    application_id: UUID
    case_no: str
    corrections: tuple[str, ...]
    materials: tuple[MaterialRef, ...]
    corrected_at: datetime
    corrected_by: Actor


class ApplicationReturned(Event):
    """What the notice asked for did not come in time, or the applicant gave up (退件)."""

    SUBJECT: ClassVar[str] = "intake.application.returned.v1"
    application_id: UUID
    case_no: str
    kind: ReturnKind
    reason: str
    outstanding: tuple[str, ...]
    returned_at: datetime
    returned_by: Actor


class DeferredMaterialSupplied(Event):
    """Promised materials have come in; `outstanding` are the ones still missing."""

    SUBJECT: ClassVar[str] = "intake.deferred_material.supplied.v1"
    application_id: UUID
    case_no: str
    materials: tuple[MaterialRef, ...]
    outstanding: tuple[DeferredRef, ...]
    supplied_at: datetime
    supplied_by: Actor


class CommitmentChecked(Event):
    """The later check of an informed commitment.

    FALSE bars the applicant from commitments up to `barred_until`, stops a grant, and is a ground for annulling what
    was granted on it (art. 69): `issued` are the certificates the case has brought."""

    SUBJECT: ClassVar[str] = "intake.commitment.checked.v1"
    application_id: UUID
    case_no: str
    item: ItemRef
    subject_key: str
    material_no: int
    name: str
    outcome: CommitmentOutcome
    finding: str
    case_outcome: Outcome | None = None
    barred_until: date | None = None
    issued: tuple[str, ...] = ()
    checked_at: datetime
    checked_by: Actor


class CalendarLoaded(Event):
    """The working-day calendar of a year, first or corrected. Aggregate: the year; `revision` is its version."""

    SUBJECT: ClassVar[str] = "intake.calendar.loaded.v1"
    year: int
    revision: int
    sources: tuple[str, ...]
    days: tuple[CalendarDay, ...]
    loaded_at: datetime
    loaded_by: Actor

    def document(self) -> dict[str, Any]:
        """The year in the shape of holiday-cn, as calendars are kept."""
        days = [{"date": day.on.isoformat(), "name": day.name, "isOffDay": not day.works} for day in self.days]
        return {"year": self.year, "papers": list(self.sources), "days": days}


class DatesMoved(Event):
    """Due dates of one application that a loaded calendar moved or made final; `accepted`: it had been accepted."""

    SUBJECT: ClassVar[str] = "intake.application.dates_moved.v1"
    application_id: UUID
    case_no: str
    cause: str
    dates: tuple[DateMoved, ...]
    moved_at: datetime
    accepted: bool = False


class RenewalDeemed(Event):
    """No decision by the last day of the old certificate: renewed by law (art. 50 para. 2), exactly once.

    `delivery_due`: the last day to issue and serve it, as intake counts it (art. 44).
    """

    SUBJECT: ClassVar[str] = "intake.renewal.deemed.v1"
    application_id: UUID
    case_no: str
    query_code: str
    item: ItemRef
    applicant: Party
    co_applicants: tuple[CoApplicant, ...] = ()
    agent: AgentRef | None = None
    renews: RenewalRef
    basis: str
    accepted_at: datetime
    renewed_at: datetime
    deemed_at: datetime
    deemed_by: Actor
    delivery_due: DueDate | None = None


class ApplicationMoved(Event):
    """A running application was moved to another version of its item, by hand and with a reason."""

    SUBJECT: ClassVar[str] = "intake.application.moved.v1"
    application_id: UUID
    case_no: str | None
    from_version: int
    item: ItemRef
    reason: str
    legal_due: DueDate | None = None
    promised_due: DueDate | None = None
    moved_at: datetime
    moved_by: Actor
