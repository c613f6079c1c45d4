"""What a PDF must not have: scripts, actions that reach out, embedded files, dynamic forms, encryption, cycles."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from services.chassis.file_guard.budget import MIB, Budget, Unsafe
from services.chassis.file_guard.pdf_streams import Texts, is_packed

_END = rb"(?=[\x00-\x20()<>\[\]{}/%]|$)"
_REGULAR = rb"[^\x00-\x20()<>\[\]{}/%]"
_SCRIPT = ("pdf.script", "PDF 中含有脚本，请打印为不含脚本的 PDF 后上传")
_ACTION = ("pdf.action", "PDF 中含有打开程序、网址或者其他文件的动作，请打印为普通 PDF 后上传")
_EMBEDDED = ("pdf.embedded-file", "PDF 中嵌有其他文件，请去除附件后上传")
_MEDIA = ("pdf.media", "PDF 中含有多媒体内容，请打印为普通 PDF 后上传")
_FORM = ("pdf.xfa", "PDF 含有动态表单（XFA），请打印为普通 PDF 后上传")
_ENCRYPTED = ("pdf.encrypted", "PDF 已加密，无法检查，请去除密码后上传")
_RULES = {
    b"JavaScript": _SCRIPT,
    b"Launch": _ACTION,
    b"SubmitForm": _ACTION,
    b"ImportData": _ACTION,
    b"GoToE": _ACTION,
    b"GoToR": _ACTION,
    b"Rendition": _MEDIA,
    b"RichMedia": _MEDIA,
    b"RichMediaExecute": _MEDIA,
    b"EmbeddedFile": _EMBEDDED,
    b"EmbeddedFiles": _EMBEDDED,
    b"FileAttachment": _EMBEDDED,
    b"Encrypt": _ENCRYPTED,
}
_NAMES = re.compile(rb"/(" + b"|".join(_RULES) + rb")" + _END)
# Short names turn up in pictures by chance: they count only where a dictionary would have them.
_SHORT = re.compile(
    rb"/(?:(?P<media>(?:S|Subtype)\s{0,8}/(?:Movie|Sound|3D)" + _END + rb")"
    rb"|(?P<form>XFA\s{0,8}(?:\[|\d{1,10}\s+\d{1,5}\s+R))"
    rb"|(?P<file>EF\s{0,8}(?:<<|\d{1,10}\s+\d{1,5}\s+R)))"
)
_ESCAPED = re.compile(rb"/" + _REGULAR + rb"{0,60}#[0-9A-Fa-f]{2}" + _REGULAR + rb"{0,60}")
_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")
_CLOSING = re.compile(rb"[\]>]")
_DEEPEST = 120  # lists and dictionaries opened one after another, with none closed between
_UNREADABLE = re.compile(rb"/(?:LZWDecode|RunLengthDecode)" + _END)
_PACKED_OBJECTS = re.compile(rb"/(?:ObjStm|XRef|XRefStm)" + _END)
_OPEN = re.compile(rb"/OpenAction\s{0,8}(?:(?P<direct><<)|(?P<number>\d{1,10})\s+\d{1,5}\s+R)")
_GO_TO = re.compile(rb"/S\s{0,8}/(?:GoTo|Named)" + _END)
_OBJECT = re.compile(rb"(?<!\d)(\d{1,10})\s{1,8}\d{1,5}\s{1,8}obj(?![a-z])")
_KIDS = re.compile(rb"/Kids\s{0,8}\[")
_MOST_KIDS = 200_000  # bytes of one list
_MOST_OBJECTS = 300_000
_STEP = MIB
_REFERENCE = re.compile(rb"(\d{1,10})\s{1,8}\d{1,5}\s{1,8}R")
_FILE_DICTIONARY = re.compile(rb"/EF\s{0,8}<<([^>]{0,400})>>")
_STREAM = re.compile(rb"stream\r?\n")
_LONGEST_ATTACHMENT = MIB
_MOST_ATTACHMENTS = 8
_REACH = 4096
_NEVER_ESCAPED = {b"XFA", b"EF", b"OpenAction", b"Kids", b"ObjStm", b"First"}  # but to hide them
_MOST_PAIRS = 200_000


def examine(content: bytes, budget: Budget, passive: Callable[[bytes], bool]) -> None:
    """Raises Unsafe."""
    texts = Texts(content, budget)
    embedded = unreadable = packed = False
    for piece in texts.pieces():
        for rule in _faults(piece):
            if rule is not _EMBEDDED:
                raise Unsafe(*rule)
            embedded = True
        unreadable = unreadable or (b"/" in piece and _UNREADABLE.search(piece) is not None)
        packed = packed or (b"/" in piece and _PACKED_OBJECTS.search(piece) is not None)
    if unreadable and packed:
        raise Unsafe("pdf.filter", "PDF 使用了无法检查的压缩方式，请重新导出后上传")
    if embedded:
        _examine_attachments(content, budget, passive)
    _examine_structure(texts.kept, budget)


def _faults(piece: bytes) -> Iterator[tuple[str, str]]:
    if piece.count(b"[") + piece.count(b"<<") >= _DEEPEST and any(map(_is_deep, _CLOSING.split(piece))):
        yield "pdf.nesting", "PDF 的结构嵌套过深，请重新导出后上传"
    if b"/" not in piece:
        return
    yield from (_RULES[match[1]] for match in _NAMES.finditer(piece))
    for match in _SHORT.finditer(piece):
        yield _MEDIA if match["media"] else _FORM if match["form"] else _EMBEDDED
    if b"#" in piece:
        yield from _hidden(piece)


def _is_deep(piece: bytes) -> bool:
    return len(piece) >= _DEEPEST and piece.count(b"[") + piece.count(b"<<") >= _DEEPEST


def _hidden(piece: bytes) -> Iterator[tuple[str, str]]:
    """Names written with escapes."""
    for match in _ESCAPED.finditer(piece):
        plain = _HEX.sub(lambda digits: bytes.fromhex(digits[1].decode()), match[0])[1:]
        if plain in _RULES:
            yield _RULES[plain]
        elif plain in _NEVER_ESCAPED:
            yield _SCRIPT


def _examine_attachments(content: bytes, budget: Budget, passive: Callable[[bytes], bool]) -> None:
    """Each embedded file is looked up by its dictionary, in every version that the file holds of it."""
    objects = _Objects.of(content, budget)
    wanted = {
        int(reference[1]) for match in _FILE_DICTIONARY.finditer(content) for reference in _REFERENCE.finditer(match[1])
    }
    at = [place for place, number in zip(objects.places, objects.numbers, strict=True) if number in wanted]
    bodies = [_attachment(content, place, budget) for place in at[:_MOST_ATTACHMENTS]]
    if (
        not bodies
        or len(at) > len(bodies)
        or b"/FileAttachment" in content
        or not all(passive(body) for body in bodies)
    ):
        raise Unsafe(*_EMBEDDED)


def _attachment(content: bytes, place: int, budget: Budget) -> bytes:
    begin = _STREAM.search(content, place, place + _REACH)
    if begin is None:
        return b""
    if not is_packed(content, begin.end()):
        end = content.find(b"endstream", begin.end(), begin.end() + _LONGEST_ATTACHMENT)
        return content[begin.end() : max(end, begin.end())].rstrip(b"\r\n")
    body = b""
    for piece in budget.inflate(content, begin.end()):
        body += piece
        if len(body) > _LONGEST_ATTACHMENT:
            raise Unsafe(*_EMBEDDED)
    return body


@dataclass
class _Objects:
    """Where the objects of one text begin, in order: a file or an object stream."""

    text: bytes
    places: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, text: bytes, budget: Budget) -> "_Objects":
        found = cls(text)
        for place, number in list(_written(text, budget)) or sorted(_packed(text)):
            found.places.append(place)
            found.numbers.append(number)
        if len(found.places) > _MOST_OBJECTS:
            raise Unsafe("file.too-complex", "PDF 中的对象过多，请重新导出后上传")
        return found

    def body(self, index: int) -> bytes:
        begin = self.places[index]
        end = self.places[index + 1] if index + 1 < len(self.places) else len(self.text)
        return self.text[begin : min(end, begin + _REACH)].partition(b"endobj")[0]

    def around(self, place: int) -> int | None:
        """The number of the object that this place is in."""
        index = bisect_right(self.places, place) - 1
        return self.numbers[index] if index >= 0 else None


def _written(text: bytes, budget: Budget) -> Iterator[tuple[int, int]]:
    """Step by step, so that other threads have their turn."""
    left = _MOST_OBJECTS + 1
    for begin in range(0, len(text), _STEP):
        budget.tick()
        for match in islice(_OBJECT.finditer(text, begin, begin + _STEP + 40), left):
            if match.start() < begin + _STEP:
                left -= 1
                yield match.end(), int(match[1])


def _packed(text: bytes) -> Iterator[tuple[int, int]]:
    """An object stream: pairs of number and place, then the objects."""
    head = re.match(rb"[\s\d]+", text)
    numbers = [int(part) for part in (head[0].split() if head else [])[:_MOST_PAIRS] if len(part) <= 10]
    begin = head.end() if head else 0
    return ((begin + place, number) for number, place in zip(numbers[::2], numbers[1::2], strict=False))


def _examine_structure(kept: list[bytes], budget: Budget) -> None:
    texts = [_Objects.of(text, budget) for text in kept]
    opened: set[int] = set()
    for each in texts:
        for match in _OPEN.finditer(each.text):
            budget.tick()
            if match["direct"]:
                _check_opened(_dictionary(each.text[match.start("direct") : match.start("direct") + _REACH]))
            else:
                opened.add(int(match["number"]))
    for each in texts if opened else ():
        for index, number in enumerate(each.numbers):
            if number in opened:
                _check_opened(each.body(index))
    _examine_trees(_trees(texts, budget), budget)


def _check_opened(action: bytes) -> None:
    """When a file is opened, it may turn to a page, and nothing else."""
    if action.lstrip().startswith(b"<<") and not _GO_TO.search(action):
        raise Unsafe(*_ACTION)


def _trees(texts: list[_Objects], budget: Budget) -> dict[int, set[int]]:
    """Who has whom for children; of several versions of an object the last."""
    kids: dict[int, set[int]] = {}
    for each in texts:
        for match in _KIDS.finditer(each.text):
            budget.tick()
            end = each.text.find(b"]", match.end(), match.end() + _MOST_KIDS)
            parent = each.around(match.start())
            if end >= 0 and parent is not None:
                listed = each.text[match.end() : end]
                kids[parent] = {int(kid[1]) for kid in _REFERENCE.finditer(listed)}
    return kids


def _dictionary(text: bytes) -> bytes:
    """From `<<` to its `>>`."""
    depth = 0
    for match in re.finditer(rb"<<|>>", text):
        depth += 1 if match[0] == b"<<" else -1
        if depth == 0:
            return text[: match.end()]
    return text


def _examine_trees(kids: dict[int, set[int]], budget: Budget) -> None:
    """A tree of pages (or names) in which somebody is his own descendant holds readers for ever."""
    done: set[int] = set()
    above: set[int] = set()
    waiting = [(root, False) for root in kids]
    while waiting:
        budget.tick()
        node, leaving = waiting.pop()
        if leaving:
            above.discard(node)
            done.add(node)
        elif node in above:
            raise Unsafe("pdf.cycle", "PDF 的页面结构有循环，请重新导出后上传")
        elif node not in done:
            above.add(node)
            waiting.append((node, True))
            waiting.extend((kid, False) for kid in kids.get(node, ()))
