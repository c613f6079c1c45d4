"""Tables of the certificate database. A citizen number is only in `*_sealed` columns; people are found by key."""

from datetime import date, datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from sqlalchemy import Column, DateTime, Identity, Index, LargeBinary, String, Table, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import BIGINT, JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from services.certificate.columns import CO_APPLICANTS, TEXTS, TYPE_DOCUMENT, checked, moment

# What can expire: kept small in the index, because the history of the library is not in it.
IN_FORCE = "status IN ('VALID', 'LOST') AND valid_until IS NOT NULL"


class Base(SQLModel, registry=registry()):
    """Own registry: the tables of two services never mix."""


class CertificateTypeRow(Base, table=True):
    """The catalogue of certificate types (GB/T 36902 shaped): who defines it, who can hold it, how long it is valid."""

    __tablename__: ClassVar[str] = "certificate_type"

    type_code: str = Field(sa_column=Column(String(21), primary_key=True))
    short_id: str
    name: str
    definer_uscc: str
    definer_name: str
    definer_division: str
    holder_category: str
    validity: str
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    # The entry as a whole; None: loaded before types had versions.
    document: dict[str, Any] | None = Field(
        default=None, sa_column=checked("certificate_type", TYPE_DOCUMENT, nullable=True)
    )
    sha256: str = Field(default="", sa_column_kwargs={"server_default": ""})
    imported_at: datetime = Field(sa_column=moment())


class TypeVersionRow(Base, table=True):
    """Every version of a type that was ever loaded: certificates keep the one they were issued under."""

    __tablename__: ClassVar[str] = "certificate_type_version"

    type_code: str = Field(sa_column=Column(String(21), primary_key=True))
    version: int = Field(primary_key=True)
    document: dict[str, Any] = Field(sa_column=checked("certificate_type_version", TYPE_DOCUMENT))
    sha256: str
    imported_at: datetime = Field(sa_column=moment())


class TemplateRow(Base, table=True):
    """A template as it was loaded, by the hash of its parts: every worker prints with it as long as it is named."""

    __tablename__: ClassVar[str] = "certificate_template"

    sha256: str = Field(primary_key=True)
    name: str
    version: str
    declared: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    parts: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    loaded_at: datetime = Field(sa_column=moment())


class CounterRow(Base, table=True):
    """One gapless row of numbers; the row is locked until the numbers taken from it are committed or given back."""

    __tablename__: ClassVar[str] = "counter"

    scope: str = Field(primary_key=True)
    year: int = Field(primary_key=True)
    last: int


class CertificateRow(Base, table=True):
    """One certificate version: its record (JWS, sealed) exists from the start, its file when it has been made."""

    __tablename__: ClassVar[str] = "certificate"
    __table_args__ = (
        UniqueConstraint("source_key", name="certificate_source_key"),
        UniqueConstraint("identifier", name="certificate_identifier"),
        Index("certificate_holder", "holder_key", "issued_at"),
        Index("certificate_case", "case_id", postgresql_where=text("case_id IS NOT NULL")),
        Index("certificate_running_out", "valid_until", postgresql_where=text(IN_FORCE)),
    )

    id: UUID = Field(primary_key=True)
    source_key: str  # what it came from: the case and type, or a keyed hash of the imported line; makes it exactly one
    version: int
    identifier: str
    certificate_version: int
    type_code: str
    type_name: str
    type_version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    template_sha256: str | None = None  # by what its file is printed; None: issued before templates were kept
    number_shown: str  # masked when it is a citizen's number
    issuer_uscc: str
    issuer_name: str
    issuer_division: str
    holder_type: str
    holder_name: str
    holder_key: str
    holder_masked: str
    holders: list[dict[str, str]] | None = Field(  # all of them, in order; None: there is but the one
        default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True)
    )
    issued_at: datetime = Field(sa_column=moment())
    issued_on: date
    valid_from: date
    valid_until: date | None
    status: str
    ground: str | None = None  # of the last act that took something away, as the kernel names it
    decision_id: UUID | None = None  # the decision of approval that did
    origin: str
    case_id: UUID | None
    case_no: str | None
    item_code: str | None
    item_name: str | None
    jws_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    file_name: str | None
    file_sha256: str | None
    file_at: datetime | None = Field(sa_column=moment(nullable=True))


class CoHolderRow(Base, table=True):
    """By whom a certificate is found besides its first holder; what it says of them stands in `certificate`."""

    __tablename__: ClassVar[str] = "co_holder"
    __table_args__ = (Index("co_holder_certificate", "certificate_id"),)  # what is found is compared with the record

    holder_key: str = Field(primary_key=True)
    certificate_id: UUID = Field(primary_key=True, foreign_key="certificate.id")


class CaseRow(Base, table=True):
    """What papers and read scopes need of a case, kept from the events of intake."""

    __tablename__: ClassVar[str] = "case_copy"
    __table_args__ = (UniqueConstraint("case_no", name="case_copy_case_no"),)

    case_id: UUID = Field(primary_key=True)
    case_no: str | None
    query_code: str | None
    item: dict[str, object] = Field(sa_column=Column(JSONB, nullable=False))
    department_uscc: str
    department_division: str
    division: str  # where it was taken in
    channel: str
    applicant_key: str
    applicant_type: str
    applicant_name: str
    applicant_masked: str
    applicant_sealed: str
    co_applicants: list[dict[str, Any]] | None = Field(sa_column=checked("case_copy", CO_APPLICANTS, nullable=True))
    agent_key: str | None
    agent_name: str | None
    agent_masked: str | None
    submitted_by: str | None
    received_by: str | None
    received_at: datetime | None = Field(sa_column=moment(nullable=True))
    materials: list[dict[str, Any]] | None = Field(sa_column=Column(JSONB(none_as_null=True), nullable=True))
    ended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))  # no act on it is left


class PaperRow(Base, table=True):
    """An official paper of a case: one of each kind and occasion (a case may have two hearings, only one receipt).

    Its contents are sealed until they are rendered; `jws_sealed` is the signed record of a receipt.
    """

    __tablename__: ClassVar[str] = "paper"
    __table_args__ = (
        Index("paper_case_kind_occasion", "case_id", "kind", "occasion", unique=True),
        UniqueConstraint("body_uscc", "number", name="paper_number"),
        Index("paper_case_no", "case_no"),
        Index("paper_certificate", "certificate_id", postgresql_where=text("certificate_id IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    version: int
    case_id: UUID
    case_no: str
    kind: str
    occasion: str = Field(sa_column=Column(String, nullable=False, server_default=""))
    number: str
    body_uscc: str
    body_name: str
    # Of a letter of supervision: the body it goes to, and its order. Such a letter is none of the applicant's papers.
    addressee_uscc: str | None = None
    order_no: str = Field(sa_column=Column(String, nullable=False, server_default=""))
    certificate_id: UUID | None = None  # the certificate a notice or decision after the grant is about
    issued_at: datetime = Field(sa_column=moment())
    contents_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    jws_sealed: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    file_name: str | None
    file_sha256: str | None
    file_at: datetime | None = Field(sa_column=moment(nullable=True))


class FileJobRow(Base, table=True):
    """A file to be made. A claim moves `ready_at` past the lease, so a killed maker's job comes back by itself."""

    __tablename__: ClassVar[str] = "file_job"
    __table_args__ = (
        UniqueConstraint("target_kind", "target_id", name="file_job_target"),
        Index("file_job_ready", "ready_at", postgresql_where=text("failed_reason IS NULL")),
    )

    id: int | None = Field(default=None, sa_column=Column(BIGINT, Identity(always=True), primary_key=True))
    target_kind: str  # CERTIFICATE | PAPER | COPY
    target_id: UUID
    attempts: int
    ready_at: datetime = Field(sa_column=moment())
    last_error: str | None
    failed_reason: str | None  # set when trying again cannot help


class CertificateCopyRow(Base, table=True):
    """A print of the production counter or a purpose-stamped copy; numbered per certificate and kind."""

    __tablename__: ClassVar[str] = "certificate_copy"
    __table_args__ = (UniqueConstraint("certificate_id", "kind", "ordinal", name="certificate_copy_number"),)

    id: UUID = Field(primary_key=True)
    certificate_id: UUID = Field(foreign_key="certificate.id")
    kind: str  # PRINT | PURPOSE
    ordinal: int
    purpose: str
    expires_on: date | None
    made_at: datetime = Field(sa_column=moment())
    made_by: str
    file_name: str | None = None
    file_sha256: str | None = None
    file_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    # Where the act that made it is looked for first; what is found there must prove itself (`commands/copy_acts.py`).
    leaf_index: int | None = Field(default=None, sa_column=Column(BIGINT))


class AccessRow(Base, table=True):
    """Who read whose certificates, when and for what (PIPL; mandatory purpose). Only added to, never changed."""

    __tablename__: ClassVar[str] = "access"
    __table_args__ = (
        Index("access_holder", "holder_key", "at"),
        Index("access_refused", "id", postgresql_where=text("refused <> ''")),
    )

    id: int | None = Field(default=None, sa_column=Column(BIGINT, Identity(always=True), primary_key=True))
    at: datetime = Field(sa_column=moment())
    act: str  # SEARCH | RECORD | FILE
    account: str
    client_id: str
    organisation: str
    channel: str
    holder_key: str
    certificate_id: UUID | None
    purpose: str
    case_no: str | None
    found: int
    organisation_name: str = Field(default="", sa_column_kwargs={"server_default": ""})
    ground: str = Field(default="", sa_column_kwargs={"server_default": ""})  # Ground of domain/access
    division: str = Field(default="", sa_column_kwargs={"server_default": ""})  # the reader's
    refused: str = Field(default="", sa_column_kwargs={"server_default": ""})  # code of the error; empty: answered
    refused_why: str = Field(default="", sa_column_kwargs={"server_default": ""})
    agent_name: str = Field(default="", sa_column_kwargs={"server_default": ""})  # who looked for a holder …
    principal_name: str = Field(default="", sa_column_kwargs={"server_default": ""})  # … by whose authorisation


class CallerRow(Base, table=True):
    """Who may query the library beyond his own cases: what, for what, how often a day, from when to when.

    No types or fields: none. No purposes: the standard ones, for bodies of the administration."""

    __tablename__: ClassVar[str] = "caller"

    caller: str = Field(primary_key=True)
    name: str
    types: list[str] = Field(sa_column=checked("caller", TEXTS))
    fields_shown: list[str] = Field(sa_column=checked("caller", TEXTS))
    purposes: list[str] = Field(sa_column=checked("caller", TEXTS))
    daily_limit: int
    valid_from: date
    valid_until: date | None
    closed: bool
    registered_by: str
    registered_at: datetime = Field(sa_column=moment())


class CallerChangeRow(Base, table=True):
    """What was done to a registration, by whom, and how it stood then. Only added to."""

    __tablename__: ClassVar[str] = "caller_change"
    __table_args__ = (Index("caller_change_caller", "caller", "id"),)

    id: int | None = Field(default=None, sa_column=Column(BIGINT, Identity(always=True), primary_key=True))
    caller: str
    at: datetime = Field(sa_column=moment())
    act: str  # REGISTERED | SUSPENDED | RESUMED
    changed_by: str
    reason: str
    state: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class CallerUseRow(Base, table=True):
    """How many queries a registered caller's organisation has made on a day."""

    __tablename__: ClassVar[str] = "caller_use"

    caller: str = Field(primary_key=True)
    organisation: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    used: int


class PresentationRow(Base, table=True):
    """A code by which chosen fields of a certificate can be seen until it runs out; only its hash is kept."""

    __tablename__: ClassVar[str] = "presentation"

    code_sha256: str = Field(primary_key=True)
    certificate_id: UUID
    shown_fields: list[str] = Field(sa_column=checked("presentation", TEXTS))
    made_at: datetime = Field(sa_column=moment())
    runs_out_at: datetime = Field(sa_column=moment())
    once: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})  # runs out with the first look
    authorisation_id: UUID | None = None  # of the agent who shows it for the holder
    agent_name: str = Field(default="", sa_column_kwargs={"server_default": ""})
    principal_name: str = Field(default="", sa_column_kwargs={"server_default": ""})


class LogLeafRow(Base, table=True):
    """One act in the transparency log. Only added to; `hashes` are the tree nodes it completes, its own leaf first.

    The signed record of the act is the certificate's own (`certificate.jws_sealed`, which never changes) when the act
    brought that version into being, and `record_sealed` for every later act.
    """

    __tablename__: ClassVar[str] = "log_leaf"
    __table_args__ = (Index("log_leaf_certificate", "certificate_id", "leaf_index"),)

    leaf_index: int = Field(sa_column=Column(BIGINT, primary_key=True, autoincrement=False))
    certificate_id: UUID
    act: str
    record_sha256: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    hashes: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    record_sealed: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))


class LogStateRow(Base, table=True):
    """The one row that is locked to append: how many leaves there are, and the roots of the perfect subtrees."""

    __tablename__: ClassVar[str] = "log_state"

    id: int = Field(primary_key=True)
    size: int = Field(sa_column=Column(BIGINT, nullable=False))
    frontier: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    to_fill: bool  # there are certificates from before the log that have no leaf yet
    # Leaves whose imported records are signed; those after it may still be drafts (`commands/sign_records.py`).
    records_signed: int = Field(sa_column=Column(BIGINT, nullable=False, server_default="0"))
    # There are copies from before their acts were logged (`commands/log_copies.py`).
    copies_to_fill: bool = Field(sa_column_kwargs={"server_default": "false"})


class LogHeadRow(Base, table=True):
    """A signed head of the log, as it was published."""

    __tablename__: ClassVar[str] = "log_head"

    size: int = Field(sa_column=Column(BIGINT, primary_key=True, autoincrement=False))
    ordinal: int = Field(unique=True)
    root: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    signed_at: datetime = Field(sa_column=moment())
    jws: str
    # The wall clock, which says when the next one is due; `signed_at` follows a test clock.
    made_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()")))


def _table(row: type[Base]) -> Table:
    return cast(Table, row.__table__)  # type: ignore[attr-defined]


# For statements over whole rows; columns are read as `certificate.c.identifier`.
certificate_type = _table(CertificateTypeRow)
type_version = _table(TypeVersionRow)
certificate_template = _table(TemplateRow)
certificate = _table(CertificateRow)
co_holder = _table(CoHolderRow)
case_copy = _table(CaseRow)
paper = _table(PaperRow)
certificate_copy = _table(CertificateCopyRow)
file_job = _table(FileJobRow)
access = _table(AccessRow)
presentation = _table(PresentationRow)
log_leaf = _table(LogLeafRow)
log_state = _table(LogStateRow)
log_head = _table(LogHeadRow)
