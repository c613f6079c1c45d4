"""Proofs out of the transparency log: inclusion of an act, consistency of two sizes. O(log n) rows each."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate.domain import merkle
from services.certificate.domain.errors import NoSuchLeaf, ProofRefused
from services.certificate.domain.merkle import Range
from services.certificate.domain.qr_proof import Inclusion, NotAProof, pack, unpack
from services.certificate.domain.transparency import Act, Leaf
from services.certificate.log import queries as log_queries
from services.certificate.log.schemas import ConsistencyOut, HeadOut, InclusionOut, LeafOut
from services.kernel.errors import FieldError


async def inclusion(connection: AsyncConnection, row: Any, size: int) -> Inclusion:
    """The proof of a row of `leaves_of` / `leaf_at` in the tree of `size` leaves.

    Raises:
        ProofRefused: that tree does not have this leaf.
    """
    if row.leaf_index >= size:
        raise ProofRefused(errors=[FieldError("/size", "too-small", f"该大小的日志还没有第 {row.leaf_index} 条记录")])
    path = await _hashes(connection, merkle.inclusion_path(row.leaf_index, size))
    leaf = Leaf(Act(row.act), row.identifier, row.record_sha256)
    return Inclusion(leaf, row.leaf_index, size, tuple(path))


async def inclusion_out(
    connection: AsyncConnection, *, identifier: str | None, index: int | None, size: int | None
) -> InclusionOut:
    """By identifier (its latest act covered) or index, at `size` or the latest head.

    Raises:
        NoSuchLeaf, ProofRefused.
    """
    if (identifier is None) == (index is None):
        raise ProofRefused(errors=[FieldError("/identifier", "one-of", "identifier 与 index 须填写其中一项")])
    head = await (log_queries.head_of_size(connection, size) if size else log_queries.latest_head(connection))
    wanted = size or (head.size if head else 0)
    row = await _row(connection, identifier, index, wanted)
    if row is not None and row.act == Act.COPY:
        raise NoSuchLeaf("加注件的记录只凭加注件上的二维码核验")  # which copies a holder had made is his own affair
    if row is None or wanted > await log_queries.log_size(connection):
        raise NoSuchLeaf
    proof = await inclusion(connection, row, wanted)
    root = proof.root()
    if root is None or (head is not None and head.root != root):
        raise NoSuchLeaf("日志已损坏：证明与已签发的日志头不一致")
    return InclusionOut(
        leaf=_leaf(proof),
        leaf_hash=proof.leaf.hash().hex(),
        size=wanted,
        root=root.hex(),
        proof=[part.hex() for part in proof.path],
        qr=pack(proof),
        head=HeadOut.of(head) if head else None,
    )


async def owner_of(connection: AsyncConnection, text: str) -> str | None:
    """Whose the proof of a QR code is: the identifier of the certificate from whose own leaf it leads to a head that
    was signed. None for a proof of nothing.
    """
    try:
        carried = unpack("", text)  # names no certificate: the log tells which one stands at that place
    except NotAProof:
        return None
    head = await log_queries.head_of_size(connection, carried.size)
    row = await log_queries.leaf_at(connection, carried.index)
    if head is None or row is None or row.record_sha256 != carried.leaf.record:
        return None
    proof = replace(carried, leaf=replace(carried.leaf, identifier=row.identifier))
    return str(row.identifier) if proof.root() == head.root else None


def _leaf(proof: Inclusion) -> LeafOut:
    leaf = proof.leaf
    return LeafOut(index=proof.index, act=leaf.act, identifier=leaf.identifier, record=leaf.record.hex())


async def consistency_out(connection: AsyncConnection, first: int, second: int) -> ConsistencyOut:
    """Raises ProofRefused."""
    if not 0 < first <= second <= await log_queries.log_size(connection):
        raise ProofRefused(errors=[FieldError("/second", "range", "须满足 0 < first ≤ second ≤ 日志大小")])
    proof = await _hashes(connection, merkle.consistency_path(first, second))
    return ConsistencyOut(first=first, second=second, proof=[part.hex() for part in proof])


async def _row(connection: AsyncConnection, identifier: str | None, index: int | None, size: int) -> Any:
    if identifier is None:
        return await log_queries.leaf_at(connection, index or 0)
    rows = await log_queries.leaves_of(connection, identifier)
    told = [row for row in rows if row.act != Act.COPY]
    covered = [row for row in told if row.leaf_index < size]
    return covered[-1] if covered else next(iter(told), None)


async def _hashes(connection: AsyncConnection, path: Sequence[Range]) -> list[bytes]:
    stored = await log_queries.stored_nodes(connection, merkle.nodes_for(path))
    try:
        return merkle.hashes_of(path, stored)
    except KeyError as missing:
        raise NoSuchLeaf("日志已损坏：缺少记录") from missing
