"""Bodies and answers of who may look: the access log, registered callers, presentations."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from contracts.events.certificate import CertificateStatus
from services.certificate.domain.presentation import LONGEST_SECONDS
from services.certificate.schemas import PRINTABLE, CallerField, Purpose, without_number

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
TypeField = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=PRINTABLE), AfterValidator(without_number)
]
Caller = Annotated[str, StringConstraints(pattern=r"^(client:[0-9A-Za-z._-]{1,64}|organisation:[0-9A-Z]{18})$")]
TypeCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{18}[0-9]{3}$")]


class AccessOut(BaseModel):
    """One look at a certificate, as its holder reads it; of another person nothing but that it was one."""

    at: datetime
    who: str = Field(description="谁：单位名称；个人不具名")
    act: str
    act_label: str = Field(description="做了什么")
    organisation: str
    organisation_name: str
    channel: str
    channel_label: str
    ground: str
    ground_label: str = Field(description="依据")
    basis: str = Field(description="依据、办件和事由，一句话")
    agent_name: str = Field("", description="代理人，按授权查看、领取或亮证时")
    principal_name: str = Field("", description="授权的持证人")
    purpose: str
    case_no: str | None
    item_name: str | None = Field(description="办件的事项名称")
    identifier: str | None
    type_name: str | None
    refused: bool = Field(description="未予答复的查询")
    refused_why: str = Field(description="未予答复的原因")


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CallerIn(_In):
    """A registration; sent again it replaces the one before. What is not named is not allowed.

    Without purposes: the standard ones, which only bodies of the administration have.
    """

    caller: Caller = Field(description="client:<应用标识> 或 organisation:<统一社会信用代码>")
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    types: Annotated[list[TypeCode], Field(min_length=1, max_length=500)] = Field(description="可查询的证照类型代码")
    fields: Annotated[list[CallerField], Field(min_length=1, max_length=20)] = Field(
        description="可看到的字段；file 为版式文件，印有完整号码"
    )
    purposes: Annotated[list[Purpose], Field(max_length=100)] = Field(
        default_factory=list, description="可用的申请事由，其后可加“：”和说明；行政机关不填的，为通用事由"
    )
    daily_limit: Annotated[int, Field(ge=0, le=10_000_000)]
    valid_from: date
    valid_until: date | None = None
    closed: bool = False
    reason: str = Field("", max_length=200, description="登记或变更的原因，记入变更记录")


class CallerActIn(_In):
    """Why a registration is suspended or resumed."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class CallerChangeOut(BaseModel):
    at: datetime
    act: str = Field(description="REGISTERED 登记或变更、SUSPENDED 停用、RESUMED 恢复")
    changed_by: str
    reason: str
    state: dict[str, Any]


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
    changes: list[CallerChangeOut] = Field([], description="变更记录，仅在查看一个调用方时列出，最新的在前")


class PresentationIn(_In):
    fields: Annotated[list[HolderField | TypeField], Field(min_length=1, max_length=40)] = Field(
        description="出示的字段；该类证照自有的项目写其名称，如主体业态、准驾车型"
    )
    seconds: Annotated[int, Field(ge=10, le=LONGEST_SECONDS)] = 120
    once: bool = Field(False, description="只能查看一次，查看后亮证码即失效")


class PresentationOut(BaseModel):
    code: str
    runs_out_at: datetime
    fields: list[str]


class WithdrawnOut(BaseModel):
    withdrawn: int = Field(description="撤回的亮证码数")


class CodeIn(_In):
    code: Annotated[str, StringConstraints(pattern=r"^[A-Z2-9]{20}$")]


class PresentedOut(BaseModel):
    """Only what the holder chose, and whether it is valid now."""

    status: CertificateStatus
    shown: dict[str, Any]
