"""Rows of certificates, papers and their numbers: what commands load and save. Core statements, few round trips."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Executable, String, Uuid, all_, any_, bindparam, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.certificate.domain.numbers import CounterKey
from services.certificate.tables import (
    IN_FORCE,
    AccessRow,
    CaseRow,
    CertificateRow,
    CoHolderRow,
    CounterRow,
    FileJobRow,
    PaperRow,
    case_copy,
    certificate,
)
from services.chassis.direct import DirectConnection

Row = Mapping[str, Any]
_MANY = 50


async def take_numbers(connection: AsyncConnection, wanted: Mapping[CounterKey, int]) -> dict[CounterKey, int]:
    """Take `wanted[key]` numbers of each counter; gives the first one of each.

    The counter rows stay locked until the transaction ends: a rollback gives the numbers back, so there are no gaps.
    Always in sorted order, so that two batches cannot wait for each other.
    """
    if not wanted:
        return {}
    rows = [{"scope": key.scope, "year": key.year, "last": wanted[key]} for key in sorted(wanted)]
    statement = insert(CounterRow).values(rows)
    statement = statement.on_conflict_do_update(
        index_elements=["scope", "year"], set_={"last": col(CounterRow.last) + statement.excluded.last}
    )
    taken = await connection.execute(
        statement.returning(col(CounterRow.scope), col(CounterRow.year), col(CounterRow.last))
    )
    return {(key := CounterKey(scope, year)): last - wanted[key] + 1 for scope, year, last in taken}


async def known_sources(connection: AsyncConnection, source_keys: Collection[str]) -> set[str]:
    """Which of these certificates exist already."""
    if not source_keys:
        return set()
    key = col(CertificateRow.source_key)
    given = bindparam("given", list(source_keys), ARRAY(String))  # one value: a thousand cost as little as one
    return set((await connection.scalars(select(key).where(key == any_(given)))).all())


async def known_identifiers(connection: AsyncConnection, identifiers: Collection[str]) -> set[str]:
    if not identifiers:
        return set()
    identifier = col(CertificateRow.identifier)
    given = bindparam("given", list(identifiers), ARRAY(String))
    return set((await connection.scalars(select(identifier).where(identifier == any_(given)))).all())


async def owners_of(connection: AsyncConnection, identifiers: Collection[str]) -> dict[str, Any]:
    """The id and the holders of these certificates."""
    names = ("identifier", "id", "holder_key", "holder_type", "holder_name", "holder_masked", "holders")
    statement = select(*(CertificateRow.__table__.c[name] for name in names))  # type: ignore[attr-defined]
    found = await connection.execute(statement.where(col(CertificateRow.identifier).in_(list(identifiers))))
    return {row.identifier: row for row in found}


async def known_papers(
    connection: AsyncConnection, papers: Collection[tuple[UUID, str, str]]
) -> set[tuple[UUID, str, str]]:
    """Which of these (case, kind, occasion) exist already."""
    if not papers:
        return set()
    key = (col(PaperRow.case_id), col(PaperRow.kind), col(PaperRow.occasion))
    found = await connection.execute(select(*key).where(tuple_(*key).in_(list(papers))))
    return {(row.case_id, row.kind, row.occasion) for row in found}


async def add_certificates(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    if len(rows) >= _MANY and isinstance(connection, DirectConnection):
        await connection.copy(certificate, rows)
    else:
        await connection.execute(insert(CertificateRow), [dict(row) for row in rows])


async def add_co_holders(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    if rows:
        await connection.execute(insert(CoHolderRow), [dict(row) for row in rows])


async def lock_certificate(connection: AsyncConnection, identifier: str) -> Any:
    """The row with its sealed record, locked until the transaction ends; None when there is none."""
    wanted = select(*CertificateRow.__table__.columns)  # type: ignore[attr-defined]
    wanted = wanted.where(col(CertificateRow.identifier) == identifier).with_for_update()
    return (await connection.execute(wanted)).one_or_none()


async def set_status(
    connection: AsyncConnection,
    certificate_id: UUID,
    status: str,
    *,
    ground: str = "",
    decision_id: UUID | None = None,
) -> None:
    """Of a locked row; its version counts the events told about it."""
    changed: dict[str, Any] = {"status": status, "version": col(CertificateRow.version) + 1}
    if ground:
        changed |= {"ground": ground, "decision_id": decision_id}
    await connection.execute(update(CertificateRow).where(col(CertificateRow.id) == certificate_id).values(**changed))


async def note_decision(connection: AsyncConnection, certificate_id: UUID, ground: str, decision_id: UUID) -> None:
    """Of a locked row that an amendment superseded: the decision is done, once."""
    statement = update(CertificateRow).where(col(CertificateRow.id) == certificate_id)
    await connection.execute(statement.values(ground=ground, decision_id=decision_id))


async def lock_expired(connection: AsyncConnection, today: date, many: int, besides: Collection[UUID]) -> Sequence[Any]:
    """Rows in force whose last day is over, without those `besides`; those another worker has locked are his."""
    wanted = select(*CertificateRow.__table__.columns)  # type: ignore[attr-defined]
    wanted = wanted.where(text(IN_FORCE), col(CertificateRow.valid_until) < today)
    if besides:
        given = bindparam("besides", list(besides), ARRAY(Uuid))
        wanted = wanted.where(col(CertificateRow.id) != all_(given))
    wanted = wanted.order_by(col(CertificateRow.valid_until)).limit(many).with_for_update(skip_locked=True)
    rows: Sequence[Any] = (await connection.execute(wanted)).all()
    return rows


async def add_papers(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    await connection.execute(insert(PaperRow), [dict(row) for row in rows])


async def add_jobs(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """One job per target; asking twice changes nothing."""
    await connection.execute(insert(FileJobRow).on_conflict_do_nothing(), [dict(row) for row in rows])


async def keep_cases(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Insert or complete copies of cases (one row each, all of one shape): None never overwrites what is known."""
    if rows:
        ordered = [dict(row) for row in sorted(rows, key=lambda row: str(row["case_id"]))]
        await connection.execute(_complete_cases(tuple(ordered[0])), ordered)


@lru_cache(maxsize=8)
def _complete_cases(columns: tuple[str, ...]) -> Executable:
    """Made once for each shape of rows, and sent with many rows instead of written out for each number of them."""
    statement = insert(CaseRow)
    completed = {name: func.coalesce(statement.excluded[name], case_copy.c[name]) for name in columns}
    del completed["case_id"]
    return statement.on_conflict_do_update(index_elements=["case_id"], set_=completed)


async def cases(connection: AsyncConnection, case_ids: Collection[UUID]) -> dict[UUID, Any]:
    found = await connection.execute(select(case_copy).where(case_copy.c.case_id.in_(sorted(case_ids))))
    return {row.case_id: row for row in found}


async def lock_materials(connection: AsyncConnection, case_id: UUID) -> list[dict[str, Any]] | None:
    """What was handed in as far as it is known; None before the receipt."""
    wanted = select(case_copy.c.materials).where(case_copy.c.case_id == case_id).with_for_update()
    known: list[dict[str, Any]] | None = await connection.scalar(wanted)
    return known


async def save_materials(connection: AsyncConnection, case_id: UUID, materials: list[dict[str, Any]]) -> None:
    await connection.execute(update(CaseRow).where(col(CaseRow.case_id) == case_id).values(materials=materials))


async def end_case(connection: AsyncConnection, case_id: UUID, at: datetime) -> None:
    statement = update(CaseRow).where(col(CaseRow.case_id) == case_id, col(CaseRow.ended_at).is_(None))
    await connection.execute(statement.values(ended_at=at))


async def note_access(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """One row for each holder: each sees who looked."""
    await connection.execute(insert(AccessRow), [dict(row) for row in rows])
