"""Whose certificate a material means: what its name tells beyond doubt, and what the catalogue states."""

import copy
from pathlib import Path
from typing import Any

import pytest

from services.chassis.yaml_files import read_yaml
from services.intake.domain.catalogue_reading import read_catalogue
from services.intake.domain.whose import Whose, whose_by_name

RAW: dict[str, Any] = read_yaml(Path(__file__).parents[3] / "demo" / "catalogue.yaml")


@pytest.mark.parametrize(
    ("name", "whose"),
    [
        ("双方居民身份证", Whose.EACH),
        ("夫妻居民身份证", Whose.EACH),
        ("交易各方身份证明", Whose.EACH),
        ("法定代表人身份证明", Whose.OTHER),
        ("共同生活家庭成员身份证", Whose.OTHER),
        ("监护人身份证", Whose.OTHER),
        ("双方监护人身份证", Whose.OTHER),
        ("代理人身份证", Whose.OTHER),
        ("申请人或者代理人身份证", Whose.APPLICANT),
        ("申请人和代理人身份证", Whose.OTHER),
        ("居民身份证", Whose.APPLICANT),
    ],
)
def test_whose_certificate_is_meant_is_told_by_a_clear_name(name, whose):
    assert whose_by_name(name) is whose


def test_what_the_catalogue_states_comes_before_the_name_and_what_a_name_told_is_listed():
    raw = copy.deepcopy(RAW)
    next(row for row in raw["matters"] if row["id"] == "P04")["materials"][0]["whose"] = "申请人"
    silent, stated = read_catalogue(RAW), read_catalogue(raw)

    both = [next(i for i in one.items if i.item_id == "P04").materials[0].whose for one in (silent, stated)]

    assert both == [Whose.EACH, Whose.APPLICANT]
    assert set(silent.derived) - set(stated.derived) == {"P04 材料 1“双方居民身份证”：各申请人"}
    assert "E02 材料 6“法定代表人身份证明”：其他人" in silent.derived
    assert not any(line.startswith("E12") for line in silent.derived)  # stated in the file
