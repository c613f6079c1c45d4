"""Reads of the transparency log: heads, stored tree nodes, leaves of certificates. O(log n) rows for every proof."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate.domain.merkle import HASH_BYTES, Node
from services.certificate.tables import certificate, log_head, log_leaf, log_state

_HEADS = (log_head.c.size, log_head.c.root, log_head.c.signed_at, log_head.c.jws)
_NODES = text(
    f"SELECT place, substring(l.hashes FROM level * {HASH_BYTES} + 1 FOR {HASH_BYTES}) AS hash FROM unnest("
    "CAST(:leaves AS bigint[]), CAST(:levels AS integer[])) WITH ORDINALITY AS wanted (leaf, level, place) "
    "JOIN log_leaf l ON l.leaf_index = leaf"
)
# A code carries the proof of its act under the first head that covers it.
_OF_CODES = text(
    "WITH leaves AS (SELECT leaf_index, act, min(leaf_index) OVER () AS first FROM log_leaf "
    "WHERE certificate_id = :id), heads AS (SELECT DISTINCT h.size, h.jws FROM leaves CROSS JOIN LATERAL "
    "(SELECT size, jws FROM log_head WHERE size > leaf_index ORDER BY size LIMIT 1) h "
    "WHERE h.size <= :size AND (act IN ('REPRINT', 'COPY') OR leaf_index = first)) "
    "SELECT size, jws FROM heads ORDER BY size = (SELECT min(size) FROM heads) DESC, size DESC LIMIT :limit"
)
_STRAYS = text(
    "WITH page AS (SELECT id FROM certificate WHERE id > :after ORDER BY id LIMIT :many) SELECT count(*) AS scanned, "
    "count(*) FILTER (WHERE NOT EXISTS (SELECT FROM log_leaf l WHERE l.certificate_id = page.id)) AS strays, "
    "(SELECT id FROM page ORDER BY id DESC LIMIT 1) AS last FROM page"
)


@dataclass(frozen=True)
class Head:
    """A signed head: the root of the tree of the first `size` leaves."""

    size: int
    root: bytes
    signed_at: datetime
    jws: str

    def payload(self, log: str) -> dict[str, Any]:
        """What is signed. `log` tells the logs of two divisions apart."""
        return {"log": log, "size": self.size, "root": self.root.hex(), "signed_at": self.signed_at.isoformat()}


async def latest_head(connection: AsyncConnection) -> Head | None:
    row = (await connection.execute(select(*_HEADS).order_by(log_head.c.size.desc()).limit(1))).one_or_none()
    return Head(*row) if row else None


async def head_of_size(connection: AsyncConnection, size: int) -> Head | None:
    row = (await connection.execute(select(*_HEADS).where(log_head.c.size == size))).one_or_none()
    return Head(*row) if row else None


async def heads_after(connection: AsyncConnection, size: int, limit: int) -> list[Head]:
    wanted = select(*_HEADS).where(log_head.c.size > size).order_by(log_head.c.size).limit(limit)
    return [Head(*row) for row in await connection.execute(wanted)]


async def head_covering(connection: AsyncConnection, index: int) -> Head | None:
    """The first signed head that has this leaf."""
    wanted = select(*_HEADS).where(log_head.c.size > index).order_by(log_head.c.size).limit(1)
    row = (await connection.execute(wanted)).one_or_none()
    return Head(*row) if row else None


async def heads_of_codes(connection: AsyncConnection, certificate_id: UUID, size: int, limit: int) -> list[str]:
    """The signed heads up to this size that the proofs in the codes of a certificate and its copies lead to: its own,
    then those of its newest copies.
    """
    found = await connection.execute(_OF_CODES, {"id": certificate_id, "size": size, "limit": limit})
    return [row.jws for row in found]


async def stored_nodes(connection: AsyncConnection, nodes: Iterable[Node]) -> dict[Node, bytes]:
    wanted = list(nodes)
    given = {"leaves": [node.completed_by for node in wanted], "levels": [node.level for node in wanted]}
    found = await connection.execute(_NODES, given)
    return {wanted[row.place - 1]: row.hash for row in found}


def _leaves() -> Select[Any]:
    columns = (log_leaf.c.leaf_index, log_leaf.c.act, log_leaf.c.record_sha256, certificate.c.identifier)
    return select(*columns).join_from(log_leaf, certificate, certificate.c.id == log_leaf.c.certificate_id)


async def leaves_of(connection: AsyncConnection, identifier: str) -> Sequence[Any]:
    """All acts on the certificate of this identifier, oldest first."""
    wanted = _leaves().where(certificate.c.identifier == identifier).order_by(log_leaf.c.leaf_index)
    rows: Sequence[Any] = (await connection.execute(wanted)).all()
    return rows


async def leaf_at(connection: AsyncConnection, index: int) -> Any:
    return (await connection.execute(_leaves().where(log_leaf.c.leaf_index == index))).one_or_none()


async def first_leaf(connection: AsyncConnection, certificate_id: UUID) -> Any:
    """The act that brought this version into being."""
    wanted = _leaves().where(log_leaf.c.certificate_id == certificate_id).order_by(log_leaf.c.leaf_index).limit(1)
    return (await connection.execute(wanted)).one_or_none()


async def strays(connection: AsyncConnection, after: UUID, many: int) -> Any:
    """How many of the next certificates have no leaf at all."""
    return (await connection.execute(_STRAYS, {"after": after, "many": many})).one()


async def log_size(connection: AsyncConnection) -> int:
    return int(await connection.scalar(select(log_state.c.size)) or 0)


async def to_fill(connection: AsyncConnection) -> bool:
    """Whether certificates from before the log still wait for their leaves."""
    return bool(await connection.scalar(select(log_state.c.to_fill)))
