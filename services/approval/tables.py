"""Tables of the approval database. The applicant's number is here only as the sealed value the event brought."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, DateTime, ForeignKey, Index, String, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

OPEN = "state IN ('FIRST_EXAMINING', 'EXAMINING', 'REVIEWED', 'SUSPENDED')"
# Dates that move by themselves: an open pause grows, a year without a calendar may be loaded.
MOVING = f"{OPEN} AND (state = 'SUSPENDED' OR legal_due_provisional OR promised_due_provisional)"


class Base(SQLModel, registry=registry()):
    """Own registry: the tables of two services never mix."""


def _at(*, nullable: bool = False) -> "Column[datetime]":
    return Column(DateTime(timezone=True), nullable=nullable)


def _json(*, nullable: bool = False) -> "Column[Any]":
    return Column(JSONB(none_as_null=True), nullable=nullable)


def _case() -> "Column[UUID]":
    return Column(Uuid, ForeignKey("approval_case.id"), primary_key=True)


class CaseRow(Base, table=True):
    """One case; the facts of its acceptance stay as the event told them.

    The due dates are a projection of limits and ledger, as known on `projected_on`: what lists sort by. So are the
    instants after which each light is on. `proceedings` is the present state of what its records tell.
    """

    __tablename__: ClassVar[str] = "approval_case"
    __table_args__ = (
        UniqueConstraint("case_no", name="approval_case_no"),
        Index("approval_case_inbox", "department_uscc", "state", "promised_due_on", "id"),
        # Only what is open has a light; the history does not slow its queries down.
        Index(
            "approval_case_due",
            "department_uscc",
            "promised_due_on",
            "id",
            postgresql_where=text(OPEN),
        ),
        Index(
            "approval_case_first_level",
            "first_level_division",
            "promised_due_on",
            "id",
            postgresql_where=text("state = 'FIRST_EXAMINING'"),
        ),
        Index("approval_case_moving", "projected_on", postgresql_where=text(MOVING)),
    )

    id: UUID = Field(primary_key=True)
    case_no: str
    query_code: str
    state: str
    version: int
    item_code: str
    item_id: str
    department_uscc: str
    division: str
    channel: str
    applicant_name: str
    submitted_at: datetime = Field(sa_column=_at())
    received_at: datetime = Field(sa_column=_at())
    complete_at: datetime | None = Field(default=None, sa_column=_at(nullable=True))
    accepted_at: datetime = Field(sa_column=_at())
    accepted_by: str
    accepted_by_name: str
    legal_due_on: date
    legal_due_provisional: bool
    promised_due_on: date
    promised_due_provisional: bool
    projected_on: date
    warning_after: datetime | None = Field(default=None, sa_column=_at(nullable=True))
    yellow_after: datetime | None = Field(default=None, sa_column=_at(nullable=True))
    red_after: datetime | None = Field(default=None, sa_column=_at(nullable=True))
    first_level_division: str | None = None
    proceedings: dict[str, Any] | None = Field(default=None, sa_column=_json(nullable=True))
    renews: dict[str, Any] | None = Field(default=None, sa_column=_json(nullable=True))
    amends: dict[str, Any] | None = Field(default=None, sa_column=_json(nullable=True))
    opinion_writers: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    item: dict[str, Any] = Field(sa_column=_json())
    applicant: dict[str, Any] = Field(sa_column=_json())
    co_applicants: list[dict[str, Any]] | None = Field(default=None, sa_column=_json(nullable=True))
    agent: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    materials: list[dict[str, Any]] = Field(sa_column=_json())
    opened_at: datetime = Field(sa_column=_at())


class OpinionRow(Base, table=True):
    """One written opinion; nothing is overwritten, the last one counts."""

    __tablename__: ClassVar[str] = "opinion"

    case_id: UUID = Field(sa_column=_case())
    case_version: int = Field(primary_key=True)
    recommendation: str
    text: str
    written_at: datetime = Field(sa_column=_at())
    written_by: dict[str, Any] = Field(sa_column=_json())


class DecisionRow(Base, table=True):
    """The decision; the case is the key, so that there is at most one."""

    __tablename__: ClassVar[str] = "decision"

    case_id: UUID = Field(sa_column=_case())
    outcome: str
    content: str
    conditions: str
    valid_from: date | None
    valid_until: date | None
    facts: str = Field(default="", sa_column_kwargs={"server_default": ""})
    reasons: str
    legal_basis: str
    remedies: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    technical_standard: str = Field(default="", sa_column_kwargs={"server_default": ""})
    certificate_fields: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False, server_default="{}"))
    decided_at: datetime = Field(sa_column=_at())
    decided_by: dict[str, Any] = Field(sa_column=_json())


class WithdrawalRow(Base, table=True):
    """What intake told about withdrawn applications; it may be told before the acceptance is."""

    __tablename__: ClassVar[str] = "withdrawal"

    application_id: UUID = Field(primary_key=True)
    reason: str
    withdrawn_at: datetime = Field(sa_column=_at())


class LedgerRow(Base, table=True):
    """One pause, resumption or extension: what the due dates are derived from. Append-only, by trigger."""

    __tablename__: ClassVar[str] = "ledger_entry"

    case_id: UUID = Field(sa_column=_case())
    case_version: int = Field(primary_key=True)
    kind: str  # PAUSED | RESUMED | EXTENDED
    at: datetime = Field(sa_column=_at())
    cause: str = ""  # of a pause; of an extension, its reason
    article: str = ""
    value: int | None = None
    unit: str | None = None


class RecordRow(Base, table=True):
    """One procedural act as its event told it: notice, record, statement, approver. Append-only."""

    __tablename__: ClassVar[str] = "case_record"

    case_id: UUID = Field(sa_column=_case())
    case_version: int = Field(primary_key=True)
    subject: str
    at: datetime = Field(sa_column=_at())
    content: dict[str, Any] = Field(sa_column=_json())


class ConsultationRow(Base, table=True):
    """A question to another department and how it ended; the texts are in the records."""

    __tablename__: ClassVar[str] = "consultation"
    __table_args__ = (
        Index("consultation_inbox", "department_uscc", "due_on", "case_id", postgresql_where=text("state = 'OPEN'")),
        Index("consultation_due", "due_on", postgresql_where=text("state = 'OPEN'")),
    )

    case_id: UUID = Field(sa_column=_case())
    no: int = Field(primary_key=True)
    department_uscc: str
    department_name: str
    department_division: str
    question: str
    limit_workdays: int
    asked_at: datetime = Field(sa_column=_at())
    due_on: date
    due_provisional: bool
    state: str


class HeldRow(Base, table=True):
    """A certificate as the library's events tell it: what a decision about it needs. `told` is the event's version."""

    __tablename__: ClassVar[str] = "held_certificate"
    __table_args__ = (
        Index("held_certificate_issuer", "issuer_uscc", "identifier"),
        Index("held_certificate_co_holders", "co_holder_keys", postgresql_using="gin"),
    )

    identifier: str = Field(primary_key=True)
    certificate_id: UUID
    type_code: str
    type_name: str
    holder_key: str
    holder_type: str | None = None
    issuer_uscc: str
    status: str
    told: int
    co_holder_keys: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(String), nullable=False, server_default="{}")
    )
    valid_until: date | None = None  # None: for ever, or told before it was kept


class StandingRow(Base, table=True):
    """A decision about a certificate after its grant; one proposal at a time per certificate."""

    __tablename__: ClassVar[str] = "standing_decision"
    __table_args__ = (
        Index("standing_inbox", "department_uscc", "state", "id"),
        Index("standing_holder", "holder_key", "id"),
        Index("standing_one", "identifier", unique=True, postgresql_where=text("state = 'PROPOSED'")),
    )

    id: UUID = Field(primary_key=True)
    identifier: str = Field(sa_column=Column(String, ForeignKey("held_certificate.identifier"), nullable=False))
    department_uscc: str
    holder_key: str
    state: str
    version: int
    act: str
    ground: str
    content: dict[str, Any] = Field(sa_column=_json())
    proposed_by: dict[str, Any] = Field(sa_column=_json())
    proposed_at: datetime = Field(sa_column=_at())
    decided_by: dict[str, Any] | None = Field(default=None, sa_column=_json(nullable=True))
    decided_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))


class RecallRow(Base, table=True):
    """A case to be looked at again, answered once: a certificate it relied on is gone, or a commitment was false."""

    __tablename__: ClassVar[str] = "recall"
    __table_args__ = (Index("recall_open", "recalled_at", "recall_id", postgresql_where=text("outcome IS NULL")),)

    recall_id: UUID = Field(primary_key=True)
    case_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("approval_case.id"), nullable=False, index=True))
    version: int
    ground: str = Field(sa_column=Column(String, nullable=False, server_default="CERTIFICATE"))
    identifier: str  # of the certificate that was taken away
    status: str | None = None
    material: str = Field(sa_column=Column(String, nullable=False, server_default=""))  # committed falsely
    finding: str = Field(sa_column=Column(String, nullable=False, server_default=""))
    through: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    issued: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    concluded: bool
    recalled_at: datetime = Field(sa_column=_at())
    outcome: str | None = None
    reasons: str
    concluded_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))
    concluded_by: str | None = None  # account
