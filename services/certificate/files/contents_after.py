"""Papers of what comes after, or instead of, a decision: amended, renewed, rescinded, annulled and deregistered
certificates, informed commitment, returned and withdrawn applications, letters of supervision."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal

from services.certificate.files.contents_base import Paper, Remedies, demand

StandingKind = Literal[
    "AMENDMENT_DECISION", "RENEWAL_DECISION", "RESCISSION_DECISION", "ANNULMENT_DECISION", "DEREGISTRATION_DECISION"
]
EndKind = Literal["RETURN_CONFIRMATION", "WITHDRAWAL_CONFIRMATION", "TERMINATION_NOTICE", "TRANSFER_NOTICE"]
_END_ALSO: dict[str, tuple[str, ...]] = {"TERMINATION_NOTICE": ("remedies",), "TRANSFER_NOTICE": ("competent_body",)}
# What each of them cannot do without, besides the grounds: arts. 49, 50; 8, 69 (compensation), 70.
_ALSO: dict[str, tuple[str, ...]] = {
    "AMENDMENT_DECISION": ("changes",),
    "RENEWAL_DECISION": ("valid_from",),
    "RESCISSION_DECISION": ("remedies", "compensation"),
    "ANNULMENT_DECISION": ("remedies", "compensation"),
    "DEREGISTRATION_DECISION": ("remedies",),
}

_OF_CASE = (
    *("applicant_name", "applicant_number_label", "applicant_number"),
    *("item_name", "item_code", "case_no", "query_code"),
)


@dataclass(frozen=True, kw_only=True)
class ChangeLine:
    what: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class StandingDecision(Paper):
    """变更/延续/撤回/撤销/注销决定书: what becomes of a licence that was granted."""

    DEMANDED: ClassVar = ("certificate_name", "certificate_number", "grounds", "facts", "basis")

    kind: StandingKind
    licence: bool
    certificate_name: str
    certificate_number: str
    grounds: str  # which ground of art. 8, 49, 50, 69 or 70
    facts: str
    basis: str
    effective_on: date
    changes: tuple[ChangeLine, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None  # None after a renewal: 长期
    deemed: bool = False  # renewed by law, because nobody decided
    conditions: str = ""  # under which it is renewed
    deliver_by: date | None = None  # the last day to hand out the new certificate (art. 44)
    deliver_by_provisional: bool = False
    compensation: str = ""  # art. 8 para. 2, art. 69 para. 4
    remedies: Remedies | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        demand(self, *_ALSO[self.kind])


@dataclass(frozen=True, kw_only=True)
class StandingNotice(Paper):
    """事先告知书: what the body is about to do to a certificate, and until when its holder may speak (art. 7)."""

    DEMANDED: ClassVar = ("act", "certificate_name", "certificate_number", "grounds", "facts", "basis", "contact")

    kind: Literal["STANDING_NOTICE"] = "STANDING_NOTICE"
    act: str  # 变更, 撤回, 撤销, 注销
    licence: bool
    certificate_name: str
    certificate_number: str
    grounds: str
    facts: str
    basis: str
    changes: tuple[ChangeLine, ...] = ()
    compensation: str = ""
    speak_by: date
    speak_by_provisional: bool = False
    contact: str


@dataclass(frozen=True, kw_only=True)
class CommitmentPaper(Paper):
    """告知承诺书: what the body tells, and what the applicant signs (国办发〔2020〕42号)."""

    DEMANDED: ClassVar = (
        "basis",
        "proof_name",
        "proof_content",
        "liability",
        "verification",
        "publication",
        "commitments",
        "promised_by",
        "signature_method",
    )

    kind: Literal["COMMITMENT"] = "COMMITMENT"
    basis: str
    proof_name: str  # the proof or condition that is not demanded
    proof_content: str  # what the proof would show
    liability: str
    verification: str  # how and until when it is checked afterwards
    publication: str  # whether the commitment is published, where, how long
    commitments: tuple[str, ...]
    promised_by: str
    promised_at: datetime
    signature_method: str  # 手写签名 / 可靠的电子签名


@dataclass(frozen=True, kw_only=True)
class ReturnedMaterial:
    name: str
    form: str
    copies: int = 1
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class EndConfirmation(Paper):
    """退件确认单 / 撤回确认单 / 终止办理告知书 / 移送告知书: an end without a decision, and what goes back."""

    DEMANDED: ClassVar = ("reason", "basis", "ended_by", "contact")

    kind: EndKind
    reason: str
    basis: str
    ended_at: datetime
    ended_by: str
    materials: tuple[ReturnedMaterial, ...]
    competent_body: str = ""  # to whom it was transferred
    remedies: Remedies | None = None
    contact: str

    def __post_init__(self) -> None:
        super().__post_init__()
        demand(self, *_END_ALSO.get(self.kind, ()))


@dataclass(frozen=True, kw_only=True)
class SupervisionLetter(Paper):
    """督办函 / 监察通知书 / 监察建议书 (GB/T 39046 table 11); `body_name` is the supervising body.

    About a department's work the case of the header is blank; an order (督办函) is always about a case.
    """

    OF_CASE: ClassVar = _OF_CASE
    HEADER: ClassVar = tuple(name for name in Paper.HEADER if name not in _OF_CASE)

    DEMANDED: ClassVar = (
        "supervision_no",
        "supervised_body",
        "responsible_department",
        "item_type",
        "rule",
        "light",
        "finding",
        "requirement",
    )

    kind: Literal["SUPERVISION_ORDER", "SUPERVISION_NOTICE", "SUPERVISION_ADVICE"]
    supervision_no: str  # 监察编号
    supervised_body: str
    responsible_department: str
    item_type: str
    rule: str  # 监察规则编号
    light: str  # 预警类型
    state_at: datetime
    finding: str  # 监察结果描述
    requirement: str  # 督办内容
    sent_at: datetime
    reply_by: date
    reply_by_provisional: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.case_no or self.kind == "SUPERVISION_ORDER":
            demand(self, *self.OF_CASE)
