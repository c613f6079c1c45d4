"""Renew: granted, or by silence, the next version of the old certificate, which it supersedes; exactly once."""

import logging
from collections.abc import Sequence
from datetime import datetime

from contracts.events.approval import CaseDecided
from contracts.events.common import Outcome, Party
from contracts.events.intake import RenewalDeemed
from services.certificate import repository
from services.certificate.commands.issue_certificates import file_job, save
from services.certificate.commands.life import Next, next_version
from services.certificate.commands.standing_version import standing_version
from services.certificate.commands.withhold import withhold
from services.certificate.domain.certificate import Body, Certificate, Holder, RelatedCase
from services.certificate.domain.errors import FieldsFaulty, NotRenewable
from services.certificate.domain.numbers import CounterKey, certificate_number
from services.certificate.kit import Kit
from services.certificate.life.terms import Terms
from services.chassis.clock import local_date
from services.chassis.database import UnitOfWork
from services.chassis.ids import uuid7
from services.kernel.certificate_identifier import build_certificate_identifier
from services.kernel.certificate_life import LifeAct, Status, allowed

log = logging.getLogger(__name__)


async def renew_certificates(
    uow: UnitOfWork, deemed: Sequence[RenewalDeemed], terms: Terms, kit: Kit, *, now: datetime
) -> None:
    """By silence: valid from the day after the old one's last; a renewal met a second time changes nothing.

    Raises:
        TypeUnknown: the item's certificate type is not loaded.
        NotRenewable: the old certificate was taken away or superseded: silence cannot bring it back.
    """
    wanted = {_source(event): event for event in deemed if event.item.certificate_type_code}
    known = await repository.known_sources(uow.connection, wanted)
    for source, event in wanted.items():
        if source not in known:
            valid_from, valid_until = terms.of_renewal(event)
            case = RelatedCase(event.application_id, event.case_no, event.item.item_code, event.item.name)
            department = event.item.department
            new = Next(
                source=source,
                issued_on=local_date(event.renewed_at),
                valid_from=valid_from,
                valid_until=valid_until,
                case=case,
                holder_name=event.applicant.name,
                holder_key=event.applicant.subject_key,
                issuer=Body(department.uscc, department.name, department.division),
            )
            if not await _renew(uow, event.renews.certificate_identifier, new, kit, now):
                # intake knows it from our own events, so the row is gone; the law still grants the renewal
                log.error("renewed certificate is not in the library", extra={"case_no": event.case_no})
                await _fresh(uow, event, terms, new, kit, now)


async def renew_granted(
    uow: UnitOfWork, decided: Sequence[CaseDecided], terms: Terms, kit: Kit, *, now: datetime
) -> set[str]:
    """The granted renewals among these decisions; gives their case ids, so that they are not issued a second time.

    One whose old certificate the library does not know is left to be issued as a first one.

    Raises: TypeUnknown, NotRenewable.
    """
    wanted = {_source(event): event for event in decided if _renews(event)}
    known = await repository.known_sources(uow.connection, wanted)
    done = {str(wanted[source].case_id) for source in known}
    for source, event in wanted.items():
        if source not in known and await _grant(uow, event, terms, kit, now):
            done.add(str(event.case_id))
    return done


def _renews(event: CaseDecided) -> bool:
    return event.outcome is Outcome.GRANTED and event.renews is not None and bool(event.item.certificate_type_code)


async def _grant(uow: UnitOfWork, event: CaseDecided, terms: Terms, kit: Kit, now: datetime) -> bool:
    """Or withheld, when what it adds is not as the type has it."""
    try:
        return await renewed_version(uow, event, terms, kit, now)
    except FieldsFaulty as lacking:
        await withhold(uow, event, event.item.certificate_type_code or "", lacking.errors, now)
        return True


async def renewed_version(uow: UnitOfWork, event: CaseDecided, terms: Terms, kit: Kit, now: datetime) -> bool:
    """False: the library does not know the old certificate. Raises: NotRenewable, TypeUnknown, FieldsFaulty."""
    issued_on, department = local_date(event.decided_at), event.item.department
    valid_from, valid_until = terms.of_decision(event)
    said = {"许可内容": event.content, "条件": event.conditions, **event.fields}
    new = Next(
        source=_source(event),
        issued_on=issued_on,
        valid_from=valid_from,
        valid_until=valid_until,
        case=RelatedCase(event.case_id, event.case_no, event.item.item_code, event.item.name),
        holder_name=event.applicant.name,
        holder_key=event.applicant.subject_key,
        issuer=Body(department.uscc, department.name, department.division),
        extend={name: value for name, value in said.items() if value},
    )
    identifier = event.renews.certificate_identifier if event.renews else ""
    return await _renew(uow, identifier, new, kit, now)


async def _renew(uow: UnitOfWork, identifier: str, new: Next, kit: Kit, now: datetime) -> bool:
    """One at a time: they are rare, and each locks the row it supersedes. False: the library has no such row."""
    old = await repository.lock_certificate(uow.connection, identifier)
    if old is None:
        return False
    old = await standing_version(uow, old, kit, also_renewed=False)
    if not allowed(LifeAct.RENEW, Status(old.status)):
        raise NotRenewable(f"证照状态为{old.status}，不能延续")
    await next_version(uow, old, LifeAct.RENEW, new, kit, now=now)
    return True


async def _fresh(uow: UnitOfWork, event: RenewalDeemed, terms: Terms, new: Next, kit: Kit, now: datetime) -> None:
    kind = terms.require(event.item.certificate_type_code or "")
    key = CounterKey.of_type(kind.code, new.issued_on)
    taken = await repository.take_numbers(uow.connection, {key: 1})
    issuer = new.issuer or kind.definer
    number = certificate_number(issuer.division, new.issued_on.year, taken[key])
    made = Certificate(
        id=uuid7(),
        source_key=new.source,
        identifier=build_certificate_identifier(kind.code, issuer.uscc, number, 1),
        type=kind,
        number=number,
        number_shown=number,
        holder=_holder(event.applicant, kit),
        issuer=issuer,
        issued_at=now,
        issued_on=new.issued_on,
        valid_from=new.valid_from,
        valid_until=new.valid_until,
        case=new.case,
    )
    await save(uow, [made], kit)
    await repository.add_jobs(uow.connection, [file_job("CERTIFICATE", made.id)])


def _holder(party: Party, kit: Kit) -> Holder:
    number = kit.open_number(party.sealed_number)
    return Holder(party.party_type.value, party.name, number, party.subject_key, party.masked_number)


def _source(event: RenewalDeemed | CaseDecided) -> str:
    case_id = event.application_id if isinstance(event, RenewalDeemed) else event.case_id
    return f"case:{case_id}:{event.item.certificate_type_code}"
