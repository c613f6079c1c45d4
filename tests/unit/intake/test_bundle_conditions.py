"""Conditions of members: what holds, what is asked back, what never gets into the catalogue."""

from typing import Any

import pytest

from services.intake.bundles.conditions import BadCondition, compiled, condition_faults, fields_of, holds
from services.intake.domain.bundle import FieldType, Question
from services.intake.domain.bundle_errors import Unanswered

QUESTIONS = {
    "area_m2": Question("area_m2", "面积", FieldType.NUMBER),
    "cold": Question("cold", "是否制售冷食", FieldType.YES_NO),
    "kind": Question("kind", "业态", FieldType.TEXT),
}


@pytest.mark.parametrize(
    ("condition", "form", "expected"),
    [
        ("area_m2>=300", {"area_m2": 300}, True),
        ("area_m2>=300", {"area_m2": 299.9}, False),
        ("area_m2>=300 && cold", {"area_m2": 400, "cold": False}, False),
        ("kind in ['餐饮', '住宿'] || area_m2 > 1000", {"kind": "餐饮", "area_m2": 1}, True),
    ],
)
def test_a_condition_holds_or_not(condition: str, form: dict[str, Any], expected: bool) -> None:
    assert holds(condition, form, QUESTIONS) is expected


@pytest.mark.parametrize("form", [{}, {"area_m2": "三百"}, {"area_m2": None}, {"area_m2": True}, {"area_m2": [300]}])
def test_an_answer_that_is_missing_or_of_another_kind_is_asked_for(form: dict[str, Any]) -> None:
    with pytest.raises(Unanswered) as asked:
        holds("area_m2>=300", form, QUESTIONS)

    assert [error.pointer for error in asked.value.errors] == ["#/form/area_m2"]


def test_a_condition_tells_which_answers_it_reads() -> None:
    assert fields_of("cold && area_m2>=300") == ("area_m2", "cold")


@pytest.mark.parametrize(
    "condition",
    [
        "area_m2>=",
        "__import__('os').system('id')",
        "[1, 2].all(x, x > area_m2)",
        "area_m2.matches('(a+)+$')",
        "area_m2" + " + 1" * 200,
    ],
)
def test_what_is_no_plain_condition_is_never_taken(condition: str) -> None:
    with pytest.raises(BadCondition):
        compiled(condition)


def a_file(condition: Any) -> dict[str, Any]:
    members = [{"matter": "E01", "required": True}, {"matter": "E05", "required": condition}]
    return {"packages": [{"fields": [{"name": "area_m2"}], "members": members}]}


@pytest.mark.parametrize(
    ("condition", "rule"),
    [("area_m2>=", "bundle.condition"), ("floor>3", "bundle.condition-field"), ("1 < 2", "bundle.condition")],
)
def test_a_faulty_condition_is_a_fault_of_the_catalogue_with_its_place(condition: str, rule: str) -> None:
    (fault,) = condition_faults(a_file(condition))

    assert (fault.place, fault.rule) == ("packages[0].members[1].required", rule)


@pytest.mark.parametrize("raw", [None, [], {"packages": [3]}, {"packages": [{"members": "x"}]}, a_file(None)])
def test_a_file_of_another_shape_is_left_to_the_rules_of_shape(raw: Any) -> None:
    assert not list(condition_faults(raw))
