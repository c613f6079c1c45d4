"""Bodies and answers of peers: their registration, what our people ask elsewhere and what they are shown."""

from base64 import b64decode
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from cryptography import x509
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from contracts.events.certificate import CertificateOrigin, CertificateStatus
from services.certificate.files.jose import PublicKey
from services.certificate.peers.wire import Region, TypeCode
from services.certificate.schemas import PRINTABLE, BodyOut, CallerField, CaseNo, PartyOut, Purpose


def _plain_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise PydanticCustomError("address", "应为 https:// 开头的平台地址，不带参数")
    return text.rstrip("/")


def _usable_keys(keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Kept as we write them: what else the file said of a key means nothing here."""
    try:
        found = [PublicKey.of_jwk(jwk) for jwk in keys]
        for key in found:
            _ = key._usable if key is not None else None
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise PydanticCustomError("keys", "公钥无法读取") from fault
    kept = [dict(key.jwk()) for key in found if key is not None]
    if {key["alg"] for key in kept} != {"ES256", "SM2SM3"}:
        raise PydanticCustomError("keys", "须包含对方的 ES256 和 SM2SM3 公钥")
    return kept


def _readable_roots(roots: list[str]) -> list[str]:
    try:
        for root in roots:
            x509.load_der_x509_certificate(b64decode(root, validate=True))
    except ValueError as fault:
        raise PydanticCustomError("roots", "根证书无法读取") from fault
    return roots


Roots = Annotated[
    list[Annotated[str, StringConstraints(max_length=8192)]], Field(max_length=20), AfterValidator(_readable_roots)
]
Address = Annotated[str, StringConstraints(max_length=300), AfterValidator(_plain_address)]
Keys = Annotated[list[dict[str, Any]], Field(min_length=2, max_length=50), AfterValidator(_usable_keys)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=PRINTABLE)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MayAsk(_In):
    """What the peer may ask of us. Types or fields left out: all there are now; purposes: any."""

    types: Annotated[list[TypeCode], Field(max_length=500)] = Field(default_factory=list)
    fields: Annotated[list[CallerField], Field(max_length=20)] = Field(default_factory=list)
    purposes: Annotated[list[Purpose], Field(max_length=100)] = Field(default_factory=list)
    daily_limit: Annotated[int, Field(ge=0, le=10_000_000)]


class WeAsk(_In):
    """What we may ask of it: its certificate types with those of ours they stand for. Empty purposes: any."""

    types: Annotated[dict[TypeCode, TypeCode], Field(max_length=500)] = Field(default_factory=dict)
    purposes: Annotated[list[Purpose], Field(max_length=100)] = Field(default_factory=list)
    daily_limit: Annotated[int, Field(ge=0, le=10_000_000)]
    trust_days: Annotated[int, Field(ge=0, le=30, description="答复当日之后还可采用几日，其后须重新核验")] = 1


class PeerIn(_In):
    """A registration; sent again it replaces the one before. `keys` are pinned: they are never fetched."""

    region: Region = Field(description="行政区划代码，12 位")
    name: Name
    base_url: Address
    keys: Keys
    seal_roots: Roots = Field(default_factory=list, description="电子印章根证书 (DER, base64)，用于核验对方的版式文件")
    stamp_roots: Roots = Field(default_factory=list, description="时间戳根证书 (DER, base64)")
    may_ask: MayAsk
    we_ask: WeAsk
    valid_from: date
    valid_until: date | None = None
    closed: bool = False

    @model_validator(mode="before")
    @classmethod
    def _key_file_as_it_is(cls, given: Any) -> Any:
        """`keys` may be the whole of the other's certificate-jwks.json, with its roots and its division."""
        if not isinstance(given, dict) or not isinstance(given.get("keys"), dict):
            return given
        file = given["keys"]
        if file.get("division", given.get("region")) != given.get("region"):
            raise PydanticCustomError("region", "公钥文件属于另一地区")
        return (
            {name: file[name] for name in ("seal_roots", "stamp_roots") if name in file}
            | given
            | {"keys": file.get("keys")}
        )


class PeerOut(BaseModel):
    region: str
    name: str
    base_url: str
    key_ids: list[str]
    types: dict[str, str]
    trust_days: int
    valid_from: date
    valid_until: date | None
    closed: bool
    head_size: int = Field(description="最近见到的对方日志头的大小")
    registered_by: str
    registered_at: datetime


class ElsewhereIn(_In):
    """Ask the library of another region: by identifier, or by holder for a type of ours."""

    region: Region | None = Field(None, description="不填则按证照标识中的颁发机构判断")
    identifier: Annotated[str, StringConstraints(strip_whitespace=True, max_length=128, pattern=PRINTABLE)] | None = (
        None
    )
    type_code: TypeCode | None = Field(None, description="本地区的证照类型代码；按持证人查询时必填")
    number: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        None, repr=False, description="本人或所代理单位的号码；按办件查询时不填"
    )
    purpose: Purpose
    case_no: CaseNo | None = Field(None, description="所办的办件编号；工作人员必填此项或 application_id")
    application_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")] | None = None

    @model_validator(mode="after")
    def _one_way_to_ask(self) -> "ElsewhereIn":
        by_holder = self.type_code is not None and self.region is not None
        if (self.identifier is None) == (self.type_code is None) or not (self.identifier or by_holder):
            raise PydanticCustomError("one_of", "请填写 identifier，或者同时填写 region 和 type_code")
        return self


class ForeignOut(BaseModel):
    """A certificate issued elsewhere, as it was verified here."""

    identifier: str
    type_code: str = Field(description="本地区对应的证照类型；空：没有对应的类型，不能免交材料")
    type_name: str
    certificate_number: str
    certificate_version: int
    holder: PartyOut
    holders: list[PartyOut]
    issuer: BodyOut
    issued_on: date
    valid_from: date
    valid_until: date | None
    status: CertificateStatus
    origin: CertificateOrigin
    region: str
    region_name: str
    confirmed_at: datetime = Field(description="最近一次由颁发地区答复并核验的时间")
    trusted_until: date = Field(description="采用截止日；其后须重新核验")
    version: int


class ElsewhereOut(BaseModel):
    region: str
    region_name: str
    items: list[ForeignOut]
