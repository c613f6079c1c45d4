"""Facts of certificate. Aggregates: the certificate (certificate_id), the paper (paper_id)."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from contracts.events.common import Event


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


class CertificateIssued(Event):
    """The signed record exists and is valid from now on; its file may still be in the making."""

    SUBJECT: ClassVar[str] = "certificate.certificate.issued.v1"
    certificate_id: UUID
    identifier: str
    type_code: str
    type_name: str
    holder_key: str  # subject_key of the holder
    holder_name: str | None = None  # as it stands on the certificate
    issuer_uscc: str
    case_no: str | None = None
    case_id: UUID | None = None
    origin: CertificateOrigin
    certificate_version: int
    issued_at: datetime
    valid_from: date
    valid_until: date | None = None
    status: CertificateStatus = CertificateStatus.VALID


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


class LogHeadSigned(Event):
    """A signed head of the transparency log: whoever keeps it can prove that nothing before it was changed."""

    SUBJECT: ClassVar[str] = "certificate.log_head.signed.v1"
    log: str  # whose log: the division
    size: int
    root: str  # hex
    signed_at: datetime
    jws: str  # compact, ES256, typ log-head+jws


class PaperIssued(Event):
    SUBJECT: ClassVar[str] = "certificate.paper.issued.v1"
    paper_id: UUID
    kind: PaperKind
    number: str
    case_no: str
    case_id: UUID
    issued_at: datetime


class PaperSealed(Event):
    SUBJECT: ClassVar[str] = "certificate.paper.sealed.v1"
    paper_id: UUID
    kind: PaperKind
    case_no: str
    sha256: str
    sealed_at: datetime
