"""HTTP of supervision: one case, the lights, the figures, and the rating of a service."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy import or_

from contracts.events.supervision import FindingKind
from services.chassis import clock
from services.chassis.auth import Principal, allow
from services.chassis.errors import BadCursor
from services.chassis.http import Db, Idem, Now
from services.chassis.paging import CursorText, Limit, decode_cursor, encode_cursor
from services.supervision import commands, queries
from services.supervision.calendars import work_calendars
from services.supervision.domain.lights import Level
from services.supervision.finding_queries import found
from services.supervision.queries import LightFilter, View
from services.supervision.schemas import FindingPage, LightPage, RatingIn, RatingOut, Statistics, SupervisedCase
from services.supervision.scope import (
    OVERSEERS,
    PARTIES,
    READERS,
    finding_of_no_case,
    sees_lights,
    visible,
    visible_with_bundles,
)
from services.supervision.statistics import Period, PeriodLength, figures

CALENDARS = work_calendars()
router = APIRouter(prefix="/api/v1", tags=["supervision"])

CaseNo = Annotated[str, Path(pattern=r"^[0-9A-Z]{43}$", description="办件编号")]
Department = Annotated[str | None, Query(pattern=r"^[0-9A-Z]{18}$", description="部门统一社会信用代码")]
Reader = Annotated[Principal, allow(*READERS)]
Overseer = Annotated[Principal, allow(*OVERSEERS)]
Party = Annotated[Principal, allow(*PARTIES)]


@router.get("/supervision/cases/{case_no}", summary="办件全程：时间线、到期日及其理由、亮灯")
async def get_case(request: Request, case_no: CaseNo, reader: Reader, db: Db, now: Now) -> SupervisedCase:
    calendar = await CALENDARS.fresh(db)
    view = View(calendar, request.app.state.settings.light_labels, sees_lights(reader), now)
    async with db.read() as connection:
        return await queries.case_view(connection, case_no, visible(reader), view)


def _wanted(
    request: Request,
    level: Annotated[Level | None, Query(description="灯的级别")] = None,
    department: Department = None,
    open_: Annotated[bool | None, Query(alias="open", description="办件是否尚未作出决定")] = None,
    voided: Annotated[bool, Query(description="只看已撤销的灯")] = False,
    cursor: CursorText = None,
) -> LightFilter:
    return LightFilter(level, department, open_, voided, before(request.app.state.cursor_key, cursor))


def before(key: bytes, cursor: str | None) -> UUID | None:
    """Raises BadCursor; also for the cursor of another list."""
    if cursor is None:
        return None
    try:
        (last,) = decode_cursor(key, cursor)
        return UUID(last)
    except (AttributeError, TypeError, ValueError) as foreign:
        raise BadCursor from foreign


@router.get("/supervision/lights", summary="亮灯清单，最新的在前")
async def list_lights(
    request: Request, overseer: Overseer, wanted: Annotated[LightFilter, Depends(_wanted)], db: Db, limit: Limit = 50
) -> LightPage:
    labels = request.app.state.settings.light_labels
    async with db.read() as connection:
        found = await queries.lights(connection, visible_with_bundles(overseer), wanted, labels, limit + 1)
    page, more = found[:limit], len(found) > limit
    return LightPage(items=page, next=encode_cursor(request.app.state.cursor_key, page[-1].id) if more else None)


@router.get("/supervision/findings", summary="监察发现，最新的在前：到期日复核不一致、再次补正告知")
async def list_findings(
    request: Request,
    overseer: Overseer,
    db: Db,
    kind: Annotated[FindingKind | None, Query(description="类别")] = None,
    cursor: CursorText = None,
    limit: Limit = 50,
) -> FindingPage:
    key, seen = request.app.state.cursor_key, or_(visible_with_bundles(overseer), finding_of_no_case(overseer))
    async with db.read() as connection:
        rows = await found(connection, seen, kind, before(key, cursor), limit + 1)
    page, more = rows[:limit], len(rows) > limit
    return FindingPage(items=page, next=encode_cursor(key, page[-1].id) if more else None)


@router.get("/supervision/statistics", summary="按部门和时段的统计指标")
async def get_statistics(
    overseer: Overseer,
    db: Db,
    now: Now,
    from_on: Annotated[date | None, Query(alias="from", description="起始日；不填为本年一月一日")] = None,
    until_on: Annotated[date | None, Query(alias="until", description="截止日（含）；不填为今天")] = None,
    period: Annotated[PeriodLength, Query(description="周期")] = PeriodLength.MONTH,
    department: Department = None,
) -> Statistics:
    last = until_on or clock.local_date(now)
    wanted = Period(from_on or date(last.year, 1, 1), last, period)
    async with db.read() as connection:
        items = await figures(connection, wanted, visible(overseer), department)
    return Statistics(from_on=wanted.from_on, until_on=wanted.until_on, items=items)


@router.post("/cases/{case_no}/rating", status_code=201, response_model=RatingOut, summary="申请人评价本次服务")
async def rate(case_no: CaseNo, body: RatingIn, caller: Party, db: Db, idem: Idem, now: Now) -> Response:
    answer = await commands.rate_case(db, idem, case_no, body.satisfaction, body.comment, caller, now=now)
    return answer.response()
