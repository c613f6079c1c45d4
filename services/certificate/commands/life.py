"""Every later act on a certificate goes through here: checked, stored, its leaf logged, told; in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.events import certificate as events
from contracts.events.certificate import CertificateAct, CertificateStatus
from services.certificate import repository
from services.certificate.certificate_types import queries as type_queries
from services.certificate.commands.issue_certificates import Origin, file_job, save
from services.certificate.commands.last_act import last_act
from services.certificate.commands.log import later_act, log
from services.certificate.commands.sign_records import signed_within
from services.certificate.commands.true_rows import require_still_true
from services.certificate.commands.withhold import close_ended
from services.certificate.domain.certificate import Body, Certificate, CertificateType, RelatedCase
from services.certificate.domain.errors import FieldsFaulty, TypeUnknown, WrongState
from services.certificate.domain.holders import Holder, read_holders
from services.certificate.domain.transparency import Act
from services.certificate.domain.type_fields import faults, typed
from services.certificate.kit import Kit, holder_of
from services.certificate.peers.rows import notice_due
from services.chassis.database import UnitOfWork
from services.chassis.ids import uuid7
from services.kernel.certificate_identifier import build_certificate_identifier, parse_certificate_identifier
from services.kernel.certificate_life import AFTER, LABELS, STATUS_LABELS, Ground, LifeAct, Status, allowed

_TOLD: dict[LifeAct, type[events.CertificateStanding]] = {
    LifeAct.RESCIND: events.CertificateRescinded,
    LifeAct.ANNUL: events.CertificateAnnulled,
    LifeAct.DEREGISTER: events.CertificateDeregistered,
    LifeAct.REVOKE: events.CertificateRevoked,
    LifeAct.REPORT_LOSS: events.CertificateReportedLost,
    LifeAct.WITHDRAW_LOSS: events.CertificateLossWithdrawn,
    LifeAct.EXPIRE: events.CertificateExpired,
}
_ENDS = {LifeAct.RESCIND, LifeAct.ANNUL, LifeAct.DEREGISTER, LifeAct.REVOKE}  # for good
_NEXT = {
    LifeAct.AMEND: events.CertificateAmended,
    LifeAct.RENEW: events.CertificateRenewed,
    LifeAct.REISSUE: events.CertificateReissued,
}


@dataclass(frozen=True)
class Cause:
    """Why: the ground of the law and the decision of approval, where there is one."""

    ground: str = ""
    article: str = ""
    decision_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Next:
    """What is new in the next version; everything else stays as the last signed record says it."""

    source: str  # makes the version exactly one
    issued_on: date
    valid_from: date
    valid_until: date | None
    case: RelatedCase | None = None
    holder_name: str | None = None  # of the holder with `holder_key`, else of the first
    holder_key: str | None = None
    issuer: Body | None = None
    extend: dict[str, str] | None = None  # lines that are added or replaced


_NO_CAUSE = Cause()


def require(act: LifeAct, status: Status, ground: str = "") -> None:
    """Raises WrongState."""
    if not allowed(act, status, Ground(ground) if ground else None):
        raise WrongState(f"证照{STATUS_LABELS[status]}，不能{LABELS[act]}")


async def change(
    uow: UnitOfWork, row: Any, act: LifeAct, kit: Kit, *, now: datetime, cause: Cause = _NO_CAUSE
) -> CertificateStatus:
    """An act that changes the state of a locked row: state, leaf and event.

    Raises: WrongState: the state does not allow the act; RecordNotAuthentic.
    """
    require(act, await _before(uow, row, act, kit), cause.ground)
    status = CertificateStatus(AFTER[act].value)
    await repository.set_status(
        uow.connection, row.id, status.value, ground=cause.ground, decision_id=cause.decision_id
    )
    said = {"at": now.isoformat(), "ground": cause.ground, "decision": str(cause.decision_id or "")}
    log(uow, [later_act(Act(act.value), row, kit, **{name: value for name, value in said.items() if value})])
    told = _TOLD[act](
        certificate_id=row.id,
        identifier=row.identifier,
        type_code=row.type_code,
        holder_key=row.holder_key,
        issuer_uscc=row.issuer_uscc,
        case_id=row.case_id,
        status=status,
        ground=cause.ground,
        article=cause.article,
        decision_id=cause.decision_id,
        at=now,
    )
    uow.publish(told, aggregate_id=row.id, version=row.version + 1)
    if act in _ENDS:
        await close_ended(uow, row, now)
    if act is not LifeAct.EXPIRE:  # the last day is known to everybody
        await notice_due(uow.connection, row.id, now)
    return status


async def _before(uow: UnitOfWork, row: Any, act: LifeAct, kit: Kit) -> Status:
    """The state that the act meets. What takes a certificate away for good is done whatever its row says, by what the
    log knows: rewriting a row must not save its certificate. Raises RecordNotAuthentic.
    """
    if act in _ENDS:
        return (await last_act(uow, row, kit)).status
    await require_still_true(uow, row, kit)
    return Status(row.status)


async def next_version(
    uow: UnitOfWork, old: Any, act: LifeAct, new: Next, kit: Kit, *, now: datetime, cause: Cause = _NO_CAUSE
) -> Certificate:
    """The version after a locked row, which it supersedes: two rows, two leaves, three events.

    Raises: WrongState; RecordNotAuthentic; TypeUnknown; FieldsFaulty, before anything is written: a new line is not as
    the type has it.
    """
    await require_still_true(uow, old, kit)
    require(act, Status(old.status), cause.ground)
    made = await _made(uow, old, new, kit, now)
    await save(uow, [made], kit, Origin(Act(act.value), old.identifier, told=2))
    await repository.add_jobs(uow.connection, [file_job("CERTIFICATE", made.id)])
    told = _NEXT[act](
        certificate_id=made.id,
        identifier=made.identifier,
        holder_key=made.holder.key,
        previous_identifier=old.identifier,
        decision_id=cause.decision_id,
        case_no=made.case.case_no if made.case else None,
        at=now,
    )
    uow.publish(told, aggregate_id=made.id, version=2)
    await _supersede(uow, old, made, CertificateAct(act.value), kit, now)
    return made


async def _made(uow: UnitOfWork, old: Any, new: Next, kit: Kit, now: datetime) -> Certificate:
    types = await type_queries.by_code(uow.connection, [old.type_code])
    if old.type_code not in types:
        raise TypeUnknown(f"证照类型 {old.type_code} 尚未导入, 请先执行 import-types")
    lines = new_lines(types[old.type_code], new.extend or {})
    signed = kit.signer.verify(await signed_within(uow.connection, old, kit))
    issuer = new.issuer or Body(old.issuer_uscc, old.issuer_name, old.issuer_division)
    serial, version = parse_certificate_identifier(old.identifier).serial, old.certificate_version + 1
    first, *others = _holders(signed, new, kit)
    return Certificate(
        id=uuid7(),
        source_key=new.source,
        identifier=build_certificate_identifier(old.type_code, issuer.uscc, serial, version),
        type=types[old.type_code],
        number=signed["certificate_number"],
        number_shown=old.number_shown,
        holder=first,
        co_holders=tuple(others),
        issuer=issuer,
        issued_at=now,
        issued_on=new.issued_on,
        valid_from=_without_a_gap(old, new),
        valid_until=new.valid_until,
        case=new.case or case_of(old),
        version=version,
        extend=signed["extend_info"] | lines,
    )


def _without_a_gap(old: Any, new: Next) -> date:
    """A term that follows on the old one begins at once on paper: the old version counts for nothing from now on, and
    what is left of its term must stand on the new one.
    """
    in_force = old.status in {Status.VALID.value, Status.LOST.value}
    if not in_force or old.valid_until is None or old.valid_until < new.issued_on:
        return new.valid_from
    follows = new.valid_from <= old.valid_until + timedelta(days=1)
    return min(new.valid_from, max(old.valid_from, new.issued_on)) if follows else new.valid_from


def new_lines(kind: CertificateType, lines: Mapping[str, str]) -> dict[str, Any]:
    """In the forms of the fields they fill. What the last version lacks of a newer type it may go on lacking.

    Raises: FieldsFaulty.
    """
    named = [field for field in kind.fields if field.name in lines]
    values = typed(named, lines)
    wrong = list(faults(named, values, "#/fields"))
    if wrong:
        raise FieldsFaulty(errors=wrong)
    return values


def _holders(signed: Mapping[str, Any], new: Next, kit: Kit) -> list[Holder]:
    """All of the last version's, one of them perhaps with a new name."""
    holders = [holder_of(one, kit) for one in read_holders(signed)]
    if new.holder_name:
        place = next((place for place, one in enumerate(holders) if one.key == new.holder_key), 0)
        holders[place] = replace(holders[place], name=new.holder_name)
    return holders


def case_of(row: Any) -> RelatedCase | None:
    """The case a version came from; its later versions stay with it."""
    return RelatedCase(row.case_id, row.case_no, row.item_code, row.item_name) if row.case_id else None


async def _supersede(uow: UnitOfWork, old: Any, new: Certificate, act: CertificateAct, kit: Kit, now: datetime) -> None:
    await repository.set_status(uow.connection, old.id, CertificateStatus.SUPERSEDED.value)
    event = events.CertificateSuperseded(
        certificate_id=old.id,
        identifier=old.identifier,
        holder_key=old.holder_key,
        superseded_by=new.identifier,
        superseded_at=now,
        act=act,
    )
    said = {"superseded_by": new.identifier, "at": now.isoformat()}
    log(uow, [later_act(Act.SUPERSEDE, old, kit, **said)])
    uow.publish(event, aggregate_id=old.id, version=old.version + 1)
    await notice_due(uow.connection, old.id, now)
