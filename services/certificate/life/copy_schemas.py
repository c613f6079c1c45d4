"""Prints and purpose-stamped copies over HTTP."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.certificate.domain.copies import CopyKind, Stamp
from services.certificate.schemas import CaseNo, Purpose

_API = "/api/v1"


class PrintIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Purpose | None = Field(None, description="补证的原因；第一次打印不填")
    purpose: Purpose | None = Field(None, description="申请事由；没有在办办件的必填")
    case_no: CaseNo | None = Field(None, description="所办的在办办件编号")

    @property
    def said(self) -> str:
        return self.reason or ""


class CopyIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    purpose: Purpose = Field(description="用途，印在加注件上")
    expires_on: date = Field(description="加注件的有效期届满日，不晚于证照的有效期")


class CopyOut(BaseModel):
    copy_id: UUID
    identifier: str
    kind: CopyKind
    number: int = Field(description="打印：0 为正本，n 为第 n 号副本；加注件：该证照的第几件")
    mark: str = Field(description="印在文件上的标记；正本没有")
    purpose: str
    expires_on: date | None
    made_at: datetime
    file_url: str

    @classmethod
    def of(cls, identifier: str, copy_id: UUID, stamp: Stamp, made_at: datetime) -> "CopyOut":
        of = f"{_API}/certificates/{identifier}"
        return cls(
            copy_id=copy_id,
            identifier=identifier,
            kind=stamp.kind,
            number=stamp.ordinal,
            mark=stamp.mark,
            purpose=stamp.purpose,
            expires_on=stamp.expires_on,
            made_at=made_at,
            file_url=f"{of}/copies/{copy_id}/file" if stamp.mark else f"{of}/file",
        )


class CopyList(BaseModel):
    items: list[CopyOut]
