"""The entries of a directory of certificate types: checked completely, every fault at its place."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.certificate.domain.certificate_type import Body, CertificateType, FieldType, Kind, Sharing, TypeField
from services.certificate.domain.validity import Rule, RuleKind, rule_of
from services.kernel.codes import check_uscc
from services.kernel.errors import FieldError

_TEXTS = ("id", "name", "definer", "type_code", "holder", "validity")
_KNOWN = {
    *_TEXTS,
    *("holder_code_type", "synthetic_code", "src", "note"),  # told by the catalogue, not needed here
    *("kind", "state", "issuer_level", "validity_rule", "several_holders", "sharing", "basis", "fields", "template"),
}
_HOLDERS = ("自然人", "法人", "自然人或法人")
_KINDS = {"证照": Kind.CERTIFICATE, "批文": Kind.APPROVAL, "证明": Kind.PROOF}
_STATES = {"有效": True, "失效": False}
_SHARING = {"无条件共享": Sharing.OPEN, "有条件共享": Sharing.CONDITIONAL, "不予共享": Sharing.CLOSED}
_LEVELS = {"": "", **dict.fromkeys(("国家级", "省级", "市级", "县级", "乡镇级", "村级"), "")}
_FIELD_TYPES = {"文本": FieldType.TEXT, "日期": FieldType.DATE, "数字": FieldType.NUMBER, "列表": FieldType.LIST}
Bodies = Mapping[Any, Mapping[str, Any]]
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NEEDS = {RuleKind.TERM: {"years", "months"}, RuleKind.UNTIL: {"date"}, RuleKind.WITH_CERTIFICATE: {"type"}}
_LONGEST_MONTHS = 1200
# What every certificate prints: a type declares no field of these names.
STANDARD_FIELDS = frozenset(
    {"title", "number", "holder_name", "holder_number", "issuer_name", "issued_on", "valid_from", "valid_until"}
)


@dataclass(frozen=True)
class Entry:
    """A sound entry, and the template file it names, relative to the directory file."""

    short_id: str
    type: CertificateType
    template_file: str | None
    at: str


class _Checks:
    """Collects the faults of one file."""

    def __init__(self) -> None:
        self.faults: list[FieldError] = []

    def fault(self, pointer: str, code: str, detail: str) -> None:
        self.faults.append(FieldError(pointer, code, detail))

    def choice(self, at: str, of: Mapping[str, Any], name: str, choices: Mapping[str, Any], usual: str) -> Any:
        value = of.get(name, usual)
        if isinstance(value, str) and value in choices:
            return choices[value]
        self.fault(f"{at}/{name}", "unknown", f"须为{'、'.join(c for c in choices if c)}之一")
        return choices[usual]

    def flag(self, at: str, of: Mapping[str, Any], name: str, usual: bool) -> bool:
        value = of.get(name, usual)
        if not isinstance(value, bool):
            self.fault(f"{at}/{name}", "not-a-flag", "须为 true 或 false")
        return value is True

    def text(self, at: str, of: Mapping[str, Any], name: str) -> str:
        value = of.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
        self.fault(f"{at}/{name}", "missing", "必填")
        return ""

    def unknown(self, at: str, of: Mapping[str, Any], known: set[str]) -> None:
        for name in sorted(set(map(str, of)) - known):
            self.fault(f"{at}/{name}", "unknown-field", "未知字段")


def read_directory(content: object) -> tuple[list[Entry], list[FieldError]]:
    """All sound entries and all faults; entries are good for use only when there is no fault."""
    checks = _Checks()
    if not isinstance(content, dict) or not isinstance(content.get("cert_types"), list) or not content["cert_types"]:
        return [], [FieldError("/cert_types", "missing", "须为非空列表")]
    bodies = {body.get("id"): body for body in content.get("departments") or () if isinstance(body, dict)}
    told = content["cert_types"]
    codes = {one.get("id"): str(one.get("type_code")) for one in told if isinstance(one, dict)}
    entries = []
    for place, entry in enumerate(told):
        at = f"/cert_types/{place}"
        if not isinstance(entry, dict):
            checks.fault(at, "not-an-object", "须为对象")
            continue
        read = _entry(checks, at, entry, bodies, codes)
        entries += [read] if read else []
    checks.faults += _duplicates(told)
    return entries, checks.faults


def _duplicates(told: Sequence[Any]) -> Iterator[FieldError]:
    seen: set[tuple[str, str]] = set()
    for place, entry in enumerate(told):
        for name in ("id", "type_code"):
            value = (name, str(entry.get(name))) if isinstance(entry, dict) and entry.get(name) else None
            if value is not None and value in seen:
                yield FieldError(f"/cert_types/{place}/{name}", "duplicate", "与前面的类型重复")
            seen |= {value} if value else set()


def _entry(
    checks: _Checks,
    at: str,
    entry: Mapping[str, Any],
    bodies: Mapping[Any, Mapping[str, Any]],
    codes: Mapping[Any, str],
) -> Entry | None:
    before = len(checks.faults)
    checks.unknown(at, entry, _KNOWN)
    texts = {name: checks.text(at, entry, name) for name in _TEXTS}
    definer = _definer(checks, at, texts, bodies)
    if texts["holder"] and texts["holder"] not in _HOLDERS:
        checks.fault(f"{at}/holder", "unknown", f"须为{'、'.join(_HOLDERS)}之一")
    read = CertificateType(
        code=texts["type_code"],
        name=texts["name"],
        definer=definer,
        holder_category=texts["holder"],
        validity=texts["validity"],
        rule=_rule(checks, at, entry, codes),
        kind=checks.choice(at, entry, "kind", _KINDS, "证照"),
        in_force=checks.choice(at, entry, "state", _STATES, "有效"),
        issuer_level=_level(checks, at, entry),
        several_holders=checks.flag(at, entry, "several_holders", True),
        sharing=checks.choice(at, entry, "sharing", _SHARING, "有条件共享"),
        basis=_basis(checks, at, entry),
        fields=_fields(checks, at, entry),
    )
    file = _template_file(checks, at, entry)
    return Entry(texts["id"], read, file, at) if len(checks.faults) == before else None


def _definer(checks: _Checks, at: str, texts: Mapping[str, str], bodies: Bodies) -> Body:
    code, nobody = texts["type_code"], Body("", "", "")
    if not code or not texts["definer"]:
        return nobody
    if len(code) != 21 or not (code[18:].isascii() and code[18:].isdigit()):
        checks.fault(f"{at}/type_code", "malformed", "须为定义机关 18 位统一社会信用代码加 3 位数字")
        return nobody
    wrong = check_uscc(code[:18], f"{at}/type_code")
    if wrong is not None:
        checks.faults.append(wrong)
    told = bodies.get(texts["definer"])
    if told is None:
        checks.fault(f"{at}/definer", "unknown", "定义机关不在 departments 中")
        return nobody
    if told.get("uscc") != code[:18]:
        checks.fault(f"{at}/type_code", "other-definer", "类型代码前 18 位与定义机关不一致")
    return Body(str(told.get("uscc")), str(told.get("name")), str(told.get("area_code")))


def _level(checks: _Checks, at: str, entry: Mapping[str, Any]) -> str:
    checks.choice(at, entry, "issuer_level", _LEVELS, "")
    return str(entry.get("issuer_level", ""))


def _basis(checks: _Checks, at: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    basis = entry.get("basis", [])
    if not isinstance(basis, list) or not all(isinstance(one, str) and one.strip() for one in basis):
        checks.fault(f"{at}/basis", "not-a-list", "须为文本列表")
        return ()
    return tuple(one.strip() for one in basis)


def _rule(checks: _Checks, at: str, entry: Mapping[str, Any], codes: Mapping[Any, str]) -> Rule | None:
    """The stated rule, else the one behind the published text; both must say the same."""
    published = rule_of(str(entry.get("validity", "")))
    if "validity_rule" not in entry:
        return published
    told, at = entry["validity_rule"], f"{at}/validity_rule"
    kinds = {kind.value.lower(): kind for kind in RuleKind}
    if not isinstance(told, dict) or told.get("kind") not in kinds:
        checks.fault(f"{at}/kind", "unknown", f"须为{'、'.join(kinds)}之一")
        return None
    kind = kinds[told["kind"]]
    checks.unknown(at, told, {"kind"} | _NEEDS.get(kind, set()))
    rule: Rule | None = _RULES[kind](checks, at, told, codes)
    if rule is not None and published.kind is RuleKind.TERM and rule != published:
        checks.fault(at, "contradiction", "与 validity 所述的期限不一致")
    return rule


def _term(checks: _Checks, at: str, told: Mapping[str, Any], _: Mapping[Any, str]) -> Rule | None:
    counts = [(told[name], factor) for name, factor in (("years", 12), ("months", 1)) if name in told]
    sound = [value * factor for value, factor in counts if type(value) is int and value > 0]
    if len(counts) != 1 or not sound or sound[0] > _LONGEST_MONTHS:
        checks.fault(at, "malformed", "须有 years 或 months 之一，为正整数，不超过 100 年")
        return None
    return Rule(RuleKind.TERM, sound[0])


def _until(checks: _Checks, at: str, told: Mapping[str, Any], _: Mapping[Any, str]) -> Rule | None:
    value = told.get("date")  # YAML reads a bare day as a date
    try:
        return Rule(RuleKind.UNTIL, until=date.fromisoformat(str(value)))
    except ValueError:
        checks.fault(f"{at}/date", "malformed", "须为存在的日期, 格式 YYYY-MM-DD")
        return None


def _tied(checks: _Checks, at: str, told: Mapping[str, Any], codes: Mapping[Any, str]) -> Rule | None:
    if told.get("type") not in codes:
        checks.fault(f"{at}/type", "unknown", "所依附的证照类型不在 cert_types 中")
        return None
    return Rule(RuleKind.WITH_CERTIFICATE, type_code=codes[told["type"]])


def _plain(kind: RuleKind) -> Any:
    return lambda *_: Rule(kind)


_RULES: Mapping[RuleKind, Any] = {
    RuleKind.TERM: _term,
    RuleKind.UNTIL: _until,
    RuleKind.WITH_CERTIFICATE: _tied,
    RuleKind.LONG_TERM: _plain(RuleKind.LONG_TERM),
    RuleKind.BY_DECISION: _plain(RuleKind.BY_DECISION),
}


def _fields(checks: _Checks, at: str, entry: Mapping[str, Any]) -> tuple[TypeField, ...]:
    told = entry.get("fields", [])
    if not isinstance(told, list):
        checks.fault(f"{at}/fields", "not-a-list", "须为列表")
        return ()
    fields: list[TypeField] = []
    for place, one in enumerate(told):
        pointer = f"{at}/fields/{place}"
        if not isinstance(one, dict):
            checks.fault(pointer, "not-an-object", "须为对象")
            continue
        checks.unknown(pointer, one, {"code", "name", "type", "required"})
        read = TypeField(
            checks.text(pointer, one, "code"),
            checks.text(pointer, one, "name"),
            checks.choice(pointer, one, "type", _FIELD_TYPES, "文本"),
            checks.flag(pointer, one, "required", False),
        )
        _check_code(checks, pointer, read, fields)
        fields.append(read)
    return tuple(fields)


def _check_code(checks: _Checks, pointer: str, read: TypeField, before: Sequence[TypeField]) -> None:
    if read.code and not _CODE.fullmatch(read.code):
        checks.fault(f"{pointer}/code", "malformed", "须为小写字母开头的字母、数字和下划线")
    if read.code in STANDARD_FIELDS or any(read.code == other.code for other in before if read.code):
        checks.fault(f"{pointer}/code", "duplicate", "字段代码重复，或与各类证照共有的字段相同")
    if any(read.name == other.name for other in before if read.name):
        checks.fault(f"{pointer}/name", "duplicate", "字段名称重复")


def _template_file(checks: _Checks, at: str, entry: Mapping[str, Any]) -> str | None:
    if "template" not in entry:
        return None
    file = entry["template"]
    if not isinstance(file, str) or not re.fullmatch(r"(?:[\w-]+/)*[\w-]+\.typ", file):
        checks.fault(f"{at}/template", "malformed", "须为目录文件旁的 .typ 文件，不得含 .. 或绝对路径")
        return None
    return file
