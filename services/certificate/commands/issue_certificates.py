"""Issue: a granted case whose result is a certificate gets exactly one, with its signed record at once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from contracts.events.approval import CaseDecided
from contracts.events.certificate import (
    CertificateAct,
    CertificateIssued,
    CertificateOrigin,
    CertificateStatus,
    CoHolder,
)
from contracts.events.common import Outcome, Party, PartyType
from services.certificate import repository
from services.certificate.commands.log import Entry, log
from services.certificate.commands.withhold import withhold
from services.certificate.domain.certificate import (
    Body,
    Certificate,
    CertificateType,
    Holder,
    RelatedCase,
    record,
)
from services.certificate.domain.errors import FieldsFaulty
from services.certificate.domain.holders import stored
from services.certificate.domain.numbers import CounterKey, certificate_number
from services.certificate.domain.transparency import Act
from services.certificate.domain.type_fields import faults, typed
from services.certificate.files.records import drafted
from services.certificate.kit import Kit
from services.certificate.life.terms import Terms
from services.chassis import clock
from services.chassis.clock import local_date
from services.chassis.database import UnitOfWork
from services.chassis.ids import uuid7
from services.kernel.certificate_identifier import build_certificate_identifier
from services.kernel.errors import FieldError


@dataclass(frozen=True)
class Origin:
    """What brings versions into being: the act, the version before, and how many events tell of each at once."""

    act: Act | None = None  # None: the first version, issued or imported
    previous: str | None = None
    told: int = 1


_FIRST = Origin()


async def issue_certificates(
    uow: UnitOfWork, decided: Sequence[CaseDecided], terms: Terms, kit: Kit, *, now: datetime
) -> None:
    """Issue what these decisions grant; a decision met a second time changes nothing.

    One that does not fill the fields of its type is withheld: its certificate waits for the department.

    Raises:
        TypeUnknown: a decision names a certificate type that is not loaded, or no longer in force.
    """
    granted = await _not_yet_issued(uow, decided)
    for case in granted.values():
        terms.require(_type_code(case))
    lacking = {source: wrong for source, case in granted.items() if (wrong := lacking_of(case, terms))}
    for source, wrong in lacking.items():
        case = granted.pop(source)
        await withhold(uow, case, _type_code(case), wrong, now)
    counters = {source: _counter(case) for source, case in granted.items()}
    taken = await repository.take_numbers(uow.connection, Counter(counters.values()))
    certificates = []
    for source, case in granted.items():
        ordinal = taken[counters[source]]
        taken[counters[source]] += 1
        certificates.append(_certificate(source, case, terms, ordinal, kit, now))
    await save(uow, certificates, kit)
    if certificates:
        jobs = [file_job("CERTIFICATE", certificate.id) for certificate in certificates]
        await repository.add_jobs(uow.connection, jobs)


async def save(uow: UnitOfWork, certificates: Sequence[Certificate], kit: Kit, origin: Origin = _FIRST) -> None:
    """Store certificates with their signed records, log and tell them; every version comes into being here."""
    if not certificates:
        return
    made = [_record(certificate, kit) for certificate in certificates]
    records = [text for text, _ in made]
    sealed = [kit.seal_record(*one) for one in made]
    rows = [row_of(one, record, origin.told) for one, record in zip(certificates, sealed, strict=True)]
    await repository.add_certificates(uow.connection, rows)
    found_by = [{"holder_key": o.key, "certificate_id": one.id} for one in certificates for o in one.co_holders]
    await repository.add_co_holders(uow.connection, found_by)
    for certificate in certificates:
        uow.publish(issued(certificate, origin), aggregate_id=certificate.id, version=1)
    log(uow, [_entry(one, text, origin) for one, text in zip(certificates, records, strict=True)])


def _record(certificate: Certificate, kit: Kit) -> tuple[str, bytes | None]:
    """Signed; of an imported certificate salted instead, and signed later (`sign_records`), with its payload."""
    said = record(certificate)
    return drafted(said) if certificate.salt else (kit.signer.sign(said), None)


def _entry(certificate: Certificate, jws: str, origin: Origin) -> Entry:
    act = origin.act or (Act.ISSUE if certificate.case else Act.IMPORT)
    return Entry(act, certificate.id, certificate.identifier, jws)


async def _not_yet_issued(uow: UnitOfWork, decided: Sequence[CaseDecided]) -> dict[str, CaseDecided]:
    wanted = {
        f"case:{case.case_id}:{_type_code(case)}": case
        for case in decided
        if case.outcome is Outcome.GRANTED and case.item.certificate_type_code
    }
    known = await repository.known_sources(uow.connection, wanted)
    return {source: case for source, case in wanted.items() if source not in known}


def _type_code(case: CaseDecided) -> str:
    return case.item.certificate_type_code or ""


def _counter(case: CaseDecided) -> CounterKey:
    return CounterKey.of_type(_type_code(case), local_date(case.decided_at))


def _certificate(source: str, case: CaseDecided, terms: Terms, ordinal: int, kit: Kit, now: datetime) -> Certificate:
    kind = terms.types[_type_code(case)]
    issuer, applicant = case.item.department, case.applicant
    issued_on: date = local_date(case.decided_at)
    number = certificate_number(issuer.division, issued_on.year, ordinal)
    valid_from, valid_until = terms.of_decision(case)
    return Certificate(
        id=uuid7(),
        source_key=source,
        identifier=build_certificate_identifier(kind.code, issuer.uscc, number, 1),
        type=kind,
        number=number,
        number_shown=number,
        holder=_holder(applicant, kit),
        co_holders=tuple(_holder(one, kit, one.share) for one in case.co_applicants),
        issuer=Body(issuer.uscc, issuer.name, issuer.division),
        issued_at=now,
        issued_on=issued_on,
        valid_from=valid_from,
        valid_until=valid_until,
        case=RelatedCase(case.case_id, case.case_no, case.item.item_code, case.item.name),
        extend=_extend(case, kind),
    )


def _holder(party: Party, kit: Kit, share: str = "") -> Holder:
    number = kit.open_number(party.sealed_number)
    return Holder(party.party_type.value, party.name, number, party.subject_key, party.masked_number, share)


def _extend(case: CaseDecided, kind: CertificateType) -> dict[str, Any]:
    """What the decision adds, as it stands on the certificate; the fields of the type in their forms."""
    said = {"许可内容": case.content, "条件": case.conditions, **case.fields}
    return typed(kind.fields, {name: value for name, value in said.items() if value})


def lacking_of(case: CaseDecided, terms: Terms) -> list[FieldError]:
    """What the type demands and this decision does not say, or not in its form."""
    kind = terms.require(_type_code(case))
    return list(faults(kind.fields, _extend(case, kind), "#/fields"))


def require_fields(case: CaseDecided, terms: Terms) -> None:
    """Raises FieldsFaulty."""
    wrong = lacking_of(case, terms)
    if wrong:
        raise FieldsFaulty(errors=wrong)


def issued(certificate: Certificate, origin: Origin = _FIRST) -> CertificateIssued:
    """The fact, without the number; the name is for intake, which must not put another one to the same number."""
    case = certificate.case
    return CertificateIssued(
        certificate_id=certificate.id,
        identifier=certificate.identifier,
        type_code=certificate.type.code,
        type_name=certificate.type.name,
        holder_key=certificate.holder.key,
        holder_name=certificate.holder.name,
        holder_type=PartyType(certificate.holder.party_type),
        co_holders=tuple(told_of(holder) for holder in certificate.co_holders),
        issuer_uscc=certificate.issuer.uscc,
        case_no=case.case_no if case else None,
        case_id=case.case_id if case else None,
        origin=CertificateOrigin(certificate.origin),
        certificate_version=certificate.version,
        issued_at=certificate.issued_at,
        valid_from=certificate.valid_from,
        valid_until=certificate.valid_until,
        act=CertificateAct(origin.act.value) if origin.act else CertificateAct.ISSUE,
        previous_identifier=origin.previous,
    )


def told_of(holder: Holder) -> CoHolder:
    """A further holder, without his number."""
    party_type = PartyType(holder.party_type)
    return CoHolder(holder_key=holder.key, holder_name=holder.name, holder_type=party_type, share=holder.share)


def row_of(certificate: Certificate, jws_sealed: bytes, told: int = 1) -> Mapping[str, object]:
    """The row; whatever holds a number in full is inside the sealed record only."""
    case = certificate.case
    return {
        "id": certificate.id,
        "source_key": certificate.source_key,
        "version": told,
        "identifier": certificate.identifier,
        "certificate_version": certificate.version,
        "type_code": certificate.type.code,
        "type_name": certificate.type.name,
        "type_version": certificate.type.version,
        "template_sha256": certificate.type.template.sha256 if certificate.type.template else None,
        "number_shown": certificate.number_shown,
        "issuer_uscc": certificate.issuer.uscc,
        "issuer_name": certificate.issuer.name,
        "issuer_division": certificate.issuer.division,
        "holder_type": certificate.holder.party_type,
        "holder_name": certificate.holder.name,
        "holder_key": certificate.holder.key,
        "holder_masked": certificate.holder.masked,
        "holders": stored(certificate.holders),
        "issued_at": certificate.issued_at,
        "issued_on": certificate.issued_on,
        "valid_from": certificate.valid_from,
        "valid_until": certificate.valid_until,
        "status": CertificateStatus.VALID.value,
        "origin": certificate.origin,
        "case_id": case.case_id if case else None,
        "case_no": case.case_no if case else None,
        "item_code": case.item_code if case else None,
        "item_name": case.item_name if case else None,
        "jws_sealed": jws_sealed,
        "file_name": None,
        "file_sha256": None,
        "file_at": None,
    }


def file_job(target_kind: str, target_id: object) -> Mapping[str, object]:
    return {
        "target_kind": target_kind,
        "target_id": target_id,
        "attempts": 0,
        "ready_at": clock.real_now(),  # leases follow the wall clock, not the moved one
        "last_error": None,
        "failed_reason": None,
    }
