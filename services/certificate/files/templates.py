"""Certificate templates: typst files that declare the fields they print, checked when they are loaded, kept by hash.

A template begins with lines `//! name: …`, `//! version: …` and one `//! field: …` for each field it prints; `*` stands
for all fields of the type that are not named, which come as `data.lines`. It sees what it declares and nothing else.
"""

import re
import shutil
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from multiprocessing.util import Finalize
from pathlib import Path

from services.certificate.files.jose import canonical

FOLDER = Path(__file__).resolve().parent.parent / "templates"
MAIN, BASE = "main.typ", "base.typ"
STANDARD = "certificate.typ"  # of types that bring none of their own
EVERYTHING = "*"
# What every certificate has; a template declares which of it it prints.
COMMON = ("title", "number", "holder_name", "holder_number", "issuer_name", "issued_on", "valid_from", "valid_until")
# A certificate that lacks one of these is none.
INDISPENSABLE = ("title", "number", "holder_name", "issuer_name", "issued_on", "valid_from", "valid_until")
MOST_BYTES = 256 * 1024
_HEADER = re.compile(r"//!\s*(\w+)\s*:\s*(.*?)\s*")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,63}|\*")
_PACKAGE = re.compile(r'"@|\\u\{0*40\}')  # "@preview/…", also written by its code point


@dataclass(frozen=True)
class Fault:
    """What is wrong with a template, in which line, about which field."""

    line: int
    field: str
    code: str
    detail: str


@dataclass(frozen=True)
class Template:
    """Its own text and the part of ours it builds on, as they were on the day it was loaded."""

    name: str
    version: str
    fields: tuple[str, ...]
    parts: tuple[tuple[str, str], ...] = field(repr=False)

    @property
    def sha256(self) -> str:
        return digest(self.parts)

    @property
    def prints_everything(self) -> bool:
        return EVERYTHING in self.fields


def digest(parts: tuple[tuple[str, str], ...]) -> str:
    return sha256(canonical(dict(parts))).hexdigest()


def standard() -> Template:
    """Ours, for every type that brings none."""
    template, faults = read((FOLDER / STANDARD).read_bytes())
    if template is None:
        raise RuntimeError(f"our own template is faulty: {faults}")
    return template


def read(content: bytes) -> tuple[Template | None, list[Fault]]:
    """A template by its declarations, not yet compiled."""
    if len(content) > MOST_BYTES:
        return None, [Fault(1, "", "too-large", f"超过 {MOST_BYTES // 1024} KiB")]
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None, [Fault(1, "", "malformed", "不是 UTF-8 文本")]
    told: dict[str, str] = {}
    fields: dict[str, int] = {}
    faults = list(_declarations(text, told, fields))
    faults += [Fault(1, "", "missing", f"缺少声明 //! {name}: …") for name in ("name", "version") if not told.get(name)]
    faults += [
        Fault(number, "", "package", "模板不得引用软件包")
        for number, line in enumerate(text.splitlines(), 1)
        if _PACKAGE.search(line)
    ]
    if faults:
        return None, faults
    parts = ((BASE, (FOLDER / BASE).read_text(encoding="utf-8")), (MAIN, text))
    return Template(told["name"], told["version"], tuple(fields), parts), []


def _declarations(text: str, told: dict[str, str], fields: dict[str, int]) -> Iterator[Fault]:
    """Fills what the leading lines declare."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("//!"):
            continue
        found = _HEADER.fullmatch(line)
        name, value = (found[1], found[2]) if found else ("", "")
        if name == "field" and _FIELD.fullmatch(value):
            if value in fields:
                yield Fault(number, value, "duplicate", "字段重复声明")
            fields.setdefault(value, number)
        elif name in ("name", "version") and value and name not in told:
            told[name] = value
        else:
            yield Fault(number, "", "malformed", "声明须为 //! name、version 或 field，每个名称和版本只声明一次")


def declared_in(text: str) -> tuple[str, ...]:
    """The fields that a template's own text declares."""
    fields: dict[str, int] = {}
    list(_declarations(text, {}, fields))
    return tuple(fields)


def line_of(template: Template, name: str) -> int:
    """Where a field is declared; the first line for one that is not."""
    for number, line in enumerate(dict(template.parts)[MAIN].splitlines(), 1):
        found = _HEADER.fullmatch(line) if line.startswith("//!") else None
        if found and found[1] == "field" and found[2] == name:
            return number
    return 1


def unknown_fields(template: Template, of_type: Collection[str]) -> Iterator[Fault]:
    """Declared fields that neither the type nor every certificate has, and required ones that are not declared."""
    for name in template.fields:
        if name != EVERYTHING and name not in COMMON and name not in of_type:
            yield Fault(line_of(template, name), name, "unknown-field", "证照类型没有该字段")
    for name in INDISPENSABLE:
        if name not in template.fields:
            yield Fault(1, name, "not-declared", "每张证照都须载明该内容，模板没有声明")


@cache
def folder_of(parts: tuple[tuple[str, str], ...]) -> Path:
    """A folder of its own for each template: the compiler reads nothing outside of it."""
    folder = _workplace() / digest(parts)
    folder.mkdir(exist_ok=True)
    for name, text in parts:
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@cache
def _workplace() -> Path:
    """Of this process, gone when it ends; a worker process of a pool runs no `atexit`."""
    made = tempfile.mkdtemp(prefix="templates-")
    Finalize(None, shutil.rmtree, args=(made, True), exitpriority=0)
    return Path(made)
