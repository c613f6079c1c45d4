"""One line of an import file: checked completely, every fault named by its field, no number ever repeated."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Any

from services.certificate.domain.certificate_type import CertificateType
from services.certificate.domain.holders import MOST_HOLDERS, ORGANISATION, PERSON, Recorded
from services.certificate.domain.numbers import serial_of
from services.certificate.domain.type_fields import faults
from services.kernel.codes import check_citizen_id, check_uscc, holds_citizen_id, normalise_number

_FIELDS = {
    "type_code",
    "certificate_number",
    "holder",
    "holders",
    "issuer",
    "issued_on",
    "valid_from",
    "valid_until",
    "extend",
}
_REQUIRED = ("type_code", "certificate_number", "issued_on")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONG_NUMBER = re.compile(r"\d{6,}[\dXx]*")  # in the name of an unknown field: not repeated
_MAX_TEXT = 128
_LEVELS = 8  # of what stands within `extend`: the signed record must still be readable by everybody


Marks = tuple[int, int | None]  # of what a line is, and of the number it takes


def _mark(text: str) -> int:
    """The same in every process, unlike `hash`."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


@dataclass(frozen=True)
class Fault:
    """What is wrong with a line: its field and the rule. Never the value."""

    line: int
    pointer: str
    detail: str

    def __str__(self) -> str:
        return f"第 {self.line} 行 {self.pointer}: {self.detail}"


@dataclass(frozen=True)
class ImportLine:
    """A sound line."""

    type: CertificateType
    certificate_number: str = field(repr=False)
    holders: tuple[Recorded, ...] = field(repr=False)  # at least one, in the order of the certificate
    issuer_uscc: str
    issuer_name: str
    issuer_division: str
    issued_on: date
    valid_from: date
    valid_until: date | None
    extend: Mapping[str, Any] = field(repr=False)

    @property
    def identity(self) -> str:
        """What makes two lines the same certificate."""
        held_by = "|".join(f"{holder.party_type}|{holder.number}" for holder in self.holders)
        return f"{self.type.code}|{self.certificate_number}|{held_by}"

    def marks(self) -> Marks:
        """By which a second line like this one is found."""
        serial = self.serial
        taken = _mark(f"{self.type.code}|{self.issuer_uscc}|{serial}") if serial is not None else None
        return _mark(self.identity), taken

    @cached_property
    def serial(self) -> str | None:
        """Serial of the identifier; None when the number is personal or cannot be one: a random serial is taken."""
        return None if self.is_personal else serial_of(self.certificate_number)

    @cached_property
    def is_personal(self) -> bool:
        """The certificate's own number is a citizen's number, as on an ID card."""
        number = self.certificate_number
        own = any(number == one.number and one.party_type == PERSON for one in self.holders)  # already checked
        return own or holds_citizen_id(number)


class _Checks:
    """Collects the faults of one line while its fields are read."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.faults: list[Fault] = []

    def fault(self, pointer: str, detail: str) -> None:
        self.faults.append(Fault(self.line, pointer, detail))

    def text(self, of: Mapping[str, Any], name: str, pointer: str) -> str:
        value = of.get(name)
        if not isinstance(value, str) or not value.strip():
            self.fault(pointer, "必填, 须为非空文本")
            return ""
        if len(value) > _MAX_TEXT or _CONTROL.search(value):
            self.fault(pointer, f"长度不得超过 {_MAX_TEXT} 个字符, 且不得含控制字符")
            return ""
        return value.strip()

    def day(self, of: Mapping[str, Any], name: str) -> date | None:
        value = of.get(name)
        try:
            if isinstance(value, str) and len(value) == 10:
                return date.fromisoformat(value)
        except ValueError:
            pass
        self.fault(f"/{name}", "须为存在的日期, 格式 YYYY-MM-DD")
        return None

    def part(self, of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        value = of.get(name)
        if isinstance(value, dict):
            return value
        self.fault(f"/{name}", "必填, 须为对象")
        return {}

    def number(self, party_type: str, value: str, pointer: str) -> str:
        number = normalise_number(value)
        wrong = check_citizen_id(number) if party_type == PERSON else check_uscc(number)
        if wrong is not None:
            self.fault(pointer, wrong.detail)
        return number


def read_line(
    line: int, content: object, types: Mapping[str, CertificateType], division: str
) -> tuple[ImportLine | None, list[Fault]]:
    """Check one decoded line; a line with faults gives no ImportLine."""
    checks = _Checks(line)
    if not isinstance(content, dict):
        checks.fault("/", "须为 JSON 对象")
        return None, checks.faults
    for unknown in sorted(set(content) - _FIELDS, key=str):
        checks.fault(f"/{_LONG_NUMBER.sub('…', str(unknown))[:40]}", "未知字段")
    kind = _known_type(checks, content, types)
    holders = _holders(checks, content, kind)
    issuer = _issuer(checks, content, division)
    certificate_number = checks.text(content, "certificate_number", "/certificate_number")
    issued_on, valid_from, valid_until = _dates(checks, content)
    extend = _extend(checks, content, kind)
    if checks.faults or kind is None or issued_on is None or valid_from is None:
        return None, checks.faults
    checked = ImportLine(kind, certificate_number, holders, *issuer, issued_on, valid_from, valid_until, extend)
    return checked, []


def _extend(checks: _Checks, content: Mapping[str, Any], kind: CertificateType | None) -> Mapping[str, Any]:
    """The fields of the type, by their names; further lines are welcome."""
    extend = content.get("extend") or {}
    if not isinstance(extend, dict):
        checks.fault("/extend", "须为对象")
        return {}
    if not _is_shallow(extend, _LEVELS):
        checks.fault("/extend", f"嵌套不得超过 {_LEVELS} 层")
        return {}
    for wrong in faults(kind.fields, extend, "/extend") if kind else ():
        checks.fault(wrong.pointer, wrong.detail)
    return extend


def _is_shallow(value: Any, levels: int) -> bool:
    inner = [one for one in (value.values() if isinstance(value, dict) else value) if isinstance(one, dict | list)]
    return levels > 0 and all(_is_shallow(one, levels - 1) for one in inner)


def _known_type(
    checks: _Checks, content: Mapping[str, Any], types: Mapping[str, CertificateType]
) -> CertificateType | None:
    code = checks.text(content, "type_code", "/type_code")
    if code and code not in types:
        checks.fault("/type_code", "证照类型未导入")
    return types.get(code)


def _holders(checks: _Checks, content: Mapping[str, Any], kind: CertificateType | None) -> tuple[Recorded, ...]:
    """`holder` for one, `holders` for one or several (共有), never both."""
    if "holders" not in content:
        return (_holder(checks, checks.part(content, "holder"), "/holder", kind),)
    several = content["holders"]
    if "holder" in content or not isinstance(several, list) or not 0 < len(several) <= MOST_HOLDERS:
        checks.fault("/holders", f"须为 1 至 {MOST_HOLDERS} 人的列表，且不得与 holder 同时出现")
        return ()
    if len(several) > 1 and kind is not None and not kind.several_holders:
        checks.fault("/holders", "该类证照只能有一个持证人")
    found: list[Recorded] = []
    for place, one in enumerate(several):
        pointer = f"/holders/{place}"
        if not isinstance(one, dict):
            checks.fault(pointer, "须为对象")
            continue
        holder = _holder(checks, one, pointer, kind)
        if holder.number and any(holder.number == other.number for other in found):
            checks.fault(f"{pointer}/number", "与前面的持证人重复")
        found.append(holder)
    return tuple(found)


def _holder(checks: _Checks, holder: Mapping[str, Any], at: str, kind: CertificateType | None) -> Recorded:
    if not holder:
        return Recorded("", "", "", "")
    party_type = checks.text(holder, "party_type", f"{at}/party_type")
    name = checks.text(holder, "name", f"{at}/name")
    share = checks.text(holder, "share", f"{at}/share") if holder.get("share") is not None else ""
    for field_name, value in (("name", name), ("share", share)):
        if holds_citizen_id(value):
            checks.fault(f"{at}/{field_name}", "其中不得包含公民身份号码")
    value = checks.text(holder, "number", f"{at}/number")
    if party_type not in (PERSON, ORGANISATION):
        checks.fault(f"{at}/party_type", "须为 PERSON 或 ORGANISATION")
        return Recorded("", name, "", share)
    if kind is not None and not kind.held_by(party_type):
        checks.fault(f"{at}/party_type", "该类证照不能由此类持证主体持有")
    return Recorded(party_type, name, checks.number(party_type, value, f"{at}/number") if value else "", share)


def _issuer(checks: _Checks, content: Mapping[str, Any], division: str) -> tuple[str, str, str]:
    issuer = checks.part(content, "issuer")
    if not issuer:
        return "", "", ""
    given = (issuer.get("uscc"), issuer.get("name"), issuer.get("division", division))
    return (_sound_issuer(*given) if all(type(one) is str for one in given) else None) or _checked_issuer(
        checks, issuer, division
    )


@lru_cache(maxsize=4096)
def _sound_issuer(uscc: str, name: str, division: str) -> tuple[str, str, str] | None:
    """An issuer without fault. Kept, because a few bodies issue everything."""
    checks = _Checks(0)
    found = _checked_issuer(checks, {"uscc": uscc, "name": name, "division": division}, division)
    return None if checks.faults else found


def _checked_issuer(checks: _Checks, issuer: Mapping[str, Any], division: str) -> tuple[str, str, str]:
    uscc = checks.text(issuer, "uscc", "/issuer/uscc")
    name = checks.text(issuer, "name", "/issuer/name")
    where = issuer.get("division", division)
    if not isinstance(where, str) or not re.fullmatch(r"[0-9]{12}", where):
        checks.fault("/issuer/division", "须为 12 位行政区划代码")
        where = ""
    return checks.number(ORGANISATION, uscc, "/issuer/uscc") if uscc else "", name, where


def _dates(checks: _Checks, content: Mapping[str, Any]) -> tuple[date | None, date | None, date | None]:
    issued_on = checks.day(content, "issued_on")
    valid_from = checks.day(content, "valid_from") if content.get("valid_from") is not None else issued_on
    valid_until = checks.day(content, "valid_until") if content.get("valid_until") is not None else None
    if valid_from and valid_until and valid_until < valid_from:
        checks.fault("/valid_until", "不得早于 valid_from")
    return issued_on, valid_from, valid_until


class Duplicates:
    """Remembers which certificates a file names, and on which line each was first.

    64 bits of a hash are kept, not the text: a false alarm names a line that a person can look at.
    """

    def __init__(self) -> None:
        self._first: dict[int, int] = {}

    def check(self, line: int, marks: Marks) -> Iterator[Fault]:
        identity, serial = marks
        first = self._first.setdefault(identity, line)
        if first != line:
            yield Fault(line, "/", f"与第 {first} 行重复 (同一类型、编号和持证人)")
            return
        if serial is None:
            return
        first = self._first.setdefault(serial, line)
        if first != line:
            yield Fault(line, "/certificate_number", f"与第 {first} 行的编号相同而持证人不同")
