"""Tables of the approval database. The applicant's number is here only as the sealed value the event brought."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, DateTime, ForeignKey, Index, String, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Base(SQLModel, registry=registry()):
    """Own registry: the tables of two services never mix."""


def _at() -> "Column[datetime]":
    return Column(DateTime(timezone=True), nullable=False)


def _json(*, nullable: bool = False) -> "Column[Any]":
    return Column(JSONB(none_as_null=True), nullable=nullable)


def _case() -> "Column[UUID]":
    return Column(Uuid, ForeignKey("approval_case.id"), primary_key=True)


class CaseRow(Base, table=True):
    """One case; the facts of its acceptance stay as the event told them."""

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
            postgresql_where=text("state IN ('EXAMINING', 'REVIEWED')"),
        ),
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
    accepted_at: datetime = Field(sa_column=_at())
    accepted_by: str
    accepted_by_name: str
    legal_due_on: date
    legal_due_provisional: bool
    promised_due_on: date
    promised_due_provisional: bool
    opinion_writers: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    item: dict[str, Any] = Field(sa_column=_json())
    applicant: dict[str, Any] = Field(sa_column=_json())
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
    reasons: str
    legal_basis: str
    remedies: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    decided_at: datetime = Field(sa_column=_at())
    decided_by: dict[str, Any] = Field(sa_column=_json())


class WithdrawalRow(Base, table=True):
    """What intake told about withdrawn applications; it may be told before the acceptance is."""

    __tablename__: ClassVar[str] = "withdrawal"

    application_id: UUID = Field(primary_key=True)
    reason: str
    withdrawn_at: datetime = Field(sa_column=_at())
