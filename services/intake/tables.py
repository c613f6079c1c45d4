"""Tables of the intake database. A personal number is here only sealed, as a keyed hash, or masked."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Base(SQLModel, registry=registry()):
    """Own registry: the tables of two services never mix."""


def _at(*, nullable: bool = False) -> "Column[datetime]":
    return Column(DateTime(timezone=True), nullable=nullable)


def _json(*, nullable: bool = False) -> "Column[Any]":
    return Column(JSONB(none_as_null=True), nullable=nullable)


def _list() -> "Column[Any]":
    return Column(JSONB, nullable=False, server_default=text("'[]'::jsonb"))


class CatalogueVersionRow(Base, table=True):
    """One import of the catalogue, with what it defined besides items."""

    __tablename__: ClassVar[str] = "catalogue_version"

    version: int = Field(primary_key=True)
    sha256: str
    imported_at: datetime = Field(sa_column=_at())
    departments: list[dict[str, Any]] = Field(sa_column=_json())
    certificate_types: list[dict[str, Any]] = Field(sa_column=_json())
    bundles: list[dict[str, Any]] = Field(sa_column=_json())


class ItemVersionRow(Base, table=True):
    """One version of a service item: never changed, never removed, because cases are pinned to it."""

    __tablename__: ClassVar[str] = "item_version"

    item_code: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    catalogue_version: int
    content_hash: str
    content: dict[str, Any] = Field(sa_column=_json())


class ItemRow(Base, table=True):
    """Which version of an item is in force; `active` is false when a later catalogue no longer has it."""

    __tablename__: ClassVar[str] = "item"

    item_code: str = Field(primary_key=True)
    item_id: str
    version: int
    active: bool


class ApplicationRow(Base, table=True):
    """One application from submission to conclusion."""

    __tablename__: ClassVar[str] = "application"
    __table_args__ = (
        UniqueConstraint("case_no", name="application_case_no"),
        UniqueConstraint("query_code", name="application_query_code"),
        Index("application_applicant", "applicant_key", "application_id"),
        Index("application_submitter", "submitter_id", "application_id"),
        Index(
            "application_together",
            "co_applicants",
            postgresql_using="gin",
            postgresql_ops={"co_applicants": "jsonb_path_ops"},
            postgresql_where=text("co_applicants <> '[]'::jsonb"),
        ),
        Index("application_department", "department_uscc", "application_id"),
        # Sorted bytewise, so that a subtree of divisions is one range of the index.
        Index("application_division", "division", "application_id", postgresql_ops={"division": "text_pattern_ops"}),
        Index("application_channel", "channel", "application_id"),
        Index("application_wakes", "wakes_at", postgresql_where=text("wakes_at IS NOT NULL")),
        Index("application_item", "item_code", "accepted_at", "application_id"),
    )

    application_id: UUID = Field(primary_key=True)
    version: int
    event_no: int
    state: str
    item_code: str
    item_version: int
    item_name: str
    department_uscc: str
    division: str
    channel: str
    party_type: str
    applicant_name: str
    applicant_key: str
    applicant_masked: str
    applicant_sealed: str
    co_applicants: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default="[]")
    )
    agent: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    submitter_id: str
    submitted_by: dict[str, Any] = Field(sa_column=_json())
    submitted_at: datetime = Field(sa_column=_at())
    form_sealed: str | None = None
    materials: list[dict[str, Any]] = Field(sa_column=_json())
    case_no: str | None = None
    query_code: str | None = None
    received_at: datetime | None = Field(sa_column=_at(nullable=True))
    received_by: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    notice_due: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    supplement: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    earlier_supplements: list[dict[str, Any]] = Field(sa_column=_list())
    corrections: list[dict[str, Any]] = Field(sa_column=_list())
    accepted_at: datetime | None = Field(sa_column=_at(nullable=True))
    accepted_by: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    legal_due: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    promised_due: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    deemed: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    renews: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    acceptance_order: int | None = None
    refusal: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    returned: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    withdrawn_at: datetime | None = Field(sa_column=_at(nullable=True))
    withdrawal_reason: str | None = None
    outcome: str | None = None
    decided_at: datetime | None = Field(sa_column=_at(nullable=True))
    delivery_due: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    hand_over: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    concluded_at: datetime | None = Field(sa_column=_at(nullable=True))
    bundle_no: str | None = None
    course: dict[str, Any] | None = Field(default=None, sa_column=_json(nullable=True))
    # When the law acts by itself next; what is not due is never touched.
    wakes_at: datetime | None = Field(sa_column=_at(nullable=True))


class CaseSequenceRow(Base, table=True):
    """Last case number given for an item on a day: numbers are unique and without gaps among committed receipts."""

    __tablename__: ClassVar[str] = "case_sequence"

    item_code: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    last_given: int


class HeldCertificateRow(Base, table=True):
    """Certificates of the library as its events tell them: what may be reused, and for whom; a row for each holder."""

    __tablename__: ClassVar[str] = "held_certificate"
    __table_args__ = (Index("held_certificate_holder", "holder_key", "type_code"),)

    identifier: str = Field(primary_key=True)
    holder_key: str = Field(primary_key=True)
    holder_name: str | None = None
    type_code: str
    type_name: str
    valid_from: date
    valid_until: date | None
    status: str
    region_name: str | None = None  # of another region's certificate: who issued it
    trusted_until: date | None = None  # and until when it counts without being asked for again
    # Version of the event that told last how it stands.
    told: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))


class ReliedUponRow(Base, table=True):
    """A certificate that an accepted case counts on; `material_no` 0: one it renews or amends. Only added to.

    Each row with a material is an upload that the applicant was spared.
    """

    __tablename__: ClassVar[str] = "relied_upon"
    __table_args__ = (
        Index("relied_upon_base", "base"),
        Index("relied_upon_item", "item_code", "relied_at"),
    )

    application_id: UUID = Field(primary_key=True)
    identifier: str = Field(primary_key=True)
    material_no: int = Field(primary_key=True)
    base: str  # the identifier whatever its version
    item_code: str
    relied_at: datetime = Field(sa_column=_at())


class RecallRow(Base, table=True):
    """A case handed to its department because a certificate it relied on was taken away; once for each certificate."""

    __tablename__: ClassVar[str] = "recall"
    __table_args__ = (UniqueConstraint("application_id", "cause", name="recall_once"),)

    recall_id: UUID = Field(primary_key=True)
    application_id: UUID
    cause: str  # base of the certificate taken away
    through: list[str] = Field(sa_column=_json())
    recalled_at: datetime = Field(sa_column=_at())
    outcome: str | None = None  # as its department answered


class CaseDocumentRow(Base, table=True):
    """Documents of a case that exist and can be handed over: its certificate and its papers."""

    __tablename__: ClassVar[str] = "case_document"

    application_id: UUID = Field(primary_key=True)
    number: str = Field(primary_key=True)
    kind: str
    issued_at: datetime = Field(sa_column=_at())


class CaseNoticeRow(Base, table=True):
    """What approval told about a case that its applicant must see, by the version of the case that told it."""

    __tablename__: ClassVar[str] = "case_notice"

    application_id: UUID = Field(primary_key=True)
    case_version: int = Field(primary_key=True)
    kind: str
    at: datetime = Field(sa_column=_at())
    text: str


class CertificateNoticeRow(Base, table=True):
    """What a department proposed and decided about a certificate after its grant, as its holder must see it."""

    __tablename__: ClassVar[str] = "certificate_notice"

    decision_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    identifier: str = Field(index=True)
    kind: str
    at: datetime = Field(sa_column=_at())
    text: str


class BarredRow(Base, table=True):
    """Who may make no informed commitment, and until when; nobody is removed, the day just passes.

    Each division keeps its own record, which holds everywhere; none changes that of another.
    """

    __tablename__: ClassVar[str] = "barred_applicant"

    subject_key: str = Field(primary_key=True)
    division: str = Field(primary_key=True)
    masked_number: str
    barred_until: date
    reason: str
    recorded_by: str
    recorded_at: datetime = Field(sa_column=_at())


class QuotaRow(Base, table=True):
    """How many may be granted of an item limited in number, counted from a day on."""

    __tablename__: ClassVar[str] = "item_quota"

    item_code: str = Field(primary_key=True)
    quota: int
    counts_from: date
    reason: str
    recorded_by: str
    recorded_at: datetime = Field(sa_column=_at())


class CalendarLoadRow(Base, table=True):
    """Every load of a year's working-day calendar. `passes` counts how often open clocks were gone through for it."""

    __tablename__: ClassVar[str] = "calendar_load"
    __table_args__ = (Index("calendar_load_open", "year", postgresql_where=text("passes < 2")),)

    year: int = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    touches_from: date
    loaded_by: str
    loaded_at: datetime = Field(sa_column=_at())
    kept_at: datetime = Field(sa_column=_at())
    passes: int = 0
