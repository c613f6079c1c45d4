"""HTTP of authorisations: a holder names an agent for his certificates and takes it back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from services.certificate.authorisation import authorisations
from services.certificate.authorisation.schemas import AuthorisationIn, AuthorisationOut
from services.certificate.domain.access import APPLICANT_SIDE
from services.certificate.routes import TheKit
from services.chassis.auth import Principal, allow
from services.chassis.clock import local_date
from services.chassis.errors import BadCursor
from services.chassis.http import Db, Idem, Now
from services.chassis.paging import CursorText, Limit, Page, decode_cursor, encode_cursor

router = APIRouter(prefix="/api/v1", tags=["certificate"])
Holder = Annotated[Principal, allow(*sorted(APPLICANT_SIDE))]


@router.post(
    "/certificates/authorisations",
    status_code=201,
    response_model=AuthorisationOut,
    summary="持证人授权经办人（代理人）查看、领取或出示证照",
)
async def give(body: AuthorisationIn, holder: Holder, db: Db, kit: TheKit, idem: Idem, now: Now) -> Response:
    return (await authorisations.give(db, idem, body, holder, kit, now=now)).response()


@router.get("/certificates/authorisations", summary="我给出的和授权给我的")
async def mine(
    request: Request, response: Response, holder: Holder, db: Db, now: Now, limit: Limit = 50, cursor: CursorText = None
) -> Page[AuthorisationOut]:
    response.headers["cache-control"] = "private, no-store"
    key: bytes = request.app.state.kit.sealer.derived_key("authorisations-cursor")
    async with db.read() as connection:
        rows = await authorisations.of_mine(connection, holder, _before(key, cursor), limit + 1)
    page, today = rows[:limit], local_date(now)
    more = encode_cursor(key, "authorisations", page[-1].id) if len(rows) > limit else None
    return Page[AuthorisationOut](items=[authorisations.out(row, holder, today) for row in page], next=more)


@router.post(
    "/certificates/authorisations/{authorisation_id}/revocation",
    status_code=201,
    response_model=AuthorisationOut,
    summary="撤销授权，即时生效",
)
async def revoke(authorisation_id: Annotated[UUID, Path()], holder: Holder, db: Db, idem: Idem, now: Now) -> Response:
    return (await authorisations.revoke(db, idem, authorisation_id, holder, now=now)).response()


def _before(key: bytes, cursor: str | None) -> UUID | None:
    """Raises BadCursor; also for the cursor of another list."""
    if cursor is None:
        return None
    values = decode_cursor(key, cursor)
    try:
        _, row_id = values
        return UUID(str(row_id))
    except ValueError as foreign:
        raise BadCursor from foreign
