"""Which stored files the rows of the library tell of: those of certificates, their copies, and papers."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate.kit import Kit
from services.certificate.tables import certificate, certificate_copy, paper
from services.chassis.orphans import Orphans


def orphans(kit: Kit) -> Orphans:
    return Orphans(kit.files, ("certificate", "paper", "copy"), told)


async def told(connection: AsyncConnection, owners: Collection[UUID]) -> Mapping[UUID, Collection[str]]:
    """Names of the files by certificate or paper; one that is not there has no entry."""
    tables = (certificate, paper, certificate_copy)
    wanted = [select(table.c.id, table.c.file_name).where(table.c.id.in_(list(owners))) for table in tables]
    rows = await connection.execute(union_all(*wanted))
    return {row.id: {row.file_name} for row in rows}
