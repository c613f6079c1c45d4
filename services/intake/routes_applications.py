"""HTTP of applications: submit, materials, every act, list, search, detail. Each route is thin."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from contracts.events.common import Channel
from services.chassis.auth import Principal
from services.chassis.errors import BadCursor
from services.chassis.http import etag
from services.chassis.paging import CursorText, Limit, Page, decode_cursor, encode_cursor
from services.intake import notices_repository, queries, repository
from services.intake.answers import ApplicationBrief, ApplicationDetail, ApplicationOut, application_detail
from services.intake.commands import accept as accepting
from services.intake.commands import hand_over as handing
from services.intake.commands import receive as receiving
from services.intake.commands import submit as submitting
from services.intake.commands import supplement as supplementing
from services.intake.commands import upload as uploading
from services.intake.commands import withdraw as withdrawing
from services.intake.domain.basis_of_acts import refusal_basis
from services.intake.domain.media import SUFFIX, MediaType
from services.intake.domain.states import State
from services.intake.multipart import read_upload
from services.intake.office import FORM_CONTEXT, Office
from services.intake.routing import (
    ApplicantSide,
    CaseNo,
    Clerk,
    HandOverClerk,
    MaterialNo,
    Reader,
    Receiver,
    Submitter,
    TheOffice,
)
from services.intake.schemas import (
    ApplicationIn,
    HandOverIn,
    ReceiptIn,
    RefusalIn,
    SearchIn,
    SupplementNoticeIn,
    SupplementsIn,
    WithdrawalIn,
)
from services.intake.scope import readable

router = APIRouter(prefix="/api/v1", tags=["applications"])


@router.post("/applications", status_code=201, response_model=ApplicationOut, summary="提交申请")
async def submit(body: ApplicationIn, call: Submitter, office: TheOffice) -> Response:
    return (await submitting.submit(office, body, call)).response()


@router.get("/applications", summary="申请列表 (按权限范围)")
async def list_applications(
    request: Request,
    reader: Reader,
    office: TheOffice,
    state: Annotated[list[State] | None, Query(description="状态，可多选")] = None,
    channel: Annotated[Channel | None, Query(description="来源渠道")] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[ApplicationBrief]:
    key: bytes = request.app.state.cursor_key
    conditions = [*queries.in_states(state), *queries.through(channel)]
    async with office.db.read() as connection:
        found = await queries.applications(
            connection, readable(reader), *conditions, before=_before(key, cursor), limit=limit + 1
        )
    return _page(key, found, limit)


@router.post("/applications/search", summary="按证件号码查询申请")
async def search(
    request: Request, body: SearchIn, reader: Reader, office: TheOffice, limit: Limit = 50, cursor: CursorText = None
) -> Page[ApplicationBrief]:
    key: bytes = request.app.state.cursor_key
    wanted = queries.of_applicant(submitting.subject_key(office, body.party_type, body.number))
    async with office.db.read() as connection:
        found = await queries.applications(
            connection, readable(reader), wanted, before=_before(key, cursor), limit=limit + 1
        )
    return _page(key, found, limit)


@router.get("/applications/{application_id}", summary="申请详情")
async def get_application(
    application_id: UUID, reader: Reader, office: TheOffice, response: Response
) -> ApplicationDetail:
    return await _detail(office, application_id, reader, response)


@router.get("/cases/{case_no}/application", summary="按办件编号取申请详情")
async def get_application_of_case(
    case_no: CaseNo, reader: Reader, office: TheOffice, response: Response
) -> ApplicationDetail:
    return await _detail(office, case_no, reader, response)


@router.post(
    "/applications/{application_id}/materials",
    status_code=201,
    response_model=ApplicationOut,
    summary="上传材料 (PDF、JPEG、PNG、OFD，20 MiB 以内)",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["material_no", "file"],
                        "properties": {
                            "material_no": {"type": "integer", "minimum": 1, "description": "材料序号"},
                            "file": {"type": "string", "format": "binary"},
                        },
                    }
                }
            },
        }
    },
)
async def upload_material(request: Request, application_id: UUID, call: Submitter, office: TheOffice) -> Response:
    return (await uploading.upload(office, application_id, await read_upload(request), call)).response()


@router.get(
    "/applications/{application_id}/materials/{material_no}/file",
    response_class=Response,
    summary="下载材料文件",
)
async def download_material(
    application_id: UUID, material_no: MaterialNo, reader: Reader, office: TheOffice
) -> Response:
    provided, content = await uploading.download(office, application_id, material_no, reader)
    media_type = MediaType(provided.media_type or "")
    headers = {
        "content-disposition": f'attachment; filename="material-{material_no}.{SUFFIX[media_type]}"',
        "etag": f'"{provided.sha256}"',
        "cache-control": "private, no-store",
        "x-content-type-options": "nosniff",
    }
    return Response(content, media_type=media_type.value, headers=headers)


@router.post("/applications/{application_id}/receipt", status_code=201, response_model=ApplicationOut, summary="收件")
async def receive(application_id: UUID, call: Receiver, office: TheOffice, body: ReceiptIn | None = None) -> Response:
    return (await receiving.receive(office, application_id, body or ReceiptIn(), call)).response()


@router.post(
    "/applications/{application_id}/supplement-notice",
    status_code=201,
    response_model=ApplicationOut,
    summary="一次性补正告知",
)
async def request_supplement(
    application_id: UUID, body: SupplementNoticeIn, call: Clerk, office: TheOffice
) -> Response:
    return (await supplementing.request_supplement(office, application_id, body, call)).response()


@router.post(
    "/applications/{application_id}/supplements", status_code=201, response_model=ApplicationOut, summary="补正材料"
)
async def supply(
    application_id: UUID, call: ApplicantSide, office: TheOffice, body: SupplementsIn | None = None
) -> Response:
    return (await supplementing.supply(office, application_id, body or SupplementsIn(), call)).response()


@router.post(
    "/applications/{application_id}/acceptance", status_code=201, response_model=ApplicationOut, summary="受理"
)
async def accept(application_id: UUID, call: Clerk, office: TheOffice) -> Response:
    return (await accepting.accept(office, application_id, call)).response()


@router.post(
    "/applications/{application_id}/refusal",
    status_code=201,
    response_model=ApplicationOut,
    summary="不予受理或不受理",
)
async def refuse_acceptance(application_id: UUID, body: RefusalIn, call: Clerk, office: TheOffice) -> Response:
    return (await accepting.refuse_acceptance(office, application_id, body, call)).response()


@router.post(
    "/applications/{application_id}/withdrawal", status_code=201, response_model=ApplicationOut, summary="撤回申请"
)
async def withdraw(application_id: UUID, body: WithdrawalIn, call: ApplicantSide, office: TheOffice) -> Response:
    return (await withdrawing.withdraw(office, application_id, body, call)).response()


@router.post("/cases/{case_no}/hand-over", status_code=201, response_model=ApplicationOut, summary="出件并办结")
async def hand_over(case_no: CaseNo, body: HandOverIn, call: HandOverClerk, office: TheOffice) -> Response:
    return (await handing.hand_over(office, case_no, body, call)).response()


async def _detail(office: Office, key: UUID | str, reader: Principal, response: Response) -> ApplicationDetail:
    async with office.db.read() as connection:
        application, form_sealed = await queries.detail(connection, key, readable(reader))
        item = await office.items.pinned(
            connection, application.item_code, application.item_version, application.course.scenario
        )
        documents = await repository.documents_of(connection, application.application_id)
        notices = await notices_repository.notices_of(connection, application.application_id)
    form: dict[str, Any] = json.loads(office.sealer.open(form_sealed, FORM_CONTEXT)) if form_sealed else {}
    response.headers["etag"] = etag(application.version)
    response.headers["cache-control"] = "private, no-store"
    basis = refusal_basis(item.item, application.refusal.kind) if application.refusal else ""
    return application_detail(application, item.item, basis, documents, form, notices)


def _before(key: bytes, cursor: str | None) -> UUID | None:
    """Raises BadCursor; also for the cursor of another list."""
    if cursor is None:
        return None
    try:
        (value,) = decode_cursor(key, cursor)
        return UUID(value)
    except (TypeError, ValueError, AttributeError) as foreign:
        raise BadCursor from foreign


def _page(key: bytes, found: list[ApplicationBrief], limit: int) -> Page[ApplicationBrief]:
    page = found[:limit]
    more = encode_cursor(key, page[-1].application_id) if len(found) > limit else None
    return Page[ApplicationBrief](items=page, next=more)
