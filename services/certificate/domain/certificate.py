"""A certificate at its issue: whose, of which type, by whom, until when, and the metadata record of GB/T 36903."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from services.certificate.domain.certificate_type import Body as Body
from services.certificate.domain.certificate_type import CertificateType as CertificateType
from services.certificate.domain.certificate_type import Template
from services.certificate.domain.holders import ORGANISATION as ORGANISATION
from services.certificate.domain.holders import PERSON as PERSON
from services.certificate.domain.holders import Holder as Holder
from services.certificate.domain.holders import recorded

FIRST_VERSION = 1
HOLDER_NAME = "持证人名称"  # what an amendment of the holder's own name is called


@dataclass(frozen=True)
class RelatedCase:
    """The case a certificate came from and its service item."""

    case_id: UUID
    case_no: str
    item_code: str
    item_name: str


@dataclass(frozen=True)
class Certificate:
    """One version of one certificate. `number` may be a citizen's number and is then never shown in full."""

    id: UUID
    source_key: str
    identifier: str
    type: CertificateType
    number: str = field(repr=False)
    number_shown: str
    holder: Holder
    issuer: Body
    issued_at: datetime
    issued_on: date
    valid_from: date
    valid_until: date | None
    case: RelatedCase | None = None
    version: int = FIRST_VERSION
    extend: Mapping[str, Any] = field(default_factory=dict, repr=False)
    salt: str = ""  # of a record that is logged before it is signed
    co_holders: tuple[Holder, ...] = ()  # after `holder`, in the order of the certificate

    @property
    def holders(self) -> tuple[Holder, ...]:
        return (self.holder, *self.co_holders)

    @property
    def origin(self) -> str:
        return "CASE" if self.case else "IMPORTED"


def record(certificate: Certificate) -> dict[str, Any]:
    """The metadata record (GB/T 36903 shaped) that is signed. It holds the holder's number: keep it sealed."""
    case = certificate.case
    return {
        "certificate_identifier": certificate.identifier,
        "certificate_type_name": certificate.type.name,
        "certificate_type_code": certificate.type.code,
        "certificate_type_version": certificate.type.version,
        **_template_recorded(certificate.type.template),
        "certificate_name": certificate.type.name,
        "certificate_number": certificate.number,
        "certificate_version": f"{certificate.version:03d}",
        "issue_date": basic(certificate.issued_on),
        "issue_dept_name": certificate.issuer.name,
        "issue_dept_code": certificate.issuer.uscc,
        "define_authority_name": certificate.type.definer.name,
        "define_authority_code": certificate.type.definer.uscc,
        "validate_start": basic(certificate.valid_from),
        "validate_end": basic(certificate.valid_until) if certificate.valid_until else "",
        "validity_range": validity_range(certificate.valid_from, certificate.valid_until),
        "certificate_area_code": certificate.issuer.division,
        **recorded(certificate.holders),
        "related_item_name": case.item_name if case else "",
        "related_item_code": case.item_code if case else "",
        "related_case_no": case.case_no if case else "",
        "status": "有效",
        "extend_info": dict(certificate.extend),
        **({"salt": certificate.salt} if certificate.salt else {}),
    }


def _template_recorded(template: Template | None) -> dict[str, str]:
    """By what the file is printed: a newer template of the type does not touch it."""
    return {"template_version": template.version, "template_sha256": template.sha256} if template else {}


@lru_cache(maxsize=4096)
def basic(day: date) -> str:
    """YYYYMMDD, as the record writes dates."""
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


def chinese(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


@lru_cache(maxsize=4096)
def validity_range(valid_from: date, valid_until: date | None) -> str:
    return f"{chinese(valid_from)}至{chinese(valid_until)}" if valid_until else f"{chinese(valid_from)}起长期有效"
