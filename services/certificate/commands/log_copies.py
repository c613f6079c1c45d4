"""Leaves for the purpose-stamped copies that were made before their acts were logged, once."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate.commands import copy_acts
from services.certificate.commands.copy_acts import CopyAct
from services.certificate.commands.log import Entry, log
from services.certificate.commands.log_check import PAGE
from services.certificate.domain.copies import CopyKind
from services.certificate.kit import Kit
from services.certificate.life import copy_queries
from services.chassis.database import Database

_TO_FILL = text("SELECT copies_to_fill FROM log_state")
_FILLED = text("UPDATE log_state SET copies_to_fill = false")


async def fill(database: Database, kit: Kit) -> int:
    """Gives how many got a leaf. May be interrupted and repeated; nothing is done once all have theirs.

    Nothing but their rows was kept of them, so these are taken at their word, this once: the leaf of a row that comes
    into the table otherwise later is never made. What was logged is only noted at its copy.
    """
    async with database.read() as connection:
        if not await connection.scalar(_TO_FILL):
            return 0
    count, after = 0, UUID(int=0)
    while True:
        async with database.transaction() as uow:
            found = await copy_queries.without_leaf(uow.connection, after, PAGE)
            entries = await _entries(uow.connection, found, kit)
            log(uow, entries)
            if not found:
                await uow.connection.execute(_FILLED)
                return count
        count, after = count + len(entries), found[-1].id


async def _entries(connection: AsyncConnection, found: Sequence[Any], kit: Kit) -> list[Entry]:
    entries, acts = [], {one: await _acts(connection, one, kit) for one in {row.certificate_id for row in found}}
    for row in found:
        act = next((act for act in acts[row.certificate_id] if act.is_of(row)), None)
        stamp = copy_queries.stamp_of(row)
        if act is not None:
            await copy_queries.found_at(connection, row.id, act.leaf.leaf_index)
        elif stamp is not None and stamp.kind is CopyKind.PURPOSE:  # a duplicate has had its leaf since there are any
            of = SimpleNamespace(id=row.certificate_id, identifier=row.identifier)
            entries.append(copy_acts.entry(of, row.id, stamp, kit, row.made_at))
    return entries


async def _acts(connection: AsyncConnection, certificate_id: UUID, kit: Kit) -> list[CopyAct]:
    read = (copy_acts.read(leaf, kit) for leaf in await copy_queries.acts(connection, certificate_id))
    return [act for act in read if act is not None]
