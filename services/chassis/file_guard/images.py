"""Pictures: how large they unpack, told from their headers, and packed texts beside them."""

import re
import struct
from collections.abc import Iterator

from services.chassis.file_guard.budget import MIB, Budget, Unsafe, bomb

MOST_PIXELS = 120_000_000  # a telephone's camera takes 108 million
_MOST_FRAMES = 64
_MOST_SCANS = 200
_TEXT = 4 * MIB
_PACKED = {b"zTXt", b"iTXt", b"iCCP"}
_JPEG_SIZES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_ALONE = {0x01, *range(0xD0, 0xDA)}  # markers without a length


def _check_size(width: int, height: int, frames: int = 1) -> None:
    if width == 0 or height == 0:
        raise _damaged()
    if width * height > MOST_PIXELS or frames > _MOST_FRAMES or width * height * frames > 4 * MOST_PIXELS:
        raise Unsafe("image.too-many-pixels", f"图片过大（{width}×{height} 像素），请缩小后上传")


def _damaged() -> Unsafe:
    return Unsafe("image.damaged", "图片已损坏，读不出尺寸，请重新拍摄或者扫描")


def examine_png(content: bytes, budget: Budget) -> None:
    """Raises Unsafe."""
    if content[12:16] != b"IHDR" or len(content) < 33:
        raise _damaged()
    width, height = struct.unpack(">II", content[16:24])
    _check_size(width, height)
    for kind, place, length in _chunks(content):
        budget.tick()
        if kind == b"acTL" and length >= 4:
            _check_size(width, height, int.from_bytes(content[place : place + 4], "big"))
        if kind in _PACKED:
            _examine_text(content, place, length, budget)


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    place = 8
    while place + 12 <= len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        yield content[place + 4 : place + 8], place + 8, length
        place += length + 12


def _examine_text(content: bytes, place: int, length: int, budget: Budget) -> None:
    """Packed data begins behind a keyword; where exactly differs, so each place that may be it is tried."""
    for match in re.finditer(rb"[\x08\x18\x28\x38\x48\x58\x68\x78]", content[place : place + min(length, 400)]):
        came = 0
        for piece in budget.inflate(content, place + match.start()):
            came += len(piece)
            if came > _TEXT:
                raise bomb()


def examine_jpeg(content: bytes, budget: Budget) -> None:
    """Raises Unsafe."""
    sized = False
    for marker, place in _segments(content):
        budget.tick()
        if marker in _JPEG_SIZES:
            height, width = struct.unpack(">HH", content[place + 1 : place + 5].ljust(4, b"\0"))
            _check_size(width, height)
            sized = True
    if not sized:
        raise _damaged()
    if content.count(b"\xff\xda") > _MOST_SCANS:
        raise Unsafe("image.too-many-scans", "图片的结构异常，请重新拍摄或者扫描")


def _segments(content: bytes) -> Iterator[tuple[int, int]]:
    """Marker and place of the contents, up to the picture's own data."""
    place = 2
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF:
            place += 1
        elif marker in _ALONE:
            place += 2
        elif marker == 0xDA:
            return
        else:
            yield marker, place + 4
            place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
