"""HTTP of administration: calendars, quotas and order of acceptance, who is barred, cases and item versions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from contracts.calendars import CalendarIn
from services.chassis import clock
from services.chassis.auth import Principal, allow
from services.chassis.errors import BadCursor
from services.chassis.paging import CursorText, Limit, decode_cursor, encode_cursor
from services.intake import admin_queries
from services.intake.admin_schemas import (
    AcceptanceOrderOut,
    BarredIn,
    BarredOut,
    BarredPage,
    BundleMovingOut,
    CalendarOut,
    CalendarsOut,
    CalendarYearOut,
    MovedLine,
    MovesIn,
    MovesOut,
    MovingOut,
    QuotaIn,
    QuotaOut,
    RunningOut,
)
from services.intake.bundles import moving as bundle_moving
from services.intake.commands import administer, barring, calendars, quotas
from services.intake.domain.year import read_year
from services.intake.items import VersionedItem
from services.intake.office import Call, Office
from services.intake.routing import Administrator, ItemCode, TheOffice, first
from services.intake.scope import OFFICERS
from services.kernel.calendar_year import Year

router = APIRouter(prefix="/api/v1", tags=["administration"])
SHOWN = 200
CalendarYear = Annotated[int, Path(ge=2000, le=2200, description="年度")]
Administering = Annotated[Principal, allow("CATALOGUE_ADMIN", "SUPERVISOR")]
Barring = Annotated[Call, Depends(first("CATALOGUE_ADMIN", "SUPERVISOR"))]
Ordering = Annotated[Principal, allow("CATALOGUE_ADMIN", "SUPERVISOR", *OFFICERS)]


async def _in_force(office: Office, item_code: str) -> VersionedItem:
    """Raises UnknownItem."""
    return (await office.items.current(office.db)).get(item_code)


@router.get("/calendars", summary="已载入的工作日历")
async def list_calendars(_: Administering, office: TheOffice) -> CalendarsOut:
    calendar = office.calendar
    years = range(calendar.first_year, calendar.last_year + 1)
    items = [CalendarYearOut(year=year, sources=calendar.sources(year)) for year in years]
    return CalendarsOut(items=items, last_day=calendar.last_day)


@router.post(
    "/calendars/{year}",
    status_code=201,
    response_model=CalendarOut,
    summary="载入一年的工作日历 (preview=true 只看影响，不载入)",
)
async def load_calendar(
    year: CalendarYear,
    body: CalendarIn,
    call: Administrator,
    office: TheOffice,
    response: Response,
    preview: Annotated[bool, Query(description="只看哪些日期会变动")] = False,
) -> CalendarOut | Response:
    checked = read_year(year, body.sources, body.named(), office.calendar)
    moving = await calendars.preview(office.db, office.items, checked)
    joint = await bundle_moving.preview(office.db, office.items, checked, now=call.now)
    if preview:
        response.status_code = 200
        return _calendar_out(checked, moving, joint, revision=None)
    async with office.db.transaction(call.idempotency) as uow:
        revision = await bundle_moving.load_year(uow, office.items, checked, by=call.by, now=call.now)
        answer = uow.answer(201, _calendar_out(checked, moving, joint, revision=revision))
    async with office.db.read() as connection:
        await office.calendars.current(connection)
    return answer.response()


def _calendar_out(
    year: Year, moving: list[calendars.Moved], joint: list[bundle_moving.BundleMoved], *, revision: int | None
) -> CalendarOut:
    return CalendarOut(
        year=year.year,
        preview=revision is None,
        revision=revision,
        sources=year.sources,
        days=len(year.days),
        applications_moving=len(moving),
        moving=[MovingOut.of(moved) for moved in moving[:SHOWN]],
        bundles_moving=len(joint),
        bundles=[BundleMovingOut.of(moved) for moved in joint[:SHOWN]],
    )


@router.get("/barred-applicants", summary="不适用告知承诺的申请人")
async def list_barred(reader: Administering, office: TheOffice) -> BarredPage:
    async with office.db.read() as connection:
        return BarredPage(items=await admin_queries.barred(connection, reader.division, clock.today()))


@router.post("/barred-applicants", status_code=201, response_model=BarredOut, summary="登记不适用告知承诺的申请人")
async def bar(body: BarredIn, call: Barring, office: TheOffice) -> Response:
    return (await barring.bar(office, body, call)).response()


@router.post("/items/{item_code}/quota", status_code=201, response_model=QuotaOut, summary="设定数量限制")
async def set_quota(item_code: ItemCode, body: QuotaIn, call: Administrator, office: TheOffice) -> Response:
    return (await quotas.set_quota(office, await _in_force(office, item_code), body, call)).response()


@router.get("/items/{item_code}/acceptance-order", summary="按受理先后的次序")
async def acceptance_order(item_code: ItemCode, reader: Ordering, office: TheOffice) -> AcceptanceOrderOut:
    item = await _in_force(office, item_code)
    administer.require_own(reader, item)
    async with office.db.read() as connection:
        return await admin_queries.acceptance_order(connection, item.item.item_code)


@router.get("/items/{item_code}/running", summary="仍适用旧版本的在办件，以及改用现行版本的影响")
async def running(
    request: Request,
    item_code: ItemCode,
    _: Annotated[Principal, allow("CATALOGUE_ADMIN")],
    office: TheOffice,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> RunningOut:
    target = await _in_force(office, item_code)
    key: bytes = request.app.state.cursor_key
    async with office.db.read() as connection:
        by_version = await admin_queries.running_by_version(connection, target.item.item_code)
        found = await admin_queries.pinned_elsewhere(
            connection, target.item.item_code, target.version, after=_after(key, cursor), limit=limit + 1
        )
        lines = []
        for seen in found[:limit]:
            pinned = await office.items.pinned(connection, seen.item_code, seen.item_version, seen.course.scenario)
            goal = office.items.under(target, seen.course.scenario)
            lines.append(MovedLine.of(administer.would_move(seen, pinned, goal, office.calendar)))
    return RunningOut(
        item_code=target.item.item_code,
        version_in_force=target.version,
        running=by_version,
        items=lines,
        next=encode_cursor(key, lines[-1].application_id) if len(found) > limit else None,
    )


@router.post("/items/{item_code}/moves", status_code=201, response_model=MovesOut, summary="将所选在办件改用现行版本")
async def move(item_code: ItemCode, body: MovesIn, call: Administrator, office: TheOffice) -> Response:
    return (await administer.move(office, await _in_force(office, item_code), body, call)).response()


def _after(key: bytes, cursor: str | None) -> UUID | None:
    """Raises BadCursor."""
    if cursor is None:
        return None
    try:
        (value,) = decode_cursor(key, cursor)
        return UUID(value)
    except (TypeError, ValueError, AttributeError) as foreign:
        raise BadCursor from foreign
