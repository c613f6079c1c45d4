"""HTTP of reuse: what is still to bring, and how many uploads the library has saved."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.chassis import clock
from services.chassis.auth import Principal, allow
from services.chassis.http import Db, Now
from services.intake import planning
from services.intake.bundles.definitions import definitions
from services.intake.domain.scenarios import choose
from services.intake.planning_schemas import BundleMaterialsPlanIn, MaterialsPlanIn, MaterialsPlanOut
from services.intake.routing import ItemCode, TheOffice
from services.intake.scope import SUBMITTERS

router = APIRouter(prefix="/api/v1", tags=["reuse"])

Planner = Annotated[Principal, allow(*SUBMITTERS)]
BundleId = Annotated[str, Path(pattern=r"^[0-9A-Z]{2,12}$", description="“一件事”编号，例如 K01")]
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
    key = planning.holder_key(office, body.applicant, caller)
    async with db.read() as connection:
        held = await planning.best_held(connection, key, clock.local_date(now))
    return planning.item_plan(item.item, held, body.conditions)


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
    key = planning.holder_key(office, body.applicant, caller)
    snapshot = await office.items.current(db)
    async with db.read() as connection:
        running = await definitions().get(connection, office.items, bundle_id, snapshot.version)
        held = await planning.best_held(connection, key, clock.local_date(now))
    return planning.bundle_plan(running, body, held)
