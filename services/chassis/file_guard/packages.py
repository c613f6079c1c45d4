"""OFD: a ZIP of XML and pictures (GB/T 33190). What it unpacks to, names of entries, and what its XML may hold."""

import io
import zipfile
from collections.abc import Iterator
from xml.parsers import expat

from services.chassis.file_guard.budget import MIB, Budget, Unsafe
from services.kernel.archives import ZIP_FAULTS, may_be_opened

_DEEPEST = 200
_LARGEST_XML = 64 * MIB
_PIECE = 256 * 1024
_PROGRAMS = (
    ".js",
    ".vbs",
    ".exe",
    ".dll",
    ".bat",
    ".cmd",
    ".com",
    ".scr",
    ".ps1",
    ".sh",
    ".jar",
    ".hta",
    ".htm",
    ".html",
)
_ARCHIVES = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")
_ELEMENTS = {
    "Attachment": ("ofd.embedded-file", "OFD 中嵌有其他文件，请去除附件后上传"),
    "GotoA": ("ofd.action", "OFD 中含有打开附件的动作，请重新导出后上传"),
    "Script": ("ofd.script", "OFD 中含有脚本，请重新导出后上传"),
    "JavaScript": ("ofd.script", "OFD 中含有脚本，请重新导出后上传"),
    "Movie": ("ofd.media", "OFD 中含有多媒体内容，请重新导出后上传"),
    "Sound": ("ofd.media", "OFD 中含有多媒体内容，请重新导出后上传"),
}


def examine(content: bytes, budget: Budget) -> None:
    """Raises Unsafe."""
    if not may_be_opened(content):
        raise _entries()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _examine_names(entries)
            for entry in entries:
                _examine_entry(archive, entry, budget)
    except ZIP_FAULTS as fault:
        raise Unsafe("ofd.damaged", "OFD 文件已损坏，请重新导出后上传") from fault


def _entries() -> Unsafe:
    return Unsafe("ofd.entries", "OFD 中的条目过多或者重复，请重新导出后上传")


def _examine_names(entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        raise _entries()
    for entry in entries:
        parts = entry.filename.replace("\\", "/").split("/")
        if ".." in parts or parts[0].endswith(":") or not parts[0]:
            raise Unsafe("ofd.path", "OFD 中的路径不正确，请重新导出后上传")
        if entry.filename.lower().endswith(_PROGRAMS):
            raise Unsafe("ofd.script", "OFD 中含有程序或者脚本，请重新导出后上传")
        if entry.flag_bits & 1 or parts[-1] == "Encryptions.xml":
            raise Unsafe("ofd.encrypted", "OFD 已加密，无法检查，请去除密码后上传")


def _examine_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget) -> None:
    is_text = entry.filename.lower().endswith(".xml")
    reader = _Reader() if is_text else None
    first = True
    for piece in _pieces(archive, entry, budget):
        if first and piece.startswith(_ARCHIVES):
            raise Unsafe("ofd.embedded-file", "OFD 中嵌有压缩包，请去除后上传")
        first = False
        if reader is not None:
            reader.feed(piece)
    if reader is not None:
        reader.close()


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget) -> Iterator[bytes]:
    came = 0
    with archive.open(entry) as stream:
        while piece := stream.read(_PIECE):
            came += len(piece)
            budget.spend(len(piece))
            if came > budget.once or (came > budget.bulky and came > budget.ratio * max(entry.compress_size, 1)):
                raise Unsafe("file.bomb", "文件解压后过大，可能是压缩炸弹，请重新导出后上传")
            yield piece


class _Reader:
    """Reads XML without entities, without depth, and without keeping it."""

    def __init__(self) -> None:
        self._depth = 0
        self._room = _LARGEST_XML
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartDoctypeDeclHandler = self._declared
        self._parser.StartElementHandler = self._begun
        self._parser.EndElementHandler = self._ended

    def feed(self, piece: bytes) -> None:
        self._room -= len(piece)
        if self._room < 0:
            raise Unsafe("file.bomb", "OFD 中的内容过大，请重新导出后上传")
        self._parse(piece, last=False)

    def close(self) -> None:
        self._parse(b"", last=True)

    def _parse(self, piece: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError as fault:
            raise Unsafe("ofd.damaged", "OFD 中的 XML 已损坏，请重新导出后上传") from fault

    def _declared(self, *_: object) -> None:
        raise Unsafe("ofd.entities", "OFD 的 XML 中有文档类型声明，请重新导出后上传")

    def _begun(self, name: str, _: object) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unsafe("ofd.nesting", "OFD 的结构嵌套过深，请重新导出后上传")
        rule = _ELEMENTS.get(name.rpartition(" ")[2])
        if rule is not None:
            raise Unsafe(*rule)

    def _ended(self, _: str) -> None:
        self._depth -= 1
