"""HTTP of approval: the officer's inbox, one examination, and the two acts."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.approval import queries
from services.approval.calendars import Calendar
from services.approval.commands import deciding
from services.approval.domain.light import Light
from services.approval.domain.states import State
from services.approval.queries import TaskFilter, waiting_first_level, waiting_states
from services.approval.recalls import open_recalls
from services.approval.schemas import CaseOut, DecisionIn, Examination, OpinionIn, TaskPage
from services.approval.scope import READERS, visible
from services.chassis.auth import Principal, allow
from services.chassis.errors import BadCursor
from services.chassis.http import Db, Idem, Now, Seen, etag
from services.chassis.paging import CursorText, Limit, decode_cursor, encode_cursor

router = APIRouter(prefix="/api/v1", tags=["approval"])

CaseNo = Annotated[str, Path(pattern=r"^[0-9A-Z]{43}$", description="办件编号")]
Reader = Annotated[Principal, allow(*READERS)]
Handler = Annotated[Principal, allow("HANDLER")]
Chief = Annotated[Principal, allow("CHIEF_REPRESENTATIVE")]


def _wanted(
    request: Request,
    reader: Reader,
    state: Annotated[list[State] | None, Query(description="状态；不填为等待本人办理的")] = None,
    light: Annotated[list[Light] | None, Query(description="当前灯色")] = None,
    item: Annotated[str | None, Query(pattern=r"^[0-9A-Za-z]{1,40}$", description="事项实施编码或短编号")] = None,
    due_before: Annotated[date | None, Query(description="承诺办结日早于此日")] = None,
    cursor: CursorText = None,
) -> TaskFilter:
    return TaskFilter(
        states=tuple(state or waiting_states(reader)),
        first_level=None if state else waiting_first_level(reader),
        lights=tuple(light or ()),
        item=item,
        due_before=due_before,
        after=_after(request.app.state.cursor_key, cursor),
    )


def _after(key: bytes, cursor: str | None) -> tuple[date, UUID] | None:
    """Raises BadCursor; also for the cursor of another list."""
    if cursor is None:
        return None
    values: list[Any] = decode_cursor(key, cursor)
    try:
        due_on, case_id = values
        return date.fromisoformat(due_on), UUID(case_id)
    except (TypeError, ValueError) as foreign:
        raise BadCursor from foreign


@router.get("/tasks", summary="待办：本部门等待本人角色办理的办件")
async def list_tasks(
    request: Request,
    reader: Reader,
    wanted: Annotated[TaskFilter, Depends(_wanted)],
    db: Db,
    now: Now,
    limit: Limit = 50,
) -> TaskPage:
    async with db.read() as connection:
        found = await queries.tasks(connection, visible(reader), wanted, limit + 1, now=now)
        recalled = await open_recalls(connection, reader) if wanted.after is None else []
    page, more = found[:limit], len(found) > limit
    key: bytes = request.app.state.cursor_key
    after = encode_cursor(key, page[-1].promised_due.on, page[-1].case_id) if more else None
    return TaskPage(items=page, recalls=recalled, next=after)


@router.get("/cases/{case_no}/examination", summary="审查：办件的材料、意见和决定")
async def get_examination(
    case_no: CaseNo, reader: Reader, db: Db, now: Now, calendar: Calendar, response: Response
) -> Examination:
    async with db.read() as connection:
        found = await queries.examination(connection, case_no, visible(reader), calendar, now=now)
    response.headers["etag"] = etag(found.version)
    return found


@router.post("/cases/{case_no}/opinions", status_code=201, response_model=CaseOut, summary="承办人写审查意见")
async def write_opinion(
    case_no: CaseNo, body: OpinionIn, officer: Handler, db: Db, idem: Idem, seen: Seen, now: Now
) -> Response:
    answer = await deciding.write_opinion(db, idem, case_no, body.opinion(), officer, seen=seen, now=now)
    return answer.response()


@router.post("/cases/{case_no}/decision", status_code=201, response_model=CaseOut, summary="首席代表作出决定")
async def decide(
    request: Request,
    case_no: CaseNo,
    body: DecisionIn,
    officer: Chief,
    db: Db,
    idem: Idem,
    seen: Seen,
    now: Now,
    calendar: Calendar,
) -> Response:
    draft = body.draft(request.app.state.settings)
    answer = await deciding.decide_case(db, idem, case_no, draft, officer, seen=seen, now=now, calendar=calendar)
    return answer.response()
