"""Rows of prints and purpose-stamped copies."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate.domain.copies import CopyKind, Stamp
from services.certificate.tables import certificate, certificate_copy, file_job

_COPY = certificate_copy.c


async def count(connection: AsyncConnection, certificate_id: UUID, kind: CopyKind) -> int:
    """Of a locked certificate, so that no number is given twice."""
    mine = (_COPY.certificate_id == certificate_id, _COPY.kind == kind.value)
    return int(await connection.scalar(select(func.count()).select_from(certificate_copy).where(*mine)) or 0)


async def add(
    connection: AsyncConnection, copy_id: UUID, certificate_id: UUID, stamp: Stamp, account: str, now: datetime
) -> None:
    row = {
        "id": copy_id,
        "certificate_id": certificate_id,
        "kind": stamp.kind.value,
        "ordinal": stamp.ordinal,
        "purpose": stamp.purpose,
        "expires_on": stamp.expires_on,
        "made_at": now,
        "made_by": account,
    }
    await connection.execute(insert(certificate_copy).values(row))


async def by_id(connection: AsyncConnection, copy_id: UUID) -> Any:
    """With the certificate's identifier and the job of its file; None when there is none."""
    job = and_(file_job.c.target_kind == "COPY", file_job.c.target_id == _COPY.id)
    of = certificate_copy.join(certificate, certificate.c.id == _COPY.certificate_id).outerjoin(file_job, job)
    named = (certificate.c.identifier, certificate.c.jws_sealed, file_job.c.failed_reason)
    wanted = select(*certificate_copy.columns, *named).select_from(of).where(_COPY.id == copy_id)
    return (await connection.execute(wanted)).one_or_none()


async def of_certificate(connection: AsyncConnection, certificate_id: UUID) -> Sequence[Any]:
    wanted = select(certificate_copy).where(_COPY.certificate_id == certificate_id).order_by(_COPY.made_at, _COPY.id)
    rows: Sequence[Any] = (await connection.execute(wanted.limit(1000))).all()
    return rows


def stamp_of(row: Any) -> Stamp:
    return Stamp(CopyKind(row.kind), row.ordinal, row.purpose, row.expires_on)
