"""Papers of what may happen between acceptance and decision: time not counted, extension, hearing, hearing others,
site check (Administrative Licensing Law arts. 34, 36, 42, 45-48)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal

from services.certificate.files.contents_base import (
    ART_34_3,
    ART_36,
    ART_42_1,
    ART_45,
    ART_46,
    ART_47,
    ART_48,
    Paper,
    demand,
)
from services.certificate.files.errors import IncompleteContents


@dataclass(frozen=True, kw_only=True)
class SpecialProcedureNotice(Paper):
    """特别程序（除外时间）告知书: without it the clock does not stop."""

    DEMANDED: ClassVar = ("procedure", "reason", "basis", "time_needed", "approver_name")

    kind: Literal["SPECIAL_PROCEDURE_NOTICE"] = "SPECIAL_PROCEDURE_NOTICE"
    procedure: str  # 听证 招标 拍卖 检验 检测 检疫 鉴定 专家评审, or the cause the item's own law names
    reason: str
    basis: str = ART_45
    starts_on: date
    time_needed: str  # e.g. 15个工作日
    expected_until: date | None = None
    expected_until_provisional: bool = False
    due_on: date  # legal, as it stood before
    due_provisional: bool = False
    expected_due_on: date | None = None  # if the procedure takes the time told
    expected_due_provisional: bool = False
    approver_name: str
    notice: str = ""  # what the body adds in its own words


@dataclass(frozen=True, kw_only=True)
class ExtensionNotice(Paper):
    """延期通知书: once, with the reason, approved by the head of the body (joint: of the government)."""

    DEMANDED: ClassVar = ("reason", "extended_by", "approver_name", "approver_post", "basis")

    kind: Literal["EXTENSION_NOTICE"] = "EXTENSION_NOTICE"
    accepted_on: date | None = None
    reason: str
    extended_by: str  # e.g. 10个工作日
    due_on: date | None = None
    due_provisional: bool = False
    new_due_on: date
    new_due_provisional: bool = False
    approver_name: str
    approver_post: str
    basis: str = ART_42_1


@dataclass(frozen=True, kw_only=True)
class HearingRightNotice(Paper):
    """听证告知书: the right to a hearing, and the five working days to ask for it."""

    DEMANDED: ClassVar = ("addressees", "matter", "contact", "basis")

    kind: Literal["HEARING_RIGHT_NOTICE"] = "HEARING_RIGHT_NOTICE"
    addressees: tuple[str, ...]  # the applicant and the interested parties
    matter: str
    request_within_workdays: int = 5
    request_by: date
    request_by_provisional: bool = False
    notice: str = ""
    contact: str
    basis: str = ART_47


@dataclass(frozen=True, kw_only=True)
class HearingNotice(Paper):
    """听证通知书: at least seven working days before, with time, place, chair and the right to another chair."""

    DEMANDED: ClassVar = ("addressees", "matter", "place", "chair_name", "contact", "basis")

    kind: Literal["HEARING_NOTICE"] = "HEARING_NOTICE"
    addressees: tuple[str, ...]
    matter: str
    held_at: datetime
    place: str
    chair_name: str
    chair_post: str = ""
    notice: str = ""
    contact: str
    basis: str = ART_48


@dataclass(frozen=True, kw_only=True)
class HearingAnnouncement(Paper):
    """听证公告: to the public."""

    DEMANDED: ClassVar = ("matter", "place", "chair_name", "contact", "basis")

    kind: Literal["HEARING_ANNOUNCEMENT"] = "HEARING_ANNOUNCEMENT"
    matter: str
    held_at: datetime
    place: str
    chair_name: str
    notice: str = ""
    contact: str
    basis: str = ART_46


@dataclass(frozen=True, kw_only=True)
class Participant:
    name: str
    role: str  # 申请人 / 利害关系人 / 代理人 / 审查人员

    def __post_init__(self) -> None:
        demand(self, "name", "role")


@dataclass(frozen=True, kw_only=True)
class HearingRecord(Paper):
    """听证笔录: what was said, read and signed by those who took part. The decision is made on it."""

    DEMANDED: ClassVar = ("matter", "place", "chair_name", "recorder_name", "participants", "record", "basis")

    kind: Literal["HEARING_RECORD"] = "HEARING_RECORD"
    matter: str
    held_at: datetime
    ended_at: datetime | None = None
    place: str
    chair_name: str
    recorder_name: str
    participants: tuple[Participant, ...]
    examination: str = ""  # the examiner's opinion with evidence and reasons
    record: str  # statements, evidence, argument and cross-examination
    basis: str = ART_48

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.chair_name in {one.name for one in self.participants if "审查" in one.role}:
            raise IncompleteContents("the chair of a hearing is not the examiner (art. 48(3))")


@dataclass(frozen=True, kw_only=True)
class InterestedPartyNotice(Paper):
    """利害关系人告知书: what is applied for, how it touches them, until when they may speak."""

    DEMANDED: ClassVar = ("party_name", "matter", "interest", "contact", "basis")

    kind: Literal["INTERESTED_PARTY_NOTICE"] = "INTERESTED_PARTY_NOTICE"
    party_name: str
    matter: str
    interest: str
    speak_by: date
    speak_by_provisional: bool = False
    notice: str = ""
    contact: str
    basis: str = ART_36


APPLICANTS = frozenset({"CITIZEN", "ENTERPRISE_AGENT"})  # roles of those who speak for themselves
ONLINE = ("经统一身份认证后在线提交",)


@dataclass(frozen=True, kw_only=True)
class StatementRecord(Paper):
    """陈述申辩笔录"""

    DEMANDED: ClassVar = ("speaker_name", "speaker_role", "officers", "statement", "basis")

    kind: Literal["STATEMENT_RECORD"] = "STATEMENT_RECORD"
    speaker_name: str
    speaker_role: str  # 申请人 / 利害关系人
    spoken_at: datetime
    place: str = ""
    officers: tuple[str, ...]  # who asked and who wrote
    in_writing: bool = False  # handed in by the speaker himself, who was identified then: nobody signs again
    statement: str
    consideration: str = ""  # 采纳情况
    basis: str = ART_36


@dataclass(frozen=True, kw_only=True)
class Officer:
    name: str
    number: str  # 执法证号 or staff number

    def __post_init__(self) -> None:
        demand(self, "name", "number")


@dataclass(frozen=True, kw_only=True)
class Photo:
    name: str
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class SiteCheckRecord(Paper):
    """现场核查（勘验）笔录: by at least two officers (art. 34 para. 3)."""

    DEMANDED: ClassVar = ("place", "facts", "party_name", "basis")

    kind: Literal["SITE_CHECK_RECORD"] = "SITE_CHECK_RECORD"
    officers: tuple[Officer, ...]
    checked_at: datetime
    ended_at: datetime | None = None
    place: str
    facts: str
    conclusion: str = ""
    photos: tuple[Photo, ...] = ()
    party_name: str  # who was there for the applicant; 无人到场 is said in so many words
    party_present: bool = True  # False: nobody of the applicant's side is there to sign
    party_statement: str = ""
    basis: str = ART_34_3

    def __post_init__(self) -> None:
        super().__post_init__()
        if len({officer.number for officer in self.officers}) < 2:
            raise IncompleteContents("a site check has at least two officers (art. 34 para. 3)")
