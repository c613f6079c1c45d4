"""The table of certificates that wait: decided, and a field of their type is missing or malformed."""

from datetime import datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from sqlalchemy import Column, Index, Table, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.certificate.columns import LACKING, checked, moment
from services.certificate.tables import Base


class WithheldRow(Base, table=True):
    """A decision as it came (its numbers sealed), what it lacks, and since when; `done_at`: it was completed."""

    __tablename__: ClassVar[str] = "withheld_certificate"
    __table_args__ = (
        Index("withheld_certificate_open", "department_uscc", "id", postgresql_where=text("done_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)  # the case, or the standing decision
    subject: str
    event: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    department_uscc: str
    type_code: str
    case_no: str | None = None
    lacking: list[dict[str, str]] = Field(sa_column=checked("withheld_certificate", LACKING))
    withheld_at: datetime = Field(sa_column=moment())
    done_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    done_by: str | None = None


withheld = cast(Table, WithheldRow.__table__)  # type: ignore[attr-defined]
