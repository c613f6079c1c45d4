"""Signatures of imported records: logged at once, signed when first needed or by the worker, whichever comes first.

SM2 costs half a millisecond: signing while importing would bound the import by the processor. A draft is protected
meanwhile by its seal (AES-GCM) and by its leaf, which the signed head of the log covers; and it is signed only when
it is what its leaf says.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.files.records import content_hash, is_draft
from services.certificate.kit import Kit
from services.chassis.database import Database
from services.chassis.sealing import SealBroken

log = logging.getLogger(__name__)
EVERY_SECONDS = 1.0
BATCH = 250  # a quarter of a second of one processor

_LEAF = text("SELECT record_sha256 FROM log_leaf WHERE certificate_id = :id ORDER BY leaf_index LIMIT 1")
# Only over the draft that was read: somebody else may have signed it meanwhile.
_STORE = text(
    "UPDATE certificate c SET jws_sealed = given.signed FROM unnest(CAST(:ids AS uuid[]), CAST(:drafts AS bytea[]), "
    "CAST(:signed AS bytea[])) AS given (id, draft, signed) WHERE c.id = given.id AND c.jws_sealed = given.draft "
    "RETURNING c.id"
)
_STORED = text("SELECT jws_sealed FROM certificate WHERE id = :id")
_DUE = text("SELECT size, records_signed FROM log_state")
_PAGE = text(
    "SELECT c.id, c.jws_sealed, l.record_sha256 FROM log_leaf l JOIN certificate c ON c.id = l.certificate_id "
    "WHERE l.leaf_index >= :first AND l.leaf_index < :end AND l.act = 'IMPORT'"
)
_DONE = text("UPDATE log_state SET records_signed = greatest(records_signed, :done)")


async def signed_record(database: Database, row: Any, kit: Kit) -> str:
    """The signed record of a certificate's row (`id`, `jws_sealed`); signs and stores it now when it is a draft.

    Raises:
        RecordNotAuthentic: the stored record was changed, or it is a draft, and not the one that was logged.
    """
    stored = opened(row.jws_sealed, kit)
    if not is_draft(stored):
        return stored
    async with database.transaction() as uow:
        return await signed_within(uow.connection, row, kit)


async def signed_within(connection: AsyncConnection, row: Any, kit: Kit) -> str:
    """As `signed_record`, in a transaction that is already open."""
    stored = opened(row.jws_sealed, kit)
    if not is_draft(stored):
        return stored
    signed = _signed(stored, await connection.scalar(_LEAF, {"id": row.id}), kit)
    if await _store(connection, [(row.id, row.jws_sealed, kit.seal_record(signed))]):
        return signed
    return opened(await connection.scalar(_STORED, {"id": row.id}), kit)


def opened(sealed: bytes, kit: Kit) -> str:
    """A changed record is an answer to whoever asks for it, not a fault of the program. Raises RecordNotAuthentic."""
    try:
        return kit.open_record(sealed)
    except (SealBroken, ValueError) as fault:
        raise RecordNotAuthentic("证照元数据的存储内容已被改动") from fault


async def sign_due(database: Database, kit: Kit, many: int = BATCH) -> int | None:
    """Sign the imported records among the next leaves; gives how many, None when the log holds no more of them."""
    async with database.read() as connection:
        size, first = (await connection.execute(_DUE)).one()
        if first >= size:
            return None
        end = min(first + many, size)
        rows = (await connection.execute(_PAGE, {"first": first, "end": end})).all()
    signed = await asyncio.to_thread(_signed_drafts, rows, kit)
    async with database.transaction() as uow:
        await _store(uow.connection, signed)
        await uow.connection.execute(_DONE, {"done": end})
    return len(signed)


def _signed_drafts(rows: Sequence[Any], kit: Kit) -> list[tuple[UUID, bytes, bytes]]:
    """What cannot be signed is left as it is: the next head says at which leaf the log is broken."""
    done = []
    for row in rows:
        try:
            stored = kit.open_record(row.jws_sealed)
            if is_draft(stored):
                done.append((row.id, row.jws_sealed, kit.seal_record(_signed(stored, row.record_sha256, kit))))
        except (SealBroken, RecordNotAuthentic) as fault:
            log.error("record not signed: %s", type(fault).__name__)
    return done


def _signed(draft: str, logged: bytes | None, kit: Kit) -> str:
    if logged is None or content_hash(draft) != logged:
        raise RecordNotAuthentic("证照元数据与日志记录不一致")
    return kit.signer.complete(draft)


async def _store(connection: AsyncConnection, signed: Sequence[tuple[UUID, bytes, bytes]]) -> int:
    if not signed:
        return 0
    ids, drafts, records = zip(*signed, strict=True)
    given = {"ids": list(ids), "drafts": list(drafts), "signed": list(records)}
    return len((await connection.execute(_STORE, given)).all())
