"""Numbers and codes the administration runs on: structure, check digits, masking.

Every number has a pair: `check_x(text, pointer)` returns the fault as a FieldError or None, `require_x(text, pointer)`
returns the normalised number or raises InvalidCode. No fault ever repeats the number. Sources: GB 11643-1999 (citizen
ID), GB 32100-2015 and GB 11714 (unified social credit code), GB/T 39554 (item codes).
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import lru_cache
from operator import mul

from services.kernel.errors import DomainError, FieldError, Kind

CITIZEN_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_SEVENTEEN = re.compile(r"[0-9]{17}")
_CITIZEN_ID = re.compile(r"[0-9]{17}[0-9X]")
CITIZEN_ID_CHECKS = "10X98765432"
_OF_ZERO = ord("0") * sum(CITIZEN_ID_WEIGHTS)
_CHECK_OF_CODES = [CITIZEN_ID_CHECKS[(total - _OF_ZERO) % 11] for total in range(11)]
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
CASE_SEQUENCES = 9999


class InvalidCode(DomainError):
    """A number that breaks its own rule. `errors` names the field and the rule, never the number."""

    code = "kernel.invalid-code"
    kind = Kind.INVALID
    title_zh = "号码或编码不符合规则"
    title_en = "A number or code breaks its rule"


def normalise_number(text: str) -> str:
    """As people type it to as it is stored: full-width to plain characters, no blanks, upper case."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return "".join(plain.split()).upper()


def _require(check: Callable[[str, str], FieldError | None], text: str, pointer: str) -> str:
    number = normalise_number(text)
    fault = check(number, pointer)
    if fault is not None:
        raise InvalidCode(fault.detail, errors=[fault])
    return number


# --- citizen ID number (公民身份号码)


def citizen_id_check_character(first_seventeen: str) -> str:
    """ISO 7064 MOD 11-2 over the first 17 digits."""
    if not _SEVENTEEN.fullmatch(first_seventeen):
        raise ValueError("not seventeen digits")
    return _citizen_id_check_character(first_seventeen)


def _citizen_id_check_character(digits: str) -> str:
    """Of seventeen or more digits; their codes are weighed, because libraries check numbers by the million."""
    total: int = sum(map(mul, digits.encode(), CITIZEN_ID_WEIGHTS))
    return _CHECK_OF_CODES[total % 11]


def check_citizen_id(text: str, pointer: str = "") -> FieldError | None:
    """Fault of a citizen ID number as it is stored (18 characters, X in upper case).

    The division code need not exist today: people keep the code of counties that were merged long ago.
    """
    if not _CITIZEN_ID.fullmatch(text):
        if text[-1:] == "x" and _CITIZEN_ID.fullmatch(text.upper()):
            return FieldError(pointer, "citizen-id.lower-case", "公民身份号码末位的 X 应为大写")
        return FieldError(pointer, "citizen-id.structure", "公民身份号码应为18位：前17位数字，末位数字或大写 X")
    if _birth_date(text) is None:
        return FieldError(pointer, "citizen-id.birth-date", "公民身份号码中的出生日期不存在")
    if text[17] != _citizen_id_check_character(text):
        return FieldError(pointer, "citizen-id.check-digit", "公民身份号码校验位不正确，请核对")
    return None


def require_citizen_id(text: str, pointer: str = "") -> str:
    """The normalised number (a lower-case x is accepted and raised). Raises InvalidCode."""
    return _require(check_citizen_id, text, pointer)


def holds_citizen_id(text: str) -> bool:
    """Whether a citizen ID number stands in a free text: such a text would carry it into papers, events and logs.

    Neither other digits before or after it, nor marks between its digits, nor marks that are not seen hide it.
    """
    if _CITIZEN_ID.fullmatch(text) is not None:  # as it stands on an identity card
        return _OLDEST <= int(text[6:10]) < _YOUNGEST and check_citizen_id(text) is None
    if _PLAIN_AND_SHORT.fullmatch(text) is not None:
        return False
    if text.isascii():
        return any(map(_is_a_persons, _CANDIDATE.finditer(text.upper().translate(_ASCII_MARKS))))
    return bool(_citizen_id_spans(text))


def mask_citizen_ids(text: str) -> str:
    """The text with every citizen ID number in it masked; also a mistyped one that stands alone."""
    spans = _citizen_id_spans(text) + [found.span() for found in _LOOKS_LIKE_ONE.finditer(text)]
    for start, end in _united(spans):
        text = text[:start] + mask_citizen_id(text[start:end]) + text[end:]
    return text


_MARKS = frozenset("-‐‑‒–—―−_./\\·•・。,，、:：;；|~'\"()（）[]*+")
_ASCII_MARKS = dict.fromkeys(
    place for place in range(128) if chr(place) in _MARKS or chr(place).isspace() or not chr(place).isprintable()
)
_CANDIDATE = re.compile(r"(?=([0-9]{17}[0-9X]))")
# Names and most numbers: nothing in them is hidden, and 17 digits do not fit. Spares looking at each character.
_PLAIN_AND_SHORT = re.compile(r"[A-Za-z\u4e00-\u9fff]*(?:[0-9]{1,16}[A-Za-z\u4e00-\u9fff]*)?")
_LOOKS_LIKE_ONE = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])")
_OLDEST, _YOUNGEST = 1800, 2100  # years of birth: what lies outside is no person's number but part of another one


def _citizen_id_spans(text: str) -> list[tuple[int, int]]:
    """Where numbers stand in the text as it is written, marks between the digits included."""
    plain, places = _without_marks(text)
    return [
        (places[found.start()], places[found.start() + 17] + 1)
        for found in _CANDIDATE.finditer(plain)
        if _is_a_persons(found)
    ]


def _is_a_persons(found: re.Match[str]) -> bool:
    return _OLDEST <= int(found[1][6:10]) < _YOUNGEST and check_citizen_id(found[1]) is None


def _without_marks(text: str) -> tuple[str, list[int]]:
    """Digits and letters in their plain form, with the place of each in the text."""
    plain: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if character in _MARKS or character.isspace() or unicodedata.category(character) in {"Cf", "Cc", "Mn", "Me"}:
            continue
        forms = [str(unicodedata.decimal(c, c)).upper() for c in unicodedata.normalize("NFKC", character)]
        plain += [form if len(form) == 1 else "?" for form in forms]
        places += [place] * len(forms)
    return "".join(plain), places


def _united(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that overlap become one; the last comes first, so that masking moves no place that is still to come."""
    united: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if united and start < united[-1][1]:
            start, end = united[-1][0], max(end, united.pop()[1])
        united.append((start, end))
    return united[::-1]


def _birth_date(citizen_id: str) -> date | None:
    try:
        return date(int(citizen_id[6:10]), int(citizen_id[10:12]), int(citizen_id[12:14]))
    except ValueError:
        return None


def mask_citizen_id(citizen_id: str) -> str:
    """First and last character kept, 16 stars between."""
    return f"{citizen_id[:1]}{'*' * 16}{citizen_id[-1:]}"


# --- unified social credit code (统一社会信用代码)


def uscc_check_character(first_seventeen: str) -> str:
    """GB 32100: weights 3^(i-1) mod 31. Raises ValueError for a character outside the alphabet."""
    total = sum(USCC_ALPHABET.index(c) * weight for c, weight in zip(first_seventeen, USCC_WEIGHTS, strict=True))
    return USCC_ALPHABET[-total % 31]


def check_uscc(text: str, pointer: str = "") -> FieldError | None:
    """Fault of a unified social credit code; characters 9 to 17 are an organisation code of GB 11714."""
    wrong = _uscc_wrong(text)
    return FieldError(pointer, *wrong) if wrong is not None else None


@lru_cache(maxsize=4096)
def _uscc_wrong(text: str) -> tuple[str, str] | None:
    """The rule and what is wrong. Kept, because a few bodies issue everything."""
    if not re.fullmatch(f"[{USCC_ALPHABET}]{{18}}", text):
        return "uscc.structure", "统一社会信用代码应为18位数字或大写字母（不含 I、O、S、V、Z）"
    if text[17] != uscc_check_character(text[:17]):
        return "uscc.check-digit", "统一社会信用代码校验位不正确，请核对"
    if check_organisation_code(text[8:17]) is not None:
        return "uscc.organisation-code", "统一社会信用代码中的组织机构代码（第9至17位）不正确"
    return None


def require_uscc(text: str, pointer: str = "") -> str:
    """The normalised code. Raises InvalidCode."""
    return _require(check_uscc, text, pointer)


def organisation_check_character(first_eight: str) -> str:
    """GB 11714 check character over the eight characters of an organisation code."""
    total = sum(int(c, 36) * weight for c, weight in zip(first_eight, ORGANISATION_WEIGHTS, strict=True))
    return "X" if (check := 11 - total % 11) == 10 else str(check % 11)


def check_organisation_code(text: str, pointer: str = "") -> FieldError | None:
    """Fault of the nine characters of GB 11714; inside a uscc they are `uscc[8:17]`."""
    if not re.fullmatch(r"[0-9A-Z]{8}[0-9X]", text):
        return FieldError(pointer, "organisation-code.structure", "组织机构代码应为8位数字或大写字母加1位校验码")
    if text[8] != organisation_check_character(text[:8]):
        return FieldError(pointer, "organisation-code.check-digit", "组织机构代码校验位不正确，请核对")
    return None


def mask_uscc(uscc: str) -> str:
    """First two and last four characters kept."""
    return f"{uscc[:2]}{'*' * 12}{uscc[-4:]}"


# --- service items (事项编码)


@dataclass(frozen=True, slots=True)
class ItemCode:
    """The parts of a 31-digit implementation code (实施编码)."""

    uscc: str
    level: int  # GB/T 39046 A.2: 1 state … 6 village, 7 graded
    basic_code: str


def check_basic_code(text: str, pointer: str = "") -> FieldError | None:
    """12 digits: region 2, type 2, line 2, main item 3, sub item 3."""
    if re.fullmatch(r"[0-9]{12}", text):
        return None
    return FieldError(pointer, "basic-code.structure", "基本编码应为12位数字")


def check_item_code(text: str, pointer: str = "") -> FieldError | None:
    """31 characters: uscc of the implementing body, level of exercise 1-7, basic code."""
    if not re.fullmatch(r"[0-9A-Z]{18}[1-7][0-9]{12}", text):
        return FieldError(
            pointer, "item-code.structure", "实施编码应为31位：统一社会信用代码18位、行使层级1位、基本编码12位"
        )
    if check_uscc(text[:18]) is not None:
        return FieldError(pointer, "item-code.uscc", "实施编码前18位不是有效的统一社会信用代码")
    return None


def check_handling_item_code(text: str, pointer: str = "") -> FieldError | None:
    """33 characters: an implementation code and a two-digit number of the handling item (业务办理项编码)."""
    if not re.fullmatch(r"[0-9A-Z]{31}[0-9]{2}", text):
        return FieldError(pointer, "handling-item-code.structure", "业务办理项编码应为33位：实施编码31位加2位序号")
    return check_item_code(text[:31], pointer)


def parse_item_code(text: str) -> ItemCode:
    """Raises InvalidCode."""
    code = _require(check_item_code, text, "")
    return ItemCode(code[:18], int(code[18]), code[19:])


# --- case number (办件编号)


@dataclass(frozen=True, slots=True)
class CaseNo:
    """item code (31) + date of receipt (8) + sequence of that item and day (4): 43 characters."""

    item_code: str
    received_on: date
    sequence: int


def build_case_no(item_code: str, received_on: date, sequence: int) -> str:
    """Raises InvalidCode for a faulty item code or when the day's 9999 numbers are used up."""
    code = _require(check_item_code, item_code, "")
    if not 1 <= sequence <= CASE_SEQUENCES:
        raise InvalidCode(f"办件编号的当日流水号须在1至{CASE_SEQUENCES}之间")
    return f"{code}{received_on:%Y%m%d}{sequence:04d}"


def check_case_no(text: str, pointer: str = "") -> FieldError | None:
    fault = FieldError(pointer, "case-no.structure", "办件编号应为43位：实施编码31位、日期8位、流水号4位")
    if not re.fullmatch(r"[0-9A-Z]{31}[0-9]{12}", text) or text[39:] == "0000":
        return fault
    try:
        date.fromisoformat(text[31:39])
    except ValueError:
        return fault
    return check_item_code(text[:31], pointer)


def parse_case_no(text: str) -> CaseNo:
    """Raises InvalidCode."""
    number = _require(check_case_no, text, "")
    return CaseNo(number[:31], date.fromisoformat(number[31:39]), int(number[39:]))


# --- administrative divisions (行政区划)


class DivisionLevel(IntEnum):
    """How many digits of the 12 carry meaning at each level."""

    PROVINCE = 2
    CITY = 4
    COUNTY = 6
    TOWNSHIP = 9
    VILLAGE = 12


def check_division(text: str, pointer: str = "") -> FieldError | None:
    """12 digits, padded with zeros on the right (a county is six digits and six zeros)."""
    if re.fullmatch(r"[1-9][0-9]{11}", text):
        return None
    return FieldError(pointer, "division.structure", "行政区划代码应为12位数字，不足12位的右侧补零")


def division_level(division: str) -> DivisionLevel:
    """Raises InvalidCode."""
    code = _require(check_division, division, "")
    return next(level for level in DivisionLevel if not code[level:].strip("0"))


def division_prefix(division: str) -> str:
    """The digits every division below begins with: 431202 of 431202000000. Raises InvalidCode."""
    return normalise_number(division)[: division_level(division)]


def in_division(division: str, root: str) -> bool:
    """Whether a division is the root itself or lies in its subtree. Raises InvalidCode for a faulty root."""
    return check_division(division) is None and division.startswith(division_prefix(root))
