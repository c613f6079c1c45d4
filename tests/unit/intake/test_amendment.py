"""An amendment on application (art. 49): whose certificate, of which item, and what it takes."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.intake.domain.amendment import amendment, scenario_of
from services.intake.domain.catalogue import ItemResult
from services.intake.domain.errors import Invalid
from services.intake.domain.records import Change
from services.intake.domain.scenarios import choose, under
from tests.unit.intake.builders import TODAY, a_certificate, a_material, an_item

FOOD_LICENCE = "11431202006100029C002"
ITEM = an_item(a_material(1), a_material(2), a_material(3), particulars={"amendment": {"materials": [1, 2]}})
MOVED = Change("经营场所", "乙路2号")


def test_art_49_an_amendment_takes_its_own_materials_and_keeps_the_validity() -> None:
    handled = under(ITEM, choose(ITEM, None, follows=False, amends=True))

    assert (handled.name, [m.material_no for m in handled.materials]) == ("食品经营许可（变更）", [1, 2])
    assert "第四十九条" in handled.basis[0].text
    assert (handled.result.certificate_type_code, handled.result.certificate_validity) == (FOOD_LICENCE, None)


def test_where_the_catalogue_names_none_the_materials_are_those_of_the_item() -> None:
    item = replace(ITEM, particulars={})

    assert under(item, scenario_of(item)).materials == item.materials


def test_what_is_asked_for_is_kept() -> None:
    held = [a_certificate("C1", type_code=FOOD_LICENCE)]

    asked = amendment(ITEM, held, "C1", [MOVED], today=TODAY)

    assert (asked.certificate_identifier, asked.changes) == ("C1", (MOVED,))


@pytest.mark.parametrize(
    ("held", "changes", "code"),
    [
        pytest.param({"identifier": "C2"}, [MOVED], "amendment.not-held", id="not his"),
        pytest.param({"valid": False}, [MOVED], "amendment.not-held", id="taken away"),
        pytest.param({"valid_until": date(2026, 11, 19)}, [MOVED], "amendment.not-held", id="expired"),
        pytest.param({"type_code": FOOD_LICENCE[:-1] + "9"}, [MOVED], "amendment.other-item", id="of another item"),
        pytest.param({}, [MOVED, Change("经营场所", "丙路3号")], "amendment.twice", id="one line twice"),
    ],
)
def test_what_cannot_be_amended_is_refused(held: dict[str, Any], changes: list[Change], code: str) -> None:
    certificate = a_certificate(**({"identifier": "C1", "type_code": FOOD_LICENCE} | held))

    with pytest.raises(Invalid) as refused:
        amendment(ITEM, [certificate], "C1", changes, today=TODAY)

    assert [fault.code for fault in refused.value.errors] == [code]


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(replace(ITEM, result=ItemResult("回执", "证明", None, None, None)), id="issues no certificate"),
        pytest.param(replace(ITEM, particulars={"renewal": {"of": "E02"}}), id="is for renewals alone"),
    ],
)
def test_an_item_that_issues_nothing_amends_nothing(item: Any) -> None:
    with pytest.raises(Invalid):
        choose(item, None, follows=False, amends=True)


def test_what_the_law_orders_for_the_first_grant_alone_is_not_ordered_again() -> None:
    once = {"windows": [{}, {}], "stages": [{"no": 1}], "renewal_window": {}}
    item = replace(ITEM, particulars=ITEM.particulars | once | {"levels": [{"no": 1}]})

    amending = under(item, scenario_of(item))

    assert amending.particulars.keys() == {"amendment", "levels"}
