"""Rows of certificate types and their versions."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate.domain.certificate_type import Body, CertificateType, TypeField, of_document
from services.certificate.tables import certificate_type, type_version

Versions = Mapping[str, tuple[int, str]]  # the newest version of each type, and its digest
_TYPE, _VERSION = certificate_type.c, type_version.c
_ONE_IMPORT = text("SELECT pg_advisory_xact_lock(hashtext('certificate-types'))")


async def lock_versions(connection: AsyncConnection) -> Versions:
    """One import at a time."""
    await connection.execute(_ONE_IMPORT)
    found = await connection.execute(select(_TYPE.type_code, _TYPE.version, _TYPE.sha256))
    return {row.type_code: (row.version, row.sha256) for row in found}


async def save(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """New versions; each is the newest from now on, and the earlier ones stay."""
    if not rows:
        return
    statement = insert(certificate_type)
    changed = {name: statement.excluded[name] for name in rows[0] if name != "type_code"}
    upsert = statement.on_conflict_do_update(index_elements=["type_code"], set_=changed)
    await connection.execute(upsert, [dict(row) for row in rows])
    kept = ("type_code", "version", "document", "sha256", "imported_at")
    await connection.execute(insert(type_version), [{name: row[name] for name in kept} for row in rows])


async def by_code(connection: AsyncConnection, codes: Collection[str]) -> dict[str, CertificateType]:
    """The newest version of each."""
    if not codes:
        return {}
    found = await connection.execute(select(certificate_type).where(_TYPE.type_code.in_(sorted(codes))))
    return {row.type_code: of_row(row) for row in found}


async def of_version(connection: AsyncConnection, code: str, version: int) -> CertificateType:
    """Raises NoResultFound."""
    wanted = select(type_version).where(_VERSION.type_code == code, _VERSION.version == version)
    return of_row((await connection.execute(wanted)).one())


async def fields_of(connection: AsyncConnection, code: str, version: int) -> Sequence[TypeField]:
    """What certificates of this version tell of their own; nothing of a version that is not known."""
    wanted = select(type_version).where(_VERSION.type_code == code, _VERSION.version == version)
    row = (await connection.execute(wanted)).one_or_none()
    return of_row(row).fields if row is not None else ()


async def everything(connection: AsyncConnection) -> dict[str, CertificateType]:
    found = await connection.execute(select(certificate_type).order_by(_TYPE.type_code))
    return {row.type_code: of_row(row) for row in found}


def of_row(row: Any) -> CertificateType:
    if row.document is not None:
        return of_document(row.document, row.version)
    definer = Body(row.definer_uscc, row.definer_name, row.definer_division)  # loaded before types had versions
    return CertificateType(row.type_code, row.name, definer, row.holder_category, row.validity, version=row.version)


async def directory(connection: AsyncConnection, after: str, limit: int) -> Sequence[Any]:
    wanted = select(certificate_type).where(_TYPE.type_code > after).order_by(_TYPE.type_code).limit(limit)
    rows: Sequence[Any] = (await connection.execute(wanted)).all()
    return rows


async def versions_of(connection: AsyncConnection, code: str) -> Sequence[Any]:
    """All versions, the newest first."""
    wanted = select(type_version).where(_VERSION.type_code == code).order_by(_VERSION.version.desc())
    rows: Sequence[Any] = (await connection.execute(wanted)).all()
    return rows
