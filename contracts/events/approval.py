"""Facts of approval: a case after acceptance. Aggregate: the case (case_id = the application_id of intake)."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from contracts.events.common import (
    Actor,
    AgentRef,
    CoApplicant,
    DueDate,
    Event,
    ItemRef,
    LimitUnit,
    OrganisationRef,
    Outcome,
    Party,
    Remedies,
    Value,
)
from contracts.events.intake import RenewalRef
from contracts.events.standing import AmendmentRef


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
    """The decision. A refusal always carries facts, reasons, legal basis and both remedies (art. 38 para. 2).

    `technical_standard`: the standard that was not met, where inspection or testing failed (art. 55 para. 3).
    `delivery_due`: of a grant, the last day to issue and serve it, as the deciding body counts it (art. 44).
    """

    SUBJECT: ClassVar[str] = "approval.case.decided.v1"
    case_id: UUID
    case_no: str
    query_code: str
    outcome: Outcome
    item: ItemRef
    applicant: Party
    co_applicants: tuple[CoApplicant, ...] = ()  # hold with him what is granted
    agent: AgentRef | None = None
    accepted_at: datetime
    decided_at: datetime
    decided_by: Actor
    content: str = ""
    conditions: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    facts: str = ""
    reasons: str = ""
    legal_basis: str = ""
    remedies: Remedies | None = None
    technical_standard: str = ""
    delivery_due: DueDate | None = None
    renews: RenewalRef | None = None  # the certificate whose next version this grants
    amends: AmendmentRef | None = None  # likewise, with what is changed on it
    fields: dict[str, str] = {}  # of the certificate, by the names that its type gives them


class CaseWithdrawn(Event):
    """An undecided case ended because the application was withdrawn. After a decision this is never published."""

    SUBJECT: ClassVar[str] = "approval.case.withdrawn.v1"
    case_id: UUID
    case_no: str
    reason: str
    withdrawn_at: datetime


class _CaseFact(Event):
    """What every event of a case below names."""

    case_id: UUID
    case_no: str


class _ClockFact(_CaseFact):
    """Something that moved the clock: both dates as they are now, derived again from the whole ledger."""

    legal_due: DueDate
    promised_due: DueDate


class CaseSuspended(_ClockFact):
    """The clock stands still (art. 45, or a cause in the item's own law), told in writing with the time needed."""

    SUBJECT: ClassVar[str] = "approval.case.suspended.v1"
    kind: str  # HEARING, TENDER … of art. 45, or OWN_LAW
    kind_name: str  # 听证, 招标 …, or what the item's own law calls it
    cause: str = ""
    article: str
    expected_workdays: int
    expected_end: DueDate  # a pause still open after this day is itself supervised
    notice: str
    suspended_at: datetime
    approved_by: Actor


class CaseResumed(_ClockFact):
    SUBJECT: ClassVar[str] = "approval.case.resumed.v1"
    kind: str
    kind_name: str
    suspended_at: datetime
    expected_end: DueDate
    result: str
    passed: bool | None = None  # of a test or inspection; None: nothing that is passed or failed
    resumed_at: datetime
    resumed_by: Actor


class CaseExtended(_ClockFact):
    """More time, once, approved by a head who is not the handler; the reason is told to the applicant (art. 42)."""

    SUBJECT: ClassVar[str] = "approval.case.extended.v1"
    value: int
    unit: LimitUnit
    article: str
    reason: str
    previous_legal_due: DueDate
    extended_at: datetime
    approved_by: Actor


class Inspector(Value):
    """An officer who inspects: the account, the name, the number of the service card."""

    account_id: str
    name: str
    officer_no: str = ""


class InspectorsAssigned(_CaseFact):
    """At least two, within five working days of acceptance where art. 55 applies (`due`)."""

    SUBJECT: ClassVar[str] = "approval.inspectors.assigned.v1"
    inspectors: tuple[Inspector, ...]
    due: DueDate
    purpose: str
    assigned_at: datetime
    assigned_by: Actor


class SiteCheckRecorded(_CaseFact):
    SUBJECT: ClassVar[str] = "approval.site_check.recorded.v1"
    inspectors: tuple[Inspector, ...]
    checked_at: datetime
    place: str
    facts: str
    passed: bool
    photos: int = 0
    party_present: str = ""
    recorded_at: datetime
    recorded_by: Actor


class HearingTold(_CaseFact):
    """The right to a hearing was told to these persons; they may ask for one up to `request_by` (art. 47)."""

    SUBJECT: ClassVar[str] = "approval.hearing.told.v1"
    persons: tuple[str, ...]
    request_by: DueDate
    notice: str
    told_at: datetime
    told_by: Actor


class HearingRequested(_CaseFact):
    SUBJECT: ClassVar[str] = "approval.hearing.requested.v1"
    person: str
    reason: str = ""
    hold_by: DueDate  # twenty working days after the request
    requested_at: datetime
    recorded_by: Actor


class HearingWaived(_CaseFact):
    """A written waiver; the hearing is settled when everybody who was told has waived it."""

    SUBJECT: ClassVar[str] = "approval.hearing.waived.v1"
    person: str
    document: str
    settled: bool
    waived_at: datetime
    recorded_by: Actor


class HearingAnnounced(_CaseFact):
    """Time, place and chair, at least seven working days before (art. 48)."""

    SUBJECT: ClassVar[str] = "approval.hearing.announced.v1"
    takes_place_at: datetime
    place: str
    chair: Inspector
    notice: str
    public: bool
    announced_at: datetime
    announced_by: Actor


class HearingHeld(_CaseFact):
    SUBJECT: ClassVar[str] = "approval.hearing.held.v1"
    took_place_at: datetime
    place: str = ""
    chair: Inspector
    participants: tuple[str, ...]
    record: str
    held_at: datetime
    recorded_by: Actor


class InterestedPartyNotified(_CaseFact):
    """Somebody whose major interest the case touches was told, and may speak up to `speak_by` (art. 36)."""

    SUBJECT: ClassVar[str] = "approval.interested_party.notified.v1"
    party_no: int
    name: str
    interest: str
    speak_by: DueDate
    limit_workdays: int | None = None  # what `speak_by` was counted from, with the day of telling not included
    notice: str
    notified_at: datetime
    notified_by: Actor


class InterestedPartyHeard(_CaseFact):
    SUBJECT: ClassVar[str] = "approval.interested_party.heard.v1"
    party_no: int
    name: str
    statement: str
    heard_at: datetime
    recorded_by: Actor


class ApplicantHeard(_CaseFact):
    """A statement of the applicant's side, handed in by itself or recorded by the handler (arts. 7, 36)."""

    SUBJECT: ClassVar[str] = "approval.applicant.heard.v1"
    name: str
    statement: str
    heard_at: datetime
    recorded_by: Actor


class FalseCommitmentFound(_CaseFact):
    """An informed commitment of a case under way was found false: it cannot be granted any more."""

    SUBJECT: ClassVar[str] = "approval.commitment.found_false.v1"
    material_no: int
    name: str
    finding: str
    found_at: datetime


class FirstLevelAssigned(_CaseFact):
    """Which township examines first, where the way in did not say it."""

    SUBJECT: ClassVar[str] = "approval.first_level.assigned.v1"
    division: str
    due: DueDate
    assigned_at: datetime
    assigned_by: Actor


class CasePassedUp(_CaseFact):
    """The lower body's opinion and all materials go up directly (art. 35), due twenty working days after acceptance."""

    SUBJECT: ClassVar[str] = "approval.case.passed_up.v1"
    division: str
    recommendation: Recommendation
    opinion: str
    materials: tuple[int, ...]
    due: DueDate
    passed_up_at: datetime
    passed_up_by: Actor


class CaseTerminated(_CaseFact):
    SUBJECT: ClassVar[str] = "approval.case.terminated.v1"
    reason: str
    legal_basis: str
    terminated_at: datetime
    terminated_by: Actor


class CaseTransferred(_CaseFact):
    """Handed to the body that is competent; the case ends here."""

    SUBJECT: ClassVar[str] = "approval.case.transferred.v1"
    transferred_to: OrganisationRef
    reason: str
    legal_basis: str
    transferred_at: datetime
    transferred_by: Actor


class CaseRenewed(_CaseFact):
    """Closed without a decision: the old certificate's last day passed, silence has renewed it (art. 50 para. 2)."""

    SUBJECT: ClassVar[str] = "approval.case.renewed.v1"
    certificate_identifier: str
    basis: str
    renewed_at: datetime
    recorded_at: datetime


class CaseMoved(_ClockFact):
    """The case goes on under another version of its item: limits, department and levels are those of `item`."""

    SUBJECT: ClassVar[str] = "approval.case.moved.v1"
    from_version: int
    item: ItemRef
    reason: str
    moved_at: datetime
    moved_by: Actor


class ConsultationAnswer(StrEnum):
    NO_OBJECTION = "NO_OBJECTION"
    OBJECTION = "OBJECTION"


class ConsultationAsked(_CaseFact):
    SUBJECT: ClassVar[str] = "approval.consultation.asked.v1"
    consultation_no: int
    department: OrganisationRef
    question: str
    limit_workdays: int
    due: DueDate
    asked_at: datetime
    asked_by: Actor


class ConsultationAnswered(_CaseFact):
    SUBJECT: ClassVar[str] = "approval.consultation.answered.v1"
    consultation_no: int
    department: OrganisationRef
    answer: ConsultationAnswer
    text: str
    due: DueDate
    answered_at: datetime
    answered_by: Actor


class ConsultationSilent(_CaseFact):
    """Silent past its limit: counts as no objection, recorded as such by the system. Never a decision."""

    SUBJECT: ClassVar[str] = "approval.consultation.silent.v1"
    consultation_no: int
    department: OrganisationRef
    due: DueDate
    counts_as: ConsultationAnswer = ConsultationAnswer.NO_OBJECTION
    silent_since: datetime  # the instant the limit ended
    recorded_at: datetime
