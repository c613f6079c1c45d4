"""Reading an uploaded file with a limit: counted while it arrives, never only afterwards."""

from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.types import Message

from services.certificate.domain.errors import UploadRejected, UploadTooLarge

LIMIT = 20 * 1024 * 1024
_ENVELOPE = 64 * 1024  # boundaries and headers of the multipart form around the file
_FORM_LIMIT = 8 * 1024
_MOST_CHARACTERS = 256
_LONGEST_CODE = 4400
FORM = "application/x-www-form-urlencoded"


async def read_identifier(request: Request) -> str:
    """The field `identifier` of a plain form: what is typed goes into the body, never into an address.

    Raises:
        UploadTooLarge: more than a form with one field.
        UploadRejected: no such field.
    """
    try:
        async with _counted(request, _FORM_LIMIT).form(max_fields=4) as form:
            typed = form.get("identifier")
    except HTTPException as unreadable:
        raise UploadRejected("表单无法解析") from unreadable
    if not isinstance(typed, str):
        raise UploadRejected("请填写证照标识，字段名为 identifier")
    return typed.strip()[:_MOST_CHARACTERS]


@dataclass(frozen=True)
class Uploaded:
    """A PDF to be verified, and the text of the QR code seen on it, when somebody scanned that too."""

    content: bytes
    code: str


async def read_pdf(request: Request) -> Uploaded:
    """The parts `file` and `code` (may be missing) of a multipart form.

    Raises:
        UploadTooLarge: as soon as more than the limit has arrived.
        UploadRejected: no multipart form, no such part, or not a PDF.
    """
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > LIMIT + _ENVELOPE:
        raise UploadTooLarge
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise UploadRejected("请以 multipart/form-data 上传，字段名为 file")
    try:
        async with _counted(request, LIMIT + _ENVELOPE).form(max_files=1, max_fields=4) as form:
            part, code = form.get("file"), form.get("code")
            content = await part.read() if isinstance(part, UploadFile) else b""
    except (MultiPartException, HTTPException) as unreadable:
        raise UploadRejected("上传表单无法解析") from unreadable
    if len(content) > LIMIT:
        raise UploadTooLarge
    if b"%PDF-" not in content[:1024]:
        raise UploadRejected
    return Uploaded(content, code.strip()[:_LONGEST_CODE] if isinstance(code, str) else "")


def _counted(request: Request, limit: int) -> Request:
    """The same request, whose body ends with UploadTooLarge once it is longer than allowed."""
    arrived = 0

    async def receive() -> Message:
        nonlocal arrived
        message = await request.receive()
        arrived += len(message.get("body", b""))
        if arrived > limit:
            raise UploadTooLarge("内容超过大小限制")
        return message

    return Request(request.scope, receive)
