"""What was signed and logged of a print or a purpose-stamped copy: its number, purpose and last day are what this says.

The row of a copy only leads to its act; a row that says something else is worth nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate.commands.log import Entry, later_act
from services.certificate.domain.copies import CopyKind, Stamp
from services.certificate.domain.transparency import Act
from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.files.records import ACT_TYPE, content_hash, payload_of
from services.certificate.kit import Kit
from services.certificate.life import copy_queries
from services.chassis.sealing import SealBroken

_ACTS = {CopyKind.PRINT: Act.REPRINT, CopyKind.PURPOSE: Act.COPY}


@dataclass(frozen=True)
class CopyAct:
    """The act that made a copy: which one, what it says, and its leaf (a row of `copy_queries.acts`)."""

    copy_id: UUID | None  # None: a duplicate from before copies were named in their acts
    stamp: Stamp
    leaf: Any

    def is_of(self, row: Any) -> bool:
        """Whether this act made the copy of that row."""
        named = self.copy_id in (None, row.id)
        return named and (self.stamp.kind.value, self.stamp.ordinal) == (row.kind, row.ordinal)

    def agrees_with(self, row: Any) -> bool:
        """Whether the row says what was signed."""
        return self.is_of(row) and copy_queries.says(row, self.stamp)


def entry(row: Any, copy_id: UUID, stamp: Stamp, kit: Kit, now: datetime) -> Entry:
    """The act to be logged with the copy of a certificate's row."""
    said = {"at": now.isoformat(), "copy": str(copy_id), "number": str(stamp.ordinal)}
    if stamp.kind is CopyKind.PURPOSE:
        said |= {"purpose": stamp.purpose, "expires_on": stamp.expires_on.isoformat() if stamp.expires_on else ""}
    return replace(later_act(_ACTS[stamp.kind], row, kit, **said), copy_id=copy_id)


async def of_copy(connection: AsyncConnection, row: Any, kit: Kit) -> CopyAct | None:
    """The act behind a row of `copy_queries.by_id`; None when none was signed and logged.

    Mostly it is where the row says, however many copies there are; else all acts on the certificate are looked through.
    """
    leaf = await copy_queries.act_at(connection, row.leaf_index) if row.leaf_index is not None else None
    if leaf is not None and leaf.certificate_id == row.certificate_id and (act := read(leaf, kit, of=row)):
        return act
    for leaf in await copy_queries.acts(connection, row.certificate_id):
        act = read(leaf, kit, of=row)
        if act is not None:
            return act
    return None


async def at(connection: AsyncConnection, index: int, kit: Kit) -> CopyAct | None:
    """The act at that place in the log; None when it made no copy."""
    leaf = await copy_queries.act_at(connection, index)
    return read(leaf, kit) if leaf is not None else None


def read(leaf: Any, kit: Kit, of: Any = None) -> CopyAct | None:
    """What a leaf's signed record says; None when it is not what was signed and logged for this certificate, or (`of`)
    not the act behind this row.
    """
    try:
        signed = kit.open_record(leaf.record_sealed)
        said = payload_of(signed)
        act = CopyAct(UUID(said["copy"]) if "copy" in said else None, _stamp(said), leaf)
        own = (said["certificate_identifier"], said["act"], content_hash(signed))
        if own != (leaf.identifier, leaf.act, leaf.record_sha256) or not (of is None or act.is_of(of)):
            return None
        kit.signer.verify(signed, typ=ACT_TYPE)
        return act
    except (RecordNotAuthentic, SealBroken, ValueError, KeyError, TypeError):
        return None


def _stamp(said: Mapping[str, Any]) -> Stamp:
    if said["act"] == Act.REPRINT:
        return Stamp(CopyKind.PRINT, int(said.get("number") or said["duplicate"]), "", None)
    until = date.fromisoformat(said["expires_on"]) if said["expires_on"] else None
    return Stamp(CopyKind.PURPOSE, int(said["number"]), said["purpose"], until)
