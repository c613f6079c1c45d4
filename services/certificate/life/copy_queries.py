"""Rows of prints and purpose-stamped copies."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate.domain.copies import CopyKind, Stamp
from services.certificate.domain.transparency import COPY_ACTS
from services.certificate.tables import certificate, certificate_copy, file_job, log_leaf

_COPY = certificate_copy.c
_LISTED = 1000


async def count(connection: AsyncConnection, certificate_id: UUID, kind: CopyKind) -> int:
    """Of a locked certificate, so that no number is given twice."""
    mine = (_COPY.certificate_id == certificate_id, _COPY.kind == kind.value)
    return int(await connection.scalar(select(func.count()).select_from(certificate_copy).where(*mine)) or 0)


async def made_since(connection: AsyncConnection, certificate_id: UUID, moment: datetime) -> int:
    """Purpose-stamped copies."""
    mine = (_COPY.certificate_id == certificate_id, _COPY.kind == CopyKind.PURPOSE.value, _COPY.made_at >= moment)
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
    """In the order they were made; of very many the newest."""
    wanted = select(certificate_copy).where(_COPY.certificate_id == certificate_id)
    wanted = wanted.order_by(_COPY.made_at.desc(), _COPY.id.desc()).limit(_LISTED)
    rows: Sequence[Any] = (await connection.execute(wanted)).all()
    return rows[::-1]


def _acts() -> Select[Any]:
    columns = (log_leaf.c.leaf_index, log_leaf.c.act, log_leaf.c.record_sha256, log_leaf.c.record_sealed)
    named = (certificate.c.identifier, log_leaf.c.certificate_id)
    return select(*columns, *named).join_from(log_leaf, certificate, certificate.c.id == log_leaf.c.certificate_id)


async def acts(connection: AsyncConnection, certificate_id: UUID) -> Sequence[Any]:
    """The leaves of the acts that made copies of a certificate, the newest first, with their signed records."""
    wanted = _acts().where(log_leaf.c.certificate_id == certificate_id, log_leaf.c.act.in_(sorted(COPY_ACTS)))
    rows: Sequence[Any] = (await connection.execute(wanted.order_by(log_leaf.c.leaf_index.desc()))).all()
    return rows


async def act_at(connection: AsyncConnection, index: int) -> Any:
    """The same of one place in the log; None when the act there made no copy."""
    wanted = _acts().where(log_leaf.c.leaf_index == index, log_leaf.c.act.in_(sorted(COPY_ACTS)))
    return (await connection.execute(wanted)).one_or_none()


async def without_leaf(connection: AsyncConnection, after: UUID, many: int) -> Sequence[Any]:
    """The next copies of which it is not known where their act is, locked, with their certificate's identifier. The
    print of an original has no act of its own.
    """
    wanted = select(*certificate_copy.columns, certificate.c.identifier).join_from(certificate_copy, certificate)
    wanted = wanted.where(_COPY.id > after, _COPY.leaf_index.is_(None))
    wanted = wanted.where(or_(_COPY.kind == CopyKind.PURPOSE.value, _COPY.ordinal > 0))
    wanted = wanted.order_by(_COPY.id).limit(many).with_for_update(of=certificate_copy)
    rows: Sequence[Any] = (await connection.execute(wanted)).all()
    return rows


async def found_at(connection: AsyncConnection, copy_id: UUID, index: int) -> None:
    """The act that made the copy is at that place in the log."""
    await connection.execute(update(certificate_copy).where(_COPY.id == copy_id).values(leaf_index=index))


def stamp_of(row: Any) -> Stamp | None:
    """None of a row that somebody made one of no known kind."""
    kinds = {kind.value: kind for kind in CopyKind}
    return Stamp(kinds[row.kind], row.ordinal, row.purpose, row.expires_on) if row.kind in kinds else None


def says(row: Any, stamp: Stamp) -> bool:
    """Whether a row says what was signed or sealed. Why a duplicate was printed stands in the row alone."""
    same = stamp.kind is CopyKind.PRINT or row.purpose == stamp.purpose
    return same and (row.kind, row.ordinal, row.expires_on) == (stamp.kind.value, stamp.ordinal, stamp.expires_on)
