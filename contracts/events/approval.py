"""Facts of approval: a case after acceptance. Aggregate: the case (case_id = the application_id of intake)."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from contracts.events.common import Actor, AgentRef, Event, ItemRef, Outcome, Party, Remedies


class Recommendation(StrEnum):
    GRANT = "GRANT"
    REFUSE = "REFUSE"


class CaseOpened(Event):
    SUBJECT: ClassVar[str] = "approval.case.opened.v1"
    case_id: UUID
    case_no: str
    opened_at: datetime


class OpinionWritten(Event):
    SUBJECT: ClassVar[str] = "approval.opinion.written.v1"
    case_id: UUID
    case_no: str
    recommendation: Recommendation
    written_at: datetime
    written_by: Actor


class CaseDecided(Event):
    """The decision. A refusal always carries reasons, legal basis and both remedies (art. 38 para. 2)."""

    SUBJECT: ClassVar[str] = "approval.case.decided.v1"
    case_id: UUID
    case_no: str
    query_code: str
    outcome: Outcome
    item: ItemRef
    applicant: Party
    agent: AgentRef | None = None
    accepted_at: datetime
    decided_at: datetime
    decided_by: Actor
    content: str = ""
    conditions: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    reasons: str = ""
    legal_basis: str = ""
    remedies: Remedies | None = None


class CaseWithdrawn(Event):
    """An undecided case ended because the application was withdrawn. After a decision this is never published."""

    SUBJECT: ClassVar[str] = "approval.case.withdrawn.v1"
    case_id: UUID
    case_no: str
    reason: str
    withdrawn_at: datetime
