"""Refuses uploads that do more than show something: scripts, embedded or appended files, encryption, bombs.

Nothing is rendered: `check` looks at PDF, OFD, JPEG and PNG by their bytes alone, in a thread, within bounds of
processor time and memory that hold whatever the file says: streams are inflated piece by piece and thrown away, and no
parser follows the file's own structure. What it cannot look into it refuses.
"""

import asyncio
import re
from collections.abc import Callable
from functools import partial

from services.chassis.errors import UnsafeFile
from services.chassis.file_guard import images, packages, pdf
from services.chassis.file_guard.budget import Budget, Unsafe
from services.kernel.archives import ends_as_archive
from services.kernel.errors import FieldError

__all__ = ["Unsafe", "check", "examine"]
Passive = Callable[[bytes], bool]
_COMPACT = re.compile(rb"[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{2,}\s{0,2}")
_AT_ONCE = 2  # more wait: uploads shall not take the processor from everything else
_places: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}
_PACKAGE = b"PK\x03\x04"
_KINDS: tuple[tuple[bytes, Callable[[bytes, Budget], None]], ...] = (
    (b"\x89PNG\r\n\x1a\n", images.examine_png),
    (b"\xff\xd8\xff", images.examine_jpeg),
    (_PACKAGE, packages.examine),
)


def is_signed_record(embedded: bytes) -> bool:
    """A JWS in compact form: three pieces of base64url, as our own sealed files carry it. It can do nothing."""
    return _COMPACT.fullmatch(embedded) is not None


async def check(content: bytes, *, pointer: str = "#/file", passive: Passive = is_signed_record) -> None:
    """Raises UnsafeFile, which names the field and the rule. `passive` tells of an embedded file whether it is one that
    does nothing.
    """
    loop = asyncio.get_running_loop()
    async with _places.setdefault(loop, asyncio.Semaphore(_AT_ONCE)):
        try:
            await asyncio.to_thread(partial(examine, content, passive=passive))
        except Unsafe as unsafe:
            raise UnsafeFile(unsafe.detail, errors=[FieldError(pointer, unsafe.rule, unsafe.detail)]) from unsafe


def examine(content: bytes, *, passive: Passive = is_signed_record, budget: Budget | None = None) -> None:
    """As `check`, in this thread. A file of another kind passes: telling kinds is not the task here.

    Raises:
        Unsafe: the rule it breaks.
    """
    spent = budget or Budget()
    if not content.startswith(_PACKAGE) and ends_as_archive(content):
        raise Unsafe("file.two-kinds", "文件后面附有压缩包，请去除后上传")
    if b"%PDF-" in content[:1024]:
        pdf.examine(content, spent, passive)
    for magic, look in _KINDS:
        if content.startswith(magic):
            look(content, spent)
