"""Rows of templates: kept by hash, never changed."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.files.templates import MAIN, Template, declared_in, digest
from services.certificate.tables import certificate_template

_T = certificate_template.c


async def save(connection: AsyncConnection, templates: Collection[Template], now: datetime) -> None:
    if not templates:
        return
    rows = {
        one.sha256: {
            "sha256": one.sha256,
            "name": one.name,
            "version": one.version,
            "declared": list(one.fields),
            "parts": dict(one.parts),
            "loaded_at": now,
        }
        for one in templates
    }
    await connection.execute(insert(certificate_template).on_conflict_do_nothing(), list(rows.values()))


async def by_sha256(connection: AsyncConnection, sha256: str) -> Template:
    """Raises: NoResultFound: a certificate names a template that was never loaded; RecordNotAuthentic: it was rewritten
    since, and what it prints would be sealed.
    """
    row = (await connection.execute(select(certificate_template).where(_T.sha256 == sha256))).one()
    parts = dict(row.parts) if isinstance(row.parts, dict) else {}
    given = tuple(sorted(parts.items()))
    if digest(given) != sha256:
        raise RecordNotAuthentic("模板的内容与签名记录所载的散列不符")
    return Template(row.name, row.version, declared_in(parts[MAIN]), given)


async def named(connection: AsyncConnection, names: Collection[str]) -> list[Template]:
    """All versions of these templates."""
    found = await connection.execute(select(certificate_template).where(_T.name.in_(sorted(names))))
    return [Template(row.name, row.version, tuple(row.declared), tuple(sorted(row.parts.items()))) for row in found]
