"""HTTP of reuse: what is still to bring, and how many uploads the library has saved."""

from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.chassis import clock
from services.chassis.auth import Principal, allow
from services.chassis.http import Db, Now
from services.intake import planning, reliance_repository
from services.intake.bundles.definitions import definitions
from services.intake.domain.scenarios import choose
from services.intake.planning_schemas import (
    BundleMaterialsPlanIn,
    ItemReuse,
    MaterialsPlanIn,
    MaterialsPlanOut,
    UploadsAvoided,
)
from services.intake.routing import ItemCode, TheOffice
from services.intake.scope import CITIZENS
from services.kernel.time_limit import CHINA

router = APIRouter(prefix="/api/v1", tags=["reuse"])

# Staff and systems see what is covered on the application itself, which leaves its trail.
Planner = Annotated[Principal, allow(*CITIZENS)]
StatisticsReader = Annotated[Principal, allow("SUPERVISOR", "CATALOGUE_ADMIN")]
BundleId = Annotated[str, Path(pattern=r"^[0-9A-Z]{2,12}$", description="“一件事”编号，例如 K01")]
_LAST = date(9000, 1, 1)
_PRIVATE = {"cache-control": "private, no-store"}


@router.post("/items/{item_code}/materials-plan", summary="还需提交哪些材料 (最少)")
async def item_plan(
    item_code: ItemCode,
    body: MaterialsPlanIn,
    caller: Planner,
    office: TheOffice,
    db: Db,
    now: Now,
    response: Response,
) -> MaterialsPlanOut:
    response.headers.update(_PRIVATE)
    published = (await office.items.current(db)).get(item_code)
    item = office.items.under(published, choose(published.item, body.scenario, follows=False))
    whose = planning.holders(office, body.applicant, caller)
    async with db.read() as connection:
        held = await planning.held_of(connection, whose, body.applicant, clock.local_date(now))
    return planning.item_plan(item.item, held, body.conditions, office.due(item.item.promised_limit, now).on)


@router.post("/bundles/{bundle_id}/materials-plan", summary="“一件事”还需提交哪些材料 (最少)，按什么顺序办理")
async def bundle_plan(
    bundle_id: BundleId,
    body: BundleMaterialsPlanIn,
    caller: Planner,
    office: TheOffice,
    db: Db,
    now: Now,
    response: Response,
) -> MaterialsPlanOut:
    response.headers.update(_PRIVATE)
    whose = planning.holders(office, body.applicant, caller)
    snapshot = await office.items.current(db)
    async with db.read() as connection:
        running = await definitions().get(connection, office.items, bundle_id, snapshot.version)
        held = await planning.held_of(connection, whose, body.applicant, clock.local_date(now))
    return planning.bundle_plan(running, body, held, office.due(running.definition.promised_limit, now).on)


@router.get("/reuse/uploads-avoided", summary="证照复用：各事项免交的材料数")
async def uploads_avoided(
    reader: StatisticsReader,
    db: Db,
    since: Annotated[date | None, Query(description="从该日起受理")] = None,
    until: Annotated[date | None, Query(description="到该日为止受理（含）")] = None,
) -> UploadsAvoided:
    async with db.read() as connection:
        found = await reliance_repository.avoided(connection, *_between(since, until))
    items = [ItemReuse(item_code=r.item_code, item_id=r.item_id, uploads=r.uploads, cases=r.cases) for r in found]
    return UploadsAvoided(uploads=sum(one.uploads for one in items), items=items)


def _between(since: date | None, until: date | None) -> tuple[datetime, datetime]:
    """Days of Asia/Shanghai as instants, the last one whole."""
    first = datetime.combine(since or date(1970, 1, 1), time(), CHINA)
    last = datetime.combine(min(until or _LAST, _LAST), time(), CHINA)
    return first, last + timedelta(days=1)
