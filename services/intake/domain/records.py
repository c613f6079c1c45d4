"""What an application holds: who, what was asked, answered, corrected, returned, handed over. Values without rules."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class PartyType(StrEnum):
    PERSON = "PERSON"
    ORGANISATION = "ORGANISATION"


class RefusalKind(StrEnum):
    NOT_REQUIRED = "NOT_REQUIRED"
    OUT_OF_SCOPE = "OUT_OF_SCOPE"
    FALSE_MATERIALS = "FALSE_MATERIALS"


class ReturnKind(StrEnum):
    NOT_SUPPLIED = "NOT_SUPPLIED"  # 逾期未补正
    GIVEN_UP = "GIVEN_UP"  # 申请人放弃


class Method(StrEnum):
    COLLECTION = "COLLECTION"  # 窗口领取
    EXPRESS = "EXPRESS"  # 邮寄
    ELECTRONIC = "ELECTRONIC"  # 电子送达


class Outcome(StrEnum):
    GRANTED = "GRANTED"
    REFUSED = "REFUSED"


@dataclass(frozen=True)
class Applicant:
    """`sealed_number` and `subject_key` stand for the number; the number itself is nowhere."""

    party_type: PartyType
    name: str
    subject_key: str
    masked_number: str
    sealed_number: str


@dataclass(frozen=True)
class CoApplicant:
    """Applies together with the applicant; `share` of what is granted, as the certificate is to state it."""

    party: Applicant
    share: str = ""


@dataclass(frozen=True)
class Agent:
    name: str
    subject_key: str
    masked_number: str


@dataclass(frozen=True)
class Staff:
    """Who acts: the account, its role in this act and its body."""

    account_id: str
    name: str
    role: str
    organisation: str = ""
    organisation_name: str = ""
    division: str = ""


SYSTEM = Staff("system", "系统", "SYSTEM")  # what the law itself brings about


@dataclass(frozen=True)
class MaterialFault:
    material_no: int
    name: str
    fault: str
    remedy: str
    shown_by: int | None = None  # of a second notice: the material that came in since and shows this fault
    shown_by_name: str | None = None  # its name: of a bundle it may stand in another member's list


@dataclass(frozen=True)
class SupplementNotice:
    """A notice (一次性告知). `supplied_at` is set when everything in it has come in.

    A second one (`ordinal` 2) says in `reason` what could not be seen the first time; `seen_before` are the materials
    in it that lay there unchanged then, each with a fault that something supplied since shows.
    """

    faults: tuple[MaterialFault, ...]
    supply_by: date
    requested_at: datetime
    requested_by: Staff
    supplied_at: datetime | None = None
    ordinal: int = 1
    reason: str | None = None
    seen_before: tuple[int, ...] = ()
    provisional: bool = False  # `supply_by` was counted Monday to Friday: that year's calendar is not loaded
    workdays: int | None = None  # what `supply_by` was counted from; None: the window named the day
    item_version: int | None = None  # of the item when it was given: another version may ask for something else


@dataclass(frozen=True)
class BundleSupplement:
    """The notice of a stage, `material_no` of the common list; `supplied_at` once everything has come in.

    As an application's own, a second one has `ordinal` 2 and a `reason`.
    """

    faults: tuple[MaterialFault, ...]
    members: tuple[str, ...]
    supply_by: date
    requested_at: datetime
    requested_by: Staff
    stage_no: int
    supplied_at: datetime | None = None
    provisional: bool = False  # as in SupplementNotice
    workdays: int | None = None
    ordinal: int = 1
    reason: str | None = None


@dataclass(frozen=True)
class Correction:
    """What was put right on the spot (art. 32(3))."""

    what: str
    corrected_at: datetime
    corrected_by: Staff


@dataclass(frozen=True)
class Refusal:
    kind: RefusalKind
    reason: str
    competent_body: str | None
    refused_at: datetime
    refused_by: Staff


@dataclass(frozen=True)
class Return:
    kind: ReturnKind
    reason: str
    returned_at: datetime
    returned_by: Staff


@dataclass(frozen=True)
class Deemed:
    """Accepted by silence: when it was found, and which required materials were not there."""

    at: datetime
    lacking: tuple[int, ...]


@dataclass(frozen=True)
class Renewal:
    """The certificate an application renews, as the library held it on the day of application."""

    certificate_identifier: str
    valid_until: date
    silence_renews: bool
    renewed_at: datetime | None = None  # by silence


@dataclass(frozen=True)
class Change:
    """One line of a certificate: `before` as the applicant says it; the library knows what stood there."""

    what: str
    after: str
    before: str = ""


@dataclass(frozen=True)
class Amendment:
    """What is to be changed on a certificate the applicant holds (art. 49)."""

    certificate_identifier: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class HandOver:
    method: Method
    documents: tuple[str, ...]
    recipient_name: str
    recipient_relation: str
    tracking_no: str | None
    handed_over_at: datetime
    handed_over_by: Staff
