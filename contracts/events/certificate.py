"""Facts of certificate. Aggregates: the certificate (certificate_id), the paper (paper_id)."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from contracts.events.common import Event, PartyType, Value


class CertificateStatus(StrEnum):
    VALID = "VALID"
    SUPERSEDED = "SUPERSEDED"
    EXPIRED = "EXPIRED"
    RESCINDED = "RESCINDED"
    ANNULLED = "ANNULLED"
    DEREGISTERED = "DEREGISTERED"
    REVOKED = "REVOKED"
    LOST = "LOST"


class CertificateOrigin(StrEnum):
    CASE = "CASE"
    IMPORTED = "IMPORTED"
    FOREIGN = "FOREIGN"  # issued by another region's library, verified and adopted here


class PaperKind(StrEnum):
    RECEIPT = "RECEIPT"
    SUPPLEMENT_NOTICE = "SUPPLEMENT_NOTICE"
    NOT_REQUIRED_NOTICE = "NOT_REQUIRED_NOTICE"
    ACCEPTANCE_REFUSAL = "ACCEPTANCE_REFUSAL"
    ACCEPTANCE_NOTICE = "ACCEPTANCE_NOTICE"
    GRANT_DECISION = "GRANT_DECISION"
    REFUSAL_DECISION = "REFUSAL_DECISION"
    PROOF_OF_SERVICE = "PROOF_OF_SERVICE"
    SPECIAL_PROCEDURE_NOTICE = "SPECIAL_PROCEDURE_NOTICE"
    EXTENSION_NOTICE = "EXTENSION_NOTICE"
    HEARING_RIGHT_NOTICE = "HEARING_RIGHT_NOTICE"
    HEARING_NOTICE = "HEARING_NOTICE"
    HEARING_ANNOUNCEMENT = "HEARING_ANNOUNCEMENT"
    HEARING_RECORD = "HEARING_RECORD"
    INTERESTED_PARTY_NOTICE = "INTERESTED_PARTY_NOTICE"
    STATEMENT_RECORD = "STATEMENT_RECORD"
    SITE_CHECK_RECORD = "SITE_CHECK_RECORD"
    STANDING_NOTICE = "STANDING_NOTICE"
    AMENDMENT_DECISION = "AMENDMENT_DECISION"
    RENEWAL_DECISION = "RENEWAL_DECISION"
    RESCISSION_DECISION = "RESCISSION_DECISION"
    ANNULMENT_DECISION = "ANNULMENT_DECISION"
    DEREGISTRATION_DECISION = "DEREGISTRATION_DECISION"
    COMMITMENT = "COMMITMENT"
    RETURN_CONFIRMATION = "RETURN_CONFIRMATION"
    WITHDRAWAL_CONFIRMATION = "WITHDRAWAL_CONFIRMATION"
    TERMINATION_NOTICE = "TERMINATION_NOTICE"
    TRANSFER_NOTICE = "TRANSFER_NOTICE"
    SUPERVISION_ORDER = "SUPERVISION_ORDER"
    SUPERVISION_NOTICE = "SUPERVISION_NOTICE"
    SUPERVISION_ADVICE = "SUPERVISION_ADVICE"


class CertificateAct(StrEnum):
    """What brought a version of a certificate into being."""

    ISSUE = "ISSUE"
    AMEND = "AMEND"
    RENEW = "RENEW"
    REISSUE = "REISSUE"


class CoHolder(Value):
    """A holder besides the first one: a co-owner, the other spouse. `share` as the certificate states it."""

    holder_key: str
    holder_name: str
    holder_type: PartyType
    share: str = ""


class CertificateIssued(Event):
    """The signed record exists and is valid from now on; its file may still be in the making."""

    SUBJECT: ClassVar[str] = "certificate.certificate.issued.v1"
    certificate_id: UUID
    identifier: str
    type_code: str
    type_name: str
    holder_key: str  # subject_key of the holder
    holder_name: str | None = None  # as it stands on the certificate
    holder_type: PartyType | None = None
    co_holders: tuple[CoHolder, ...] = ()  # further holders, in the order of the certificate
    issuer_uscc: str
    case_no: str | None = None
    case_id: UUID | None = None
    origin: CertificateOrigin
    certificate_version: int
    issued_at: datetime
    valid_from: date
    valid_until: date | None = None
    status: CertificateStatus = CertificateStatus.VALID
    act: CertificateAct = CertificateAct.ISSUE
    previous_identifier: str | None = None  # of the version this one supersedes
    region: str | None = None  # of FOREIGN: the division that issued it
    region_name: str | None = None
    trusted_until: date | None = None  # of FOREIGN: the last day on which it is relied upon without asking again


class CertificateConfirmed(Event):
    """The region that issued a FOREIGN certificate was asked again: relied upon until another day."""

    SUBJECT: ClassVar[str] = "certificate.certificate.confirmed.v1"
    certificate_id: UUID
    identifier: str
    type_code: str  # ours; empty: it stands for none of our types
    region: str
    trusted_until: date
    confirmed_at: datetime


class CertificateSealed(Event):
    """The certificate's file is rendered, sealed and can be downloaded."""

    SUBJECT: ClassVar[str] = "certificate.certificate.sealed.v1"
    certificate_id: UUID
    identifier: str
    case_no: str | None = None
    sha256: str
    sealed_at: datetime


class CertificateSuperseded(Event):
    """A newer version of the certificate exists: this one is no longer to be used."""

    SUBJECT: ClassVar[str] = "certificate.certificate.superseded.v1"
    certificate_id: UUID
    identifier: str
    holder_key: str
    superseded_by: str  # identifier of the newer version
    superseded_at: datetime
    act: CertificateAct | None = None  # what brought the newer version


class _NextVersion(Event):
    """A new version exists (its issue is told besides); the one before is superseded."""

    certificate_id: UUID
    identifier: str
    holder_key: str
    previous_identifier: str | None = None
    decision_id: UUID | None = None  # of approval, where it was a decision after the grant
    case_no: str | None = None
    at: datetime


class CertificateAmended(_NextVersion):
    SUBJECT: ClassVar[str] = "certificate.certificate.amended.v1"


class CertificateRenewed(_NextVersion):
    SUBJECT: ClassVar[str] = "certificate.certificate.renewed.v1"


class CertificateReissued(_NextVersion):
    """In place of one that was reported lost."""

    SUBJECT: ClassVar[str] = "certificate.certificate.reissued.v1"


class CertificatePrinted(Event):
    """The production counter printed it. `duplicate_no`: 0 is the original, then the numbered duplicates."""

    SUBJECT: ClassVar[str] = "certificate.certificate.printed.v1"
    certificate_id: UUID
    identifier: str
    case_no: str | None = None
    print_id: UUID
    duplicate_no: int
    printed_at: datetime


class CertificateCopied(Event):
    """Its holder made a purpose-stamped copy (加注件), good until a day of its own."""

    SUBJECT: ClassVar[str] = "certificate.certificate.copied.v1"
    certificate_id: UUID
    identifier: str
    holder_key: str
    copy_id: UUID
    copy_no: int
    expires_on: date
    copied_at: datetime


class CertificateWithheld(Event):
    """Decided, and not issued or amended yet: fields of the certificate type are missing or malformed.

    The decision stands; the department fills them, and the certificate is issued. `lacking` names fields and rules.
    """

    SUBJECT: ClassVar[str] = "certificate.certificate.withheld.v1"
    withheld_id: UUID
    case_id: UUID | None  # None: a standing decision, which has no case of its own
    case_no: str
    department_uscc: str
    department_name: str = ""
    division: str = ""  # of the department: who oversees it, where no case says that
    type_code: str
    lacking: tuple[str, ...]
    withheld_at: datetime


class CertificateStanding(Event):
    """Base of what changes the state of a version; `status` is the state from `at` on."""

    certificate_id: UUID
    identifier: str
    type_code: str
    holder_key: str
    issuer_uscc: str
    case_id: UUID | None = None
    status: CertificateStatus
    ground: str = ""  # Ground of the kernel
    article: str = ""
    decision_id: UUID | None = None  # of approval
    at: datetime


class CertificateRescinded(CertificateStanding):
    SUBJECT: ClassVar[str] = "certificate.certificate.rescinded.v1"


class CertificateAnnulled(CertificateStanding):
    SUBJECT: ClassVar[str] = "certificate.certificate.annulled.v1"


class CertificateDeregistered(CertificateStanding):
    SUBJECT: ClassVar[str] = "certificate.certificate.deregistered.v1"


class CertificateRevoked(CertificateStanding):
    SUBJECT: ClassVar[str] = "certificate.certificate.revoked.v1"


class CertificateReportedLost(CertificateStanding):
    SUBJECT: ClassVar[str] = "certificate.certificate.reported_lost.v1"


class CertificateLossWithdrawn(CertificateStanding):
    """Found again: the report of loss is taken back."""

    SUBJECT: ClassVar[str] = "certificate.certificate.loss_withdrawn.v1"


class CertificateExpired(CertificateStanding):
    """Its last day is over; told exactly once."""

    SUBJECT: ClassVar[str] = "certificate.certificate.expired.v1"


class LogHeadSigned(Event):
    """A signed head of the transparency log: whoever keeps it can prove that nothing before it was changed."""

    SUBJECT: ClassVar[str] = "certificate.log_head.signed.v1"
    log: str  # whose log: the division
    size: int
    root: str  # hex
    signed_at: datetime
    jws: str  # compact, ES256, typ log-head+jws


class PaperIssued(Event):
    """`order_no`: of a letter of supervision, the order it carries; of one about a department's work `case_no` is empty
    and `case_id` is the order's id. Such a letter is none of the applicant's papers."""

    SUBJECT: ClassVar[str] = "certificate.paper.issued.v1"
    paper_id: UUID
    kind: PaperKind
    number: str
    case_no: str
    case_id: UUID
    issued_at: datetime
    order_no: str = ""


class PaperSealed(Event):
    SUBJECT: ClassVar[str] = "certificate.paper.sealed.v1"
    paper_id: UUID
    kind: PaperKind
    case_no: str
    sha256: str
    sealed_at: datetime
