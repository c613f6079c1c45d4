"""Tables of bundle applications, with a registry of their own: they came with their own migration."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class BundleBase(SQLModel, registry=registry()):
    """Own registry: the first migration makes all tables of the other one."""


def _at(*, nullable: bool = False) -> "Column[datetime]":
    return Column(DateTime(timezone=True), nullable=nullable)


def _json(*, nullable: bool = False) -> "Column[Any]":
    return Column(JSONB(none_as_null=True), nullable=nullable)


class BundleApplicationRow(BundleBase, table=True):
    """One bundle application. The columns that decide who sees it have the names of the application's."""

    __tablename__: ClassVar[str] = "bundle_application"
    __table_args__ = (
        Index("bundle_application_no", "bundle_no", unique=True),
        Index("bundle_application_applicant", "applicant_key", "bundle_application_id"),
        Index("bundle_application_submitter", "submitter_id", "bundle_application_id"),
        Index("bundle_application_received", "received_at", postgresql_where=text("state = 'RECEIVED'")),
        Index(
            "bundle_application_division",
            "division",
            "bundle_application_id",
            postgresql_ops={"division": "text_pattern_ops"},
        ),
    )

    bundle_application_id: UUID = Field(primary_key=True)
    bundle_no: str
    version: int
    event_no: int
    state: str
    bundle_id: str
    catalogue_version: int
    stage_no: int
    reuse: bool
    division: str
    channel: str
    party_type: str
    applicant_name: str
    applicant_key: str
    applicant_masked: str
    applicant_sealed: str
    agent: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    submitter_id: str
    submitted_by: dict[str, Any] = Field(sa_column=_json())
    submitted_at: datetime = Field(sa_column=_at())
    form_sealed: str | None = None
    materials: list[dict[str, Any]] = Field(sa_column=_json())
    received_at: datetime | None = Field(sa_column=_at(nullable=True))
    received_by: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    accepted_at: datetime | None = Field(sa_column=_at(nullable=True))
    accepted_by: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    stage_handed_in_at: datetime | None = Field(sa_column=_at(nullable=True))
    extension: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    supplement: dict[str, Any] | None = Field(default=None, sa_column=_json(nullable=True))
    decided_at: datetime | None = Field(sa_column=_at(nullable=True))
    handed_over_at: datetime | None = Field(sa_column=_at(nullable=True))
    concluded_at: datetime | None = Field(sa_column=_at(nullable=True))
    withdrawn_at: datetime | None = Field(sa_column=_at(nullable=True))
    withdrawal_reason: str | None = None


class BundleMemberRow(BundleBase, table=True):
    """One member of a bundle application; `application_id` is the ordinary application it became."""

    __tablename__: ClassVar[str] = "bundle_member"
    __table_args__ = (
        Index("bundle_member_application", "application_id", unique=True),
        Index("bundle_member_department", "department_uscc", "bundle_application_id"),
    )

    bundle_application_id: UUID = Field(primary_key=True)
    member_id: str = Field(primary_key=True)
    position: int
    department_uscc: str | None
    state: str
    application_id: UUID | None
    opened_at: datetime | None = Field(sa_column=_at(nullable=True))
    ended_at: datetime | None = Field(sa_column=_at(nullable=True))
    clock_from: datetime | None = Field(sa_column=_at(nullable=True))
    pauses: list[Any] = Field(sa_column=_json())
    result: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
