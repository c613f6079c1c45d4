"""HTTP of the clocks of a case: data, or a page to read and to print."""

from fastapi import APIRouter, Request, Response

from services.chassis.http import Db, Now
from services.chassis.pages import page_answer, wants_page
from services.supervision.clock_queries import case_clocks
from services.supervision.clocks_page import page
from services.supervision.routes import CALENDARS, CaseNo, Reader
from services.supervision.schemas_clocks import CaseClocks
from services.supervision.scope import visible

router = APIRouter(prefix="/api/v1", tags=["supervision"])


@router.get(
    "/cases/{case_no}/clocks",
    summary="办件的全部时限：起算、状态、到期日及其理由",
    response_model=CaseClocks,
    responses={200: {"content": {"text/html": {}}, "description": "时限一览；浏览器得到可打印的页面"}},
)
async def get_clocks(request: Request, case_no: CaseNo, reader: Reader, db: Db, now: Now) -> Response:
    calendar = await CALENDARS.fresh(db)
    async with db.read() as connection:
        clocks = await case_clocks(connection, case_no, visible(reader), calendar, now)
    if wants_page(request):
        return page_answer(page(clocks))
    return Response(clocks.model_dump_json(), headers={"vary": "accept"}, media_type="application/json")
