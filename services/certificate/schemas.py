"""Bodies and answers of the certificate API. A holder's number goes in by search and never comes out in full."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from contracts.events.certificate import CertificateOrigin, CertificateStatus, PaperKind
from contracts.events.common import PartyType
from services.certificate.domain.copies import CopyKind, Stamp
from services.certificate.domain.holders import ORGANISATION, of_row
from services.certificate.domain.verification import Reason, Verdict, masked_name
from services.kernel.codes import holds_citizen_id


def without_number(text: str) -> str:
    """What a reader says of his reasons is kept in clear: a citizen's number has no place in it."""
    if holds_citizen_id(text):
        raise PydanticCustomError("number_in_text", "文字中不得包含公民身份号码")
    return text


# PostgreSQL stores no NUL, and nothing of ours prints control characters.
PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
CASE_NO = r"^[0-9A-Z]{43}$"
_Free = AfterValidator(without_number)
Purpose = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200, pattern=PRINTABLE), _Free
]
CaseNo = Annotated[str, StringConstraints(pattern=CASE_NO)]
CallerField = Literal["certificate_number", "holder_name", "holder_number", "case", "item", "file"]
FileState = Literal["READY", "IN_THE_MAKING", "FAILED", "ON_REQUEST"]


class SearchIn(BaseModel):
    """Certificates of one holder. Without a number: the caller's own."""

    model_config = ConfigDict(extra="forbid")

    number: str | None = Field(None, max_length=40, description="公民身份号码或统一社会信用代码；不填则查询本人")
    party_type: PartyType | None = Field(None, description="不填则按号码判断")
    type_code: str | None = Field(None, pattern=r"^[0-9A-Z]{18}[0-9]{3}$", description="证照类型代码，21 位")
    valid_only: bool = False
    purpose: Purpose | None = Field(None, description="申请事由；查询他人证照时必填")
    case_no: CaseNo | None = Field(None, description="所办的办件编号")
    fields: list[CallerField] = Field([], max_length=6, description="需要的字段；不填则为登记允许的全部字段")
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=512)


class PartyOut(BaseModel):
    party_type: PartyType
    name: str
    masked_number: str
    share: str = Field("", description="共有的份额或方式，证照上载明时才有")


class BodyOut(BaseModel):
    uscc: str
    name: str


class FileOut(BaseModel):
    """READY: can be downloaded. ON_REQUEST: an imported certificate's file is made at the first download."""

    state: FileState
    url: str
    sha256: str | None = None
    failed_reason: str | None = Field(None, description="版式文件无法生成的原因，仅 FAILED 时有")


class CertificateOut(BaseModel):
    identifier: str
    type_code: str
    type_name: str
    certificate_number: str = Field(description="编号为公民身份号码时脱敏")
    certificate_version: int
    holder: PartyOut = Field(description="持证人；有多个持证人时为第一个")
    holders: list[PartyOut] = Field(description="全部持证人，按证照上的顺序")
    issuer: BodyOut
    issued_on: date
    valid_from: date
    valid_until: date | None
    status: CertificateStatus
    origin: CertificateOrigin
    case_no: str | None
    item_code: str | None
    item_name: str | None
    file: FileOut
    verify_url: str
    version: int

    def without(self, hidden: Collection[str]) -> "CertificateOut":
        """As a caller sees it whose registration withholds these fields."""
        changed: dict[str, Any] = {}
        if "certificate_number" in hidden:
            changed["certificate_number"] = ""
        if "case" in hidden:
            changed["case_no"] = None
        if "item" in hidden:
            changed |= {"item_code": None, "item_name": None}
        names = {"holder_name": "name", "holder_number": "masked_number"}
        blank = {names[field]: "" for field in names if field in hidden}
        holders = [holder.model_copy(update=blank) for holder in self.holders]
        return self.model_copy(update=changed | {"holder": holders[0], "holders": holders})


class CertificateDetail(CertificateOut):
    """`jws_general`: the signed record as JWS in general form, for those who may have it, with the signatures ES256 and
    SM2SM3 (SM2 with SM3, signer id 1234567812345678, r || s); keys at /.well-known/certificate-jwks.json.

    `jws`: the same record with its ES256 signature alone, compact.
    """

    jws: str | None = None
    jws_general: dict[str, Any] | None = None


class CertificateList(BaseModel):
    items: list[CertificateOut]
    next: str | None = None


class PaperOut(BaseModel):
    paper_id: UUID
    kind: PaperKind
    kind_name: str
    number: str
    issuer: BodyOut
    issued_at: datetime
    file: FileOut


class CasePapersOut(BaseModel):
    """What a case has been given so far, in order of time."""

    case_no: str
    papers: list[PaperOut]
    certificates: list[CertificateOut]


class CertificatePapersOut(BaseModel):
    """What its holder was told about a certificate after its issue: proposals he may speak to, and decisions."""

    identifier: str
    papers: list[PaperOut]


class InTheMaking(BaseModel):
    state: FileState = "IN_THE_MAKING"
    message: str = "版式文件正在生成，请稍后再试"


class VerifiedCertificate(BaseModel):
    """What anybody may know of a genuine certificate: no number, a person's name masked."""

    identifier: str
    type_name: str
    holder_name: str
    issuer_name: str
    issued_on: date
    valid_from: date
    valid_until: date | None

    @classmethod
    def of(cls, row: Any) -> "VerifiedCertificate":
        """Of a stored certificate, ours or adopted from another region."""
        holders = "、".join(masked_name(one["name"], person=one["type"] != ORGANISATION) for one in of_row(row))
        return cls(
            identifier=row.identifier,
            type_name=row.type_name,
            holder_name=holders,
            issuer_name=row.issuer_name,
            issued_on=row.issued_on,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
        )


class VerifiedPaper(BaseModel):
    """What anybody may know of a genuine paper."""

    kind: PaperKind
    kind_name: str
    number: str
    issuer_name: str
    issued_on: date


class VerifiedCopy(BaseModel):
    """What a duplicate or a purpose-stamped copy may be used for."""

    number: int
    mark: str
    purpose: str | None = Field(description="加注件的用途；副本没有")
    expires_on: date | None

    @classmethod
    def of(cls, stamp: Stamp) -> "VerifiedCopy":
        purpose = stamp.purpose if stamp.kind is CopyKind.PURPOSE else None
        return cls(number=stamp.ordinal, mark=stamp.mark, purpose=purpose, expires_on=stamp.expires_on)


class IssuedIn(BaseModel):
    """The registered region that issued a certificate, whose keys it was verified with."""

    region: str
    name: str
    confirmed_at: datetime | None = Field(description="最近一次由该地区答复并核验的时间")
    trusted_until: date | None


class VerificationOut(BaseModel):
    verdict: Verdict
    reason: Reason | None = Field(None, description="不是 VALID 时的原因")
    label: str = Field("", description="结论的中文名称，如“伪造”“已撤销”")
    message: str
    advice: str = Field("", description="应当怎么办")
    region: str | None = Field(None, description="OTHER_REGION: 标识中颁发机构所在行政区划的前六位")
    issued_in: IssuedIn | None = Field(None, description="由已登记的其他地区颁发的证照")
    certificate: VerifiedCertificate | None = None
    paper: VerifiedPaper | None = None
    stamped: VerifiedCopy | None = Field(None, description="所核验的是副本或加注件")
    checked_at: datetime
