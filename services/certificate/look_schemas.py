"""Bodies and answers of who may look: the access log, registered callers, presentations."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.events.certificate import CertificateStatus
from services.certificate.domain.presentation import LONGEST_SECONDS
from services.certificate.schemas import Purpose

HolderField = Literal[
    "type_name",
    "certificate_number",
    "holder_name",
    "issuer_name",
    "item_name",
    "issued_on",
    "valid_from",
    "valid_until",
]
CallerField = Literal["certificate_number", "holder_name", "holder_number", "case", "item"]
TypeCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{18}[0-9]{3}$")]


class AccessOut(BaseModel):
    """One read of a certificate, as its holder sees it."""

    at: datetime
    act: str = Field(description="SEARCH 检索、RECORD 查看、FILE 下载、PRESENTED 亮证、RELIED 办件使用")
    organisation: str
    organisation_name: str
    channel: str
    ground: str = Field(description="CASE 经办办件、WITH_PURPOSE 有申请事由、PRESENTED 本人亮证、RELIED 办件使用")
    purpose: str
    case_no: str | None
    identifier: str | None
    type_name: str | None


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CallerIn(_In):
    """A registration; sent again it replaces the one before. Empty lists: any."""

    caller: Annotated[
        str,
        StringConstraints(
            pattern=r"^(client:[0-9A-Za-z._-]{1,64}|organisation:[0-9A-Z]{18}|default:(STAFF|PLATFORM))$"
        ),
    ]
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    types: Annotated[list[TypeCode], Field(max_length=500)] = Field(default_factory=list)
    fields: Annotated[list[CallerField], Field(max_length=20)] = Field(default_factory=list)
    purposes: Annotated[list[Purpose], Field(max_length=100)] = Field(default_factory=list)
    daily_limit: Annotated[int, Field(ge=0, le=10_000_000)]
    valid_from: date
    valid_until: date | None = None
    closed: bool = False


class CallerOut(BaseModel):
    caller: str
    name: str
    types: list[str]
    fields: list[str]
    purposes: list[str]
    daily_limit: int
    valid_from: date
    valid_until: date | None
    closed: bool
    registered_by: str
    registered_at: datetime


class PresentationIn(_In):
    fields: Annotated[list[HolderField], Field(min_length=1, max_length=8)] = Field(description="出示的字段")
    seconds: Annotated[int, Field(ge=10, le=LONGEST_SECONDS)] = 120


class PresentationOut(BaseModel):
    code: str
    runs_out_at: datetime
    fields: list[str]


class CodeIn(_In):
    code: Annotated[str, StringConstraints(pattern=r"^[A-Z2-9]{20}$")]


class PresentedOut(BaseModel):
    """Only what the holder chose, and whether it is valid now."""

    status: CertificateStatus
    shown: dict[str, Any]
