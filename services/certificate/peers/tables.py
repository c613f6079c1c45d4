"""Tables of peers: who is registered, which requests were seen, and certificates issued elsewhere that we adopted."""

from datetime import date, datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, LargeBinary, String, Table, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class PeerBase(SQLModel, registry=registry()):
    """Own registry: the tables came with a later migration than those of the library."""


def _at(*, nullable: bool = False) -> "Column[datetime]":
    return Column(DateTime(timezone=True), nullable=nullable)


class PeerRow(PeerBase, table=True):
    """A registered library and its pinned keys. What each side may ask are two rows of `caller`.

    `head_size` and `head_root` are the newest head of its log that we have seen: a later one must contain it.
    """

    __tablename__: ClassVar[str] = "peer"

    region: str = Field(sa_column=Column(String(12), primary_key=True))
    name: str
    base_url: str
    jwks: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    seal_roots: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    stamp_roots: list[str] = Field(sa_column=Column(JSONB, nullable=False, server_default="[]"))
    types: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))  # their type code -> ours
    trust_days: int
    valid_from: date
    valid_until: date | None
    closed: bool
    head_size: int = Field(sa_column=Column(BIGINT, nullable=False))
    head_root: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    registered_by: str
    registered_at: datetime = Field(sa_column=_at())


class PeerRequestRow(PeerBase, table=True):
    """A signed request that was answered: it is answered once."""

    __tablename__: ClassVar[str] = "peer_request"
    __table_args__ = (Index("peer_request_runs_out", "runs_out_at"),)

    region: str = Field(sa_column=Column(String(12), primary_key=True))
    request_sha256: str = Field(primary_key=True)
    runs_out_at: datetime = Field(sa_column=_at())


class PeerToldRow(PeerBase, table=True):
    """Which peers were told of a certificate of ours. `notice_at`: when they are told that it stands otherwise now."""

    __tablename__: ClassVar[str] = "peer_told"
    __table_args__ = (Index("peer_told_notice", "notice_at", postgresql_where=text("notice_at IS NOT NULL")),)

    certificate_id: UUID = Field(primary_key=True)
    region: str = Field(sa_column=Column(String(12), primary_key=True))
    notice_at: datetime | None = Field(default=None, sa_column=_at(nullable=True))


class ForeignCertificateRow(PeerBase, table=True):
    """A certificate that another region issued: its own signed record and proof, and how long we trust the last answer.

    Never signed by us, no leaf of our log, and never a row of `certificate`.
    """

    __tablename__: ClassVar[str] = "foreign_certificate"
    __table_args__ = (
        Index("foreign_certificate_holders", "holder_keys", postgresql_using="gin"),
        Index("foreign_certificate_again", "again_at", postgresql_where=text("again_at IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    version: int  # counts the events told about it
    region: str
    identifier: str = Field(unique=True)
    certificate_version: int
    type_code: str  # ours, for what it stands for here; theirs is in the record
    type_name: str
    number_shown: str
    issuer_uscc: str
    issuer_name: str
    issuer_division: str
    holder_type: str  # of the first holder; all of them, in order, are in `holders` when there are several
    holder_name: str
    holder_key: str
    holder_masked: str
    holders: list[dict[str, str]] | None = Field(
        default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True)
    )
    holder_keys: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    issued_on: date
    valid_from: date
    valid_until: date | None
    status: str
    # Status, type and the two moments of trust, once more: those in the row are believed while they agree with it.
    standing_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False, server_default=text("''")))
    record_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    record_sha256: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    proof: dict[str, Any] = Field(
        sa_column=Column(JSONB, nullable=False)
    )  # leaf, path and the signed head they lead to
    adopted_at: datetime = Field(sa_column=_at())
    # By whom of ours and for what it was asked last; the clock asks again under the same purpose.
    asked_at: datetime = Field(sa_column=_at())
    purpose: str
    case_no: str
    confirmed_at: datetime = Field(sa_column=_at())
    trusted_until: date  # the last day on which the answer is relied upon
    again_at: datetime | None = Field(default=None, sa_column=_at(nullable=True))  # when it is asked again by itself
    relied_at: datetime | None = Field(default=None, sa_column=_at(nullable=True))


def _table(row: type[PeerBase]) -> Table:
    return cast(Table, row.__table__)  # type: ignore[attr-defined]


peer = _table(PeerRow)
peer_request = _table(PeerRequestRow)
peer_told = _table(PeerToldRow)
foreign_certificate = _table(ForeignCertificateRow)
