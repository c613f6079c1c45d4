"""Reads an upload from the wire: streamed, counted as it comes, never more than the limit in memory."""

from collections.abc import AsyncGenerator

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from services.intake.commands.upload import Upload
from services.intake.domain.errors import FileTooLarge, Invalid
from services.kernel.errors import FieldError

MAX_FILE_BYTES = 20 * 2**20
_ENVELOPE_BYTES = 64 * 1024  # boundaries, part headers, the material number


async def read_upload(request: Request) -> Upload:
    """The parts `material_no` and `file`. Raises FileTooLarge, Invalid."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Invalid(errors=[FieldError("#", "upload.multipart", "应以 multipart/form-data 上传")])
    _check_declared(request)
    parser = MultiPartParser(request.headers, _counted(request), max_files=1, max_fields=4)
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as broken:
        raise Invalid(errors=[FieldError("#", "upload.multipart", "上传内容无法解析")]) from broken
    except FileTooLarge:
        for spooled in parser._files_to_close_on_error:  # the parser closes them only for its own errors
            spooled.close()
        raise
    try:
        return await _upload_of(form.get("material_no"), form.get("file"))
    finally:
        await form.close()


def _check_declared(request: Request) -> None:
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > MAX_FILE_BYTES + _ENVELOPE_BYTES:
        raise FileTooLarge()


async def _counted(request: Request) -> AsyncGenerator[bytes, None]:
    """The body as it arrives; stops reading as soon as it is too much, whatever its headers promised."""
    total = 0
    async for chunk in request.stream():
        total += len(chunk)
        if total > MAX_FILE_BYTES + _ENVELOPE_BYTES:
            raise FileTooLarge()
        yield chunk


async def _upload_of(number: UploadFile | str | None, file: UploadFile | str | None) -> Upload:
    errors = []
    if not isinstance(number, str) or not number.isascii() or not number.isdigit() or len(number) > 3:
        errors.append(FieldError("#/material_no", "upload.material-no", "请填写材料序号"))
    if not isinstance(file, UploadFile):
        errors.append(FieldError("#/file", "upload.file", "请选择要上传的文件"))
    if errors or not isinstance(number, str) or not isinstance(file, UploadFile):
        raise Invalid(errors=errors)
    content = await file.read()
    if len(content) > MAX_FILE_BYTES:
        raise FileTooLarge()
    if not content:
        raise Invalid(errors=[FieldError("#/file", "upload.empty", "文件为空")])
    return Upload(int(number), content)
