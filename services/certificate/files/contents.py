"""What is printed on a certificate and on each official paper: frozen values that the service fills, nothing else.

Required contents: Administrative Licensing Law arts. 32, 38, 44. A value that the law demands has no default, and
reasons, bases and remedies may not be blank, so a paper that lacks them cannot be built.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, TypeAdapter

from services.certificate.files.errors import IncompleteContents

ART_32_1 = "《中华人民共和国行政许可法》第三十二条第一款第（一）项"
ART_32_2 = "《中华人民共和国行政许可法》第三十二条第一款第（二）项"
ART_32_4 = "《中华人民共和国行政许可法》第三十二条第一款第（四）项"
ART_32_5 = "《中华人民共和国行政许可法》第三十二条第一款第（五）项"
ART_78 = "《中华人民共和国行政许可法》第七十八条"


def _demand(contents: object, *names: str) -> None:
    blank = [name for name in names if not (getattr(contents, name) or "").strip()]
    if blank:
        raise IncompleteContents(f"{type(contents).__name__} lacks {', '.join(blank)}")


@dataclass(frozen=True, kw_only=True)
class SealBody:
    """The body whose seal is put on: its full name, its uscc, and what the seal is for."""

    name: str
    uscc: str
    purpose: str = ""  # e.g. 行政许可专用章 on procedural papers; empty: the body's own seal


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row of a certificate: what it is and what it says."""

    label: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """An e-certificate. `reference` is its identifier; the file carries it and verification reads it back."""

    kind: Literal["CERTIFICATE"] = "CERTIFICATE"
    reference: str
    title: str
    number: str
    holder_name: str
    holder_number_label: str  # 公民身份号码 / 统一社会信用代码
    holder_number: str
    issuer_name: str
    issued_on: date
    valid_from: date
    valid_until: date | None  # None: 长期
    lines: tuple[Line, ...] = ()
    verification_url: str
    record_sha256: str = ""  # of the canonical metadata record, ties the file to it

    def __post_init__(self) -> None:
        _demand(self, "reference", "title", "number", "holder_name", "issuer_name")


@dataclass(frozen=True, kw_only=True)
class Remedies:
    """Both ways against an adverse decision, both bodies named (art. 38 para. 2)."""

    reconsideration_body: str
    court: str
    reconsideration_days: int = 60
    litigation_months: int = 6

    def __post_init__(self) -> None:
        _demand(self, "reconsideration_body", "court")


@dataclass(frozen=True, kw_only=True)
class Paper:
    """The common header of all papers. `reference` is the paper's id; numbers of persons arrive here masked."""

    reference: str
    body_name: str
    number: str  # 文号, e.g. 鹤市监受〔2026〕12号
    applicant_name: str
    applicant_number_label: str
    applicant_number: str
    item_name: str
    item_code: str
    case_no: str
    query_code: str
    dated_on: date
    verification_url: str
    agent_name: str = ""


@dataclass(frozen=True, kw_only=True)
class MaterialLine:
    name: str
    form: str  # 原件 / 复印件 / 电子文件 / 电子证照
    copies: int = 1
    note: str = ""  # e.g. 复用电子证照，免提交


@dataclass(frozen=True, kw_only=True)
class Receipt(Paper):
    """申请材料接收凭证"""

    kind: Literal["RECEIPT"] = "RECEIPT"
    materials: tuple[MaterialLine, ...]
    received_at: datetime
    clerk_name: str
    notice_due_on: date  # the fifth working day of art. 32(4)
    notice_due_provisional: bool = False
    contact: str


@dataclass(frozen=True, kw_only=True)
class FaultLine:
    name: str
    fault: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class SupplementNotice(Paper):
    """补正告知书: once, with every fault."""

    kind: Literal["SUPPLEMENT_NOTICE"] = "SUPPLEMENT_NOTICE"
    received_on: date
    faults: tuple[FaultLine, ...]
    supply_by: date
    basis: str = ART_32_4
    consequence: str = (
        "逾期不补正且无正当理由的，视为放弃本次申请，本机关将退回申请材料；可以在材料备齐后重新提出申请。"
    )
    contact: str = ""


@dataclass(frozen=True, kw_only=True)
class NotRequiredNotice(Paper):
    """不受理告知书: the matter needs no licence."""

    kind: Literal["NOT_REQUIRED_NOTICE"] = "NOT_REQUIRED_NOTICE"
    reason: str
    basis: str = ART_32_1
    received_on: date

    def __post_init__(self) -> None:
        _demand(self, "reason", "basis")


@dataclass(frozen=True, kw_only=True)
class AcceptanceRefusal(Paper):
    """不予受理决定书: not this body's power (the competent body is named), or art. 78."""

    kind: Literal["ACCEPTANCE_REFUSAL"] = "ACCEPTANCE_REFUSAL"
    reason: str
    basis: str
    competent_body: str = ""
    remedies: Remedies
    received_on: date

    def __post_init__(self) -> None:
        _demand(self, "reason", "basis")


@dataclass(frozen=True, kw_only=True)
class AcceptanceNotice(Paper):
    """受理通知书"""

    kind: Literal["ACCEPTANCE_NOTICE"] = "ACCEPTANCE_NOTICE"
    accepted_on: date
    legal_due_on: date
    legal_due_provisional: bool = False
    promised_due_on: date
    promised_due_provisional: bool = False
    handling_department: str
    query_method: str
    fee: str = "不收费"
    material_count: int
    basis: str = ART_32_5


@dataclass(frozen=True, kw_only=True)
class GrantDecision(Paper):
    """准予行政许可决定书, or 准予决定书 when the item is not a licence."""

    kind: Literal["GRANT_DECISION"] = "GRANT_DECISION"
    licence: bool
    accepted_on: date
    content: str
    scope: str = ""
    conditions: str = ""
    valid_from: date
    valid_until: date | None
    certificate_name: str = ""
    certificate_within_workdays: int = 10  # art. 44
    basis: str


@dataclass(frozen=True, kw_only=True)
class RefusalDecision(Paper):
    """不予行政许可决定书, or 不予…决定书 when the item is not a licence."""

    kind: Literal["REFUSAL_DECISION"] = "REFUSAL_DECISION"
    licence: bool
    accepted_on: date
    facts: str
    reasons: str
    basis: str
    technical_standard: str = ""  # art. 55
    remedies: Remedies

    def __post_init__(self) -> None:
        _demand(self, "facts", "reasons", "basis")


@dataclass(frozen=True, kw_only=True)
class ProofOfService(Paper):
    """送达回证"""

    kind: Literal["PROOF_OF_SERVICE"] = "PROOF_OF_SERVICE"
    documents: tuple[str, ...]
    method: str  # 直接送达 / 邮寄送达 / 电子送达 / 公告送达
    served_at: datetime
    place: str = ""
    recipient_name: str
    recipient_relation: str
    tracking_no: str = ""
    clerk_name: str


AnyPaper: TypeAlias = (
    Receipt
    | SupplementNotice
    | NotRequiredNotice
    | AcceptanceRefusal
    | AcceptanceNotice
    | GrantDecision
    | RefusalDecision
    | ProofOfService
)
Contents: TypeAlias = Certificate | AnyPaper


@dataclass(frozen=True, kw_only=True)
class Job:
    """One file to make. `at` is the time of sealing (aware); equal jobs give files that read the same."""

    contents: Annotated[Contents, Discriminator("kind")] = field(repr=False)
    seal: SealBody
    at: datetime


_JOBS = TypeAdapter(Job)


def dump_job(job: Job) -> bytes:
    """The job as JSON, to be kept (sealed: it names a person) until the file is made."""
    return _JOBS.dump_json(job)


def load_job(content: bytes) -> Job:
    return _JOBS.validate_json(content)
