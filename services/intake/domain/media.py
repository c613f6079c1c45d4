"""What kind of file an upload is, told by its content and never by its name."""

import io
import zipfile
from enum import StrEnum

from services.intake.domain.errors import UnsupportedFile
from services.kernel.archives import ZIP_FAULTS, may_be_opened


class MediaType(StrEnum):
    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"
    OFD = "application/ofd"


SUFFIX = {MediaType.PDF: "pdf", MediaType.JPEG: "jpg", MediaType.PNG: "png", MediaType.OFD: "ofd"}

# Readers accept a PDF header that follows up to 1024 bytes of junk; we ask for it at the very start.
_MAGIC = {
    b"%PDF-": MediaType.PDF,
    b"\xff\xd8\xff": MediaType.JPEG,
    b"\x89PNG\r\n\x1a\n": MediaType.PNG,
}
_END = {
    MediaType.PDF: b"%%EOF",
    MediaType.JPEG: b"\xff\xd9",
    MediaType.PNG: b"IEND",
}
_TAIL = 2048


def recognise(content: bytes) -> MediaType:
    """The media type of a whole file; a file that is cut off is refused.

    Raises:
        UnsupportedFile: not one of the four kinds, or its end is missing.

    Source: domain.md 2.10 (OFD is a ZIP with OFD.xml at its root, GB/T 33190-2016).
    """
    for magic, media_type in _MAGIC.items():
        if content.startswith(magic):
            # Phones append a film after the picture of a JPEG, so its end may lie anywhere.
            tail = content if media_type is MediaType.JPEG else content[-_TAIL:]
            if _END[media_type] not in tail:
                raise UnsupportedFile("文件不完整：缺少结尾，请重新上传")
            return media_type
    if content.startswith(b"PK\x03\x04") and _is_ofd(content):
        return MediaType.OFD
    raise UnsupportedFile()


def _is_ofd(content: bytes) -> bool:
    """Reads the directory only: nothing is unpacked, so a packed bomb costs nothing."""
    if not may_be_opened(content):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except ZIP_FAULTS:
        return False
    return "OFD.xml" in names
