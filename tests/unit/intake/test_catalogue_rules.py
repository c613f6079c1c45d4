"""Publish-time rules of the catalogue: the real file passes; each broken rule is found at its place."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.chassis.yaml_files import read_yaml
from services.intake.domain.catalogue import ItemKind, MaterialOption, Need
from services.intake.domain.catalogue_reading import FaultyCatalogue, read_catalogue
from services.intake.yaml_places import lines_of, load_yaml
from services.kernel.time_limit import StartRule, TimeLimit, Unit

FILE = Path(__file__).parents[3] / "demo" / "catalogue.yaml"
RAW: dict[str, Any] = read_yaml(FILE)
NUMBERS = {row["id"]: number for number, row in enumerate(RAW["matters"])}


def faults_after(change: Callable[[dict[str, Any]], object]) -> list[tuple[str, str]]:
    raw = copy.deepcopy(RAW)
    change(raw)
    with pytest.raises(FaultyCatalogue) as faulty:
        read_catalogue(raw)
    return [(fault.place, fault.rule) for fault in faulty.value.faults]


def matter(raw: dict[str, Any], item_id: str) -> dict[str, Any]:
    row: dict[str, Any] = raw["matters"][NUMBERS[item_id]]
    return row


def e02(raw: dict[str, Any]) -> dict[str, Any]:
    return matter(raw, "E02")


def food(rest: str) -> str:
    return at("E02", rest)


def at(item_id: str, rest: str) -> str:
    return f"matters[{NUMBERS[item_id]}].{rest}"


def test_the_real_catalogue_passes():
    catalogue = read_catalogue(RAW)

    counts = RAW["meta"]["counts"]
    assert len(catalogue.items) == counts["matters"]
    assert len(catalogue.bundles) == counts["packages"]
    assert len(catalogue.departments) == counts["departments"]
    assert len(catalogue.certificate_types) == counts["cert_types"]


def test_an_item_is_read_whole():
    items = {item.item_id: item for item in read_catalogue(RAW).items}

    food = items["E02"]
    assert food.item_code == "11431202006100029C4430102001000"
    assert food.kind is ItemKind.COMMITTED
    assert food.legal_limit.value == 10
    assert food.extension is not None
    assert food.extension.value == 5
    assert food.result.certificate_type_name == "食品经营许可证"
    assert food.materials[1].certificate_type_name == "营业执照"
    assert food.materials[2].options == (MaterialOption.DEFERRED,)
    assert items["E09"].promised_limit == TimeLimit(5, Unit.WORKDAY, StartRule.RECEIVED, "承诺时限")
    assert items["E16"].legal_limit.unit is Unit.MONTH
    assert [s.scenario_id for s in items["E05"].scenarios] == ["E05a", "E05b"]
    assert items["P03"].must_appear


@pytest.mark.parametrize(
    ("item_id", "article"),
    [
        pytest.param("C04", "建筑法第8条", id="the article the rule cites"),
        pytest.param("E09", "人力资源市场暂行条例第18、19条", id="a remark only: the basis that names the limit"),
        pytest.param("E02", "食品经营许可和备案管理办法（市场监管总局令78号，2023）", id="not the first basis"),
        pytest.param("E03", "行政许可法第50条（届满前作出决定，逾期视为准予延续）", id="no basis names it: the first"),
    ],
)
def test_the_limit_names_its_article_and_no_editors_remark(item_id, article):
    item = next(item for item in read_catalogue(RAW).items if item.item_id == item_id)

    assert item.legal_limit.article == article


@pytest.mark.parametrize(
    ("item_id", "material_no", "need", "condition"),
    [
        ("P01", 3, Need.ONE_OF, None),
        ("P03", 2, Need.OPTIONAL, None),
        ("P08", 5, Need.LATER, None),
        ("E05", 2, Need.CONDITIONAL, "选择告知承诺方式的"),
        ("E08", 3, Need.CONDITIONAL, "涉及挖掘的"),
        ("E17", 3, Need.CONDITIONAL, "法律、法规规定应当提交的，由窗口告知"),
    ],
)
def test_the_necessity_of_a_material_is_understood(item_id, material_no, need, condition):
    item = next(item for item in read_catalogue(RAW).items if item.item_id == item_id)

    material = item.material(material_no)

    assert material is not None
    assert (material.need, material.condition) == (need, condition)


CASES: list[Any] = [
    pytest.param(
        lambda r: e02(r)["materials"][5].update(whose="谁"),
        [(food("materials[5].whose"), "material.whose")],
        id="a word nobody knows for whose certificate is meant",
    ),
    # shape
    pytest.param(lambda r: r.pop("matters"), [(".matters", "shape.required")], id="no matters"),
    pytest.param(lambda r: e02(r).pop("name"), [(food("name"), "shape.required")], id="an item without a name"),
    pytest.param(
        lambda r: e02(r).update(name=" "),
        [(food("name"), "shape.empty")],
        id="an item with an empty name",
    ),
    pytest.param(
        lambda r: e02(r).update(promissed=1),
        [(food("promissed"), "shape.unknown")],
        id="a misspelt field",
    ),
    pytest.param(
        lambda r: e02(r)["legal_limit"].update(value="10"),
        [(food("legal_limit.value"), "shape.type")],
        id="a number written as text",
    ),
    pytest.param(
        lambda r: e02(r)["promised_limit"].update(value=True),
        [(food("promised_limit.value"), "shape.type")],
        id="yes instead of a number",
    ),
    pytest.param(
        lambda r: r["matters"].insert(0, "E99"), [("matters[0]", "shape.mapping")], id="a word instead of an item"
    ),
    pytest.param(
        lambda r: e02(r)["conditions"].append(3),
        [(food("conditions[3]"), "shape.type")],
        id="a bare number",
    ),
    # codes
    pytest.param(
        lambda r: r["departments"][3].update(uscc="114312020061000453"),
        "departments[3].uscc",
        id="department with a wrong check character",
    ),
    pytest.param(
        lambda r: r["departments"][0].update(area_code="431202"), "departments[0].area_code", id="division of 6 digits"
    ),
    pytest.param(
        lambda r: e02(r).update(task_code="11431202006100029C443010200100"),
        food("task_code"),
        id="implementation code of 30 digits",
    ),
    pytest.param(
        lambda r: e02(r).update(task_code="11431202006100037744430102001000"[:31]),
        food("task_code"),
        id="implementation code of another body",
    ),
    pytest.param(
        lambda r: e02(r).update(task_handle_item="11431202006100029C4430102001000"),
        [(food("task_handle_item"), "code.length")],
        id="handling code without its two digits",
    ),
    pytest.param(lambda r: e02(r).update(catalog_code="4301"), food("catalog_code"), id="basic code of 4"),
    pytest.param(
        lambda r: r["cert_types"][0].update(type_code="114312020061000377"),
        [("cert_types[0].type_code", "certificate-type.code")],
        id="certificate type code without its three digits",
    ),
    pytest.param(
        lambda r: r["cert_types"][0].update(holder_code_type="001"),
        [("cert_types[0].holder_code_type", "certificate-type.holder-code")],
        id="a person's certificate under an organisation's code",
    ),
    # references
    pytest.param(
        lambda r: e02(r)["materials"][1].update(ecert="nothing"),
        [(food("materials[1].ecert"), "reference.certificate-type")],
        id="a material replaced by nothing known",
    ),
    pytest.param(
        lambda r: e02(r).update(department="nobody"),
        [(food("department"), "reference.department")],
        id="an item of nobody",
    ),
    pytest.param(
        lambda r: matter(r, "E08")["joint_departments"].append("nobody"),
        [(at("E08", "joint_departments[1]"), "reference.department")],
        id="handled together with nobody",
    ),
    pytest.param(
        lambda r: r["cert_types"][0].update(definer="nobody"),
        [("cert_types[0].definer", "reference.department")],
        id="a certificate defined by nobody",
    ),
    pytest.param(
        lambda r: r["packages"][0]["members"][1].update(matter="E99"),
        "packages[0].members[1].matter",
        id="a bundle with an unknown member",
    ),
    pytest.param(
        lambda r: r["packages"][0]["members"][0].update(after=["E02"]),
        [("packages[0].members", "bundle.circle")],
        id="a bundle that waits for itself",
    ),
    pytest.param(
        lambda r: r["packages"][3]["stages"][0]["members"].append("C99"),
        [("packages[3].stages[0].members[2]", "reference.matter")],
        id="a stage with an unknown member",
    ),
    # uniqueness
    pytest.param(
        lambda r: r["matters"].append(copy.deepcopy(e02(r))),
        [(f"matters[38].{name}", "unique") for name in ("id", "task_code", "task_handle_item")],
        id="an item twice",
    ),
    # limits
    pytest.param(
        lambda r: e02(r)["promised_limit"].update(value=11),
        [(food("promised_limit.value"), "limit.promise")],
        id="a promise longer than the law allows",
    ),
    pytest.param(
        lambda r: e02(r)["promised_limit"].update(value=0),
        [(food("case_type.code"), "case-type.instant")],
        id="committed with a promise of zero",
    ),
    pytest.param(
        lambda r: matter(r, "E01")["promised_limit"].update(value=1),
        [(at("E01", "case_type.code"), "case-type.instant")],
        id="instant with a promise of one day",
    ),
    pytest.param(
        lambda r: e02(r)["case_type"].update(name="即办件"),
        [(food("case_type"), "case-type.unknown")],
        id="a code under another name",
    ),
    pytest.param(
        lambda r: e02(r)["legal_limit"].update(unit="周"),
        [(food("legal_limit.unit"), "limit.unit")],
        id="a limit in weeks",
    ),
    pytest.param(
        lambda r: e02(r)["legal_limit"].update(start="someday"),
        [(food("legal_limit.start"), "limit.start")],
        id="a limit that starts someday",
    ),
    pytest.param(
        lambda r: e02(r)["legal_limit"]["extend"].update(value=0),
        [(food("legal_limit.extend"), "limit.extension")],
        id="an extension by nothing",
    ),
    pytest.param(
        lambda r: e02(r)["legal_limit"].update(value=-1),
        food("legal_limit.value"),
        id="a negative limit",
    ),
    # guide, materials, fees, results, procedures
    pytest.param(lambda r: e02(r).update(basis=[]), [(food("basis"), "guide.incomplete")], id="no basis"),
    pytest.param(
        lambda r: e02(r)["materials"][4].update(no=7),
        [(food("materials[4].no"), "material.number")],
        id="a gap in the numbers of materials",
    ),
    pytest.param(
        lambda r: e02(r)["amendment"].update(materials=[1, 9, [2]]),
        [(food("amendment.materials"), "amendment.unknown")],
        id="an amendment takes what is no material",
    ),
    pytest.param(
        lambda r: e02(r)["materials"][2].update(need="也许"),
        [(food("materials[2].need"), "material.need")],
        id="a necessity nobody knows",
    ),
    pytest.param(
        lambda r: e02(r)["materials"][2]["options"].append("免交"),
        [(food("materials[2].options[1]"), "material.option")],
        id="an option nobody knows",
    ),
    pytest.param(
        lambda r: e02(r)["materials"][2].update(need="三选一"),
        [(food("materials[2].need"), "material.group")],
        id="a choice of one",
    ),
    pytest.param(
        lambda r: matter(r, "E08")["fee"].update(note=""), [(at("E08", "fee"), "fee.basis")], id="a fee without a basis"
    ),
    pytest.param(
        lambda r: matter(r, "E08")["fee"].update(note="本局通知"),
        [(at("E08", "fee"), "fee.basis")],
        id="a licence fee by an office's own notice: art. 58",
    ),
    pytest.param(
        lambda r: e02(r)["result"].update(kind="批文"),
        [(food("result.kind"), "result.kind")],
        id="a licence called an approval document",
    ),
    pytest.param(
        lambda r: e02(r)["result"].update(cert_type=None),
        [(food("result.cert_type"), "result.certificate-type")],
        id="a certificate of no type",
    ),
    pytest.param(
        lambda r: e02(r)["result"].update(cert_type="idcard"),
        [(food("result.cert_type"), "result.holder")],
        id="a person's certificate for enterprises",
    ),
    pytest.param(
        lambda r: e02(r)["special_procedures"][0].update(stops_clock=True),
        [(food("special_procedures[0].stops_clock"), "procedure.clock")],
        id="an on-site check that stops the clock: art. 45",
    ),
    pytest.param(
        lambda r: e02(r).update(service_object=["2", "9"]),
        [(food("service_object[1]"), "item.service-object")],
        id="a service object nobody knows",
    ),
    pytest.param(lambda r: e02(r).update(use_level=5), food("use_level"), id="a county body at level 5"),
    pytest.param(
        lambda r: e02(r).update(type="行政给付"),
        [(food("type"), "item.type")],
        id="a type under a wrong name",
    ),
]


@pytest.mark.parametrize(("change", "expected"), CASES)
def test_a_broken_rule_is_found_at_its_place(change, expected):
    found = faults_after(change)

    if isinstance(expected, str):  # one fault brings others with it: the place is what matters
        assert expected in [place for place, _ in found]
    else:
        assert found == expected


def test_every_fault_is_listed_in_the_order_of_the_file():
    def break_three(raw):
        matter(raw, "C05").update(department="nobody")
        matter(raw, "E02")["promised_limit"].update(value=11)
        matter(raw, "P01")["materials"][0].update(ecert="nothing")

    places = [place for place, _ in faults_after(break_three)]

    assert places == [
        at("P01", "materials[0].ecert"),
        food("promised_limit.value"),
        at("C05", "department"),
    ]


def test_places_have_lines():
    lines = lines_of(FILE.read_bytes())
    text = FILE.read_text(encoding="utf-8").splitlines()

    line = lines[food("materials[1].ecert")]

    assert text[line - 1].strip() == "ecert: bizlic"


def test_a_field_written_twice_is_found():
    _, repeated = load_yaml(b"matters:\n- id: E02\n  id: E03\n")

    assert repeated == ["matters[0].id"]


def test_aliases_are_refused_before_they_unfold():
    with pytest.raises(yaml.YAMLError):
        load_yaml(b"a: &x [1]\nb: *x\n")


@pytest.mark.parametrize("raw", [None, [], "text", 3])
def test_a_file_that_is_no_catalogue_is_a_fault(raw):
    with pytest.raises(FaultyCatalogue):
        read_catalogue(raw)
