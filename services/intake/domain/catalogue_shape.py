"""The shape of a catalogue file: which fields there are, of which type. Read before any rule is applied."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.intake.domain.catalogue import MaterialOption, Need
from services.kernel.time_limit import StartRule, Unit

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Fault:
    """One fault of a catalogue file: its place (`matters[12].materials[2].ecert`), the rule and what is wrong."""

    place: str
    rule: str
    message: str


@dataclass(frozen=True)
class Shape:
    """Fields of a mapping: name -> allowed types; those in `required` must be there and not empty text."""

    fields: Mapping[str, tuple[type, ...]]
    required: frozenset[str]

    def faults(self, row: object, place: str) -> Iterator[Fault]:
        if not isinstance(row, dict):
            yield Fault(place, "shape.mapping", "此处应为字段表")
            return
        for name in sorted(self.required - row.keys()):
            yield Fault(f"{place}.{name}", "shape.required", "缺少必填字段")
        for name, value in row.items():
            yield from self._field_faults(place, name, value)

    def _field_faults(self, place: str, name: Any, value: object) -> Iterator[Fault]:
        where = f"{place}.{name}"
        allowed = self.fields.get(name)
        if allowed is None:
            yield Fault(where, "shape.unknown", "不认识的字段，请检查拼写")
        elif not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            yield Fault(where, "shape.type", f"类型应为 {'/'.join(_TYPE_NAMES[t] for t in allowed)}")
        elif name in self.required and isinstance(value, str) and not value.strip():
            yield Fault(where, "shape.empty", "不能为空")


_TYPE_NAMES = {str: "文字", int: "整数", bool: "是否", list: "列表", dict: "字段表", type(None): "空"}
_NONE = type(None)


def _shape(required: str, optional: str = "") -> Shape:
    """`name:types` words; types are letters s(tr) i(nt) b(ool) l(ist) d(ict) n(one)."""
    letters = {"s": str, "i": int, "b": bool, "l": list, "d": dict, "n": _NONE}
    fields = {}
    for word in f"{required} {optional}".split():
        name, _, types = word.partition(":")
        fields[name] = tuple(letters[letter] for letter in types or "s")
    return Shape(fields, frozenset(word.partition(":")[0] for word in required.split()))


FILE = _shape("departments:l cert_types:l matters:l", "meta:d packages:l")
DEPARTMENT = _shape("id name kind uscc area_code", "synthetic:b")
CERTIFICATE_TYPE = _shape(
    "id name definer type_code holder holder_code_type validity",
    # the certificate service's own, which checks them
    "synthetic_code:b src note kind state issuer_level validity_rule:d several_holders:b sharing basis:l fields:l "
    "template",
)
MATTER = _shape(
    "id name type_code type service_object:l department use_level:i catalog_code task_code task_handle_item basis:l "
    "conditions:l materials:l legal_limit:d promised_limit:d case_type:d fee:d result:d",
    "joint_departments:l special_procedures:l notes must_appear:b levels:l quantity_limited:b renewal:d variants:l "
    "renewal_window:d stages:l windows:l amendment:d",
)
BASIS = _shape("text src")
MATERIAL = _shape("no:i name need ecert:sn options:l", "stage:i whose")
LEGAL_LIMIT = _shape("value:i unit rule start", "extend:d")
PROMISED_LIMIT = _shape("value:i unit")
EXTENSION = _shape("value:i unit approver")
CASE_TYPE = _shape("code:i name")
FEE = _shape("charged:b", "note item standard basis")
RESULT = _shape("name kind cert_type:sn")
AMENDMENT = _shape("materials:l")
PROCEDURE = _shape("kind stops_clock:b", "name effect place days:i unit persons:i limit:i dept cause basis")
LEVEL = _shape("no:i at does", "limit:in unit")
VARIANT = _shape("id mode promised:i", "papers_later:b")
ITEM_STAGE = _shape("no:i name limit:i")
WINDOW = _shape("name value:i unit", "act silence basis")
BUNDLE = _shape(
    "id name lead kind basis:l limit:d promised:i rule",
    "form fields:l members:l stages:l dedup_materials:l status_codes",
)
MEMBER = _shape("after:l", "matter name required:bs role note dept:sn limit:i result unless_held yields")
FIELD = _shape("name label type")
BUNDLE_LIMIT = _shape("legal:in unit basis", "extend:i src")
STAGE = _shape("no:i name lead members:l", "promised:i special:l parallel:l joint:l")

UNITS = {"工作日": Unit.WORKDAY, "自然日": Unit.CALENDAR_DAY, "月": Unit.MONTH}
STARTS = {s.value.lower(): s for s in StartRule}
OPTIONS = {"告知承诺": MaterialOption.INFORMED_COMMITMENT, "容缺": MaterialOption.DEFERRED}
# GB/T 39046 A.1; other codes occur locally and are let through (domain.md 2.5)
ITEM_TYPES = {"01": "行政许可", "05": "行政给付", "07": "行政确认", "10": "其他行政权力", "20": "公共服务"}
HOLDERS = {"自然人": (True, False), "法人": (False, True), "自然人或法人": (True, True)}


def need_of(text: str) -> Need | None:
    """The necessity (必要性) behind the words used in catalogues; None for words nobody knows."""
    if text == "必要":
        return Need.REQUIRED
    if text.startswith("非必要"):
        return Need.OPTIONAL
    if text.endswith("选一"):
        return Need.ONE_OF
    if text == "特别程序产生":
        return Need.LATER
    return Need.CONDITIONAL if text.endswith("必要") else None


def shape_faults(raw: object) -> Iterator[Fault]:
    """Faults of form in the whole file, so that the rules after it may take every field for granted."""
    yield from FILE.faults(raw, "")
    if not isinstance(raw, dict):
        return
    for section, shape, parts in (
        ("departments", DEPARTMENT, ()),
        ("cert_types", CERTIFICATE_TYPE, ()),
        ("matters", MATTER, _MATTER_PARTS),
        ("packages", BUNDLE, _BUNDLE_PARTS),
    ):
        for place, row in rows(raw, section):
            yield from shape.faults(row, place)
            if isinstance(row, dict):
                yield from _part_faults(row, place, parts)


_Parts = tuple[tuple[str, Shape | None], ...]
_MATTER_PARTS: _Parts = (
    ("basis", BASIS),
    ("materials", MATERIAL),
    ("special_procedures", PROCEDURE),
    ("levels", LEVEL),
    ("variants", VARIANT),
    ("stages", ITEM_STAGE),
    ("windows", WINDOW),
    ("amendment", AMENDMENT),
    ("legal_limit", LEGAL_LIMIT),
    ("promised_limit", PROMISED_LIMIT),
    ("case_type", CASE_TYPE),
    ("fee", FEE),
    ("result", RESULT),
    ("service_object", None),
    ("conditions", None),
    ("joint_departments", None),
)
_BUNDLE_PARTS: _Parts = (
    ("members", MEMBER),
    ("stages", STAGE),
    ("fields", FIELD),
    ("limit", BUNDLE_LIMIT),
    ("dedup_materials", None),
)


def _part_faults(row: Row, place: str, parts: _Parts) -> Iterator[Fault]:
    """`None` stands for a list of plain words; a mapping that holds `extend` is looked into as well."""
    for name, shape in parts:
        value = row.get(name)
        if isinstance(value, dict) and shape is not None:
            yield from shape.faults(value, f"{place}.{name}")
            if isinstance(value.get("extend"), dict):
                yield from EXTENSION.faults(value["extend"], f"{place}.{name}.extend")
        for part_place, part in rows(row, name, place):
            yield from shape.faults(part, part_place) if shape else _word_faults(part, part_place)


def _word_faults(value: object, place: str) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(place, "shape.type", "类型应为 文字")


def rows(raw: Row, section: str, place: str = "") -> Iterator[tuple[str, Any]]:
    """(place, row) of a list field; nothing when it is missing or not a list."""
    value = raw.get(section)
    if isinstance(value, list):
        prefix = f"{place}.{section}" if place else section
        for number, row in enumerate(value):
            yield f"{prefix}[{number}]", row
