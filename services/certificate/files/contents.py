"""What is printed on a certificate and on each official paper: frozen values that the service fills, nothing else.

Required contents: Administrative Licensing Law arts. 32, 38, 44; further kinds of papers are in contents_procedure and
contents_after. A value that the law demands has no default, and reasons, bases and remedies may not be blank, so a
paper that lacks them cannot be built.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Discriminator, TypeAdapter

from services.certificate.files import contents_after as after
from services.certificate.files import contents_procedure as procedure
from services.certificate.files.contents_base import ART_32_1 as ART_32_1
from services.certificate.files.contents_base import ART_32_2 as ART_32_2
from services.certificate.files.contents_base import ART_32_4 as ART_32_4
from services.certificate.files.contents_base import ART_32_5 as ART_32_5
from services.certificate.files.contents_base import ART_78 as ART_78
from services.certificate.files.contents_base import BUSINESS_36 as BUSINESS_36
from services.certificate.files.contents_base import CoApplicantLine as CoApplicantLine
from services.certificate.files.contents_base import Paper as Paper
from services.certificate.files.contents_base import Remedies as Remedies
from services.certificate.files.contents_base import demand
from services.certificate.files.contents_base import in_short as in_short


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
class HolderLine:
    """One of several holders; `share` as the certificate states it."""

    name: str
    number_label: str
    number: str
    share: str = ""

    def __post_init__(self) -> None:
        demand(self, "name", "number")


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
    holders: tuple[HolderLine, ...] = ()  # all of them where there are several
    issuer_name: str
    issued_on: date
    valid_from: date
    valid_until: date | None  # None: 长期
    lines: tuple[Line, ...] = ()
    verification_url: str
    record_sha256: str = ""  # of the canonical metadata record, ties the file to it
    log_proof: str = ""  # of the transparency log, as the QR code carries it
    mark: str = ""  # stamped on a duplicate or a purpose-stamped copy
    copy_id: str = ""  # of such a copy
    copy_no: int = 0
    copy_purpose: str = ""
    copy_until: date | None = None  # the last day of a purpose-stamped copy

    def __post_init__(self) -> None:
        demand(self, "reference", "title", "number", "holder_name", "issuer_name")


@dataclass(frozen=True, kw_only=True)
class MaterialLine:
    name: str
    form: str  # 原件 / 复印件 / 电子文件 / 电子证照
    copies: int = 1
    note: str = ""  # e.g. 复用电子证照，免提交

    def __post_init__(self) -> None:
        demand(self, "name", "form")


@dataclass(frozen=True, kw_only=True)
class DueLine:
    """A limit and how its last day was found."""

    name: str
    on: date | None  # None: the limit starts with a later act
    provisional: bool = False
    why: str


@dataclass(frozen=True, kw_only=True)
class Receipt(Paper):
    """申请材料接收凭证"""

    DEMANDED: ClassVar = ("clerk_name", "contact")  # materials may all still be missing: the receipt says so

    kind: Literal["RECEIPT"] = "RECEIPT"
    materials: tuple[MaterialLine, ...]
    received_at: datetime
    clerk_name: str
    notice_due_on: date  # the fifth working day of art. 32(4)
    notice_due_provisional: bool = False
    contact: str
    due_dates: tuple[DueLine, ...] = ()
    signed_record: str = ""  # JWS, attached to the file; see papers/receipt_record.py


@dataclass(frozen=True, kw_only=True)
class FaultLine:
    name: str
    fault: str
    remedy: str
    shown_by: str = ""  # of a second notice: the material handed in since that shows it

    def __post_init__(self) -> None:
        demand(self, "name", "fault", "remedy")


@dataclass(frozen=True, kw_only=True)
class SupplementNotice(Paper):
    """补正告知书: once, with every fault."""

    DEMANDED: ClassVar = ("faults", "basis", "consequence")

    kind: Literal["SUPPLEMENT_NOTICE"] = "SUPPLEMENT_NOTICE"
    received_on: date
    faults: tuple[FaultLine, ...]
    supply_by: date
    supply_by_provisional: bool = False
    basis: str = ART_32_4
    consequence: str = (
        "逾期不补正且无正当理由的，视为放弃本次申请，本机关将退回申请材料；可以在材料备齐后重新提出申请。"
    )
    contact: str = ""
    again_because: str = ""  # of a second notice: why this could not be seen the first time


@dataclass(frozen=True, kw_only=True)
class NotRequiredNotice(Paper):
    """不受理告知书: the matter needs no licence."""

    DEMANDED: ClassVar = ("reason", "basis")

    kind: Literal["NOT_REQUIRED_NOTICE"] = "NOT_REQUIRED_NOTICE"
    licence: bool = True
    reason: str
    basis: str = ART_32_1
    received_on: date


@dataclass(frozen=True, kw_only=True)
class AcceptanceRefusal(Paper):
    """不予受理决定书: not this body's power (the competent body is named), or art. 78."""

    DEMANDED: ClassVar = ("reason", "basis")

    kind: Literal["ACCEPTANCE_REFUSAL"] = "ACCEPTANCE_REFUSAL"
    reason: str
    basis: str
    competent_body: str = ""
    remedies: Remedies
    received_on: date
    out_of_scope: bool = True  # art. 32(2); False: false materials, art. 78

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.out_of_scope:
            demand(self, "competent_body")


@dataclass(frozen=True, kw_only=True)
class DeferredLine:
    """A material promised for later (容缺)."""

    name: str
    promised_on: date
    after_grant: bool = False  # a decision does not wait for it

    def __post_init__(self) -> None:
        demand(self, "name")


@dataclass(frozen=True, kw_only=True)
class ClaimLine:
    """The applicants come again, first day to last, after a time to think it over; silence is withdrawal."""

    name: str
    waiting: str
    opens_on: date
    closes_on: date
    closes_provisional: bool = False
    basis: str = ""

    def __post_init__(self) -> None:
        demand(self, "name", "waiting")


@dataclass(frozen=True, kw_only=True)
class AcceptanceNotice(Paper):
    """受理通知书"""

    DEMANDED: ClassVar = ("handling_department", "query_method", "basis")

    kind: Literal["ACCEPTANCE_NOTICE"] = "ACCEPTANCE_NOTICE"
    licence: bool = True
    excluded: str = ""  # of another matter than a licence: its own procedures that stop the clock
    accepted_on: date
    legal_due_on: date
    legal_due_provisional: bool = False
    promised_due_on: date
    promised_due_provisional: bool = False
    handling_department: str
    query_method: str
    fee: str = ""  # empty: the item does not tell, so the notice is silent too
    material_count: int
    deferred: tuple[DeferredLine, ...] = ()
    claim: ClaimLine | None = None
    deemed: bool = False  # nobody told the applicant in time: accepted by law as of receipt
    basis: str = ART_32_5


@dataclass(frozen=True, kw_only=True)
class GrantDecision(Paper):
    """准予行政许可决定书, or 准予决定书 when the item is not a licence."""

    DEMANDED: ClassVar = ("content", "basis")

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
    deliver_by: date | None = None  # the last of these days, where the deciding body tells it
    deliver_by_provisional: bool = False
    basis: str


@dataclass(frozen=True, kw_only=True)
class RefusalDecision(Paper):
    """不予行政许可决定书, or 不予…决定书 when the item is not a licence."""

    DEMANDED: ClassVar = ("facts", "reasons", "basis")

    kind: Literal["REFUSAL_DECISION"] = "REFUSAL_DECISION"
    licence: bool
    act: Literal["", "延续", "变更"] = ""  # what was refused, where it is no first grant
    accepted_on: date
    facts: str
    reasons: str
    basis: str
    technical_standard: str = ""  # art. 55
    remedies: Remedies


@dataclass(frozen=True, kw_only=True)
class ProofOfService(Paper):
    """送达回证"""

    DEMANDED: ClassVar = ("documents", "method", "recipient_name", "recipient_relation", "clerk_name")

    kind: Literal["PROOF_OF_SERVICE"] = "PROOF_OF_SERVICE"
    documents: tuple[str, ...]
    method: str  # 直接送达 / 邮寄送达 (with its tracking number) / 电子送达 / 公告送达
    served_at: datetime
    place: str = ""
    recipient_name: str
    recipient_relation: str
    tracking_no: str = ""
    clerk_name: str

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.method == "邮寄送达":
            demand(self, "tracking_no")


AnyPaper: TypeAlias = (
    Receipt
    | SupplementNotice
    | NotRequiredNotice
    | AcceptanceRefusal
    | AcceptanceNotice
    | GrantDecision
    | RefusalDecision
    | ProofOfService
    | procedure.SpecialProcedureNotice
    | procedure.ExtensionNotice
    | procedure.HearingRightNotice
    | procedure.HearingNotice
    | procedure.HearingAnnouncement
    | procedure.HearingRecord
    | procedure.InterestedPartyNotice
    | procedure.StatementRecord
    | procedure.SiteCheckRecord
    | after.StandingNotice
    | after.StandingDecision
    | after.CommitmentPaper
    | after.EndConfirmation
    | after.SupervisionLetter
)
Contents: TypeAlias = Certificate | AnyPaper


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The template a certificate is printed by, and the values of the fields that its type adds, by their codes."""

    parts: tuple[tuple[str, str], ...] = field(repr=False)
    fields: tuple[str, ...]  # what it declares: it sees no other
    values: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One file to make. `at` is the time of sealing (aware); equal jobs give files that read the same."""

    contents: Annotated[Contents, Discriminator("kind")] = field(repr=False)
    seal: SealBody
    at: datetime
    layout: Layout | None = None  # of a certificate; None: our own templates


_JOBS = TypeAdapter(Job)


def dump_job(job: Job) -> bytes:
    """The job as JSON, to be kept (sealed: it names a person) until the file is made."""
    return _JOBS.dump_json(job)


def load_job(content: bytes) -> Job:
    return _JOBS.validate_json(content)
