"""Rows of peers and of certificates issued elsewhere: what commands load and save."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.certificate.domain.peering import Peer
from services.certificate.domain.transparency import COPY_ACTS
from services.certificate.peers.tables import (
    ForeignCertificateRow,
    PeerRequestRow,
    PeerRow,
    PeerToldRow,
    foreign_certificate,
    peer,
    peer_request,
    peer_told,
)
from services.certificate.tables import certificate, co_holder, log_leaf

_PLAIN = ("region", "name", "base_url", "types", "trust_days", "valid_from", "valid_until", "closed")
_FORGET = text(
    "DELETE FROM peer_request WHERE (region, request_sha256) IN "
    "(SELECT region, request_sha256 FROM peer_request WHERE runs_out_at < :now LIMIT 100)"
)
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('foreign-certificate'), hashtext(:identifier))")


def peer_of(row: Any) -> Peer:
    return Peer(
        **{name: getattr(row, name) for name in _PLAIN},
        keys=tuple(row.jwks),
        seal_roots=tuple(row.seal_roots),
        stamp_roots=tuple(row.stamp_roots),
        head_size=row.head_size,
        head_root=row.head_root,
    )


async def find_peer(connection: AsyncConnection, region: str) -> Peer | None:
    row = (await connection.execute(select(peer).where(peer.c.region == region))).one_or_none()
    return peer_of(row) if row is not None else None


async def all_peers(connection: AsyncConnection) -> Sequence[Any]:
    rows: Sequence[Any] = (await connection.execute(select(peer).order_by(peer.c.region))).all()
    return rows


async def save_peer(connection: AsyncConnection, row: dict[str, Any]) -> None:
    """A new registration, or the newest state of one; the head seen of its log stays."""
    statement = insert(PeerRow).values(row | {"head_size": 0, "head_root": b""})
    changed = {name: statement.excluded[name] for name in row if name != "region"}
    await connection.execute(statement.on_conflict_do_update(index_elements=["region"], set_=changed))


async def remember_head(connection: AsyncConnection, region: str, size: int, root: bytes) -> None:
    """The newest one only."""
    newer = (col(PeerRow.region) == region, col(PeerRow.head_size) < size)
    await connection.execute(update(PeerRow).where(*newer).values(head_size=size, head_root=root))


async def first_use(
    connection: AsyncConnection, region: str, request_sha256: str, runs_out_at: datetime, now: datetime
) -> bool:
    """Claims a request; False when it was answered before. Those that ran out are forgotten, some at a time."""
    await connection.execute(_FORGET, {"now": now})
    claim = insert(PeerRequestRow).values(region=region, request_sha256=request_sha256, runs_out_at=runs_out_at)
    claimed = await connection.scalar(claim.on_conflict_do_nothing().returning(peer_request.c.region))
    return claimed is not None


async def remember_told(connection: AsyncConnection, certificate_id: UUID, region: str) -> None:
    told = insert(PeerToldRow).values(certificate_id=certificate_id, region=region)
    await connection.execute(told.on_conflict_do_nothing())


async def notice_due(connection: AsyncConnection, certificate_id: UUID, at: datetime) -> None:
    """The certificate stands otherwise: whoever was told of it is told so."""
    statement = update(PeerToldRow).where(col(PeerToldRow.certificate_id) == certificate_id)
    await connection.execute(statement.values(notice_at=at))


async def due_notices(connection: AsyncConnection, now: datetime, limit: int) -> dict[str, list[Any]]:
    """By region: certificates and their identifiers."""
    wanted = (
        select(peer_told.c.region, peer_told.c.certificate_id, peer_told.c.notice_at, certificate.c.identifier)
        .join_from(peer_told, certificate, certificate.c.id == peer_told.c.certificate_id)
        .where(peer_told.c.notice_at <= now)
        .order_by(peer_told.c.notice_at)
        .limit(limit)
    )
    found: dict[str, list[Any]] = {}
    for row in await connection.execute(wanted):
        found.setdefault(row.region, []).append(row)
    return found


async def noticed(connection: AsyncConnection, row: Any, again_at: datetime | None) -> None:
    """Told, or (with `again_at`) to be tried again; not when it changed once more meanwhile."""
    own = (col(PeerToldRow.certificate_id) == row.certificate_id, col(PeerToldRow.region) == row.region)
    same = col(PeerToldRow.notice_at) == row.notice_at
    await connection.execute(update(PeerToldRow).where(*own, same).values(notice_at=again_at))


async def due_again(connection: AsyncConnection, now: datetime, limit: int) -> Sequence[Any]:
    wanted = select(foreign_certificate).where(foreign_certificate.c.again_at <= now)
    rows: Sequence[Any] = (await connection.execute(wanted.order_by(foreign_certificate.c.again_at).limit(limit))).all()
    return rows


async def trusted_of_nobody(connection: AsyncConnection, today: date, limit: int) -> Sequence[Any]:
    """Certificates that are still trusted although the registration of their region is over, locked."""
    over = or_(peer.c.closed, peer.c.valid_from > today, peer.c.valid_until < today)
    regions = (await connection.scalars(select(peer.c.region).where(over))).all()
    if not regions:
        return []
    trusted = (foreign_certificate.c.region.in_(regions), foreign_certificate.c.trusted_until >= today)
    wanted = select(foreign_certificate).where(*trusted).order_by(foreign_certificate.c.id).limit(limit)
    rows: Sequence[Any] = (await connection.execute(wanted.with_for_update())).all()
    return rows


async def ask_soon(connection: AsyncConnection, region: str, identifiers: Collection[str], at: datetime) -> None:
    """What this region says stands otherwise is asked for again; only its own."""
    of = (
        col(ForeignCertificateRow.region) == region,
        col(ForeignCertificateRow.identifier).in_(sorted(identifiers)),
    )
    await connection.execute(update(ForeignCertificateRow).where(*of).values(again_at=at))


async def mark_relied(connection: AsyncConnection, identifier: str, at: datetime) -> Any:
    """From now on it is asked again as long as it is valid. Gives its id and holders, None for one we do not know."""
    statement = update(ForeignCertificateRow).where(col(ForeignCertificateRow.identifier) == identifier)
    relied_at, again_at = col(ForeignCertificateRow.relied_at), col(ForeignCertificateRow.again_at)
    at_once = func.coalesce(again_at, at)
    marked = statement.values(relied_at=func.coalesce(relied_at, at), again_at=at_once)
    shown = (foreign_certificate.c.id, foreign_certificate.c.holder_keys)
    return (await connection.execute(marked.returning(*shown))).one_or_none()


async def holders_elsewhere(connection: AsyncConnection, identifier: str) -> tuple[UUID, Sequence[str]] | None:
    """Id and holders of an adopted certificate, None for one we do not know."""
    wanted = select(foreign_certificate.c.id, foreign_certificate.c.holder_keys)
    row = (await connection.execute(wanted.where(foreign_certificate.c.identifier == identifier))).one_or_none()
    return (row.id, row.holder_keys) if row is not None else None


async def lock_identifier(connection: AsyncConnection, identifier: str) -> None:
    """Two answers about one certificate are taken one after the other."""
    await connection.execute(_ONE_AT_A_TIME, {"identifier": identifier})


async def foreign(connection: AsyncConnection, identifier: str) -> Any:
    wanted = select(foreign_certificate).where(foreign_certificate.c.identifier == identifier)
    return (await connection.execute(wanted)).one_or_none()


async def shown(connection: AsyncConnection, *conditions: Any) -> Sequence[Any]:
    """Foreign certificates with the name of the region that issued them."""
    joined = foreign_certificate.join(peer, peer.c.region == foreign_certificate.c.region)
    columns = (*foreign_certificate.c, peer.c.name.label("region_name"))
    wanted = select(*columns).select_from(joined).where(*conditions).order_by(foreign_certificate.c.identifier)
    rows: Sequence[Any] = (await connection.execute(wanted)).all()
    return rows


async def add_foreign(connection: AsyncConnection, row: dict[str, Any]) -> None:
    await connection.execute(insert(ForeignCertificateRow).values(row))


async def change_foreign(connection: AsyncConnection, foreign_id: UUID, changed: dict[str, Any]) -> None:
    statement = update(ForeignCertificateRow).where(col(ForeignCertificateRow.id) == foreign_id)
    await connection.execute(statement.values(**changed))


async def is_ours(connection: AsyncConnection, identifier: str) -> bool:
    """Whether our own library issued it."""
    wanted = select(literal(1)).where(certificate.c.identifier == identifier)
    return await connection.scalar(wanted) is not None


async def of_question(
    connection: AsyncConnection, *, identifier: str | None, holder_key: str, type_code: str | None, limit: int
) -> Sequence[Any]:
    """Certificates of our own library that a peer asks for, the newest first."""
    if identifier is not None:
        condition = certificate.c.identifier == identifier
    else:
        shared = select(co_holder.c.certificate_id).where(co_holder.c.holder_key == holder_key)
        held = or_(certificate.c.holder_key == holder_key, certificate.c.id.in_(shared))
        condition = and_(held, certificate.c.type_code == type_code)
    wanted = select(certificate).where(condition).order_by(certificate.c.issued_at.desc()).limit(limit)
    rows: Sequence[Any] = (await connection.execute(wanted)).all()
    return rows


async def acts_of(connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, list[Any]]:
    """All acts on these certificates, oldest first; a copy changes nothing and is left out."""
    columns = [column for column in log_leaf.c if column.name != "hashes"]
    wanted = (
        select(*columns, certificate.c.identifier)
        .join_from(log_leaf, certificate, certificate.c.id == log_leaf.c.certificate_id)
        .where(log_leaf.c.certificate_id.in_(sorted(ids)), log_leaf.c.act.not_in(sorted(COPY_ACTS)))
        .order_by(log_leaf.c.leaf_index)
    )
    found: dict[UUID, list[Any]] = {}
    for row in await connection.execute(wanted):
        found.setdefault(row.certificate_id, []).append(row)
    return found
