"""Renew: a renewal by silence brings the next version of the old certificate, which it supersedes; exactly once."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from contracts.events.certificate import CertificateStatus, CertificateSuperseded
from contracts.events.intake import RenewalDeemed
from services.certificate import repository
from services.certificate.commands.issue_certificates import file_job, save
from services.certificate.commands.log import later_act
from services.certificate.commands.log import log as transparency_log
from services.certificate.domain.certificate import Body, Certificate, CertificateType, Holder, RelatedCase
from services.certificate.domain.errors import NotRenewable, TypeUnknown
from services.certificate.domain.numbers import CounterKey, certificate_number
from services.certificate.domain.transparency import Act
from services.certificate.domain.validity import term
from services.certificate.kit import Kit
from services.chassis.clock import local_date
from services.chassis.database import UnitOfWork
from services.chassis.ids import uuid7
from services.kernel.certificate_identifier import build_certificate_identifier, parse_certificate_identifier

log = logging.getLogger(__name__)


async def renew_certificates(uow: UnitOfWork, deemed: Sequence[RenewalDeemed], kit: Kit, *, now: datetime) -> None:
    """The next version, valid from the day after the old one's last; a renewal met a second time changes nothing.

    Raises:
        TypeUnknown: the item's certificate type is not loaded.
        NotRenewable: the old certificate was taken away or superseded: silence cannot bring it back.
    """
    wanted = {_source(event): event for event in deemed if event.item.certificate_type_code}
    known = await repository.known_sources(uow.connection, wanted)
    for source, event in wanted.items():
        if source not in known:
            await _renew(uow, source, event, kit, now)


async def _renew(uow: UnitOfWork, source: str, event: RenewalDeemed, kit: Kit, now: datetime) -> None:
    """One at a time: they are rare, and each locks the row it supersedes."""
    kind = await _type_of(uow, event)
    old = await repository.lock_certificate(uow.connection, event.renews.certificate_identifier)
    if old is None:
        # intake knows it from our own events, so the row is gone; the law still grants the renewal
        log.error("renewed certificate is not in the library", extra={"case_no": event.case_no})
        serial, number, version = await _fresh(uow, event, kind)
        extend: dict[str, Any] = {}
    else:
        if old.status != CertificateStatus.VALID.value:
            raise NotRenewable(f"证照状态为{old.status}，不能延续")
        signed = kit.signer.verify(kit.open_record(old.jws_sealed))
        serial, version = parse_certificate_identifier(old.identifier).serial, old.certificate_version + 1
        number, extend = signed["certificate_number"], signed["extend_info"]
    new = _next(source, event, kind, kit, (serial, number, version), extend, now)
    await save(uow, [new], kit)
    await repository.add_jobs(uow.connection, [file_job("CERTIFICATE", new.id)])
    if old is not None:
        await _supersede(uow, old, new, kit, now)


async def _type_of(uow: UnitOfWork, event: RenewalDeemed) -> CertificateType:
    code = event.item.certificate_type_code or ""
    types = await repository.types_by_code(uow.connection, [code])
    if code not in types:
        raise TypeUnknown(f"证照类型 {code} 尚未导入, 请先执行 import-types")
    return types[code]


async def _fresh(uow: UnitOfWork, event: RenewalDeemed, kind: CertificateType) -> tuple[str, str, int]:
    on = local_date(event.renewed_at)
    key = CounterKey.of_type(kind.code, on)
    taken = await repository.take_numbers(uow.connection, {key: 1})
    number = certificate_number(event.item.department.division, on.year, taken[key])
    return number, number, 1


def _next(
    source: str,
    event: RenewalDeemed,
    kind: CertificateType,
    kit: Kit,
    naming: tuple[str, str, int],
    extend: dict[str, Any],
    now: datetime,
) -> Certificate:
    serial, number, version = naming
    issuer, applicant = event.item.department, event.applicant
    holder_number = kit.open_number(applicant.sealed_number)
    begins = event.renews.valid_until + timedelta(days=1)
    valid_from, valid_until = term(event.item.certificate_validity, begins, begins, None)
    return Certificate(
        id=uuid7(),
        source_key=source,
        identifier=build_certificate_identifier(kind.code, issuer.uscc, serial, version),
        type=kind,
        number=number,
        number_shown=applicant.masked_number if number == holder_number else number,
        holder=Holder(
            applicant.party_type.value,
            applicant.name,
            holder_number,
            applicant.subject_key,
            applicant.masked_number,
        ),
        issuer=Body(issuer.uscc, issuer.name, issuer.division),
        issued_at=now,
        issued_on=local_date(event.renewed_at),
        valid_from=valid_from,
        valid_until=valid_until,
        case=RelatedCase(event.application_id, event.case_no, event.item.item_code, event.item.name),
        version=version,
        extend=extend,
    )


async def _supersede(uow: UnitOfWork, old: Any, new: Certificate, kit: Kit, now: datetime) -> None:
    await repository.set_status(uow.connection, old.id, CertificateStatus.SUPERSEDED.value)
    event = CertificateSuperseded(
        certificate_id=old.id,
        identifier=old.identifier,
        holder_key=old.holder_key,
        superseded_by=new.identifier,
        superseded_at=now,
    )
    said = {"superseded_by": new.identifier, "at": now.isoformat()}
    transparency_log(uow, [later_act(Act.SUPERSEDE, old, kit, **said)])
    uow.publish(event, aggregate_id=old.id, version=old.version + 1)


def _source(event: RenewalDeemed) -> str:
    return f"case:{event.application_id}:{event.item.certificate_type_code}"
