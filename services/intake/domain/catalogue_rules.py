"""Publish-time rules of the catalogue, each a small named function that yields the faults it finds.

A rule gets one row, its place in the file and the index of everything that can be referred to.
Rules run only on rows of the right shape.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from services.intake.domain.catalogue import LICENSING
from services.intake.domain.catalogue_shape import (
    HOLDERS,
    ITEM_TYPES,
    OPTIONS,
    STARTS,
    UNITS,
    Fault,
    Row,
    need_of,
    rows,
)
from services.intake.domain.whose import WORDS
from services.kernel.codes import check_basic_code, check_division, check_uscc
from services.kernel.errors import FieldError

# Administrative Licensing Law art. 45: the eight kinds whose time is not counted
_EXCLUDED_KINDS = frozenset({"听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审"})
_FEE_BASIS_BY_LAW = re.compile(r"法律|行政法规|法定|条例|法第\d+条")
_HOLDER_CODES = {"自然人": "111", "法人": "001", "自然人或法人": "111|001"}  # domain.md 2.4
_SOURCES = frozenset({"sourced", "unchecked-high", "unchecked-medium", "unchecked-low"})


@dataclass(frozen=True)
class Known:
    """Everything the file defines, by its short id."""

    departments: dict[str, Row]
    certificate_types: dict[str, Row]
    matters: dict[str, Row]


Rule = Callable[[Row, str, Known], Iterator[Fault]]


def known_of(raw: Row) -> Known:
    return Known(*({row["id"]: row for _, row in rows(raw, s)} for s in ("departments", "cert_types", "matters")))


def _of(fault: FieldError | None) -> Iterator[Fault]:
    if fault is not None:
        yield Fault(fault.pointer, fault.code, fault.detail)


def department_codes_check(row: Row, place: str, _: Known) -> Iterator[Fault]:
    """GB 32100-2015: 18 characters with check character; divisions are 12 digits (domain.md 2.2, 2.3)."""
    yield from _of(check_uscc(row["uscc"], f"{place}.uscc"))
    yield from _of(check_division(row["area_code"], f"{place}.area_code"))


def certificate_type_code_composes(row: Row, place: str, known: Known) -> Iterator[Fault]:
    """GB/T 36904: type code = uscc of the defining body + 3 digits (domain.md 2.4)."""
    definer = known.departments.get(row["definer"])
    if definer is None:
        yield Fault(f"{place}.definer", "reference.department", f"部门 {row['definer']} 不存在")
    elif not re.fullmatch(re.escape(definer["uscc"]) + r"\d{3}", row["type_code"]):
        yield Fault(
            f"{place}.type_code", "certificate-type.code", "证照类型代码应为定义机构统一社会信用代码 + 3 位数字"
        )
    if row["holder"] not in HOLDERS:
        yield Fault(f"{place}.holder", "certificate-type.holder", "持证主体应为 自然人、法人 或 自然人或法人")
    elif row["holder_code_type"] != _HOLDER_CODES[row["holder"]]:
        expected = _HOLDER_CODES[row["holder"]]
        yield Fault(f"{place}.holder_code_type", "certificate-type.holder-code", f"持证主体代码类型应为 {expected}")


def codes_compose(row: Row, place: str, known: Known) -> Iterator[Fault]:
    """GB/T 39554: 12-digit basic code; 31 = uscc + level + basic code; 33 = 31 + 2 digits (domain.md 2.5)."""
    basic, code, handling = row["catalog_code"], row["task_code"], row["task_handle_item"]
    yield from _of(check_basic_code(basic, f"{place}.catalog_code"))
    if basic[2:4] != row["type_code"]:
        yield Fault(f"{place}.catalog_code", "code.type", "基本编码第 3-4 位应与事项类型一致")
    department = known.departments.get(row["department"])
    if len(code) != 31:
        yield Fault(f"{place}.task_code", "code.length", f"实施编码应为 31 位，现为 {len(code)} 位")
    elif department is not None and code != f"{department['uscc']}{row['use_level']}{basic}":
        yield Fault(
            f"{place}.task_code", "code.composition", "实施编码应为 实施主体代码(18) + 行使层级(1) + 基本编码(12)"
        )
    if not re.fullmatch(re.escape(code) + r"\d{2}", handling):
        yield Fault(f"{place}.task_handle_item", "code.length", "业务办理项编码应为 实施编码(31) + 2 位数字")


def references_resolve(row: Row, place: str, known: Known) -> Iterator[Fault]:
    """Every department and certificate type that is named exists."""
    if row["department"] not in known.departments:
        yield Fault(f"{place}.department", "reference.department", f"部门 {row['department']} 不存在")
    for number, joint in enumerate(row.get("joint_departments", [])):
        if joint not in known.departments:
            yield Fault(f"{place}.joint_departments[{number}]", "reference.department", f"部门 {joint} 不存在")
    for material_place, material in rows(row, "materials", place):
        if material["ecert"] is not None and material["ecert"] not in known.certificate_types:
            message = f"证照类型 {material['ecert']} 不存在"
            yield Fault(f"{material_place}.ecert", "reference.certificate-type", message)
    result_type = row["result"]["cert_type"]
    if result_type is not None and result_type not in known.certificate_types:
        yield Fault(f"{place}.result.cert_type", "reference.certificate-type", f"证照类型 {result_type} 不存在")


def level_fits_department(row: Row, place: str, known: Known) -> Iterator[Fault]:
    """GB/T 39046 A.2: level 5 is a township or sub-district, level 4 a county body."""
    department = known.departments.get(row["department"])
    if row["use_level"] not in range(1, 8):
        yield Fault(f"{place}.use_level", "item.level", "行使层级应为 1-7")
    elif department is not None and (row["use_level"] == 5) != (department["kind"] == "town"):
        yield Fault(f"{place}.use_level", "item.level", "行使层级 5 只用于乡镇（街道），乡镇（街道）也只用 5")


def type_is_known(row: Row, place: str, _: Known) -> Iterator[Fault]:
    """GB/T 39046 A.1; a local code passes, a known code under another name does not."""
    name = ITEM_TYPES.get(row["type_code"])
    if not re.fullmatch(r"\d{2}", row["type_code"]):
        yield Fault(f"{place}.type_code", "item.type", "事项类型应为 2 位数字")
    elif name is not None and name != row["type"]:
        yield Fault(f"{place}.type", "item.type", f"事项类型 {row['type_code']} 应为“{name}”")


def service_objects_are_known(row: Row, place: str, _: Known) -> Iterator[Fault]:
    """GB/T 39046 A.4: 1 to 6, at least one, each once."""
    if not row["service_object"]:
        yield Fault(f"{place}.service_object", "item.service-object", "服务对象至少一项")
    for number, code in enumerate(row["service_object"]):
        if code not in set("123456") or code in row["service_object"][:number]:
            yield Fault(f"{place}.service_object[{number}]", "item.service-object", "服务对象应为 1-6 且不重复")


def guide_is_complete(row: Row, place: str, _: Known) -> Iterator[Fault]:
    """Licensing Law art. 30 and the ten disclosures: basis, conditions and materials are published (R-21)."""
    for name, label in (("basis", "设定依据"), ("conditions", "受理条件"), ("materials", "申请材料")):
        if not row[name]:
            yield Fault(f"{place}.{name}", "guide.incomplete", f"{label}不能为空")
    for basis_place, basis in rows(row, "basis", place):
        if basis["src"] not in _SOURCES:
            yield Fault(f"{basis_place}.src", "guide.source", "依据来源标注不认识")


def materials_are_well_formed(row: Row, place: str, _: Known) -> Iterator[Fault]:
    """Numbers run 1..n (order_num*), necessity (is_need*) and options are known words (domain.md 2.5)."""
    for number, (material_place, material) in enumerate(rows(row, "materials", place), start=1):
        if material["no"] != number:
            yield Fault(f"{material_place}.no", "material.number", f"材料序号应为 {number}")
        if need_of(material["need"]) is None:
            yield Fault(f"{material_place}.need", "material.need", f"材料必要性“{material['need']}”不认识")
        for option_number, option in enumerate(material["options"]):
            if option not in OPTIONS:
                yield Fault(f"{material_place}.options[{option_number}]", "material.option", "只能为 告知承诺 或 容缺")
        if material.get("whose", "申请人") not in WORDS:
            yield Fault(f"{material_place}.whose", "material.whose", f"只能为 {'、'.join(WORDS)}")


def one_of_group_has_a_choice(row: Row, place: str, _: Known) -> Iterator[Fault]:
    """A choice of one material is none: then it is simply required."""
    group = [m_place for m_place, m in rows(row, "materials", place) if m["need"].endswith("选一")]
    if len(group) == 1:
        yield Fault(f"{group[0]}.need", "material.group", "“选一”的材料至少应有两项")


def limits_are_well_formed(row: Row, place: str, _: Known) -> Iterator[Fault]:
    """anticipate_day/promise_day with their units (domain.md 2.5); start from receipt or acceptance (1.2 no. 5)."""
    for name in ("legal_limit", "promised_limit"):
        limit = row[name]
        if limit["unit"] not in UNITS:
            yield Fault(f"{place}.{name}.unit", "limit.unit", "时限单位应为 工作日、自然日 或 月")
        if not 0 <= limit["value"] <= 3660:
            yield Fault(f"{place}.{name}.value", "limit.value", "时限不能为负，也不能超过十年")
    if row["legal_limit"]["start"] not in STARTS:
        yield Fault(f"{place}.legal_limit.start", "limit.start", "起算点应为 received、accepted 或 decided")
    extension = row["legal_limit"].get("extend")
    if extension is not None and (extension["unit"] not in UNITS or extension["value"] < 1):
        yield Fault(f"{place}.legal_limit.extend", "limit.extension", "延长期限应为正数并写明单位")


def promise_within_legal_limit(row: Row, place: str, _: Known) -> Iterator[Fault]:
    """Promised <= legal where the units agree (domain.md 2.5 [D]; Regulation on Business Environment art. 36)."""
    legal, promised = row["legal_limit"], row["promised_limit"]
    if legal["unit"] == promised["unit"] and promised["value"] > legal["value"]:
        message = f"承诺时限 {promised['value']} 超过法定时限 {legal['value']}{legal['unit']}"
        yield Fault(f"{place}.promised_limit.value", "limit.promise", message)


def instant_iff_promise_is_zero(row: Row, place: str, _: Known) -> Iterator[Fault]:
    """即办件 (GB/T 39046 A.6 code 1) if and only if the promise is 0 (data-quality rule, domain.md 2.5)."""
    code, name = row["case_type"]["code"], row["case_type"]["name"]
    if (code, name) not in {(1, "即办件"), (2, "承诺件")}:
        yield Fault(f"{place}.case_type", "case-type.unknown", "办件类型应为 1 即办件 或 2 承诺件")
    elif (code == 1) != (row["promised_limit"]["value"] == 0):
        yield Fault(f"{place}.case_type.code", "case-type.instant", "承诺时限为 0 时且仅当此时为即办件")


def fee_has_a_basis(row: Row, place: str, _: Known) -> Iterator[Fault]:
    """Licensing Law art. 58: no fee unless a law or administrative regulation says so; others need some basis."""
    fee = row["fee"]
    basis = fee.get("basis") or fee.get("note") or ""
    if not fee["charged"]:
        return
    if not basis.strip():
        yield Fault(f"{place}.fee", "fee.basis", "收费必须写明依据")
    elif row["type_code"] == LICENSING and not _FEE_BASIS_BY_LAW.search(basis):
        yield Fault(f"{place}.fee", "fee.basis", "行政许可收费必须以法律、行政法规为依据（行政许可法第 58 条）")


def result_kind_agrees_with_its_name(row: Row, place: str, _: Known) -> Iterator[Fault]:
    """ "…证/证书" is a certificate, "…批复/批文" an approval document (data-quality rule, domain.md 2.5)."""
    name, kind = row["result"]["name"], row["result"]["kind"]
    if kind not in {"证照", "批文", "证明"}:
        yield Fault(f"{place}.result.kind", "result.kind", "结果类型应为 证照、批文 或 证明")
    elif re.search(r"((?<!凭)证|证书)$", name) and kind != "证照":
        yield Fault(f"{place}.result.kind", "result.kind", f"结果“{name}”应为证照")
    elif re.search(r"(批复|批文)$", name) and kind != "批文":
        yield Fault(f"{place}.result.kind", "result.kind", f"结果“{name}”应为批文")
    if kind == "证照" and row["result"]["cert_type"] is None:
        yield Fault(f"{place}.result.cert_type", "result.certificate-type", "结果为证照时必须指明证照类型")


def result_fits_service_object(row: Row, place: str, known: Known) -> Iterator[Fault]:
    """Someone the item serves can hold its certificate (服务对象 agrees with classification, domain.md 2.5)."""
    certificate_type = known.certificate_types.get(row["result"]["cert_type"] or "")
    persons, organisations = HOLDERS.get((certificate_type or {}).get("holder", ""), (True, True))
    serves_persons = "1" in row["service_object"]
    serves_organisations = any(code != "1" for code in row["service_object"])
    if not ((persons and serves_persons) or (organisations and serves_organisations)):
        yield Fault(f"{place}.result.cert_type", "result.holder", "证照的持证主体与服务对象不符")


def only_listed_procedures_stop_the_clock(row: Row, place: str, _: Known) -> Iterator[Fault]:
    """Licensing Law art. 45: for a licence, eight kinds stop the clock, or a cause named in the item's own law."""
    for procedure_place, procedure in rows(row, "special_procedures", place):
        stops = procedure["stops_clock"] and row["type_code"] == LICENSING
        if stops and procedure["kind"] not in _EXCLUDED_KINDS and not procedure.get("cause"):
            message = f"“{procedure['kind']}”不在行政许可法第 45 条所列八类之内，不得扣减时限"
            yield Fault(f"{procedure_place}.stops_clock", "procedure.clock", message)
        if procedure.get("unit") is not None and procedure["unit"] not in UNITS:
            yield Fault(f"{procedure_place}.unit", "limit.unit", "时限单位应为 工作日、自然日 或 月")


def levels_have_known_units(row: Row, place: str, _: Known) -> Iterator[Fault]:
    for level_place, level in rows(row, "levels", place):
        if level.get("unit") is not None and level["unit"] not in UNITS:
            yield Fault(f"{level_place}.unit", "limit.unit", "时限单位应为 工作日、自然日 或 月")


def ways_are_well_formed(row: Row, place: str, _: Known) -> Iterator[Fault]:
    """Stages counted 1..n, each material of a known stage; two windows, of which the second says what silence means."""
    numbers = [stage["no"] for _, stage in rows(row, "stages", place)]
    if numbers and numbers != list(range(1, len(numbers) + 1)):
        yield Fault(f"{place}.stages", "stages.order", "阶段应从 1 起依次编号")
    for material_place, material in rows(row, "materials", place):
        if material.get("stage") is not None and material["stage"] not in numbers:
            yield Fault(f"{material_place}.stage", "stages.unknown", "没有这个阶段")
    known = [material["no"] for _, material in rows(row, "materials", place)]
    if any(number not in known for number in row.get("amendment", {}).get("materials", ())):
        yield Fault(f"{place}.amendment.materials", "amendment.unknown", "变更所需材料应为本事项材料的序号")
    windows = list(rows(row, "windows", place))
    for window_place, window in windows:
        if window["unit"] not in UNITS or window["value"] < 1:
            yield Fault(window_place, "windows.limit", "期间应为正数，单位为 工作日、自然日 或 月")
    if windows and (len(windows) != 2 or not windows[1][1].get("silence")):
        yield Fault(f"{place}.windows", "windows.pair", "应为两个期间，后一个写明逾期未申请的后果（silence）")


DEPARTMENT_RULES: tuple[Rule, ...] = (department_codes_check,)
CERTIFICATE_TYPE_RULES: tuple[Rule, ...] = (certificate_type_code_composes,)
MATTER_RULES: tuple[Rule, ...] = (
    codes_compose,
    references_resolve,
    level_fits_department,
    type_is_known,
    service_objects_are_known,
    guide_is_complete,
    materials_are_well_formed,
    one_of_group_has_a_choice,
    limits_are_well_formed,
    promise_within_legal_limit,
    instant_iff_promise_is_zero,
    fee_has_a_basis,
    result_kind_agrees_with_its_name,
    result_fits_service_object,
    only_listed_procedures_stop_the_clock,
    levels_have_known_units,
    ways_are_well_formed,
)


def rule_faults(raw: Row) -> Iterator[Fault]:
    """Every broken rule of the file."""
    known = known_of(raw)
    for section, rules in (
        ("departments", DEPARTMENT_RULES),
        ("cert_types", CERTIFICATE_TYPE_RULES),
        ("matters", MATTER_RULES),
    ):
        for place, row in rows(raw, section):
            for rule in rules:
                yield from rule(row, place, known)
    yield from unique_faults(raw)


_UNIQUE = (
    ("departments", "id"),
    ("departments", "uscc"),
    ("cert_types", "id"),
    ("cert_types", "type_code"),
    ("matters", "id"),
    ("matters", "task_code"),
    ("matters", "task_handle_item"),
    ("packages", "id"),
)


def unique_faults(raw: Row) -> Iterator[Fault]:
    """Ids and codes are unique in their section; the second and later uses are the faults."""
    for section, name in _UNIQUE:
        seen: Counter[Any] = Counter()
        for place, row in rows(raw, section):
            seen[row[name]] += 1
            if seen[row[name]] > 1:
                yield Fault(f"{place}.{name}", "unique", "与前面的条目重复")


def sorted_faults(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Faults in the order of the file, so that a person mends them top down."""
    return tuple(sorted(faults, key=lambda f: [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", f.place)]))
