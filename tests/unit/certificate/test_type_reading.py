"""The directory of certificate types: read completely, every fault at its place."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.certificate.domain.certificate_type import FieldType, Kind, Sharing, TypeField, document, of_document
from services.certificate.domain.holders import ORGANISATION, PERSON
from services.certificate.domain.import_line import read_line
from services.certificate.domain.type_reading import read_directory
from services.certificate.domain.validity import Rule, RuleKind
from services.chassis.yaml_files import read_yaml

BODY = {"id": "scjg", "name": "区市场监督管理局", "uscc": "11431202006100029C", "area_code": "431202000000"}
DEMO = Path(__file__).parents[3] / "demo" / "catalogue.yaml"
LAST = date(2030, 1, 1)
PLAIN = {
    "id": "foodlic",
    "name": "食品经营许可证",
    "definer": "scjg",
    "type_code": "11431202006100029C002",
    "holder": "法人",
    "validity": "5年",
}
FULL = PLAIN | {
    "kind": "批文",
    "state": "失效",
    "issuer_level": "县级",
    "validity_rule": {"kind": "term", "years": 5},
    "several_holders": False,
    "sharing": "无条件共享",
    "basis": ["《食品安全法》第三十五条"],
    "fields": [
        {"code": "form", "name": "主体业态", "required": True},
        {"code": "seats", "name": "座位数", "type": "数字"},
    ],
}


def directory(*types: Any) -> dict[str, Any]:
    return {"departments": [BODY], "cert_types": list(types)}


def test_a_plain_entry_takes_its_rule_from_the_published_text():
    (entry,), faults = read_directory(directory(PLAIN))

    assert faults == []
    assert entry.type.limits == Rule(RuleKind.TERM, 60)
    assert (entry.type.kind, entry.type.in_force, entry.type.holder_kinds) == (Kind.CERTIFICATE, True, (ORGANISATION,))


def test_a_full_entry_is_read_and_comes_back_from_what_is_kept():
    (entry,), faults = read_directory(directory(FULL))

    assert faults == []
    assert (entry.type.kind, entry.type.in_force, entry.type.sharing) == (Kind.APPROVAL, False, Sharing.OPEN)
    assert entry.type.fields[0] == TypeField("form", "主体业态", FieldType.TEXT, required=True)
    assert of_document(document(entry.type), 1) == entry.type


def test_the_catalogue_at_hand_has_no_fault():
    entries, faults = read_directory(read_yaml(DEMO))

    assert faults == []
    assert len(entries) == 35


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param({"kind": "term", "months": 3}, Rule(RuleKind.TERM, 3), id="months"),
        pytest.param(
            {"kind": "until", "date": date(2030, 1, 1)}, Rule(RuleKind.UNTIL, until=date(2030, 1, 1)), id="day"
        ),
        pytest.param({"kind": "long_term"}, Rule(RuleKind.LONG_TERM), id="open-ended"),
        pytest.param(
            {"kind": "with_certificate", "type": "foodlic"},
            Rule(RuleKind.WITH_CERTIFICATE, type_code=PLAIN["type_code"]),
            id="tied to another certificate",
        ),
    ],
)
def test_a_rule_is_data(rule: Any, expected: Rule):
    other = PLAIN | {"id": "other", "type_code": "11431202006100029C003", "validity": "按决定", "validity_rule": rule}

    (_, entry), faults = read_directory(directory(PLAIN, other))

    assert faults == []
    assert entry.type.limits == expected


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        pytest.param({"colour": "red"}, "/colour", id="unknown field"),
        pytest.param({"holder": "宠物"}, "/holder", id="unknown holder"),
        pytest.param({"kind": "证件"}, "/kind", id="unknown kind"),
        pytest.param({"state": "暂停"}, "/state", id="unknown state"),
        pytest.param({"sharing": "随便"}, "/sharing", id="unknown sharing"),
        pytest.param({"issuer_level": "区级"}, "/issuer_level", id="unknown level"),
        pytest.param({"several_holders": "是"}, "/several_holders", id="no flag"),
        pytest.param({"basis": "法"}, "/basis", id="basis is no list"),
        pytest.param({"validity_rule": {"kind": "forever"}}, "/validity_rule/kind", id="unknown rule"),
        pytest.param({"validity_rule": {"kind": "term", "years": 0}}, "/validity_rule", id="no term"),
        pytest.param({"validity_rule": {"kind": "term", "years": 3}}, "/validity_rule", id="not what is published"),
        pytest.param({"validity_rule": {"kind": "until", "date": "2027-02-30"}}, "/validity_rule/date", id="no day"),
        pytest.param({"validity_rule": {"kind": "with_certificate", "type": "x"}}, "/validity_rule/type", id="no type"),
        pytest.param({"fields": {"a": 1}}, "/fields", id="fields are no list"),
        pytest.param({"fields": ["a"]}, "/fields/0", id="a field is no object"),
        pytest.param({"fields": [{"code": "Form", "name": "业态"}]}, "/fields/0/code", id="code of a field"),
        pytest.param({"fields": [{"code": "number", "name": "编号"}]}, "/fields/0/code", id="a standard field"),
        pytest.param({"fields": [{"code": "a", "name": "甲", "type": "图片"}]}, "/fields/0/type", id="type of a field"),
        pytest.param({"fields": [{"code": "a", "name": "甲"}] * 2}, "/fields/1/code", id="a field twice"),
        pytest.param({"template": "../x.typ"}, "/template", id="a template elsewhere"),
        pytest.param({"template": "/etc/x.typ"}, "/template", id="a template anywhere"),
        pytest.param({"definer": "nobody"}, "/definer", id="nobody defines it"),
        pytest.param({"type_code": "11431202006100029D002"}, "/type_code", id="check digit"),
    ],
)
def test_a_fault_is_told_at_its_place(changed: dict[str, Any], pointer: str):
    base = (
        PLAIN
        if "validity_rule" not in changed or changed["validity_rule"].get("years") == 3
        else PLAIN | {"validity": "按决定"}
    )

    _, faults = read_directory(directory(base | changed))

    assert f"/cert_types/0{pointer}" in {fault.pointer for fault in faults}


def test_every_fault_of_a_file_is_told_at_once():
    wrong = directory(PLAIN | {"name": ""}, PLAIN, PLAIN | {"id": "two"}, 7)

    _, faults = read_directory(wrong)

    assert {fault.pointer for fault in faults} == {
        "/cert_types/0/name",
        "/cert_types/1/id",
        "/cert_types/1/type_code",
        "/cert_types/2/type_code",
        "/cert_types/3",
    }


@pytest.mark.parametrize("content", [None, [], {}, {"cert_types": []}, {"cert_types": "x"}])
def test_a_file_without_types_is_a_fault(content: Any):
    assert [fault.pointer for fault in read_directory(content)[1]] == ["/cert_types"]


@pytest.mark.parametrize(
    ("extend", "pointers"),
    [
        pytest.param({"主体业态": "餐饮", "座位数": 20, "备注": "无"}, [], id="sound, with a line of its own"),
        pytest.param({"座位数": 20}, ["/extend/主体业态"], id="a required one is missing"),
        pytest.param({"主体业态": "餐饮", "座位数": "二十"}, ["/extend/座位数"], id="not of its type"),
    ],
)
def test_an_import_line_has_the_fields_of_its_type(extend: dict[str, Any], pointers: list[str]):
    (entry,), _ = read_directory(directory(FULL))
    line = {
        "type_code": FULL["type_code"],
        "certificate_number": "JY1",
        "holder": {"party_type": "ORGANISATION", "number": "91431202MA00000152", "name": "公司"},
        "issuer": {"uscc": BODY["uscc"], "name": BODY["name"]},
        "issued_on": "2020-05-01",
        "extend": extend,
    }

    _, faults = read_line(1, line, {entry.type.code: entry.type}, "431202000000")

    assert [fault.pointer for fault in faults] == pointers


def test_a_type_of_one_holder_takes_no_second_one():
    (entry,), _ = read_directory(directory(FULL | {"holder": "自然人", "fields": []}))
    people = [("431202180001010012", "王小明"), ("431202180001010020", "李小红")]
    line = {
        "type_code": FULL["type_code"],
        "certificate_number": "JY1",
        "holders": [{"party_type": PERSON, "number": number, "name": name} for number, name in people],
        "issuer": {"uscc": BODY["uscc"], "name": BODY["name"]},
        "issued_on": "2020-05-01",
    }

    _, faults = read_line(1, line, {entry.type.code: entry.type}, "431202000000")

    assert [fault.pointer for fault in faults] == ["/holders"]
