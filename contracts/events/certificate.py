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


class CertificateIssued(Event):
    """The signed record exists and is valid from now on; its file may still be in the making."""

    SUBJECT: ClassVar[str] = "certificate.certificate.issued.v1"
    certificate_id: UUID
    identifier: str
    type_code: str
    type_name: str
    holder_key: str  # subject_key of the holder
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
