"""HTTP of the transparency log, for everybody: signed heads, proofs, and what a monitor compares."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from services.certificate.commands import log_check, log_proofs
from services.certificate.domain.errors import NoSuchLeaf
from services.certificate.log import queries as log_queries
from services.certificate.log.schemas import ConsistencyOut, HeadList, HeadOut, InclusionOut, LeavesOut, StraysOut
from services.certificate.routes import TheKit
from services.certificate.schemas import PRINTABLE
from services.chassis.auth import public
from services.chassis.http import Db

router = APIRouter(prefix="/api/v1/certificates/log", tags=["transparency log"], dependencies=[public])
_STRAYS_PAGE = 20_000
_LARGEST = 2**62
Size = Annotated[int, Query(ge=1, le=_LARGEST)]


@router.get("/head", summary="最新的已签发日志头")
async def head(db: Db) -> HeadOut:
    async with db.read() as connection:
        latest = await log_queries.latest_head(connection)
    if latest is None:
        raise NoSuchLeaf("日志还没有签发过日志头")
    return HeadOut.of(latest)


@router.get("/heads", summary="已签发的日志头，从小到大")
async def heads(
    db: Db,
    after: Annotated[int, Query(ge=0, le=_LARGEST)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> HeadList:
    async with db.read() as connection:
        return HeadList(items=[HeadOut.of(one) for one in await log_queries.heads_after(connection, after, limit)])


@router.get("/heads/{size}", summary="某一大小的日志头")
async def head_of_size(size: Annotated[int, Path(ge=1, le=_LARGEST)], db: Db) -> HeadOut:
    async with db.read() as connection:
        found = await log_queries.head_of_size(connection, size)
    if found is None:
        raise NoSuchLeaf
    return HeadOut.of(found)


@router.get("/inclusion", summary="收录证明 (RFC 9162)，按证照标识或序号")
async def inclusion(
    db: Db,
    identifier: Annotated[str | None, Query(max_length=128, pattern=PRINTABLE)] = None,
    index: Annotated[int | None, Query(ge=0, le=_LARGEST)] = None,
    size: Annotated[int | None, Query(ge=1, le=_LARGEST, description="不填则为最新日志头的大小")] = None,
) -> InclusionOut:
    wanted = identifier.strip().upper() if identifier is not None else None
    async with db.read() as connection:
        return await log_proofs.inclusion_out(connection, identifier=wanted, index=index, size=size)


@router.get("/consistency", summary="一致性证明 (RFC 9162)")
async def consistency(db: Db, first: Size, second: Size) -> ConsistencyOut:
    async with db.read() as connection:
        return await log_proofs.consistency_out(connection, first, second)


@router.get("/leaves", summary="按现有登记记录重新计算的叶子散列")
async def leaves(
    db: Db,
    kit: TheKit,
    first: Annotated[int, Query(ge=0, le=_LARGEST)] = 0,
    limit: Annotated[int, Query(ge=1, le=log_check.PAGE)] = log_check.PAGE,
) -> LeavesOut:
    async with db.read() as connection:
        latest = await log_queries.latest_head(connection)
        end = max(min(first + limit, latest.size if latest else 0), first)
        live = await log_check.live_leaves(connection, kit, first, end)
    return LeavesOut(first=first, leaves=[leaf.hex() if leaf else None for leaf in live])


@router.get("/strays", summary="不在日志中的证照数量（应为零）")
async def strays(db: Db, after: UUID = UUID(int=0)) -> StraysOut:
    async with db.read() as connection:
        page = await log_queries.strays(connection, after, _STRAYS_PAGE)
    full = page.scanned == _STRAYS_PAGE
    return StraysOut(scanned=page.scanned, strays=page.strays, next=str(page.last) if full else None)
