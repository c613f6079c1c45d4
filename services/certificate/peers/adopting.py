"""What a peer told and we believed becomes a certificate of ours to reuse: stored, told, confirmed or taken away."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.events import certificate as events
from contracts.events.certificate import CertificateOrigin, CertificateStatus
from contracts.events.common import Event, PartyType
from services.certificate.domain.holders import of_row
from services.certificate.domain.peering import Peer, Trust, trust
from services.certificate.domain.transparency import Act
from services.certificate.kit import Kit
from services.certificate.peers import rows, standing
from services.certificate.peers.believing import Believed
from services.certificate.peers.schemas import ForeignOut
from services.certificate.peers.wire import untrusted
from services.certificate.queries import holder_out
from services.certificate.schemas import BodyOut
from services.chassis.clock import local_date
from services.chassis.database import UnitOfWork
from services.chassis.ids import uuid7
from services.kernel.certificate_life import Status, may_become

_STANDINGS: dict[CertificateStatus, type[events.CertificateStanding]] = {
    CertificateStatus.RESCINDED: events.CertificateRescinded,
    CertificateStatus.ANNULLED: events.CertificateAnnulled,
    CertificateStatus.DEREGISTERED: events.CertificateDeregistered,
    CertificateStatus.REVOKED: events.CertificateRevoked,
    CertificateStatus.LOST: events.CertificateReportedLost,
    CertificateStatus.EXPIRED: events.CertificateExpired,
    CertificateStatus.VALID: events.CertificateLossWithdrawn,
}


@dataclass(frozen=True)
class Why:
    """For what somebody of ours asked."""

    purpose: str
    case_no: str


async def adopt(
    uow: UnitOfWork, told: Believed, peer: Peer, kit: Kit, *, now: datetime, why: Why | None = None
) -> None:
    """The first time it is stored and told like an issue; later it is confirmed, and a change of state is told.

    Without `why` it was asked by the clock, and only what is known already is confirmed.

    Raises PeerUntrusted: it is our own, another region's, or not the record we know.
    """
    await rows.lock_identifier(uow.connection, told.identifier)
    if await rows.is_ours(uow.connection, told.identifier):
        raise untrusted("outside-region", "该证照由本地区颁发，对方无权答复")
    known = await rows.foreign(uow.connection, told.identifier)
    if known is None:
        if why is not None:
            await _first(uow, told, peer, kit, now, why)
        return
    if (known.region, known.record_sha256) != (peer.region, told.record_sha256):
        raise untrusted("record-changed", "与此前采用的同一证照的签名记录不一致")
    if not _follows(known, told, standing.status(known, kit)):
        raise untrusted("record-changed", "答复早于此前采用的答复，或者把已终止的证照说成有效")
    await _again(uow, known, told, peer, kit, now, why)


def _follows(known: Any, told: Believed, stood: str) -> bool:
    """Whether this is no older answer than the one known: two may arrive in another order than they were given.

    An act counts before a head covers it, so the same head may stand under both: what was taken away stays away, and
    what was lost is valid again only by the act that says so.
    """
    if told.proof["size"] < known.proof["size"] or not may_become(Status(stood), Status(told.status)):
        return False
    found_again = (stood, told.status) == (Status.LOST, Status.VALID)
    return not found_again or told.last_act is Act.WITHDRAW_LOSS


async def _first(uow: UnitOfWork, told: Believed, peer: Peer, kit: Kit, now: datetime, why: Why) -> None:
    today = local_date(now)
    until = told.columns["valid_until"]
    trusted = trust(peer, today, asked_on=today, relied=False, valid_until=until)
    row = dict(told.columns) | {
        "id": uuid7(),
        "version": 1,
        "status": told.status,
        "record_sealed": kit.seal_record(told.record),
        "record_sha256": told.record_sha256,
        "proof": dict(told.proof),
        "adopted_at": now,
        "asked_at": now,
        "purpose": why.purpose,
        "case_no": why.case_no,
        "confirmed_at": now,
        "trusted_until": trusted.until,
        "again_at": trusted.again_at,
        "relied_at": None,
    }
    await rows.add_foreign(uow.connection, row | {"standing_sealed": standing.sealed(row, kit)})
    uow.publish(_issued(row, peer), aggregate_id=row["id"], version=1)


async def _again(
    uow: UnitOfWork, known: Any, told: Believed, peer: Peer, kit: Kit, now: datetime, why: Why | None
) -> None:
    today, asked_at = local_date(now), now if why is not None else known.asked_at
    trusted = trust(
        peer,
        today,
        asked_on=local_date(asked_at),
        relied=known.relied_at is not None,
        valid_until=known.valid_until,
    )
    changed = {
        "asked_at": asked_at,
        "purpose": why.purpose if why else known.purpose,
        "case_no": why.case_no if why else known.case_no,
        "confirmed_at": now,
        "trusted_until": trusted.until,
        "again_at": trusted.again_at,
        "proof": dict(told.proof),
        "status": told.status,
        "type_code": told.type_code,
    }
    changed["standing_sealed"] = standing.sealed(dict(known._mapping) | changed, kit)
    version = known.version
    for event in _news(known, told, peer, trusted, now):
        version += 1
        uow.publish(event, aggregate_id=known.id, version=version)
    await rows.change_foreign(uow.connection, known.id, changed | {"version": version})


async def lapse(uow: UnitOfWork, known: Any, kit: Kit, *, now: datetime) -> None:
    """The registration of its region is over: from today on it counts for nothing, until that region answers again.

    A row that somebody altered is not sealed anew: it stays as unsound as it is.
    """
    changed: dict[str, Any] = {"trusted_until": local_date(now) - timedelta(days=1)}
    if standing.holds(known, kit):
        changed["standing_sealed"] = standing.sealed(dict(known._mapping) | changed, kit)
    event = events.CertificateConfirmed(
        certificate_id=known.id,
        identifier=known.identifier,
        type_code=known.type_code,
        region=known.region,
        trusted_until=changed["trusted_until"],
        confirmed_at=known.confirmed_at,
    )
    uow.publish(event, aggregate_id=known.id, version=known.version + 1)
    await rows.change_foreign(uow.connection, known.id, changed | {"version": known.version + 1})


def _news(known: Any, told: Believed, peer: Peer, trusted: Trust, now: datetime) -> list[Event]:
    news: list[Event] = []
    if known.status != told.status:
        news.append(_standing(known, told, now))
    if (known.trusted_until, known.type_code) != (trusted.until, told.type_code):
        news.append(
            events.CertificateConfirmed(
                certificate_id=known.id,
                identifier=known.identifier,
                type_code=told.type_code,
                region=peer.region,
                trusted_until=trusted.until,
                confirmed_at=now,
            )
        )
    return news


def _standing(known: Any, told: Believed, now: datetime) -> Event:
    status = CertificateStatus(told.status)
    if status is CertificateStatus.SUPERSEDED:
        return events.CertificateSuperseded(
            certificate_id=known.id,
            identifier=known.identifier,
            holder_key=known.holder_key,
            superseded_by=told.superseded_by,
            superseded_at=now,
        )
    return _STANDINGS[status](
        certificate_id=known.id,
        identifier=known.identifier,
        type_code=told.type_code,
        holder_key=known.holder_key,
        issuer_uscc=known.issuer_uscc,
        status=status,
        at=now,
    )


def _issued(row: dict[str, Any], peer: Peer) -> events.CertificateIssued:
    return events.CertificateIssued(
        certificate_id=row["id"],
        identifier=row["identifier"],
        type_code=row["type_code"],
        type_name=row["type_name"],
        holder_key=row["holder_key"],
        holder_name=row["holder_name"],
        holder_type=PartyType(row["holder_type"]),
        co_holders=tuple(_co_holder(one) for one in (row["holders"] or ())[1:]),
        issuer_uscc=row["issuer_uscc"],
        origin=CertificateOrigin.FOREIGN,
        certificate_version=row["certificate_version"],
        issued_at=row["adopted_at"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        status=CertificateStatus(row["status"]),
        region=peer.region,
        region_name=peer.name,
        trusted_until=row["trusted_until"],
    )


def _co_holder(one: Mapping[str, str]) -> events.CoHolder:
    kind = PartyType(one["type"])
    return events.CoHolder(holder_key=one["key"], holder_name=one["name"], holder_type=kind, share=one["share"])


def foreign_out(row: Any) -> ForeignOut:
    """Of a row of `rows.shown`."""
    names = (
        *("identifier", "type_code", "type_name", "certificate_version", "issued_on", "valid_from", "valid_until"),
        *("region", "region_name", "confirmed_at", "trusted_until", "version"),
    )
    holders = [holder_out(one) for one in of_row(row)]
    return ForeignOut(
        **{name: getattr(row, name) for name in names},
        certificate_number=row.number_shown,
        holder=holders[0],
        holders=holders,
        issuer=BodyOut(uscc=row.issuer_uscc, name=row.issuer_name),
        status=CertificateStatus(row.status),
        origin=CertificateOrigin.FOREIGN,
    )
