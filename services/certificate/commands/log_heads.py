"""Signed heads of the transparency log, and the leaves of certificates that are older than the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events.certificate import CertificateOrigin, LogHeadSigned
from services.certificate.commands import log_check
from services.certificate.commands.log import Entry, later_act, log, parts
from services.certificate.domain import merkle
from services.certificate.domain.errors import LogBroken
from services.certificate.domain.transparency import Act, act_behind
from services.certificate.files.records import HEAD_TYPE
from services.certificate.kit import Kit
from services.certificate.log import queries as log_queries
from services.certificate.log.queries import Head
from services.certificate.tables import LogHeadRow
from services.chassis.database import Database, UnitOfWork

_LOG = UUID("0192a3b4-0000-7000-8000-000000000001")  # aggregate of the events of the log; each division has its own
_MOST = 100_000  # leaves that one head may add: an import of millions is covered by several heads
# One signer at a time: the second finds nothing due.
_ONE_SIGNER = text("SELECT pg_advisory_xact_lock(hashtext('certificate.log-head'))")
_DUE = text(
    "SELECT s.size, h.size AS covered, h.ordinal, h.root FROM log_state s LEFT JOIN LATERAL (SELECT size, ordinal, "
    "root, made_at FROM log_head ORDER BY size DESC LIMIT 1) h ON true WHERE s.size > coalesce(h.size, 0) "
    "AND (h.made_at IS NULL OR h.made_at <= now() - make_interval(secs => :pause) OR s.size - h.size > :most)"
)
_STRAYS = text(
    "SELECT c.id, c.identifier, c.origin, c.status, c.jws_sealed FROM certificate c WHERE c.id > :after "
    "AND NOT EXISTS (SELECT FROM log_leaf l WHERE l.certificate_id = c.id) ORDER BY c.id LIMIT :many"
)


@dataclass(frozen=True)
class _Last:
    """The last signed head."""

    size: int
    ordinal: int
    root: bytes


async def sign_head(database: Database, kit: Kit, *, now: datetime) -> Head | None:
    """Sign and publish a head when there is something new and the last one is `log_head_seconds` old, or full.

    Before signing, the new leaves are built again from the signed records of their acts, and the old ones must still
    be the tree that was signed last: a leaf that came into the tables otherwise is never signed. (Columns that differ
    from the record do not stop the log; verification and monitors tell them.)

    Raises:
        LogBroken: says at which leaf.
    """
    when = {"pause": kit.settings.log_head_seconds, "most": _MOST}
    async with database.read() as connection:  # most of the time there is nothing to do, and no lock is needed for that
        if (await connection.execute(_DUE, when)).one_or_none() is None:
            return None
    async with database.transaction() as uow:
        await uow.connection.execute(_ONE_SIGNER)
        due = (await uow.connection.execute(_DUE, when)).one_or_none()
        if due is None:
            return None
        last = _Last(due.covered or 0, due.ordinal or 0, due.root or merkle.EMPTY_ROOT)
        size = min(due.size, last.size + _MOST)
        root = await _checked_root(uow.connection, kit, last, size)
        return await publish(uow, kit, Head(size, root, now, ""), last.ordinal + 1)


async def sign_heads(database: Database, kit: Kit, *, now: datetime) -> None:
    """All that are due: after an import of millions that is several. Raises LogBroken."""
    while await sign_head(database, kit, now=now):
        pass


async def _checked_root(connection: AsyncConnection, kit: Kit, last: _Last, size: int) -> bytes:
    nodes = merkle.perfect_nodes((0, last.size))
    stored = await log_queries.stored_nodes(connection, nodes)
    frontier = [stored.get(node, b"") for node in nodes]
    if merkle.root_of(frontier) != last.root:
        raise LogBroken(f"前 {last.size} 条记录与已签发的日志头不一致")
    for first in range(last.size, size, log_check.PAGE):
        end = min(first + log_check.PAGE, size)
        rows = await log_check.leaf_rows(connection, first, end)
        frontier = _grown(first, frontier, rows, kit)
    return merkle.root_of(frontier)


def _grown(first: int, frontier: Sequence[bytes], rows: Sequence[Any], kit: Kit) -> list[bytes]:
    leaves = []
    for index, row in enumerate(rows, start=first):
        found = log_check.recorded(row, kit) if row is not None else None
        if found is None:
            raise LogBroken(f"第 {index} 条记录缺失，或者与签名不一致")
        leaves.append(found[0])
    grown, completed = merkle.grow(first, frontier, leaves)
    for index, (row, hashes) in enumerate(zip(rows, completed, strict=True), start=first):
        if parts(row.hashes) != list(hashes):
            raise LogBroken(f"第 {index} 条记录的散列被改动")
    return grown


async def publish(uow: UnitOfWork, kit: Kit, head: Head, ordinal: int) -> Head:
    said = head.payload(kit.settings.division)
    signed = Head(head.size, head.root, head.signed_at, kit.signer.sign_compact(said, typ=HEAD_TYPE))
    row = {"size": head.size, "ordinal": ordinal, "root": head.root, "signed_at": head.signed_at, "jws": signed.jws}
    await uow.connection.execute(insert(LogHeadRow).values(row))
    uow.publish(
        LogHeadSigned(log=kit.settings.division, **_told(signed)),
        aggregate_id=uuid5(_LOG, kit.settings.division),
        version=ordinal,
    )
    return signed


def _told(head: Head) -> Mapping[str, Any]:
    return {"size": head.size, "root": head.root.hex(), "signed_at": head.signed_at, "jws": head.jws}


async def fill(database: Database, kit: Kit) -> int:
    """Leaves for the certificates from before the log, oldest first; gives how many. May be interrupted and repeated.

    Every record must carry our signature: a certificate that came into the table otherwise gets no leaf.

    Raises:
        RecordNotAuthentic, SealBroken: names no certificate; the log stays to be filled.
    """
    count, after = 0, UUID(int=0)
    while True:
        async with database.transaction() as uow:
            found = (await uow.connection.execute(_STRAYS, {"after": after, "many": log_check.PAGE})).all()
            log(uow, [entry for row in found for entry in _entries(row, kit)])
            if not found:
                await uow.connection.execute(text("UPDATE log_state SET to_fill = false"))
                return count
        count, after = count + len(found), found[-1].id


def _entries(row: Any, kit: Kit) -> list[Entry]:
    """Its issue or import, and the act behind its status when it is no longer valid."""
    signed = kit.open_record(row.jws_sealed)
    kit.signer.verify(signed)
    act = Act.ISSUE if row.origin == CertificateOrigin.CASE.value else Act.IMPORT
    first, later = Entry(act, row.id, row.identifier, signed), act_behind(row.status)
    return [first] if later is None else [first, later_act(later, row, kit, status=row.status)]
