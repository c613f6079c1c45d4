"""HTTP of one-stop bundles: the guide, what would be needed, and every act on a bundle application."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request, Response

from services.chassis.auth import Principal, allow, public
from services.chassis.errors import BadCursor
from services.chassis.http import Db, Now, etag
from services.chassis.paging import CursorText, Limit, Page, decode_cursor, encode_cursor
from services.intake.bundles import acts, commands, guide, supplements
from services.intake.bundles import repository as bundles
from services.intake.bundles import upload as uploading
from services.intake.bundles.answers import (
    BundleApplicationOut,
    BundleBrief,
    BundleGuideOut,
    BundleLine,
    PlanOut,
    bundle_out,
)
from services.intake.bundles.definitions import definitions
from services.intake.bundles.schemas import (
    BundleApplicationIn,
    BundleExtensionIn,
    BundleReceiptIn,
    PlanIn,
    ResultIn,
    StageIn,
)
from services.intake.bundles.scope import EXTENDS, READERS, visible
from services.intake.multipart import read_upload
from services.intake.office import Call
from services.intake.routing import (
    ApplicantSide,
    Clerk,
    HandOverClerk,
    Receiver,
    Submitter,
    TheOffice,
    next_,
)
from services.intake.schemas import HandOverIn, SupplementNoticeIn, WithdrawalIn
from services.intake.scope import CLERKS, OFFICERS

guides = APIRouter(prefix="/api/v1/bundles", tags=["bundles"], dependencies=[public])
router = APIRouter(prefix="/api/v1/bundle-applications", tags=["bundles"])

BundleId = Annotated[str, Path(pattern=r"^[0-9A-Z]{2,12}$", description="“一件事”编号，例如 K01")]
BundleNo = Annotated[str, Path(pattern=r"^[0-9A-Z]{14,24}$", description="“一件事”申请编号")]
MemberId = Annotated[str, Path(max_length=100, description="成员编号")]
ResultWriter = Annotated[Call, Depends(next_(*OFFICERS, *CLERKS))]
BundleReader = Annotated[Principal, allow(*READERS)]
GovernmentHead = Annotated[Call, Depends(next_(*EXTENDS))]
_CACHE = {"cache-control": "public, max-age=60"}


@guides.get("", summary="“一件事”清单")
async def list_bundles(office: TheOffice, db: Db, response: Response) -> list[BundleLine]:
    response.headers.update(_CACHE)
    snapshot = await office.items.current(db)
    async with db.read() as connection:
        found = await definitions().all(connection, snapshot.version)
    return [guide.line(definition) for definition in found.values()]


@guides.get("/{bundle_id}", summary="“一件事”办事指南 (一次告知)")
async def get_guide(bundle_id: BundleId, office: TheOffice, db: Db, response: Response) -> BundleGuideOut:
    response.headers.update(_CACHE)
    snapshot = await office.items.current(db)
    async with db.read() as connection:
        return guide.guide_out(await definitions().get(connection, office.items, bundle_id, snapshot.version))


@guides.post("/{bundle_id}/plan", summary="按已知情况，需要办什么、交什么")
async def make_plan(bundle_id: BundleId, body: PlanIn, office: TheOffice, db: Db) -> PlanOut:
    snapshot = await office.items.current(db)
    async with db.read() as connection:
        running = await definitions().get(connection, office.items, bundle_id, snapshot.version)
    return guide.plan_out(running, body)


@router.post("", status_code=201, response_model=BundleApplicationOut, summary="提交“一件事”申请 (一张表单、一套材料)")
async def submit(body: BundleApplicationIn, call: Submitter, office: TheOffice) -> Response:
    return (await commands.submit(office, body, call)).response()


@router.get("", summary="“一件事”申请列表 (按权限范围)")
async def list_applications(
    request: Request, reader: BundleReader, office: TheOffice, limit: Limit = 50, cursor: CursorText = None
) -> Page[BundleBrief]:
    key: bytes = request.app.state.cursor_key
    async with office.db.read() as connection:
        rows = await bundles.briefs(connection, visible(reader), before=_before(key, cursor), limit=limit + 1)
    found = [BundleBrief.of(row) for row in rows[:limit]]
    more = encode_cursor(key, "bundle", found[-1].bundle_application_id) if len(rows) > limit else None
    return Page[BundleBrief](items=found, next=more)


@router.get("/{bundle_no}", summary="“一件事”申请详情")
async def get_application(
    bundle_no: BundleNo, reader: BundleReader, office: TheOffice, now: Now, response: Response
) -> BundleApplicationOut:
    async with office.db.read() as connection:
        case = await bundles.load(connection, bundle_no, visible(reader))
        running = await definitions().get(connection, office.items, case.bundle_id, case.catalogue_version)
        body = await bundle_out(office, connection, running, case, now=now)
    response.headers.update({"etag": etag(case.version), "cache-control": "private, no-store"})
    return body


@router.post(
    "/{bundle_no}/materials",
    status_code=201,
    response_model=BundleApplicationOut,
    summary="上传材料，供各成员事项共用",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["material_no", "file"],
                        "properties": {
                            "material_no": {"type": "integer", "minimum": 1, "description": "共用材料清单的序号"},
                            "file": {"type": "string", "format": "binary"},
                        },
                    }
                }
            },
        }
    },
)
async def upload_material(request: Request, bundle_no: BundleNo, call: Submitter, office: TheOffice) -> Response:
    return (await uploading.upload(office, bundle_no, await read_upload(request), call)).response()


@router.post("/{bundle_no}/receipt", status_code=201, response_model=BundleApplicationOut, summary="一并收件")
async def receive(
    bundle_no: BundleNo, call: Receiver, office: TheOffice, body: BundleReceiptIn | None = None
) -> Response:
    return (await acts.receive(office, bundle_no, body or BundleReceiptIn(), call)).response()


@router.post("/{bundle_no}/acceptance", status_code=201, response_model=BundleApplicationOut, summary="一并受理")
async def accept(bundle_no: BundleNo, call: Clerk, office: TheOffice) -> Response:
    return (await acts.accept(office, bundle_no, call)).response()


@router.post(
    "/{bundle_no}/supplement-notice",
    status_code=201,
    response_model=BundleApplicationOut,
    summary="一次性补正告知 (全部事项一次告知)",
)
async def request_supplement(bundle_no: BundleNo, body: SupplementNoticeIn, call: Clerk, office: TheOffice) -> Response:
    return (await supplements.request_supplement(office, bundle_no, body, call)).response()


@router.post(
    "/{bundle_no}/supplements", status_code=201, response_model=BundleApplicationOut, summary="补正材料 (一次提交)"
)
async def supply(
    bundle_no: BundleNo, call: ApplicantSide, office: TheOffice, body: BundleReceiptIn | None = None
) -> Response:
    return (await supplements.supply(office, bundle_no, body or BundleReceiptIn(), call)).response()


@router.post(
    "/{bundle_no}/members/{member_id}/result",
    status_code=201,
    response_model=BundleApplicationOut,
    summary="部门登记成员步骤的结果，或事项产生的号码",
)
async def record_result(
    bundle_no: BundleNo, member_id: MemberId, body: ResultIn, call: ResultWriter, office: TheOffice
) -> Response:
    return (await acts.record_result(office, bundle_no, member_id, body, call)).response()


@router.post(
    "/{bundle_no}/extension",
    status_code=201,
    response_model=BundleApplicationOut,
    summary="延长总时限 (本级人民政府负责人批准，一次)",
)
async def extend(bundle_no: BundleNo, body: BundleExtensionIn, call: GovernmentHead, office: TheOffice) -> Response:
    return (await acts.extend(office, bundle_no, body, call)).response()


@router.post("/{bundle_no}/stages", status_code=201, response_model=BundleApplicationOut, summary="申报下一阶段")
async def hand_in_stage(bundle_no: BundleNo, body: StageIn, call: ApplicantSide, office: TheOffice) -> Response:
    return (await commands.hand_in_stage(office, bundle_no, body, call)).response()


@router.post("/{bundle_no}/hand-over", status_code=201, response_model=BundleApplicationOut, summary="一并出件")
async def hand_over(bundle_no: BundleNo, body: HandOverIn, call: HandOverClerk, office: TheOffice) -> Response:
    return (await acts.hand_over(office, bundle_no, body, call)).response()


@router.post("/{bundle_no}/withdrawal", status_code=201, response_model=BundleApplicationOut, summary="撤回")
async def withdraw(bundle_no: BundleNo, body: WithdrawalIn, call: ApplicantSide, office: TheOffice) -> Response:
    return (await acts.withdraw(office, bundle_no, body, call)).response()


def _before(key: bytes, cursor: str | None) -> UUID | None:
    """Raises BadCursor; also for the cursor of another list."""
    if cursor is None:
        return None
    try:
        _, value = decode_cursor(key, cursor)
        return UUID(value)
    except (TypeError, ValueError, AttributeError) as foreign:
        raise BadCursor from foreign
