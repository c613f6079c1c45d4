"""HTTP of supervision orders: the supervisor issues, the department answers, both read."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from services.chassis.auth import Principal, allow
from services.chassis.database import Database
from services.chassis.http import Db, Idem, Now
from services.chassis.paging import CursorText, Limit, encode_cursor
from services.supervision import orders
from services.supervision.routes import CALENDARS, Overseer, before
from services.supervision.schemas_orders import OrderIn, OrderOut, OrderPage, ReplyIn
from services.supervision.scope import ordered

router = APIRouter(prefix="/api/v1", tags=["supervision"])

OrderNo = Annotated[str, Path(pattern=r"^JC[0-9]{12,18}$", description="监察编号")]
Supervisor = Annotated[Principal, allow("SUPERVISOR")]
Chief = Annotated[Principal, allow("CHIEF_REPRESENTATIVE")]


@router.post(
    "/supervision/orders", status_code=201, response_model=OrderOut, summary="发出督办函、监察通知书、监察建议书"
)
async def issue_order(
    request: Request, body: OrderIn, supervisor: Supervisor, db: Db, idem: Idem, now: Now
) -> Response:
    return (await orders.issue_order(db, idem, body, supervisor, await _desk(request, db), now=now)).response()


@router.get("/supervision/orders", summary="监察文书及其反馈，最新的在前")
async def list_orders(
    request: Request,
    overseer: Overseer,
    db: Db,
    replied: Annotated[bool | None, Query(description="是否已反馈")] = None,
    cursor: CursorText = None,
    limit: Limit = 50,
) -> OrderPage:
    key, desk = request.app.state.cursor_key, await _desk(request, db)
    async with db.read() as connection:
        found = await orders.orders(
            connection,
            ordered(overseer),
            replied=replied,
            before=before(key, cursor),
            limit=limit + 1,
            desk=desk,
        )
    page, more = found[:limit], len(found) > limit
    return OrderPage(items=[order for _, order in page], next=encode_cursor(key, page[-1][0]) if more else None)


@router.post(
    "/supervision/orders/{order_no}/reply", status_code=201, response_model=OrderOut, summary="部门反馈办理情况"
)
async def reply(
    request: Request, order_no: OrderNo, body: ReplyIn, chief: Chief, db: Db, idem: Idem, now: Now
) -> Response:
    desk = await _desk(request, db)
    answer = await orders.reply_to_order(db, idem, order_no, body.content, chief, desk, now=now)
    return answer.response()


async def _desk(request: Request, db: Database) -> orders.Desk:
    return orders.Desk(await CALENDARS.fresh(db), request.app.state.settings.light_labels)
