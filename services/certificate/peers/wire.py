"""What two libraries say to each other: the signed request, the signed answer, and how each is checked.

Both are JWS in general form (ES256 and SM2SM3) like our records. A request names its asker, its addressee, a number of
its own and the minute it is good for (RFC 7523); an answer names the request it answers, so it fits no other one.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Literal, TypeVar
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from contracts.events.certificate import CertificateStatus
from contracts.events.common import PartyType
from services.certificate.domain.errors import PeerRequestRefused, PeerUntrusted
from services.certificate.domain.peering import REQUEST_SECONDS, Peer, times_fault
from services.certificate.domain.transparency import Act
from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.files.records import RecordSigner, payload_of, verify_record
from services.certificate.schemas import PRINTABLE, Purpose
from services.kernel.errors import FieldError

REQUEST_TYPE = "peer-request+jws"
ANSWER_TYPE = "peer-answer+jws"
NOTICE_TYPE = "peer-notice+jws"
LONGEST_REQUEST = 16 * 1024
MOST = 20  # certificates in one answer
MOST_NOTICED = 100
MOST_HEADS = 32  # told of one certificate
Region = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{11}$")]
Hex = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]
Moment = Annotated[int, Field(ge=0, le=2**40)]
Jws = Annotated[str, StringConstraints(max_length=64 * 1024)]
TypeCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{18}[0-9]{3}$")]


class _Wire(BaseModel):
    """Unknown members are ignored: the other side may be newer."""

    model_config = ConfigDict(frozen=True)


class HolderAsked(_Wire):
    party_type: PartyType
    number: Annotated[str, StringConstraints(max_length=18)] = Field(repr=False)


class Question(_Wire):
    """By identifier, or by holder for a type (the type as the answering side codes it)."""

    identifier: Annotated[str, StringConstraints(max_length=128, pattern=PRINTABLE)] | None = None
    holder: HolderAsked | None = None
    type_code: TypeCode | None = None
    purpose: Purpose
    case_no: Annotated[str, StringConstraints(max_length=64, pattern=r"^[0-9A-Za-z-]*$")] = ""
    head_size: Annotated[int, Field(ge=0, le=2**62)] = 0  # the newest head of the other's log that the asker knows


class Signed(_Wire):
    """What a library says of itself to another one, good for a minute and once."""

    iss: Region
    aud: Region
    jti: Annotated[str, StringConstraints(min_length=16, max_length=64, pattern=PRINTABLE)]
    iat: Moment
    exp: Moment


class Request(Signed):
    question: Question


class Notice(Signed):
    """These certificates stand otherwise than they were told: ask again."""

    identifiers: Annotated[
        list[Annotated[str, StringConstraints(max_length=128)]], Field(min_length=1, max_length=MOST_NOTICED)
    ]


class LeafSaid(_Wire):
    index: Annotated[int, Field(ge=0, le=2**62)]
    act: Act
    path: Annotated[list[Hex], Field(max_length=63)]


class Standing(_Wire):
    """The last act after the first, signed; its place in the log once a head covers it."""

    record: Jws
    leaf: LeafSaid | None = None


class Told(_Wire):
    """One certificate: its signed record with its place in the log, and how it stands now."""

    identifier: Annotated[str, StringConstraints(max_length=128)]
    status: CertificateStatus
    record: Jws
    leaf: LeafSaid
    standing: Standing | None = None
    # The signed heads, compact, that the proofs in its code and in those of its copies lead to.
    code_heads: Annotated[list[Annotated[str, StringConstraints(max_length=4096)]], Field(max_length=MOST_HEADS)] = (
        Field(default_factory=list)
    )


class Answer(_Wire):
    iss: Region
    aud: Region
    answers: Annotated[str, StringConstraints(max_length=64)]
    iat: Moment
    pending: bool = False  # there are more, which the next signed head will cover
    head: Annotated[str, StringConstraints(max_length=4096)]  # signed head of the log, compact; empty: none yet
    consistency: Annotated[list[Hex], Field(max_length=128)] = Field(default_factory=list)
    certificates: Annotated[list[Told], Field(max_length=MOST)]


class RequestIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    request: Annotated[str, StringConstraints(max_length=LONGEST_REQUEST)] = Field(
        description="请求的 JWS 通用形式 (ES256 与 SM2SM3)，typ 为 peer-request+jws"
    )


class NoticeIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    notice: Annotated[str, StringConstraints(max_length=2 * LONGEST_REQUEST)] = Field(
        description="通知的 JWS 通用形式 (ES256 与 SM2SM3)，typ 为 peer-notice+jws"
    )


class NoticeOut(BaseModel):
    """Whether we keep such a certificate is not said."""

    taken: bool = True


class AnswerOut(BaseModel):
    answer: str = Field(description="答复的 JWS 通用形式，typ 为 peer-answer+jws")


_REGION: TypeAdapter[str] = TypeAdapter(Region)
S = TypeVar("S", bound=Signed)
_TYPES: Mapping[type[Signed], str] = {Request: REQUEST_TYPE, Notice: NOTICE_TYPE}


def request(signer: RecordSigner, ours: str, theirs: str, question: Question, *, now: datetime) -> tuple[str, str]:
    """A signed request and its number."""
    said = Request(**_of_this_minute(ours, theirs, now), question=question)
    return signer.sign(said.model_dump(mode="json"), typ=REQUEST_TYPE), said.jti


def notice(signer: RecordSigner, ours: str, theirs: str, identifiers: list[str], *, now: datetime) -> str:
    said = Notice(**_of_this_minute(ours, theirs, now), identifiers=identifiers)
    return signer.sign(said.model_dump(mode="json"), typ=NOTICE_TYPE)


def _of_this_minute(ours: str, theirs: str, now: datetime) -> dict[str, Any]:
    issued = int(now.timestamp())
    return {"iss": ours, "aud": theirs, "jti": uuid4().hex, "iat": issued, "exp": issued + REQUEST_SECONDS}


def asker_of(signed: str) -> str:
    """Who the request says it is from; nothing is believed yet. Raises PeerRequestRefused."""
    try:
        return _REGION.validate_python(payload_of(signed)["iss"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as fault:
        raise _refused("shape", "请求不是有效的签名数据") from fault


def read_signed(signed: str, kind: type[S], peer: Peer, ours: str, *, now: datetime) -> S:
    """Raises PeerRequestRefused: not signed with the peer's registered keys, not for us, or not for this minute."""
    try:
        said = kind.model_validate(verify_record(signed, peer.jwks, typ=_TYPES[kind]))
    except RecordNotAuthentic as fault:
        raise _refused("signature", "签名不是由所登记的公钥作出") from fault
    except ValidationError as fault:
        raise _refused("shape", "请求内容不符合约定") from fault
    if (said.iss, said.aud) != (peer.region, ours):
        raise _refused("audience", "请求不是发给本地区证照库的")
    if fault_of := times_fault({"iat": said.iat, "exp": said.exp}, now):
        raise _refused("time", fault_of)
    return said


def _refused(code: str, detail: str) -> PeerRequestRefused:
    return PeerRequestRefused(detail, errors=[FieldError("/request", code, detail)])


def digest(said: Signed) -> str:
    """By which a request is known again: its number alone, so the same request signed twice is the same one."""
    return sha256(said.jti.encode()).hexdigest()


def read_answer(signed: str, peer: Peer, ours: str, number: str) -> Answer:
    """Raises PeerUntrusted: not signed with the peer's registered keys, or no answer to this request of ours."""
    try:
        said = Answer.model_validate(verify_record(signed, peer.jwks, typ=ANSWER_TYPE))
    except RecordNotAuthentic as fault:
        raise untrusted("answer-signature", "答复不是由所登记的公钥签名，或签名后被改动") from fault
    except ValidationError as fault:
        raise untrusted("answer-shape", "答复内容不符合约定") from fault
    if (said.iss, said.aud, said.answers) != (peer.region, ours, number):
        raise untrusted("answer-other", "答复不是针对本次请求的")
    return said


Fault = Literal[
    "answer-signature",
    "answer-shape",
    "answer-other",
    "head-signature",
    "log-rewritten",
    "record-signature",
    "record-other",
    "record-changed",
    "not-in-log",
    "outside-region",
]


def untrusted(code: Fault, detail: str) -> PeerUntrusted:
    """What came cannot be believed, and nothing of it is kept."""
    return PeerUntrusted(detail, errors=[FieldError("/answer", code, detail)])


def signed_by(peer: Peer, signed: str, typ: str, code: Fault, detail: str) -> Mapping[str, Any]:
    """What a JWS inside the answer says. Raises PeerUntrusted."""
    try:
        return verify_record(signed, peer.jwks, typ=typ)
    except RecordNotAuthentic as fault:
        raise untrusted(code, detail) from fault
