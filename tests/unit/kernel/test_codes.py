"""Numbers and codes: the vectors of the standards, and everything that must be turned away."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel import codes
from services.kernel.codes import (
    DivisionLevel,
    InvalidCode,
    build_case_no,
    check_basic_code,
    check_case_no,
    check_citizen_id,
    check_division,
    check_handling_item_code,
    check_item_code,
    check_organisation_code,
    check_uscc,
    division_level,
    division_prefix,
    holds_citizen_id,
    in_division,
    mask_citizen_id,
    mask_citizen_ids,
    mask_uscc,
    normalise_number,
    parse_case_no,
    parse_item_code,
    require_citizen_id,
    require_uscc,
    uscc_check_character,
)

CITIZEN_IDS = [
    "11010519491231002X",
    "440524188001010014",
    "431202180001010012",
    "431202180001010020",
    "431202185006150033",
    "431202188802290057",
    "43120218770707006X",
]
PUBLIC_BODIES = [
    "11430000006122244L",
    "11330105002500287C",
    "11370883MB2857374H",
    "11370800MB28559184",
    "11370881004339634T",
    "11420503087246977F",
    "12441500196720244T",
    "11511301008778183N",
    "113708000043121241",
    "11100000000013338W",
]
SYNTHETIC_USCCS = ["91431202MA00000152", "11431202006000001Y", "92431202MA0000031L"]
REAL_ITEM = "11370883MB2857374H4372017054001"
CASE_NO = "12441500196720244T3442199806003202206230068"


def code_of(fault):
    return fault.code if fault is not None else None


@pytest.mark.parametrize("number", CITIZEN_IDS)
def test_a_citizen_id_of_the_standard_is_accepted(number):
    assert check_citizen_id(number) is None


@pytest.mark.parametrize("number", CITIZEN_IDS)
def test_the_last_character_plus_one_is_rejected_without_repeating_the_number(number):
    wrong = number[:17] + "0123456789X0"["0123456789X".index(number[17]) + 1]

    fault = check_citizen_id(wrong, "/applicant/number")

    assert code_of(fault) == "citizen-id.check-digit"
    assert fault.pointer == "/applicant/number"
    assert wrong not in fault.detail
    assert wrong[6:14] not in fault.detail


@pytest.mark.parametrize("last", "0123456789X")
def test_29_february_1900_is_no_birth_date_whatever_the_check_digit(last):
    assert code_of(check_citizen_id("43120219000229001" + last)) == "citizen-id.birth-date"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("", "citizen-id.structure"),
        ("11010519491231002", "citizen-id.structure"),
        ("11010519491231002X0", "citizen-id.structure"),
        ("11010519491231002x", "citizen-id.lower-case"),
        ("11010519491231002Y", "citizen-id.structure"),
        ("1101051949123100XX", "citizen-id.structure"),
        ("110105194912310021", "citizen-id.check-digit"),
        ("110105194913310021", "citizen-id.birth-date"),
        ("110105000012310021", "citizen-id.birth-date"),
        ("11010519491231002X\n", "citizen-id.structure"),
        ("１１０１０５１９４９１２３１００２X", "citizen-id.structure"),
    ],
)
def test_a_faulty_citizen_id_names_its_rule(number, code):
    assert code_of(check_citizen_id(number)) == code


def test_what_people_type_is_normalised_before_the_check():
    assert require_citizen_id(" 110105 19491231 002x ") == "11010519491231002X"
    assert normalise_number("１１０１０５１９４９１２３１００２ｘ") == "11010519491231002X"


def test_the_error_raised_for_a_faulty_number_holds_no_part_of_it():
    with pytest.raises(InvalidCode) as raised:
        require_citizen_id("431202180001010013", "/number")

    assert "43120218" not in str(raised.value) + raised.value.detail + repr(raised.value.errors)
    assert [error.pointer for error in raised.value.errors] == ["/number"]


def test_masks_keep_the_ends_only():
    assert mask_citizen_id("31010519491231002X") == "3****************X"
    assert mask_uscc("91431202MA00000152") == "91************0152"


@pytest.mark.parametrize("code", PUBLIC_BODIES + SYNTHETIC_USCCS)
def test_a_real_credit_code_is_accepted_and_every_other_last_character_rejected(code):
    assert check_uscc(code) is None

    for other in set("0123456789ABCDEFGHJKLMNPQRTUWXY") - {code[17]}:
        assert code_of(check_uscc(code[:17] + other)) == "uscc.check-digit"


@pytest.mark.parametrize("code", ["", "91431202MA0000015", "91431202MA0000015I", "91431202ma00000152", "9" * 19])
def test_a_credit_code_of_a_wrong_shape_is_rejected(code):
    assert code_of(check_uscc(code)) == "uscc.structure"


def test_a_credit_code_may_be_typed_in_lower_case():
    assert require_uscc("91431202ma0000015 2") == "91431202MA00000152"
    assert uscc_check_character("91431202MA0000015") == "2"


def test_the_organisation_code_inside_a_credit_code_is_checked_too():
    first = "91431202MA0000025"  # check character of MA000002 is not 5

    fault = check_uscc(first + uscc_check_character(first))

    assert code_of(fault) == "uscc.organisation-code"


@pytest.mark.parametrize("code", PUBLIC_BODIES)
def test_the_organisation_codes_of_public_bodies_follow_gb_11714(code):
    assert check_organisation_code(code[8:17]) is None

    for other in set("0123456789X") - {code[16]}:
        assert code_of(check_organisation_code(code[8:16] + other)) == "organisation-code.check-digit"


def test_an_organisation_code_has_nine_characters():
    assert code_of(check_organisation_code("0061222")) == "organisation-code.structure"


def test_a_real_item_code_is_split_into_its_parts():
    item = parse_item_code(REAL_ITEM)

    assert (item.uscc, item.level, item.basic_code) == ("11370883MB2857374H", 4, "372017054001")
    assert check_handling_item_code(REAL_ITEM + "01") is None
    assert check_basic_code("370117002011") is None


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (REAL_ITEM[:-1], "item-code.structure"),
        (REAL_ITEM + "0", "item-code.structure"),
        (REAL_ITEM[:18] + "0" + REAL_ITEM[19:], "item-code.structure"),
        (REAL_ITEM[:18] + "8" + REAL_ITEM[19:], "item-code.structure"),
        ("11370883MB2857374J" + REAL_ITEM[18:], "item-code.uscc"),
    ],
)
def test_a_faulty_item_code_names_its_rule(code, fault):
    assert code_of(check_item_code(code)) == fault


def test_a_handling_item_code_carries_a_valid_item_code():
    assert code_of(check_handling_item_code(REAL_ITEM)) == "handling-item-code.structure"
    assert code_of(check_handling_item_code("11370883MB2857374J" + REAL_ITEM[18:] + "01")) == "item-code.uscc"
    assert code_of(check_basic_code("37011700201")) == "basic-code.structure"


def test_a_case_number_is_built_and_parsed_again():
    built = build_case_no("12441500196720244T3442199806003", date(2022, 6, 23), 68)

    assert built == CASE_NO
    assert len(built) == 43
    assert parse_case_no(built).received_on == date(2022, 6, 23)
    assert parse_case_no(built).sequence == 68


@pytest.mark.parametrize("text", [CASE_NO[:-1], CASE_NO[:-4] + "0000", CASE_NO[:31] + "20220631" + CASE_NO[39:], ""])
def test_a_faulty_case_number_is_rejected(text):
    assert code_of(check_case_no(text)) == "case-no.structure"


@pytest.mark.parametrize("sequence", [0, -1, 10000])
def test_a_day_has_9999_case_numbers(sequence):
    with pytest.raises(InvalidCode):
        build_case_no("12441500196720244T3442199806003", date(2022, 6, 23), sequence)


@pytest.mark.parametrize(
    ("division", "level", "prefix"),
    [
        ("430000000000", DivisionLevel.PROVINCE, "43"),
        ("431200000000", DivisionLevel.CITY, "4312"),
        ("431202000000", DivisionLevel.COUNTY, "431202"),
        ("431202101000", DivisionLevel.TOWNSHIP, "431202101"),
        ("431202400000", DivisionLevel.TOWNSHIP, "431202400"),
        ("431202101201", DivisionLevel.VILLAGE, "431202101201"),
    ],
)
def test_a_division_knows_its_level(division, level, prefix):
    assert division_level(division) is level
    assert division_prefix(division) == prefix


def test_a_township_lies_in_its_district_and_not_the_other_way_round():
    assert in_division("431202101000", "431202000000")
    assert in_division("431202000000", "431202000000")
    assert in_division("431202101201", "431202101000")
    assert not in_division("431202000000", "431202101000")
    assert not in_division("431203101000", "431202000000")
    assert not in_division("", "431202000000")


@pytest.mark.parametrize("division", ["", "431202", "43120200000X", "031202000000", "4312020000000"])
def test_a_division_has_twelve_digits(division):
    assert code_of(check_division(division)) == "division.structure"
    with pytest.raises(InvalidCode):
        in_division("431202101000", division)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("身份证43120218770707006X，电话", True),
        ("身份证43120218770707006x", True),
        ("４３１２０２１８７７０７０７００６Ｘ", True),
        ("431202 18770707 006X", True),
        ("431202187707070061", False),
        ("办件 1143120200610003774430703001000202611220002", False),
        ("", False),
    ],
)
def test_a_citizens_number_is_seen_in_free_text(text: str, holds: bool) -> None:
    assert holds_citizen_id(text) is holds


@pytest.mark.parametrize(
    "text",
    [
        "电话13800000000 431202180001010012",
        "年龄3 431202180001010012",
        "431202-1800-0101-0012",
        "431202.18000101.0012",
        "4312021800\u200b01\u202e010012",
        "431202，18000101，0012",
        "４３１２０２·１８０００１０１·００１２",
        "٤٣١٢٠٢١٨٠٠٠١٠١٠٠١٢",
        "431202180001010012999",
    ],
)
def test_neither_marks_nor_other_digits_hide_a_citizens_number(text: str) -> None:
    assert holds_citizen_id(text)
    assert not holds_citizen_id(mask_citizen_ids(text))
    assert "*" * 16 in mask_citizen_ids(text)


def test_only_the_number_is_masked_and_what_stands_around_it_is_kept() -> None:
    text = "联系人张三，电话13800000000，证号431202-18000101-0012；另一人43120218770707006x。"

    assert mask_citizen_ids(text) == f"联系人张三，电话13800000000，证号4{'*' * 16}2；另一人4{'*' * 16}x。"


@given(st.text(alphabet="0123456789Xx-_. /|\x1f\t王abZ０１３①·", max_size=30), st.integers(0, 29))
def test_the_quick_look_for_a_number_finds_what_the_slow_one_finds(around: str, place: int):
    text = around[:place] + "431202180001010012" + around[place:]

    for each in (around, text, around + "43120218770707006-X"):
        assert holds_citizen_id(each) == bool(codes._citizen_id_spans(each))
