"""Bodies and answers of the sharing operations (GB/T 36906): every one names its purpose (申请事由, useCause)."""

from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from contracts.events.certificate import CertificateStatus
from contracts.events.common import PartyType
from services.certificate.schemas import PRINTABLE, CallerField, CaseNo, CertificateDetail, Purpose, SearchIn

Identifier = Annotated[str, StringConstraints(max_length=128, pattern=PRINTABLE)]
TypeCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{18}[0-9]{3}$")]
Stated = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128, pattern=PRINTABLE)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    purpose: Purpose | None = Field(None, description="申请事由 (useCause)，必填，200 字以内")
    case_no: CaseNo | None = Field(None, description="所办的办件编号")
    fields: list[CallerField] = Field([], max_length=6, description="需要的字段；不填则为登记允许的全部字段")


class _OfHolder(_Asked):
    number: str = Field(max_length=40, description="持证人的公民身份号码或统一社会信用代码")
    party_type: PartyType | None = Field(None, description="不填则按号码判断")


class SharedSearchIn(_OfHolder):
    """证照检索 (queryCert)."""

    type_code: TypeCode | None = None
    valid_only: bool = False
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=512)


class ByHolderIn(_OfHolder):
    """按持证人和证照类型取证照信息 (GetCertificateDataByHolder)."""

    type_code: TypeCode

    def as_search(self) -> SearchIn:
        return SearchIn(**self.model_dump(), valid_only=True)


class ByIdentifierIn(_Asked):
    """按证照标识取证照信息 (GetCertificateDataByCertificateID, queryCertInfo)."""

    identifier: Identifier


class OneIn(_Asked):
    """One certificate: by its identifier, or the newest of a holder and type."""

    identifier: Identifier | None = None
    number: str | None = Field(None, max_length=40, description="持证人的公民身份号码或统一社会信用代码")
    party_type: PartyType | None = None
    type_code: TypeCode | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_holder = self.number is not None and self.type_code is not None
        if (self.identifier is not None) == by_holder or (self.number is None) != (self.type_code is None):
            raise PydanticCustomError("one_way", "请填写证照标识，或者持证人号码和证照类型代码")
        return self

    def as_search(self) -> SearchIn:
        names = {"number", "party_type", "type_code", "purpose", "case_no", "fields"}
        return SearchIn(**self.model_dump(include=names), limit=1)


class FileIn(OneIn):
    """证照文件 (downloadFile, GetCertificateFileByCertificateID, GetCertificateFileByHolder)."""


class StatedIn(BaseModel):
    """What the caller was told, to be compared; what is not stated is not compared."""

    model_config = ConfigDict(extra="forbid")

    certificate_number: Stated | None = None
    holder_name: Stated | None = None
    holder_number: str | None = Field(None, max_length=40)
    issued_on: date | None = None
    valid_until: date | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.names():
            raise PydanticCustomError("one_stated", "请至少填写一项要核验的内容")
        return self

    def names(self) -> list[str]:
        return [name for name, value in self.model_dump().items() if value is not None]


class VerifyDataIn(OneIn):
    """证照信息核验 (verifyCertInfo): the file itself is verified at certificates/verify (verifyFile)."""

    stated: StatedIn


class VerifiedDataOut(BaseModel):
    """Whether what was stated is what is registered; the registered values are not told."""

    identifier: str | None
    status: CertificateStatus | None = Field(description="没有这样的证照时为空")
    matches: dict[str, bool]
    all_match: bool


class HolderDataOut(BaseModel):
    items: list[CertificateDetail]
