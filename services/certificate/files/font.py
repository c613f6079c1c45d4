"""The embedded font: where it is and which characters it has, read from its own cmap table (OpenType, format 12)."""

import mmap
import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from services.certificate.files.errors import UnprintableCharacter
from services.kernel.errors import FieldError
from services.kernel.ideographs import code_point, spelled
from services.kernel.printable import unprintable

FOLDER = Path(__file__).resolve().parent.parent / "fonts"
FILE = FOLDER / "NotoSerifCJKsc-Regular.otf"
FAMILY = "Noto Serif CJK SC"
_UNICODE_FULL = 12
_LAYOUT = "\r\n\t"  # set as line ends and blanks, not as characters


class Coverage:
    """The characters of a font as sorted, non-overlapping ranges of code points."""

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        pairs = sorted(ranges)
        self._starts = [start for start, _ in pairs]
        self._ends = [end for _, end in pairs]

    def __contains__(self, character: str) -> bool:
        place = bisect_right(self._starts, ord(character)) - 1
        return place >= 0 and ord(character) <= self._ends[place]

    def __len__(self) -> int:
        return sum(end - start + 1 for start, end in zip(self._starts, self._ends, strict=True))


@cache
def coverage() -> Coverage:
    """Of our font. Read once per process, about 20 ms."""
    with FILE.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as font:
        return Coverage(_ranges(font))


def _ranges(font: mmap.mmap) -> list[tuple[int, int]]:
    (tables,) = struct.unpack_from(">H", font, 4)
    directory = (struct.unpack_from(">4sIII", font, 12 + 16 * index) for index in range(tables))
    cmap = next(offset for tag, _, offset, _ in directory if tag == b"cmap")
    (subtables,) = struct.unpack_from(">H", font, cmap + 2)
    for index in range(subtables):
        (offset,) = struct.unpack_from(">I", font, cmap + 4 + 8 * index + 4)
        (form,) = struct.unpack_from(">H", font, cmap + offset)
        if form == _UNICODE_FULL:
            return _groups(font, cmap + offset)
    raise ValueError(f"{FILE.name} has no cmap table of format {_UNICODE_FULL}")


def _groups(font: mmap.mmap, at: int) -> list[tuple[int, int]]:
    (count,) = struct.unpack_from(">I", font, at + 12)
    groups = (struct.unpack_from(">III", font, at + 16 + 12 * index) for index in range(count))
    return [(start, end) for start, end, _ in groups]


def check_printable(contents: Any, *, spell: bool = False) -> None:
    """Every text of a value can be printed, or, with `spell`, its letters that the font lacks told by code point.

    Raises:
        UnprintableCharacter: names each missing character, its code point and the field (JSON pointer).
    """
    faults = [
        FieldError(pointer, "unprintable-character", f"字库缺少字符“{missing}”（{code_point(missing)}）")
        for pointer, text in _texts(contents, "")
        for missing in _missing(text)
        if not (spell and not unprintable(missing))
    ]
    if faults:
        raise UnprintableCharacter("；".join(f"{fault.pointer}：{fault.detail}" for fault in faults), errors=faults)


def _missing(text: str) -> list[str]:
    known = coverage()
    return [character for character in dict.fromkeys(text) if character not in _LAYOUT and character not in known]


def spell_missing(text: str) -> str:
    """Ideographs and letters the font lacks as 〔U+30000〕; everything else as it is."""
    for missing in _missing(text):
        if not unprintable(missing):
            text = text.replace(missing, spelled(missing))
    return text


def spelled_ones(contents: Any) -> list[str]:
    """The characters of a value that have to be spelled, as they are printed."""
    missing = (character for _, text in _texts(contents, "") for character in _missing(text))
    return [spelled(character) for character in dict.fromkeys(missing) if not unprintable(character)]


def _texts(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif is_dataclass(value):
        for field in fields(value):
            yield from _texts(getattr(value, field.name), f"{pointer}/{field.name}")
    elif isinstance(value, tuple):
        for index, part in enumerate(value):
            yield from _texts(part, f"{pointer}/{index}")
