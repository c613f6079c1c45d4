"""HTTP of who may look: the person's access log, presentations (亮证)."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.certificate.domain.access import APPLICANT_SIDE, subtree
from services.certificate.looking import look
from services.certificate.looking.schemas import (
    AccessOut,
    CodeIn,
    PresentationIn,
    PresentationOut,
    PresentedOut,
    WithdrawnOut,
)
from services.certificate.routes import Identifier, TheKit
from services.chassis.auth import Principal, allow, public
from services.chassis.clock import local_date, real_now
from services.chassis.errors import BadCursor
from services.chassis.http import Db, Idem, Now
from services.chassis.paging import CursorText, Limit, Page, decode_cursor, encode_cursor

router = APIRouter(prefix="/api/v1", tags=["certificate"])
shown = APIRouter(prefix="/api/v1", tags=["verification"], dependencies=[public])

Holder = Annotated[Principal, allow(*sorted(APPLICANT_SIDE))]
Overseer = Annotated[Principal, allow("CATALOGUE_ADMIN", "SUPERVISOR")]
CALLER = r"^(client|organisation):[0-9A-Za-z._-]{1,64}$"
_PRIVATE = {"cache-control": "private, no-store"}


@router.get("/certificates/access-log", summary="谁查看过我的证照")
async def access_log(
    request: Request,
    holder: Holder,
    db: Db,
    response: Response,
    limit: Limit = 50,
    cursor: CursorText = None,
    organisations: Annotated[bool, Query(description="所代理单位的证照，而不是本人的")] = False,
) -> Page[AccessOut]:
    response.headers.update(_PRIVATE)
    key: bytes = request.app.state.kit.sealer.derived_key("access-log-cursor")
    keys = sorted(holder.acts_for) if organisations else [holder.subject_key]
    async with db.read() as connection:
        rows = await look.reads_of(connection, [k for k in keys if k], before=_before(key, cursor), limit=limit + 1)
    return _page(rows, limit, key, look.access_out)


def _page(rows: Sequence[Any], limit: int, key: bytes, shown: Callable[[Any], AccessOut]) -> Page[AccessOut]:
    page = rows[:limit]
    more = encode_cursor(key, "access", page[-1].id) if len(rows) > limit else None
    return Page[AccessOut](items=[shown(row) for row in page], next=more)


def _before(key: bytes, cursor: str | None) -> int | None:
    """Raises BadCursor; also for the cursor of another list."""
    if cursor is None:
        return None
    values: list[Any] = decode_cursor(key, cursor)
    try:
        _, row_id = values
        return int(row_id)
    except (TypeError, ValueError) as foreign:
        raise BadCursor from foreign


@router.get("/certificate-reads", summary="证照库查询记录（含未予答复的），不含持证人")
async def reads(
    request: Request,
    who: Overseer,
    db: Db,
    response: Response,
    limit: Limit = 50,
    cursor: CursorText = None,
    refused: Annotated[bool | None, Query(description="只看未予答复的 (true) 或已答复的 (false)")] = None,
    caller: Annotated[str | None, Query(max_length=80, pattern=CALLER, description="只看一个调用方")] = None,
) -> Page[AccessOut]:
    response.headers.update(_PRIVATE)
    if not who.division:
        return Page[AccessOut](items=[], next=None)
    key: bytes = request.app.state.kit.sealer.derived_key("access-log-cursor")
    asked: dict[str, Any] = {"refused": refused, "caller": caller, "before": _before(key, cursor), "limit": limit + 1}
    library: str = request.app.state.kit.settings.division
    async with db.read() as connection:
        rows = await look.reads_by(connection, subtree(who.division), library, **asked)
    return _page(rows, limit, key, look.overseen_out)


@router.post(
    "/certificates/{identifier}/presentations",
    status_code=201,
    response_model=PresentationOut,
    summary="亮证：生成短时有效的亮证码，只出示所选字段",
)
async def present(
    identifier: Identifier, body: PresentationIn, holder: Holder, db: Db, idem: Idem, now: Now, kit: TheKit
) -> Response:
    answer = await look.present(db, idem, identifier, body, holder, kit, now=real_now(), today=local_date(now))
    return answer.response()


@router.post(
    "/certificates/{identifier}/presentations/withdrawal",
    status_code=201,
    response_model=WithdrawnOut,
    summary="撤回亮证：该证照尚未失效的亮证码立即失效",
)
async def withdraw(identifier: Identifier, holder: Holder, db: Db, idem: Idem, now: Now) -> Response:
    return (await look.withdraw(db, idem, identifier, holder, now=real_now(), today=local_date(now))).response()


@shown.post("/certificates/presented", summary="查看亮证码出示的字段")
async def presented(request: Request, body: CodeIn, db: Db, now: Now, kit: TheKit, response: Response) -> PresentedOut:
    response.headers.update(_PRIVATE)
    viewer: Principal | None = getattr(request.state, "principal", None)
    return await look.presented(db, body.code, viewer, kit, now=now, real_now=real_now())
