"""The transparency log: every act adds its leaf in the transaction of the act; nothing else writes leaves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate.domain import merkle
from services.certificate.domain.merkle import HASH_BYTES
from services.certificate.domain.transparency import Act, Leaf
from services.certificate.files.records import ACT_TYPE, content_hash
from services.certificate.kit import Kit
from services.chassis.database import UnitOfWork

# The row lock puts all issuers in one line: a leaf's index is taken and committed (or given back) with its act.
_LOCK = text("SELECT size, frontier FROM log_state WHERE id = 1 FOR UPDATE")
_APPEND = text(
    "WITH leaves AS (INSERT INTO log_leaf (leaf_index, certificate_id, act, record_sha256, hashes, record_sealed) "
    "SELECT :first + place - 1, certificate_id, act, record, hashes, sealed FROM unnest("
    "CAST(:ids AS uuid[]), CAST(:acts AS text[]), CAST(:records AS bytea[]), CAST(:hashes AS bytea[]), "
    "CAST(:sealed AS bytea[])) WITH ORDINALITY AS given (certificate_id, act, record, hashes, sealed, place)) "
    "UPDATE log_state SET size = :size, frontier = :frontier WHERE id = 1"
)

_OF_COPIES = text(
    "UPDATE certificate_copy SET leaf_index = :first + place - 1 "
    "FROM unnest(CAST(:copies AS uuid[])) WITH ORDINALITY AS given (copy, place) WHERE id = copy"
)


@dataclass(frozen=True)
class Entry:
    """An act to be logged. `sealed` is its signed record, sealed, unless that is the certificate's own; `copy_id` the
    copy that it made.
    """

    act: Act
    certificate_id: UUID
    identifier: str
    signed_record: str = field(repr=False)
    sealed: bytes | None = field(default=None, repr=False)
    copy_id: UUID | None = None


def log(uow: UnitOfWork, entries: Sequence[Entry]) -> None:
    """Give each act its leaf, in this order, at the end of this transaction.

    The end, because the lock on the log is the one that all acts share: counters and rows are locked before it, so no
    two transactions wait for each other, and it is held for two statements (of copies three) and the commit.
    """
    if entries:
        uow.at_the_end(_append, [_leaf(entry) for entry in entries])


def in_hand(uow: UnitOfWork, certificate_id: UUID) -> list[Entry]:
    """The acts on this certificate that wait in this transaction for their leaves."""
    return [entry for entry, *_ in uow.waiting(_append) if entry.certificate_id == certificate_id]


def _leaf(entry: Entry) -> tuple[Entry, bytes, bytes]:
    """With its content hash and its leaf hash, made before the lock: that is held for the tree alone."""
    leaf = Leaf(entry.act, entry.identifier, content_hash(entry.signed_record))
    return entry, leaf.record, leaf.hash()


def later_act(act: Act, row: Any, kit: Kit, **said: str) -> Entry:
    """A later act on a certificate's row, with its own signed record. What `said` adds must not be personal."""
    record = {"certificate_identifier": row.identifier, "act": act.value} | said
    signed = kit.signer.sign(record, typ=ACT_TYPE)
    return Entry(act, row.id, row.identifier, signed, kit.seal_record(signed))


async def _append(connection: AsyncConnection, leaves: Sequence[tuple[Entry, bytes, bytes]]) -> None:
    entries, records, hashes = zip(*leaves, strict=True)
    size, stored = (await connection.execute(_LOCK)).one()
    frontier, completed = merkle.grow(size, parts(stored), hashes)
    await connection.execute(
        _APPEND,
        {
            "first": size,
            "ids": [entry.certificate_id for entry in entries],
            "acts": [entry.act.value for entry in entries],
            "records": list(records),
            "hashes": [b"".join(nodes) for nodes in completed],
            "sealed": [entry.sealed for entry in entries],
            "size": size + len(entries),
            "frontier": b"".join(frontier),
        },
    )
    copies = [entry.copy_id for entry in entries]
    if any(copies):
        await connection.execute(_OF_COPIES, {"first": size, "copies": copies})


def parts(stored: bytes) -> list[bytes]:
    """Hashes that are kept one after another."""
    return [stored[place : place + HASH_BYTES] for place in range(0, len(stored), HASH_BYTES)]
