"""Names: printable, and of the holder of the number; numbers in texts and forms are found however they are written."""

import pytest
from pydantic import ValidationError

from services.intake.domain.names import known_names, name_faults, name_warnings, same_name
from services.intake.domain.records import PartyType
from services.intake.schemas import ApplicantIn, ReturnIn, masked
from tests.unit.intake.builders import a_certificate

NUMBER = "431202180001010012"


def test_a_name_no_certificate_bears_is_a_fault_that_does_not_repeat_the_true_one() -> None:
    faults = name_faults("李冒名", ["王建国"], "#/applicant/name")

    assert [(f.pointer, f.code) for f in faults] == [("#/applicant/name", "name.not-of-number")]
    assert "王建国" not in faults[0].detail


@pytest.mark.parametrize(
    ("given", "held"),
    [("王建国", "王 建国"), ("买买提·阿不都", "买买提•阿不都"), ("好味（怀化）公司", "好味(怀化)公司")],
)
def test_the_way_a_name_is_written_makes_no_other_name(given: str, held: str) -> None:
    assert same_name(given, held)


def test_a_number_the_library_does_not_know_is_left_to_the_window() -> None:
    assert name_faults("王建国", [], "#/applicant/name") == []


def test_only_valid_certificates_of_the_holder_tell_his_name() -> None:
    held = [
        a_certificate("C1", holder_name="王建国"),
        a_certificate("C2", holder_name="曾用名", valid=False),
        a_certificate("C3", holder_name="别人", holder_key="li"),
        a_certificate("C4"),
    ]

    assert known_names(held, "zhang") == ("王建国",)


@pytest.mark.parametrize("name", ["张😀三", "张\u200b三", "张\u202e三", "张\n三", "张\t三", "张\ue000三", "好味®餐饮"])
def test_a_name_no_paper_can_print_is_refused_with_its_field(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ApplicantIn(party_type="PERSON", number=NUMBER, name=name)

    assert [(e["loc"], e["type"]) for e in refused.value.errors()] == [(("name",), "name_character")]


@pytest.mark.parametrize(
    "name", ["张三", "欧阳〇一", "买买提·阿不都", "O'Neil-Smith", "好味（怀化）餐饮有限公司", "\U00030edd"]
)
def test_names_of_people_and_companies_are_taken(name: str) -> None:
    assert ApplicantIn(party_type="PERSON", number=NUMBER, name=name).name == name


def test_a_reason_with_a_number_after_a_telephone_number_is_refused() -> None:
    with pytest.raises(ValidationError, match="公民身份号码"):
        ReturnIn(reason=f"电话13800000000 {NUMBER}")


@pytest.mark.parametrize(
    "value",
    [
        int(NUMBER),
        float(NUMBER),
        "431202-18000101-0012",
        "431202 1800 0101 0012",
        f"电话13800000000{NUMBER}",
        "4312021800\u200b01010012",
        {"number": [int(NUMBER)]},
        {f"k{NUMBER}": 1},
        "431202180001010013",
    ],
)
def test_a_form_never_shows_a_number_in_clear(value: object) -> None:
    shown = str(masked(value))

    assert "*" * 16 in shown
    assert "0101" not in shown.replace("13800000000", "")


@pytest.mark.parametrize("value", [True, None, 13800000000, 12.5, "面积 120.5 平方米", 20260101])
def test_what_is_no_number_is_shown_as_it_is(value: object) -> None:
    assert masked(value) == value


@pytest.mark.parametrize(
    "character", ["\U00020000", "\U00030000", "\U00031350", "\U000323b0"], ids=["B", "G", "H", "J"]
)
def test_a_legal_name_with_a_rare_character_is_taken_and_warned_of(character: str) -> None:
    given = ApplicantIn(party_type=PartyType.PERSON, number=NUMBER, name=f"张{character}")

    (warning,) = name_warnings(given.name)

    assert given.name == f"张{character}"
    assert f"“{character}”（U+{ord(character):04X}）" in warning
    assert f"〔U+{ord(character):04X}〕" in warning


@pytest.mark.parametrize("name", ["王建国", "鹤城区湘味轩餐饮有限公司", "买买提·阿不都", "㐀丂"])
def test_an_ordinary_name_is_not_warned_of(name: str) -> None:
    assert name_warnings(name) == []
