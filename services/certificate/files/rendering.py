"""Contents -> PDF/A-2b through the typst templates. Data goes in as JSON: text is text there, never markup."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo

import typst

from services.certificate.files import font, qr
from services.certificate.files.contents import Certificate, Contents, Job, Paper, Receipt, SealBody
from services.certificate.files.contents_after import EndKind, StandingKind
from services.certificate.files.jose import encode
from services.certificate.files.templates import COMMON, FOLDER, MAIN, folder_of

TEMPLATES = FOLDER
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_STANDARD: Final = "a-2b"
_STANDARD_WITH_ATTACHMENT: Final = "a-3b"  # the one of the family that may carry any file
# Kinds that differ in their title and a few words share a template.
_TEMPLATES = {
    **dict.fromkeys(get_args(StandingKind), "standing_decision"),
    **dict.fromkeys(get_args(EndKind), "end_confirmation"),
    **dict.fromkeys(("SUPERVISION_ORDER", "SUPERVISION_NOTICE", "SUPERVISION_ADVICE"), "supervision_letter"),
}
# Who has a query code sees how the case stands: papers that others than the applicant get are without it.
_TO_OTHERS = frozenset(
    {"HEARING_RIGHT_NOTICE", "HEARING_NOTICE", "HEARING_ANNOUNCEMENT", "INTERESTED_PARTY_NOTICE", "HEARING_RECORD"}
)


@dataclass(frozen=True)
class Rendered:
    """An unsealed file, and where the middle of the seal comes: page from 0, points from the left and the top."""

    pdf: bytes
    seal_page: int
    seal_x: float
    seal_y: float


def render(job: Job) -> Rendered:
    """The file before its seal. On a paper a letter that the font lacks is spelled by its code point, and the paper
    says so: nobody is refused a service for his legal name, and no decision waits for a font. A certificate has no
    such stand-in.

    Raises:
        UnprintableCharacter: a text holds a character that the font lacks.
    """
    font.check_printable(job.contents, spell=not isinstance(job.contents, Certificate))
    compiler = _compiler()
    inputs = {"data": json.dumps(_data(job), ensure_ascii=False)}
    root = _root(job)
    attached = isinstance(job.contents, Receipt) and job.contents.signed_record
    pdf = compiler.compile(
        input=str(root / _source(job)),
        root=str(root),
        sys_inputs=inputs,
        pdf_standards=_STANDARD_WITH_ATTACHMENT if attached else _STANDARD,
        timestamp=job.at,
    )
    where = json.loads(compiler.query("<seal>", field="value", one=True))
    return Rendered(_one_file(pdf), where["page"] - 1, where["x"], where["y"])


@cache
def render_seal(seal: SealBody) -> bytes:
    """The red round seal as a one-page PDF. The same for all files of a body, so drawn once per process."""
    font.check_printable(seal)
    inputs = {"data": json.dumps({"name": seal.name, "purpose": seal.purpose}, ensure_ascii=False)}
    source, root = str(TEMPLATES / "seal.typ"), str(TEMPLATES)
    # Untagged: the picture becomes a form in another file, where its tags would point nowhere.
    same: dict[str, Any] = {"pdf_standards": _STANDARD, "pdf_tags": False}
    return _one_file(_compiler().compile(input=source, root=root, sys_inputs=inputs, **same))


def preview(job: Job, changed: Mapping[str, Any]) -> tuple[tuple[bytes, ...], int]:
    """The pages as pictures, with some of the data changed, and how many places for the seal there are.

    Raises: typst.TypstError, with the line.
    """
    compiler, root = _compiler(), _root(job)
    inputs = {"data": json.dumps(_data(job) | dict(changed), ensure_ascii=False)}
    made = compiler.compile(input=str(root / _source(job)), root=str(root), sys_inputs=inputs, format="svg")
    pages = made if isinstance(made, list) else [made] if made else []
    return tuple(pages), len(json.loads(compiler.query("<seal>", field="value")))


def _root(job: Job) -> Path:
    """The folder that the compiler may read: of a layout its own."""
    return folder_of(job.layout.parts) if job.layout else TEMPLATES


def _source(job: Job) -> str:
    kind = job.contents.kind
    return MAIN if job.layout else f"{_TEMPLATES.get(kind, kind.lower())}.typ"


def warm_up() -> None:
    """Load the font and the coverage, so that the first file of a process is not slower than the others."""
    _compiler()
    font.coverage()


@cache
def _compiler() -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font.FOLDER)])
    return typst.Compiler(root=str(TEMPLATES), font_paths=fonts, ignore_system_fonts=True)


def _one_file(made: bytes | list[bytes] | None) -> bytes:
    if not isinstance(made, bytes):
        raise TypeError("the renderer gave no single file")
    return made


def _data(job: Job) -> dict[str, Any]:
    """What the template reads: the contents with dates written out, the QR picture, the document's own marks."""
    data: dict[str, Any] = _written(job.contents)
    if job.layout is not None:
        hidden = set(COMMON) - set(job.layout.fields)
        data = {name: value for name, value in data.items() if name not in hidden}
        data |= {code: _written(value) for code, value in job.layout.values}
    if job.contents.kind in _TO_OTHERS:
        data["query_code"] = ""
    if isinstance(job.contents, Paper):
        data["everybody"] = _written(job.contents.everybody)
    data["font"] = font.FAMILY
    data["seal_purpose"] = job.seal.purpose
    data["spelled"] = font.spelled_ones(job.contents)
    data["qr"] = qr.svg(job.contents.verification_url)
    data["author"] = job.seal.name
    data["keywords"] = keywords(job.contents)
    local = job.at.astimezone(_SHANGHAI)
    data["made"] = [local.year, local.month, local.day]
    return data


def keywords(contents: Contents) -> list[str]:
    """Marks in the document information that verification reads back."""
    if not isinstance(contents, Certificate):
        return [f"paper:{contents.reference}"]
    marks = [f"certificate:{contents.reference}", f"valid:{_basic(contents.valid_from)}-{_basic(contents.valid_until)}"]
    if contents.record_sha256:
        marks.append(f"record-sha256:{contents.record_sha256}")
    if contents.log_proof:
        marks.append(f"log-proof:{contents.log_proof}")
    if contents.copy_id:
        marks += [f"copy:{contents.copy_id}", f"copy-no:{contents.copy_no}"]
    if contents.copy_purpose:  # in characters that stand in a file as they are
        marks.append(f"copy-purpose:{encode(contents.copy_purpose.encode())}")
    if contents.copy_until:
        marks.append(f"copy-until:{_basic(contents.copy_until)}")
    return marks


def _basic(day: date | None) -> str:
    return f"{day:%Y%m%d}" if day else ""


def _written(value: Any) -> Any:
    """Dataclasses to plain JSON; days and times as a Chinese paper writes them."""
    if is_dataclass(value):
        return {field.name: _written(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_written(part) for part in value]
    if isinstance(value, datetime):
        local = value.astimezone(_SHANGHAI)
        return f"{_day(local)}{local.hour}时{local.minute:02d}分"
    if isinstance(value, str):
        return font.spell_missing(value.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    return _day(value) if isinstance(value, date) else value


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
