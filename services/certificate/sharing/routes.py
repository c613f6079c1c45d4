"""HTTP of the sharing operations of GB/T 36906: search, by holder, by identifier, file, verify; each for a purpose."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.certificate.commands import read_certificates, share
from services.certificate.commands.read_certificates import Asked
from services.certificate.domain.access import WITH_PURPOSE
from services.certificate.looking.looks import Why
from services.certificate.routes import TheKit, download
from services.certificate.schemas import CertificateDetail, CertificateList, InTheMaking, SearchIn
from services.certificate.sharing.schemas import (
    ByHolderIn,
    ByIdentifierIn,
    FileIn,
    HolderDataOut,
    SharedSearchIn,
    VerifiedDataOut,
    VerifyDataIn,
)
from services.chassis.auth import Principal, allow
from services.chassis.http import Db, Now

router = APIRouter(prefix="/api/v1/certificate-sharing", tags=["certificate sharing"])

Caller = Annotated[Principal, allow(*sorted(WITH_PURPOSE))]
_PRIVATE = {"cache-control": "private, no-store"}


@router.post("/search", summary="证照检索 (queryCert)")
async def search(
    body: SharedSearchIn, db: Db, now: Now, kit: TheKit, caller: Caller, response: Response
) -> CertificateList:
    response.headers.update(_PRIVATE)
    return await read_certificates.search(db, SearchIn(**body.model_dump()), caller, kit, now=now)


@router.post("/by-holder", summary="按持证人取证照信息 (GetCertificateDataByHolder)")
async def by_holder(
    body: ByHolderIn, db: Db, now: Now, kit: TheKit, caller: Caller, response: Response
) -> HolderDataOut:
    response.headers.update(_PRIVATE)
    return await share.by_holder(db, body, caller, kit, now=now)


@router.post("/by-identifier", summary="按证照标识取证照信息 (GetCertificateDataByCertificateID, queryCertInfo)")
async def by_identifier(
    body: ByIdentifierIn, db: Db, now: Now, kit: TheKit, caller: Caller, response: Response
) -> CertificateDetail:
    response.headers.update(_PRIVATE)
    asked = Asked("RECORD", Why(body.purpose, body.case_no), tuple(body.fields))
    return await read_certificates.detail(db, body.identifier, caller, asked, kit, now=now)


@router.post(
    "/file",
    summary="取证照文件 (downloadFile, GetCertificateFileByCertificateID, GetCertificateFileByHolder)",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}, 202: {"model": InTheMaking}},
)
async def file(body: FileIn, db: Db, now: Now, kit: TheKit, caller: Caller) -> Response:
    return download(await share.file(db, body, caller, kit, now=now))


@router.post("/verify", summary="证照信息核验 (verifyCertInfo)：所述与登记是否一致，不告知登记的内容")
async def verify(
    body: VerifyDataIn, db: Db, now: Now, kit: TheKit, caller: Caller, response: Response
) -> VerifiedDataOut:
    response.headers.update(_PRIVATE)
    return await share.verify(db, body, caller, kit, now=now)
