"""The fields a certificate type declares: what is missing or of another form is named, and texts get their forms."""

import pytest

from services.certificate.domain.certificate_type import FieldType, TypeField
from services.certificate.domain.type_fields import faults, typed

FIELDS = (
    TypeField("form", "主体业态", FieldType.TEXT, required=True),
    TypeField("since", "成立日期", FieldType.DATE),
    TypeField("area", "面积", FieldType.NUMBER),
    TypeField("items", "经营项目", FieldType.LIST),
)


def test_texts_of_a_decision_get_the_forms_of_their_fields() -> None:
    said = {
        "主体业态": " 餐饮服务 ",
        "成立日期": "2026-05-01",
        "面积": "85.5",
        "经营项目": "热食类、冷食类",
        "其他": "1",
    }

    values = typed(FIELDS, said)

    assert values == {
        "主体业态": "餐饮服务",
        "成立日期": "2026-05-01",
        "面积": 85.5,
        "经营项目": ["热食类", "冷食类"],
        "其他": "1",
    }
    assert list(faults(FIELDS, values, "#/fields")) == []


@pytest.mark.parametrize(
    ("said", "field", "rule"),
    [
        ({}, "主体业态", "required"),
        ({"主体业态": "  "}, "主体业态", "required"),
        ({"主体业态": "餐饮", "成立日期": "2026年5月1日"}, "成立日期", "form"),
        ({"主体业态": "餐饮", "成立日期": "2026-02-30"}, "成立日期", "form"),
        ({"主体业态": "餐饮", "面积": "约八十平方米"}, "面积", "form"),
    ],
)
def test_what_is_missing_or_of_another_form_is_named_and_never_repeated(
    said: dict[str, str], field: str, rule: str
) -> None:
    (found,) = faults(FIELDS, typed(FIELDS, said), "#/fields")

    assert (found.pointer, found.code) == (f"#/fields/{field}", rule)
    assert not any(value in found.detail for value in said.values() if value.strip())
