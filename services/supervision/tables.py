"""Tables of the supervision database. No personal number is here, not even sealed: only the keys that join services."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

OPEN = "decided_at IS NULL AND refused_at IS NULL AND withdrawn_at IS NULL AND ended_at IS NULL"
PENDING = f"accepted_at IS NOT NULL AND {OPEN}"


class Base(SQLModel, registry=registry()):
    """Own registry: the tables of two services never mix."""


def _at(*, nullable: bool = True) -> "Column[datetime]":
    return Column(DateTime(timezone=True), nullable=nullable)


def _json() -> "Column[Any]":
    return Column(JSONB(none_as_null=True), nullable=True)


def _by_time(column: str) -> Index:
    """Statistics read whole periods and rows come roughly in that order: a block range index is enough, and small."""
    return Index(
        f"supervised_case_{column}",
        column,
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 16, "autosummarize": True},
    )


class CaseRow(Base, table=True):
    """What is known of a case. Events of two services may come in any order, so almost everything may be missing.

    `version` counts the events supervision itself publishes about the case.
    """

    __tablename__: ClassVar[str] = "supervised_case"
    __table_args__ = (
        UniqueConstraint("case_no", name="supervised_case_no"),
        # The sweep reads this and nothing else.
        Index("supervised_case_next_light", "next_light_at", postgresql_where=text("next_light_at IS NOT NULL")),
        Index("supervised_case_pending", "accepted_at", postgresql_where=text(PENDING)),
        Index("supervised_case_unarmed", "missing_year", postgresql_where=text("missing_year IS NOT NULL")),
        _by_time("received_at"),
        _by_time("accepted_at"),
        _by_time("decided_at"),
        _by_time("concluded_at"),
        _by_time("rated_at"),
    )

    case_id: UUID = Field(primary_key=True)
    version: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    case_no: str | None = None
    item_code: str | None = None
    item_id: str | None = None
    item_name: str | None = None
    item_kind: str | None = None
    department_uscc: str | None = None
    department_name: str | None = None
    division: str | None = None
    channel: str | None = None
    applicant_key: str | None = None
    co_applicant_keys: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text), nullable=True))
    agent_key: str | None = None
    submitter_id: str | None = None
    legal: dict[str, Any] | None = Field(default=None, sa_column=_json())
    promised: dict[str, Any] | None = Field(default=None, sa_column=_json())
    submitted_at: datetime | None = Field(default=None, sa_column=_at())
    received_at: datetime | None = Field(default=None, sa_column=_at())
    complete_at: datetime | None = Field(default=None, sa_column=_at())  # limits that run from receipt start here
    supplement_open: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    accepted_at: datetime | None = Field(default=None, sa_column=_at())
    decided_at: datetime | None = Field(default=None, sa_column=_at())
    refused_at: datetime | None = Field(default=None, sa_column=_at())
    withdrawn_at: datetime | None = Field(default=None, sa_column=_at())
    concluded_at: datetime | None = Field(default=None, sa_column=_at())
    ended_at: datetime | None = Field(default=None, sa_column=_at())  # terminated or transferred, without a decision
    ledger: list[dict[str, Any]] | None = Field(default=None, sa_column=_json())  # pauses, resumptions, extensions
    marks: list[dict[str, Any]] | None = Field(default=None, sa_column=_json())  # lines the lit clocks are read from
    outcome: str | None = None
    legal_due_on: date | None = None
    legal_due_provisional: bool | None = None
    promised_due_on: date | None = None
    promised_due_provisional: bool | None = None
    told_legal_due_on: date | None = None  # the owning service's own date, to compare with ours
    told_promised_due_on: date | None = None
    on_time: bool | None = None
    early: bool | None = None
    promised_workdays: int | None = None
    used_workdays: int | None = None
    next_light_at: datetime | None = Field(default=None, sa_column=_at())
    missing_year: int | None = None
    satisfaction: str | None = None
    rated_at: datetime | None = Field(default=None, sa_column=_at())


class TimelineRow(Base, table=True):
    """One event of a case, as it was told; kept for ever."""

    __tablename__: ClassVar[str] = "timeline"

    case_id: UUID = Field(primary_key=True)
    event_id: UUID = Field(primary_key=True)
    seq: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    at: datetime = Field(sa_column=_at(nullable=False))
    subject: str
    actor_role: str | None = None
    actor_name: str | None = None
    actor_body: str | None = None
    detail: dict[str, Any] | None = Field(default=None, sa_column=_json())


class LightRow(Base, table=True):
    """A light that went on. The key lets each rule fire once per case and occasion, whoever tries and however often.

    `occasion` tells apart several clocks of one name (two pauses, two departments asked); empty for the case time.
    `department_*` is the body that let the time pass: for a consultation the body asked, otherwise the case's own.
    `voided_at`: its clock turns out to have ended before it was crossed; the light stays on record and does not count.
    """

    __tablename__: ClassVar[str] = "light"
    __table_args__ = (
        UniqueConstraint("case_id", "rule", "occasion", name="light_once"),
        Index("light_department", "department_uscc", "id"),
        # Sorted bytewise, so that a subtree of divisions is one range of the index.
        Index("light_division", "division", "id", postgresql_ops={"division": "text_pattern_ops"}),
    )

    id: UUID = Field(primary_key=True)
    case_id: UUID
    rule: str
    occasion: str = Field(default="", sa_column_kwargs={"server_default": ""})
    clock: str = Field(default="", sa_column_kwargs={"server_default": ""})
    about: str = Field(default="", sa_column_kwargs={"server_default": ""})
    level: str
    department_uscc: str
    department_name: str = Field(default="", sa_column_kwargs={"server_default": ""})
    division: str
    crossed_at: datetime = Field(sa_column=_at(nullable=False))
    fired_at: datetime = Field(sa_column=_at(nullable=False))
    voided_at: datetime | None = Field(default=None, sa_column=_at())


class FindingRow(Base, table=True):
    """A fact supervision found by itself: a date it computes differently, a second supplement notice. Never changed.

    Without a case (a certificate that came from none was read): the reader's body, and where it is overseen.
    """

    __tablename__: ClassVar[str] = "finding"
    __table_args__ = (
        UniqueConstraint("case_id", "kind", "occasion", name="finding_once", postgresql_nulls_not_distinct=True),
    )

    id: UUID = Field(primary_key=True)
    case_id: UUID | None = None
    reader_uscc: str | None = None
    reader_name: str | None = None
    overseen_in: str | None = None
    kind: str
    occasion: str
    happened_at: datetime = Field(sa_column=_at(nullable=False))
    found_at: datetime = Field(sa_column=_at(nullable=False))
    detail: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class RatingRow(Base, table=True):
    """The rating of a service; the case is the key, so that there is at most one."""

    __tablename__: ClassVar[str] = "rating"

    case_id: UUID = Field(primary_key=True)
    satisfaction: str
    comment: str
    given_at: datetime = Field(sa_column=_at(nullable=False))
    given_by: str


class ArmingRow(Base, table=True):
    """One row: the rules and calendar all pending cases are armed with."""

    __tablename__: ClassVar[str] = "arming"

    only: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    fingerprint: str


class OrderRow(Base, table=True):
    """A supervision order and its answer. `version` counts its events; `division` is the issuing supervisor's."""

    __tablename__: ClassVar[str] = "supervision_order"
    __table_args__ = (
        UniqueConstraint("order_no", name="supervision_order_no"),
        Index("supervision_order_department", "department_uscc", "id"),
        Index("supervision_order_division", "division", "id", postgresql_ops={"division": "text_pattern_ops"}),
    )

    id: UUID = Field(primary_key=True)
    version: int
    order_no: str
    kind: str
    case_id: UUID | None = None
    case_no: str | None = None
    item_name: str | None = None
    department_uscc: str
    department_name: str
    division: str
    rule: str
    level: str | None = None
    state_at: datetime = Field(sa_column=_at(nullable=False))
    finding: str
    requirement: str
    reply_by: date
    reply_by_provisional: bool
    reply_within_workdays: int = 0  # what `reply_by` was counted from; 0: stored before it was kept
    issued_at: datetime = Field(sa_column=_at(nullable=False))
    issued_by: str  # the supervisor's name
    issuer_uscc: str
    issuer_name: str
    reply: str | None = None
    replied_at: datetime | None = Field(default=None, sa_column=_at())
    replied_by: str | None = None
    late: bool | None = None
    paper_id: UUID | None = None
    paper_number: str | None = None


class OrderCounterRow(Base, table=True):
    """The last number of a year; locked until its order is committed or taken back, so that there are no gaps."""

    __tablename__: ClassVar[str] = "supervision_order_counter"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int
