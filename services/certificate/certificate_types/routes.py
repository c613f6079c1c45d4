"""HTTP of the directory of certificate types, for everybody."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from contracts.events.common import PartyType
from services.certificate.certificate_types import queries as type_queries
from services.certificate.certificate_types.schemas import (
    DefinerOut,
    FieldOut,
    TemplateOut,
    TypeDetail,
    TypeOut,
    TypeVersionOut,
    ValidityOut,
)
from services.certificate.domain.certificate_type import CertificateType
from services.certificate.domain.errors import NotFound
from services.chassis.auth import public
from services.chassis.errors import BadCursor
from services.chassis.http import Db
from services.chassis.paging import CursorText, Limit, Page, decode_cursor, encode_cursor

router = APIRouter(prefix="/api/v1", tags=["certificate"], dependencies=[public])
TypeCode = Annotated[str, Path(pattern=r"^[0-9A-Z]{18}[0-9]{3}$", description="证照类型代码，21 位")]


@router.get("/certificates/types", summary="证照类型目录 (GB/T 36902)")
async def list_types(request: Request, db: Db, limit: Limit = 50, cursor: CursorText = None) -> Page[TypeOut]:
    key: bytes = request.app.state.kit.sealer.derived_key("certificate-types-cursor")
    async with db.read() as connection:
        rows = await type_queries.directory(connection, _after(key, cursor), limit + 1)
    page = rows[:limit]
    more = encode_cursor(key, "types", page[-1].type_code) if len(rows) > limit else None
    return Page[TypeOut](
        items=[TypeOut(**_shown(type_queries.of_row(row), row.imported_at)) for row in page], next=more
    )


@router.get("/certificates/types/{code}", summary="一种证照类型，及其各版本")
async def one_type(
    code: TypeCode, db: Db, version: Annotated[int | None, Query(ge=1, description="不填则为最新版本")] = None
) -> TypeDetail:
    async with db.read() as connection:
        newest = await type_queries.by_code(connection, [code])
        rows = await type_queries.versions_of(connection, code)
    known = {row.version: row for row in rows}
    wanted = version or (newest[code].version if code in newest else 0)
    if wanted not in known:
        raise NotFound
    row = known[wanted]
    versions = [TypeVersionOut(version=one.version, loaded_at=one.imported_at) for one in rows]
    return TypeDetail(**_shown(type_queries.of_row(row), row.imported_at), versions=versions)


def _after(key: bytes, cursor: str | None) -> str:
    """Raises BadCursor; also for the cursor of another list."""
    if cursor is None:
        return ""
    values = decode_cursor(key, cursor)
    if len(values) != 2 or values[0] != "types":
        raise BadCursor
    return str(values[1])


def _shown(kind: CertificateType, loaded_at: Any) -> dict[str, Any]:
    rule = kind.limits
    return {
        "type_code": kind.code,
        "name": kind.name,
        "version": kind.version,
        "kind": kind.kind,
        "in_force": kind.in_force,
        "definer": DefinerOut(uscc=kind.definer.uscc, name=kind.definer.name),
        "issuer_level": kind.issuer_level,
        "holder_kinds": [PartyType(one) for one in kind.holder_kinds],
        "several_holders": kind.several_holders,
        "validity": ValidityOut(
            text=kind.validity, kind=rule.kind, months=rule.months, until=rule.until, type_code=rule.type_code
        ),
        "sharing": kind.sharing,
        "basis": list(kind.basis),
        "fields": [FieldOut(code=f.code, name=f.name, type=f.type, required=f.required) for f in kind.fields],
        "template": TemplateOut(name=kind.template.name, version=kind.template.version, sha256=kind.template.sha256)
        if kind.template
        else None,
        "loaded_at": loaded_at,
    }
