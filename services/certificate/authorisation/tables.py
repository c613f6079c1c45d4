"""The table of authorisations that holders give their agents; numbers are in it as keys only."""

from datetime import date, datetime
from typing import ClassVar, cast
from uuid import UUID

from sqlalchemy import Index, Table
from sqlmodel import Field

from services.certificate.columns import RIGHTS, TEXTS, checked, moment
from services.certificate.tables import Base


class AuthorisationRow(Base, table=True):
    """Given by a holder, taken back by him; otherwise never changed."""

    __tablename__: ClassVar[str] = "authorisation"
    __table_args__ = (
        Index("authorisation_agent", "agent_key", "holder_key"),
        Index("authorisation_holder", "holder_key"),
    )

    id: UUID = Field(primary_key=True)
    holder_key: str
    holder_type: str
    holder_name: str
    agent_key: str
    agent_type: str
    agent_name: str
    agent_masked: str
    rights: list[str] = Field(sa_column=checked("authorisation", RIGHTS))
    types: list[str] = Field(sa_column=checked("authorisation", TEXTS))
    purpose: str
    valid_until: date
    given_at: datetime = Field(sa_column=moment())
    given_by: str
    revoked_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


authorisation = cast(Table, AuthorisationRow.__table__)  # type: ignore[attr-defined]
