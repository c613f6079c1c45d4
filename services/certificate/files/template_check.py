"""Does a certificate template print what it declares and must? Found out by compiling it with sample values."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import typst

from services.certificate.files import rendering
from services.certificate.files.contents import Certificate, Job, Layout, Line, SealBody
from services.certificate.files.templates import (
    COMMON,
    EVERYTHING,
    MAIN,
    Fault,
    Template,
    line_of,
    unknown_fields,
)

_PLACE = re.compile(r"┌─ (?:.*/)?([\w.-]+):(\d+):\d+")
_NO_KEY = re.compile(r'does not contain key "([^"]*)"')
_QR = "https://yichuang.example/sample"
_MARK = "加注件：仅用于样例"


@dataclass(frozen=True)
class SampleField:
    """A field of the type: its label, two values it may have, and whether every certificate of the type has it."""

    code: str
    name: str
    values: tuple[str, str]
    required: bool


def check(template: Template, fields: Sequence[SampleField]) -> list[Fault]:
    """Every fault; compiling tells one at a time."""
    found = list(unknown_fields(template, {one.code for one in fields}))
    if not template.prints_everything:
        found += [
            Fault(1, one.code, "not-declared", f"必填字段“{one.name}”没有声明")
            for one in fields
            if one.required and one.code not in template.fields
        ]
    return found or list(_by_compiling(template, fields))


def _by_compiling(template: Template, fields: Sequence[SampleField]) -> Iterator[Fault]:
    job = _sample(template, fields)
    sparse = [one if one.required else replace(one, values=("", "")) for one in fields]
    try:
        pages, seals = rendering.preview(job, {})
        rendering.preview(_sample(template, sparse), {})  # what is not required may be missing
        if seals != 1:
            yield Fault(1, "", "seal", "须有且只有一处印章位置 (seal-mark)")
        for name, line, changed in _changes(template, fields, job):
            if rendering.preview(job, changed)[0] == pages:
                yield Fault(line, name, "not-printed", "声明了或必须载明，但改变其内容时版面没有变化，说明没有印出")
    except typst.TypstError as error:
        yield _fault_of(error)


def _sample(template: Template, fields: Sequence[SampleField]) -> Job:
    lines = [
        Line(label=one.name, value=one.values[0]) for one in fields if one.code not in template.fields and one.values[0]
    ]
    contents = Certificate(
        reference="1.2.156.3005.2.000000000000000000000.000000000000000000.0.001.0",
        title="样例证照",
        number="样例2026第000001号",
        holder_name="张三",
        holder_number_label="公民身份号码",
        holder_number="000000000000000000",
        issuer_name="样例机关",
        issued_on=date(2026, 1, 2),
        valid_from=date(2026, 1, 3),
        valid_until=date(2031, 1, 2),
        lines=tuple(lines) if template.prints_everything else (),
        verification_url=_QR,
    )
    seal = SealBody(name="样例机关", uscc="000000000000000000")
    return Job(contents=contents, seal=seal, at=datetime(2026, 1, 2, tzinfo=UTC), layout=_layout(template, fields))


def _layout(template: Template, fields: Sequence[SampleField]) -> Layout:
    values = tuple((one.code, one.values[0]) for one in fields if one.code in template.fields)
    return Layout(parts=template.parts, fields=template.fields, values=values)


def _changes(
    template: Template, fields: Sequence[SampleField], job: Job
) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """One change of the data at a time, each of which must show on the page."""
    for name in template.fields:
        if name in COMMON:
            yield name, line_of(template, name), {name: "2027年7月7日" if name in _DAYS else "另一样例"}
    for one in fields:
        if one.code in template.fields:
            yield one.code, line_of(template, one.code), {one.code: one.values[1]}
        elif one.required:
            yield one.code, line_of(template, EVERYTHING), {"lines": _other_line(job, one)}
    if "valid_until" in template.fields:
        yield "valid_until", line_of(template, "valid_until"), {"valid_until": None}
    yield "qr", 1, {"qr": "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"}
    yield "mark", 1, {"mark": _MARK}


_DAYS = frozenset({"issued_on", "valid_from", "valid_until"})


def _other_line(job: Job, changed: SampleField) -> list[dict[str, str]]:
    lines = job.contents.lines if isinstance(job.contents, Certificate) else ()
    values = {changed.name: changed.values[1]}
    return [{"label": line.label, "value": values.get(line.label, line.value)} for line in lines]


def _fault_of(error: typst.TypstError) -> Fault:
    place, key = _PLACE.search(error.diagnostic), _NO_KEY.search(error.message)
    line = int(place[2]) if place and place[1] == MAIN else 1
    if key:
        return Fault(line, key[1], "undeclared", "用到了没有声明的字段")
    return Fault(line, "", "does-not-compile", error.message.split(" (searched at")[0].strip())
