"""HTTP of certificates that wait for the fields of their type: the department's list, and filling them."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.certificate.commands import complete
from services.certificate.domain.access import DEPARTMENT
from services.certificate.life.withheld_schemas import FieldsIn, WithheldOut
from services.certificate.routes import TheKit
from services.chassis.auth import Principal, allow
from services.chassis.errors import BadCursor
from services.chassis.http import Db, Idem, Now
from services.chassis.paging import CursorText, Limit, Page, decode_cursor, encode_cursor

router = APIRouter(prefix="/api/v1", tags=["certificate"])
Department = Annotated[Principal, allow(*sorted(DEPARTMENT))]


@router.get("/withheld-certificates", summary="本部门已决定、因证照项目缺少或格式不符而未能签发的证照")
async def waiting(
    request: Request, who: Department, db: Db, response: Response, limit: Limit = 50, cursor: CursorText = None
) -> Page[WithheldOut]:
    response.headers["cache-control"] = "private, no-store"
    key: bytes = request.app.state.kit.sealer.derived_key("withheld-cursor")
    async with db.read() as connection:
        rows = await complete.waiting(connection, who, _after(key, cursor), limit + 1)
    page = list(rows[:limit])
    return Page[WithheldOut](items=page, next=encode_cursor(key, page[-1].id) if len(rows) > limit else None)


@router.post(
    "/withheld-certificates/{withheld_id}/fields",
    status_code=201,
    response_model=WithheldOut,
    summary="补齐证照项目并签发（或变更）",
)
async def fill(
    withheld_id: UUID, body: FieldsIn, who: Department, db: Db, idem: Idem, now: Now, kit: TheKit
) -> Response:
    return (await complete.complete(db, idem, withheld_id, body.fields, who, kit, now=now)).response()


def _after(key: bytes, cursor: str | None) -> UUID | None:
    """Raises BadCursor; also for the cursor of another list."""
    if cursor is None:
        return None
    values: list[Any] = decode_cursor(key, cursor)
    try:
        (last,) = values
        return UUID(last)
    except (TypeError, ValueError, AttributeError) as foreign:
        raise BadCursor from foreign
