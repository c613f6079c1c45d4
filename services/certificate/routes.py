"""HTTP of certificates and papers for people and systems that are logged in."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.certificate.commands import fetch_files, own_reads, read_certificates
from services.certificate.commands.fetch_files import Download, readable
from services.certificate.commands.read_certificates import Asked
from services.certificate.domain.access import (
    APPLICANT_SIDE,
    CLERKS,
    DEPARTMENT,
    PROVINCIAL,
    SUPERVISOR,
    WITH_PURPOSE,
)
from services.certificate.kit import Kit
from services.certificate.looking.looks import Why
from services.certificate.schemas import (
    CASE_NO,
    PRINTABLE,
    CaseNo,
    CasePapersOut,
    CertificateDetail,
    CertificateList,
    InTheMaking,
    Purpose,
    SearchIn,
)
from services.chassis.auth import Principal, allow
from services.chassis.http import Db, Now, etag

router = APIRouter(prefix="/api/v1", tags=["certificate"])
RETRY_SECONDS = 2
_JOSE = "application/jose"

CertificateReader = Annotated[Principal, allow(*sorted(APPLICANT_SIDE | WITH_PURPOSE))]
CaseReader = Annotated[Principal, allow(*sorted(APPLICANT_SIDE | DEPARTMENT | CLERKS | PROVINCIAL | SUPERVISOR))]
PaperForm = Annotated[
    Literal["pdf", "jws"], Query(description="jws：收件凭证的签名数据（材料指纹、期限依据），其他文书没有")
]
Identifier = Annotated[str, Path(max_length=128, pattern=PRINTABLE, description="电子证照标识 (GB/T 36904)")]


def _kit(request: Request) -> Kit:
    kit: Kit = request.app.state.kit
    return kit


TheKit = Annotated[Kit, Depends(_kit)]


def _why(
    purpose: Annotated[Purpose | None, Query(description="查看他人证照的申请事由")] = None,
    case_no: Annotated[CaseNo | None, Query(description="所办的办件编号")] = None,
) -> Why:
    return Why(purpose, case_no)


TheWhy = Annotated[Why, Depends(_why)]


@router.post("/certificates/search", summary="按公民身份号码或统一社会信用代码检索证照")
async def search(body: SearchIn, db: Db, now: Now, kit: TheKit, caller: CertificateReader) -> CertificateList:
    return await read_certificates.search(db, body, caller, kit, now=now)


@router.get("/certificates/{identifier}", summary="证照信息与签名元数据")
async def certificate(
    identifier: Identifier, why: TheWhy, response: Response, db: Db, now: Now, kit: TheKit, caller: CertificateReader
) -> CertificateDetail:
    shown = await read_certificates.detail(db, identifier, caller, Asked("RECORD", why), kit, now=now)
    response.headers["etag"] = etag(shown.version)
    response.headers["cache-control"] = "private, no-store"
    return shown


@router.get(
    "/certificates/{identifier}/file",
    summary="下载证照文件",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}, 202: {"model": InTheMaking}},
)
async def certificate_file(
    identifier: Identifier, why: TheWhy, db: Db, now: Now, kit: TheKit, caller: CertificateReader
) -> Response:
    return download(await fetch_files.certificate_file(db, identifier, caller, why, kit, now=now))


@router.get("/cases/{case_no}/papers", summary="办件的文书与证照")
async def case_papers(
    case_no: Annotated[str, Path(pattern=CASE_NO)],
    db: Db,
    now: Now,
    kit: TheKit,
    caller: CaseReader,
    purpose: Annotated[Purpose | None, Query(description="办件办结后查看证照的持证人和编号须填写")] = None,
) -> CasePapersOut:
    return await own_reads.case_papers(db, case_no, caller, purpose, kit, readable, now=now)


@router.get(
    "/papers/{paper_id}/file",
    summary="下载文书",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}, _JOSE: {}}}, 202: {"model": InTheMaking}},
)
async def paper_file(
    paper_id: UUID, why: TheWhy, db: Db, now: Now, kit: TheKit, caller: CaseReader, form: PaperForm = "pdf"
) -> Response:
    if form == "jws":
        return download(await fetch_files.paper_record(db, paper_id, caller, kit), _JOSE)
    return download(await fetch_files.paper_file(db, paper_id, caller, why, kit, now=now))


def download(made: Download | None, media_type: str = "application/pdf") -> Response:
    """The file, or 202 and when to ask again."""
    if made is None:
        body = InTheMaking().model_dump_json()
        return Response(body, 202, {"retry-after": str(RETRY_SECONDS)}, media_type="application/json")
    headers = {
        "content-disposition": f'attachment; filename="{made.name}"',
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
        "etag": f'"{made.sha256}"',
    }
    return Response(made.content, 200, headers, media_type=media_type)
