"""Facts of intake, from application to hand-over. Aggregate: the application (application_id)."""

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
    ItemRef,
    MaterialRef,
    Outcome,
    Party,
    Remedies,
    Value,
)


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


class ApplicationReceived(Event):
    """Receipt: the case number is given here and stays; the five working days of art. 32(4) start."""

    SUBJECT: ClassVar[str] = "intake.application.received.v1"
    application_id: UUID
    case_no: str
    query_code: str
    item: ItemRef
    applicant: Party
    agent: AgentRef | None = None
    channel: Channel
    division: str
    submitted_at: datetime
    received_at: datetime
    received_by: Actor
    materials: tuple[MaterialRef, ...]
    notice_due: DueDate


class SupplementRequested(Event):
    SUBJECT: ClassVar[str] = "intake.supplement.requested.v1"
    application_id: UUID
    case_no: str
    faults: tuple[MaterialFault, ...]
    supply_by: date
    basis: str
    requested_at: datetime
    requested_by: Actor


class SupplementSupplied(Event):
    SUBJECT: ClassVar[str] = "intake.supplement.supplied.v1"
    application_id: UUID
    case_no: str
    materials: tuple[MaterialRef, ...]
    complete: bool
    supplied_at: datetime
    supplied_by: Actor


class ApplicationAccepted(Event):
    """Acceptance. Approval opens the case from this fact alone."""

    SUBJECT: ClassVar[str] = "intake.application.accepted.v1"
    application_id: UUID
    case_no: str
    query_code: str
    item: ItemRef
    applicant: Party
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
