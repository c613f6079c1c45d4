"""What an item costs, as its notices print it."""

from pathlib import Path

import pytest

from services.chassis.yaml_files import read_yaml
from services.intake.domain.catalogue import Fee
from services.intake.domain.catalogue_reading import read_catalogue
from services.intake.items import fee_text, item_ref

CATALOGUE = Path(__file__).parents[3] / "demo" / "catalogue.yaml"


def test_items_that_charge_say_so_in_their_reference():
    items = {item.item_id: item for item in read_catalogue(read_yaml(CATALOGUE)).items}

    told = {item_id: item_ref(item, 1).fee for item_id, item in items.items() if item.fee.charged}

    assert told == {
        "E08": "收费：城市道路占用、挖掘修复费（法定项目）",
        "E17": "收费：水资源费/税（法定）",
        "P16": "收费：登记费80元/件（住宅，登记费依据属法律行政法规例外）",
    }
    assert item_ref(items["E02"], 1).fee == "不收费"


@pytest.mark.parametrize(
    ("fee", "text"),
    [
        (Fee(False, "不收费", "不收费", ""), "不收费"),
        (Fee(True, "登记费", "80元/件", "发改价格规〔2016〕2559号"), "收费：80元/件（依据：发改价格规〔2016〕2559号）"),
        (Fee(True, "登记费", "80元/件", "80元/件"), "收费：80元/件"),
        (Fee(True, "登记费", "", ""), "收费：登记费"),
    ],
)
def test_a_fee_is_told_with_standard_and_basis(fee: Fee, text: str):
    assert fee_text(fee) == text
