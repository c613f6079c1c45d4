"""The texts of a PDF in which a reader may find objects: the file itself, and whatever its streams unpack to.

Each `stream` keyword is taken for the begin of one, wherever it stands: what a dictionary says of its stream, where the
table of objects points to and which objects are in use are matters that readers disagree on, and hiding places.
"""

import base64
import re
from collections.abc import Callable, Iterator
from itertools import chain

from services.chassis.file_guard.budget import MIB, Budget, Unsafe

# The word first: `re` finds words fast, and lets nothing else of the process run while it looks.
_BEGIN = re.compile(rb"stream(?<!endstream)[ \t]{0,8}(?:\r\n|\n|\r)")
_OBJECTS = re.compile(rb"\s{0,8}\d{1,10}\s+\d{1,10}[\s\d]")  # how an object stream begins: numbers and places
# What a dictionary of objects says: its type, or where the first one begins. (The first of an outline is a reference.)
_NAMED = re.compile(
    rb"/ObjStm(?=[\x00-\x20()<>\[\]{}/%]|$)|/First[\s\0]*\d+(?!\d)(?![\s\0]+\d+[\s\0]+R(?=[\x00-\x20()<>\[\]{}/%]|$))"
)
# How begins what a dictionary calls objects, or none at all.
_HEAD = re.compile(rb"(?:[\s\0]++|%[^\r\n]*+[\r\n])*+(?:\d++[\s\0]|$)")
_PREDICTED = re.compile(rb"/Predictor[\s\0]*(?!1[^\d])\d")
_HEX = re.compile(rb"[0-9A-Fa-f\s]{16,}>")
_BASE_85 = re.compile(rb"[!-uz~<\s]+")
_SPACE = b" \t\r\n\f\0"
_LONGEST_DIGITS = 2 * MIB
_ASCII = 32
_STEP = MIB
_OVERLAP = 512
_DEEPEST = 3  # filters one behind another
_KEPT = 64 * MIB  # of object streams, in all


class Texts:
    """`pieces` goes through everything once; `kept` holds what objects can be looked up in, after that."""

    def __init__(self, content: bytes, budget: Budget) -> None:
        self._content = content
        self._budget = budget
        self._room = _KEPT
        self.kept: list[bytes] = [content]

    def pieces(self) -> Iterator[bytes]:
        """Overlapping, so that no word is cut in two. Raises Unsafe."""
        yield from self._windows(self._content)
        before = 0
        for match in _BEGIN.finditer(self._content):
            self._budget.tick()
            named = _NAMED.search(self._content, before, match.start())
            if named is not None:
                _demand(_PREDICTED.search(self._content, before, match.start()) is None)
            yield from self._unpacked(self._content, match.end(), 1, named is not None)
            before = match.end()

    def _windows(self, text: bytes) -> Iterator[bytes]:
        for place in range(0, len(text), _STEP):
            self._budget.tick()
            yield text[place : place + _STEP + _OVERLAP]

    def _unpacked(self, text: bytes, place: int, depth: int, named: bool) -> Iterator[bytes]:
        """`named`: its dictionary says that it holds objects, so what it unpacks to must read like them."""
        if depth > _DEEPEST:
            raise Unsafe("pdf.filters-nested", "PDF 中的数据经过多层压缩，无法检查，请重新导出后上传")
        if is_packed(text, place):
            yield from self._inflated(text, place, depth, named)
            return
        plain = _from_ascii(text, place)
        if plain:
            self._budget.spend(len(plain))
            self._keep(plain)
            yield from self._windows(plain)
            yield from self._unpacked(plain, 0, depth + 1, named)
        elif named:
            _demand(_HEAD.match(text, place) is not None)

    def _inflated(self, text: bytes, place: int, depth: int, named: bool) -> Iterator[bytes]:
        pieces = self._budget.inflate(text, place)
        first = next(pieces, b"")
        if is_packed(first, 0) or _from_ascii(first, 0):
            whole = b"".join(chain([first], self._few(pieces)))
            yield from self._unpacked(whole, 0, depth + 1, named)
            pieces, first = iter(()), whole
        elif named:
            _demand(_HEAD.match(first) is not None)
        keeping = bytearray() if _OBJECTS.match(first) else None
        before = b""
        for piece in chain([first], pieces):
            if keeping is not None:
                keeping += piece
                if len(keeping) > self._room:
                    raise Unsafe("file.too-complex", "PDF 中的对象过多，请重新导出后上传")
            yield before + piece
            before = (before + piece)[-_OVERLAP:]
        if keeping:
            self._keep(bytes(keeping))

    def _few(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Of a stream within a stream, which is rare: not more than fits into memory with ease."""
        room = 16 * MIB
        for piece in pieces:
            room -= len(piece)
            if room < 0:
                raise Unsafe("pdf.filters-nested", "PDF 中的数据经过多层压缩，无法检查，请重新导出后上传")
            yield piece

    def _keep(self, text: bytes) -> None:
        self._room -= len(text)
        if self._room >= 0:
            self.kept.append(text)


def _demand(readable: bool) -> None:
    """Objects behind a predictor stand there as differences, in which no word is found. No ordinary writer does so.

    Raises Unsafe.
    """
    if not readable:
        raise Unsafe("pdf.filter", "PDF 使用了无法检查的压缩方式，请重新导出后上传")


def is_packed(text: bytes, place: int) -> bool:
    """Whether zlib data may begin here (RFC 1950: method 8, and a check over the first two bytes)."""
    head = text[place : place + 2]
    return len(head) == 2 and head[0] & 0x0F == 8 and int.from_bytes(head, "big") % 31 == 0


def _from_ascii(text: bytes, place: int) -> bytes:
    """What stands there in hexadecimal or base 85 digits; nothing when it is neither, or when it is a picture."""
    head = text[place : place + _ASCII]
    if len(head) < _ASCII or not head.isascii():
        return b""
    match = _HEX.match(text, place)
    if match:
        return _decoded(match[0][:-1].translate(None, _SPACE), 2, _of_hex)
    end = text.find(b"~>", place)
    match = _BASE_85.fullmatch(text, place, end) if end >= 0 else None
    return _decoded(match[0].translate(None, _SPACE).removeprefix(b"<~"), 5, base64.a85decode) if match else b""


def _of_hex(digits: bytes) -> bytes:
    return bytes.fromhex(digits.decode() + "0" * (len(digits) % 2))


def _decoded(digits: bytes, group: int, decode: Callable[[bytes], bytes]) -> bytes:
    """Only what begins like text or like a packed stream may hold objects. Raises Unsafe when that is too long."""
    try:
        head = decode(digits[: group * 8])
        if not head.isascii() and not is_packed(head, 0):
            return b""
        if len(digits) > _LONGEST_DIGITS:
            raise Unsafe("file.too-complex", "PDF 中以文本编码的数据过长，请重新导出后上传")
        return decode(digits)
    except ValueError:
        return b""
