"""Reads a parsed catalogue file into checked values, or lists every fault. All or nothing."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from services.intake.domain.catalogue import (
    Basis,
    Bundle,
    Catalogue,
    CertificateType,
    Department,
    Extension,
    Fee,
    ItemKind,
    ItemResult,
    Material,
    Need,
    Scenario,
    ServiceItem,
    SpecialProcedure,
)
from services.intake.domain.catalogue_bundles import bundle_faults
from services.intake.domain.catalogue_rules import rule_faults, sorted_faults
from services.intake.domain.catalogue_shape import HOLDERS, OPTIONS, STARTS, UNITS, Fault, Row, need_of, shape_faults
from services.intake.domain.whose import NAMES, WORDS, Whose, whose_by_name
from services.kernel.time_limit import TimeLimit

_PARTICULARS = ("levels", "stages", "renewal", "renewal_window", "windows", "amendment")


class FaultyCatalogue(ValueError):
    """The file breaks rules; `faults` holds every one of them, in the order of the file."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


def read_catalogue(raw: object) -> Catalogue:
    """Raises FaultyCatalogue. Rules run only when the shape is right: a rule may then trust every field."""
    faults = tuple(shape_faults(raw))
    if not faults and isinstance(raw, dict):
        faults = (*rule_faults(raw), *bundle_faults(raw))
    if faults or not isinstance(raw, dict):
        raise FaultyCatalogue(sorted_faults(faults))
    departments = {row["id"]: _department(row) for row in raw["departments"]}
    types = {row["id"]: _certificate_type(row, departments) for row in raw["cert_types"]}
    return Catalogue(
        departments=tuple(departments.values()),
        certificate_types=tuple(types.values()),
        items=tuple(_item(row, departments, types) for row in raw["matters"]),
        bundles=tuple(Bundle(row["id"], row["name"], dict(row)) for row in raw.get("packages", [])),
        derived=tuple(_derived(raw["matters"])),
    )


def _department(row: Row) -> Department:
    return Department(row["id"], row["uscc"], row["name"], row["area_code"], township=row["kind"] == "town")


def _certificate_type(row: Row, departments: Mapping[str, Department]) -> CertificateType:
    persons, organisations = HOLDERS[row["holder"]]
    return CertificateType(
        type_id=row["id"],
        type_code=row["type_code"],
        name=row["name"],
        definer_uscc=departments[row["definer"]].uscc,
        for_persons=persons,
        for_organisations=organisations,
        validity=row["validity"],
    )


def _item(row: Row, departments: Mapping[str, Department], types: Mapping[str, CertificateType]) -> ServiceItem:
    legal, promised = row["legal_limit"], row["promised_limit"]
    start = STARTS[legal["start"]]
    return ServiceItem(
        item_code=row["task_code"],
        item_id=row["id"],
        handling_code=row["task_handle_item"],
        basic_code=row["catalog_code"],
        name=row["name"],
        type_code=row["type_code"],
        type_name=row["type"],
        kind=ItemKind.INSTANT if row["case_type"]["code"] == 1 else ItemKind.COMMITTED,
        service_objects=tuple(row["service_object"]),
        department=departments[row["department"]],
        joint_departments=tuple(departments[d].uscc for d in row.get("joint_departments", [])),
        use_level=row["use_level"],
        basis=tuple(Basis(b["text"], b["src"]) for b in row["basis"]),
        conditions=tuple(row["conditions"]),
        materials=tuple(_material(m, types, row["conditions"]) for m in row["materials"]),
        legal_limit=TimeLimit(legal["value"], UNITS[legal["unit"]], start, _article(legal, row["basis"])),
        promised_limit=TimeLimit(promised["value"], UNITS[promised["unit"]], start, "承诺时限"),
        fee=_fee(row["fee"]),
        result=_result(row["result"], types),
        extension=_extension(legal.get("extend")),
        special_procedures=tuple(_procedure(p) for p in row.get("special_procedures", [])),
        scenarios=tuple(
            Scenario(v["id"], v["mode"], v["promised"], v.get("papers_later", False)) for v in row.get("variants", [])
        ),
        must_appear=row.get("must_appear", False),
        quantity_limited=row.get("quantity_limited", False),
        notes=row.get("notes", ""),
        particulars={name: row[name] for name in _PARTICULARS if name in row},
    )


_CITATION = re.compile(r"[\u4e00-\u9fff]{2,}(?:法|条例|办法)第[\d、-]+条")


def _article(legal: Row, basis: list[Row]) -> str:
    """What the why of a date names: the article the rule cites, or else the basis that speaks of this limit.

    Many rules are an editor's remark ("mind the start"), which explains nothing to a reader of a paper.
    """
    if cited := _CITATION.search(legal["rule"]):
        return cited.group()
    wanted = re.compile(rf"(?<!\d){legal['value']}个?(?:工作)?日" if legal["value"] else "当场")
    texts: list[str] = [b["text"] for b in basis]
    found = next((text for text in texts if wanted.search(text)), texts[0] if texts else legal["rule"])
    return found.partition("：")[0]


def _scenario(row: Row) -> Scenario:
    return Scenario(row["id"], row["mode"], row["promised"], row.get("papers_later", False))


def _material(row: Row, types: Mapping[str, CertificateType], conditions: list[str]) -> Material:
    need = need_of(row["need"])
    assert need is not None  # materials_are_well_formed has seen to it
    certificate = types[row["ecert"]] if row["ecert"] is not None else None
    return Material(
        material_no=row["no"],
        name=row["name"],
        need=need,
        need_text=row["need"],
        condition=_condition(row) if need is Need.CONDITIONAL else None,
        certificate_type_code=certificate.type_code if certificate else None,
        certificate_type_name=certificate.name if certificate else None,
        options=tuple(OPTIONS[o] for o in row["options"]),
        stage_no=row.get("stage"),
        whose=_whose(row),
    )


def _whose(row: Row) -> Whose:
    """As stated, else by the name; what no certificate replaces asks for nobody's."""
    if "whose" in row:
        return WORDS[row["whose"]]
    return whose_by_name(row["name"]) if row["ecert"] is not None else Whose.APPLICANT


def _derived(items: list[Row]) -> Iterator[str]:
    """For the editor of the catalogue, who may state otherwise."""
    for item in items:
        for row in item["materials"]:
            if "whose" not in row and _whose(row) is not Whose.APPLICANT:
                yield f"{item['id']} 材料 {row['no']}“{row['name']}”：{NAMES[_whose(row)]}"


def _condition(row: Row) -> str:
    """When it is asked for: said in the necessity (告知承诺方式必要) or in brackets after the name (…（挖掘）)."""
    stated = str(row["need"]).removesuffix("必要")
    if stated != "条件":
        return f"选择{stated}的"
    bracket = re.search(r"（(.+)）$", row["name"])
    return f"涉及{bracket.group(1)}的" if bracket else "法律、法规规定应当提交的，由窗口告知"


# How sure the compiler of the catalogue was is a remark for its editors, not for the public.
_SURENESS = re.compile(r"[；，、]?(?:高|较高|中等|较低|低)把握(?=）|$)")


def _fee(row: Row) -> Fee:
    note = _SURENESS.sub("", row.get("note", ""))
    if not row["charged"]:
        return Fee(charged=False, item="不收费", standard="不收费", basis=row.get("basis") or note)
    return Fee(
        charged=True,
        item=row.get("item") or re.split(r"[（0-9]", note)[0],
        standard=row.get("standard") or note,
        basis=row.get("basis") or note,
    )


def _result(row: Row, types: Mapping[str, CertificateType]) -> ItemResult:
    certificate = types[row["cert_type"]] if row["cert_type"] is not None else None
    return ItemResult(
        name=row["name"],
        kind=row["kind"],
        certificate_type_code=certificate.type_code if certificate else None,
        certificate_type_name=certificate.name if certificate else None,
        certificate_validity=certificate.validity if certificate else None,
    )


def _extension(row: Row | None) -> Extension | None:
    return Extension(row["value"], UNITS[row["unit"]], row["approver"]) if row else None


def _procedure(row: Mapping[str, Any]) -> SpecialProcedure:
    unit = row.get("unit")
    return SpecialProcedure(
        kind=row["kind"],
        name=row.get("name", row["kind"]),
        stops_clock=row["stops_clock"],
        effect=row.get("effect", ""),
        days=row.get("days", row.get("limit")),
        unit=UNITS[unit] if unit else None,
        persons=row.get("persons"),
        cause=row.get("cause", ""),
        basis=row.get("basis", ""),
    )
