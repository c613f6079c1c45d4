"""Bodies of requests of intake. Free text may hold no identity number; a form is masked when it is shown."""

import unicodedata
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from services.intake.domain.handing_in import Claim
from services.intake.domain.materials import CheckOutcome, Source
from services.intake.domain.records import Change, Method, PartyType, RefusalKind
from services.kernel.codes import holds_citizen_id, mask_citizen_id, mask_citizen_ids
from services.kernel.ideographs import is_ideograph
from services.kernel.printable import unprintable

# What a name has no use for and no paper can print: controls, marks that are not seen, pictures, private characters
_NOT_IN_NAMES = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Me", "Sk", "So", "Zl", "Zp"})
_INTEGER_DIGITS = 18


def _clean(text: str) -> str:
    """Free text goes into papers and events in clear, so an identity number has no place in it."""
    if unprintable(text):
        raise PydanticCustomError("unprintable", "文字中不得包含控制字符、不可见字符、表情或自造字")
    if holds_citizen_id(text):
        raise PydanticCustomError("number_in_text", "文字中不得包含公民身份号码")
    return text


def _printable(name: str) -> str:
    """A name goes onto every paper: what cannot be printed would leave the case without any."""
    if any(unicodedata.category(c) in _NOT_IN_NAMES and not is_ideograph(c) for c in name):
        raise PydanticCustomError("name_character", "姓名或名称中不得包含换行、不可见字符、表情或图形符号")
    return name


_Free = AfterValidator(_clean)
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_printable), _Free
]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000), _Free]
Identifier = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z.]{20,128}$")]
Number = Annotated[str, StringConstraints(min_length=1, max_length=40)]
CaseNumber = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{43}$")]
MaterialNo = Annotated[int, Field(ge=1, le=999)]


class In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ApplicantIn(In):
    party_type: PartyType
    number: Number = Field(description="公民身份号码或统一社会信用代码", examples=["43120218770707006X"])
    name: Name


class CoApplicantIn(ApplicantIn):
    share: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = Field(
        "", description="共有的方式或份额，如 共同共有、50%；证照上如此载明"
    )


class AgentIn(In):
    name: Name
    number: Number = Field(description="代理人公民身份号码")


class MaterialIn(In):
    """A material that needs no upload."""

    material_no: MaterialNo
    source: Literal["CERTIFICATE", "PAPER_ORIGINAL", "COMMITMENT", "DEFERRED"] = Field(
        description="电子证照、纸质原件、告知承诺、容缺后补（后两种仅限目录允许的材料）"
    )
    certificate_identifier: Identifier | None = None
    copies: Annotated[int, Field(ge=1, le=99)] = 1
    promised_on: date | None = Field(None, description="容缺后补：承诺补交的日期")

    def claim(self) -> Claim:
        return Claim(self.material_no, Source(self.source), self.certificate_identifier, self.copies, self.promised_on)


Materials = Annotated[list[MaterialIn], Field(max_length=200)]


class ChangeIn(In):
    what: Words = Field(description="变更的事项，如 经营场所、持证人名称", examples=["经营场所"])
    after: Words = Field(description="变更后的内容")
    before: Words | None = Field(None, description="变更前的内容；以证照上载明的为准")

    def change(self) -> Change:
        return Change(self.what, self.after, self.before or "")


class AmendsIn(In):
    """An amendment on application (art. 49): which certificate, and what is to stand on it."""

    certificate_identifier: Identifier
    changes: Annotated[list[ChangeIn], Field(min_length=1, max_length=50)]


class ApplicationIn(In):
    item_code: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{1,40}$")] = Field(
        description="实施编码 (31 位) 或目录短编号", examples=["E02"]
    )
    applicant: ApplicantIn
    co_applicants: Annotated[list[CoApplicantIn], Field(max_length=49)] = Field(
        default_factory=list, description="共同申请人（共有人、配偶）：与申请人共同持有所发的证照"
    )
    agent: AgentIn | None = None
    form: dict[str, Any] = Field(default_factory=dict, description="申请表内容，加密保存")
    materials: Materials = Field(default_factory=list)
    renews: Identifier | None = Field(None, description="延续申请：所延续的电子证照标识（名下有多本时必填）")
    amends: AmendsIn | None = Field(None, description="变更申请：向颁发该证照的事项提出，准予后换发新版证照")
    scenario: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{1,20}$")] | None = Field(
        None, description="办理情形或阶段的编号（办事指南 scenarios、stages）", examples=["E05a"]
    )
    follows: CaseNumber | None = Field(None, description="分阶段办理：前一阶段的办件编号")
    reuse: Literal["none", "auto"] = Field("none", description="auto：自动使用证照库中申请人名下的有效证照")
    division: Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")] | None = Field(
        None, description="收件地行政区划代码；仅系统接入时可指定"
    )


class ReceiptIn(In):
    materials: Materials = Field(default_factory=list, description="窗口当场收到的纸质原件或可用证照")


class FaultIn(In):
    material_no: MaterialNo
    fault: Words
    remedy: Words
    shown_by: MaterialNo | None = Field(
        None, description="再次补正：首次告知时已有的材料，其问题由首次告知后提交的哪项材料才显出"
    )


class SupplementNoticeIn(In):
    faults: Annotated[list[FaultIn], Field(min_length=1, max_length=200)]
    supply_by: date | None = None
    reason: Words | None = Field(None, description="再次补正：首次告知时为何无法发现")


class CorrectionIn(In):
    corrections: Annotated[list[Words], Field(min_length=1, max_length=50)]
    materials: Materials = Field(default_factory=list, description="当场更换的材料")


class ReturnIn(In):
    reason: Words


class ClaimIn(In):
    persons: Annotated[list[Name], Field(min_length=1, max_length=10)] = Field(description="亲自到场的申请人")


class OriginalsIn(In):
    recipient_name: Name = Field(description="领取原件的人")


class DeferredIn(In):
    materials: Materials = Field(description="补交的材料；以文件补交的，直接上传")


class CommitmentCheckIn(In):
    material_no: MaterialNo
    outcome: CheckOutcome
    finding: Words


class SupplementsIn(In):
    materials: Materials = Field(default_factory=list)


class RefusalIn(In):
    kind: RefusalKind
    reason: Words
    competent_body: Name | None = None


class WithdrawalIn(In):
    reason: Words


class HandOverIn(In):
    method: Method
    recipient_name: Name
    recipient_relation: Name = Field("本人", description="与申请人的关系")
    tracking_no: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{4,40}$"), _Free] | None = None


class SearchIn(In):
    party_type: PartyType
    number: Number


def masked(value: Any) -> Any:
    """The value with every citizen ID number in it masked, however deep it lies; one written as a JSON number too."""
    if isinstance(value, str):
        return mask_citizen_ids(value)
    if isinstance(value, int | float) and 10 ** (_INTEGER_DIGITS - 1) <= abs(value) < 10**_INTEGER_DIGITS:
        return mask_citizen_id(str(int(abs(value))))
    if isinstance(value, list):
        return [masked(entry) for entry in value]
    if isinstance(value, dict):
        return {masked(key): masked(entry) for key, entry in value.items()}
    return value
