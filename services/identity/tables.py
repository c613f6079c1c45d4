"""Tables of identity. Numbers of people are sealed and found by `subject_key`; secrets are kept as hashes only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Column, DateTime, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Base(SQLModel, registry=registry()):
    """Metadata of this service only."""


def _texts() -> Any:
    return Field(sa_column=Column(ARRAY(Text), nullable=False))


def _at(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=nullable))


def _account(*, primary_key: bool = False) -> Any:
    return Field(foreign_key="accounts.id", primary_key=primary_key)


class OrganisationRow(Base, table=True):
    """A body of the administration: department or township."""

    __tablename__ = "organisations"
    uscc: str = Field(primary_key=True)
    short_id: str  # the catalogue's id, e.g. scjg
    name: str
    division: str
    kind: str  # DEPARTMENT | TOWNSHIP | GOVERNMENT | INSTITUTION


class PartyRow(Base, table=True):
    """A person or enterprise that applies."""

    __tablename__ = "parties"
    id: UUID = Field(primary_key=True)
    party_type: str  # PERSON | ORGANISATION
    name: str
    subject_key: str = Field(unique=True)
    sealed_number: str
    masked_number: str


class AccountRow(Base, table=True):
    __tablename__ = "accounts"
    id: UUID = Field(primary_key=True)
    username: str = Field(unique=True)
    password_hash: str
    password_changed_at: datetime = _at()
    name: str
    party_id: UUID | None = Field(default=None, foreign_key="parties.id", unique=True)
    organisation: str | None = Field(default=None, foreign_key="organisations.uscc")
    division: str
    failures: int
    locked_until: datetime | None = _at(nullable=True)
    disabled_at: datetime | None = _at(nullable=True)
    version: int
    created_at: datetime = _at()
    demo: bool


class AccountRoleRow(Base, table=True):
    __tablename__ = "account_roles"
    account_id: UUID = _account(primary_key=True)
    role: str = Field(primary_key=True)


class RepresentationRow(Base, table=True):
    """An enterprise agent may act for this organisation."""

    __tablename__ = "representations"
    account_id: UUID = _account(primary_key=True)
    party_id: UUID = Field(primary_key=True, foreign_key="parties.id")


class ClientRow(Base, table=True):
    __tablename__ = "clients"
    client_id: str = Field(primary_key=True)
    name: str
    secret_hash: str
    jwks: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))
    auth_methods: list[str] = _texts()
    grant_types: list[str] = _texts()
    redirect_uris: list[str] = _texts()
    logout_uris: list[str] = _texts()
    roles: list[str] = _texts()
    organisation: str | None = Field(default=None, foreign_key="organisations.uscc")
    division: str
    channel: str
    refresh_idle_seconds: int
    refresh_seconds: int
    disabled_at: datetime | None = _at(nullable=True)


class SessionRow(Base, table=True):
    """A logged-in browser; the cookie is known by its hash only."""

    __tablename__ = "sessions"
    __table_args__ = (Index("sessions_expires_at", "expires_at"),)
    id: UUID = Field(primary_key=True)
    token_hash: str = Field(unique=True)
    account_id: UUID = _account()
    authenticated_at: datetime = _at()
    seen_at: datetime = _at()
    expires_at: datetime = _at()
    ended_at: datetime | None = _at(nullable=True)


class FamilyRow(Base, table=True):
    """Refresh family: all that grew out of one code."""

    __tablename__ = "refresh_families"
    __table_args__ = (
        Index("refresh_families_expires_at", "expires_at"),
        Index("refresh_families_session_id", "session_id"),
    )
    id: UUID = Field(primary_key=True)
    client_id: str = Field(foreign_key="clients.client_id")
    account_id: UUID = _account()
    session_id: UUID | None = Field(
        default=None, sa_column=Column(ForeignKey("sessions.id", ondelete="SET NULL"), nullable=True)
    )
    scope: str
    authenticated_at: datetime = _at()
    expires_at: datetime = _at()
    newest: int
    revoked_at: datetime | None = _at(nullable=True)
    revoked_reason: str | None = None


class RefreshTokenRow(Base, table=True):
    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("refresh_tokens_family_id", "family_id"),)
    token_hash: str = Field(primary_key=True)
    family_id: UUID = Field(sa_column=Column(ForeignKey("refresh_families.id", ondelete="CASCADE"), nullable=False))
    sequence: int
    expires_at: datetime = _at()
    used_at: datetime | None = _at(nullable=True)


class CodeRow(Base, table=True):
    __tablename__ = "authorization_codes"
    __table_args__ = (
        Index("authorization_codes_expires_at", "expires_at"),
        Index("authorization_codes_session_id", "session_id"),
    )
    code_hash: str = Field(primary_key=True)
    client_id: str = Field(foreign_key="clients.client_id")
    account_id: UUID = _account()
    session_id: UUID = Field(sa_column=Column(ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False))
    redirect_uri: str
    challenge: str
    nonce: str
    scope: str
    authenticated_at: datetime = _at()
    expires_at: datetime = _at()
    used_at: datetime | None = _at(nullable=True)
    family_id: UUID | None = None


class AssertionRow(Base, table=True):
    """Client assertions seen, so that each is used once."""

    __tablename__ = "client_assertions"
    __table_args__ = (Index("client_assertions_expires_at", "expires_at"),)
    client_id: str = Field(primary_key=True)
    jti_hash: str = Field(primary_key=True)
    expires_at: datetime = _at()


class AuditRow(Base, table=True):
    """Security log: who, what, with which client, with which result. Kept; holds no typed user name and no number."""

    __tablename__ = "audit"
    __table_args__ = (Index("audit_account_at", "account_id", "at"),)
    id: UUID = Field(primary_key=True)
    at: datetime = _at()
    act: str  # LOG_IN | LOG_OUT | CODE_REUSED | REFRESH_REUSED | REVOKE | CLIENT_REFUSED
    result: str  # OK | REFUSED | LOCKED
    account_id: UUID | None = None
    client_id: str | None = None
