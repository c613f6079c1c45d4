"""HTTP for everybody: verification (JSON, or a page for the QR code) and the keys of signed records."""

import asyncio
from base64 import b64encode
from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import APIRouter, Path, Query, Request, Response

from services.certificate.commands import verify
from services.certificate.kit import Kit
from services.certificate.routes import TheKit
from services.certificate.schemas import VerificationOut
from services.certificate.verification.upload import FORM, read_identifier, read_pdf
from services.certificate.verification.verify_page import page
from services.chassis.auth import public
from services.chassis.http import Db, Now
from services.chassis.pages import page_answer, wants_page
from services.kernel.errors import DomainError

router = APIRouter(tags=["verification"], dependencies=[public])
_PATH = "/api/v1/certificates/verify"
_LONGEST_PROOF = 4000
_HTML: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {}}, "description": "核验结果"}}
_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "PDF, 不超过 20 MiB"},
                        "code": {"type": "string", "description": "文件上二维码扫描所得的内容，与文件核对；可不填"},
                    },
                }
            },
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["identifier"],
                    "properties": {"identifier": {"type": "string", "description": "电子证照标识"}},
                }
            },
        },
    }
}


@router.get(_PATH, summary="按证照标识或文书编号核验", response_model=VerificationOut, responses=_HTML)
async def verify_by_reference(
    request: Request,
    db: Db,
    now: Now,
    kit: TheKit,
    identifier: Annotated[str | None, Query(max_length=256, description="电子证照标识")] = None,
    paper: Annotated[UUID | None, Query(description="文书二维码中的编号")] = None,
    copy: Annotated[UUID | None, Query(description="副本或加注件二维码中的编号")] = None,
) -> Response:
    if identifier is None and paper is None and copy is None and wants_page(request):
        return _page(None)
    if copy is not None:
        return _answer(request, await verify.copy(db, copy, kit, now=now))
    if paper is not None:
        return _answer(request, await verify.paper(db, paper, kit, now=now))
    return _answer(request, await verify.identifier(db, identifier or "", kit, now=now))


@router.get("/c/{identifier}", summary="证照二维码的地址", response_model=VerificationOut, responses=_HTML)
async def verify_by_qr_code(
    request: Request, db: Db, now: Now, kit: TheKit, identifier: Annotated[str, Path(max_length=128)]
) -> Response:
    """The query is the proof itself."""
    proof = request.url.query[:_LONGEST_PROOF]
    return _answer(request, await verify.qr_code(db, identifier, proof, kit, now=now))


@router.post(
    _PATH,
    summary="上传 PDF 核验，或以表单按标识核验",
    response_model=VerificationOut,
    responses=_HTML,
    openapi_extra=_UPLOAD,
)
async def verify_by_form(request: Request, db: Db, now: Now, kit: TheKit) -> Response:
    try:
        if request.headers.get("content-type", "").startswith(FORM):
            return _answer(request, await verify.identifier(db, await read_identifier(request), kit, now=now))
        given = await read_pdf(request)
        return _answer(request, await verify.file(db, given.content, kit, now=now, code=given.code))
    except DomainError as refused:
        if wants_page(request):
            return _page(None, refused.detail, status=400)
        raise


@router.get("/.well-known/certificate-jwks.json", summary="证照签名公钥 (JWKS)")
@router.get("/api/v1/certificates/jwks.json", include_in_schema=False)
async def jwks(response: Response, kit: TheKit) -> dict[str, Any]:
    response.headers["cache-control"] = "public, max-age=300"
    return await asyncio.to_thread(_keys, kit)


def _keys(kit: Kit) -> dict[str, Any]:
    """RFC 7517 allows further members: `seal_roots` and `stamp_roots` (DER, base64) and our `division`, to check a
    file offline.
    """
    trust = kit.trust()
    roots = {"seal_roots": _encoded(trust.roots), "stamp_roots": _encoded(trust.stamp_roots)}
    return kit.signer.jwks() | roots | {"division": kit.settings.division}


def _encoded(roots: Iterable[x509.Certificate]) -> list[str]:
    return [b64encode(root.public_bytes(Encoding.DER)).decode() for root in roots]


def _answer(request: Request, result: VerificationOut) -> Response:
    if wants_page(request):
        return _page(result)
    headers = {"cache-control": "no-store", "vary": "accept"}
    return Response(result.model_dump_json(), headers=headers, media_type="application/json")


def _page(result: VerificationOut | None, problem: str = "", *, status: int = 200) -> Response:
    return page_answer(page(result, _PATH, problem), status)
