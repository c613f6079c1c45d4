"""Bodies of requests: identity numbers have no place in free text, and are masked when a form is shown."""

import pytest
from pydantic import ValidationError

from services.intake.schemas import ApplicationIn, HandOverIn, WithdrawalIn, masked

NUMBER = "43120218770707006X"


@pytest.mark.parametrize(
    "text",
    [
        f"本人{NUMBER}不办了",
        "号码 431202 1877 0707 006x",
        "４３１２０２１８７７０７０７００６Ｘ",
    ],
    ids=["as it is", "with blanks", "in full-width characters"],
)
def test_free_text_with_an_identity_number_is_refused(text):
    with pytest.raises(ValidationError) as refused:
        WithdrawalIn(reason=text)

    assert refused.value.errors()[0]["type"] == "number_in_text"


@pytest.mark.parametrize("text", ["不办了", "电话 13800000000", "运单 431202187707070061", "办件 " + "1" * 43])
def test_other_numbers_are_only_text(text):
    assert WithdrawalIn(reason=text).reason == text


@pytest.mark.parametrize("text", ["", "   ", "a\0b", "\x1b[31m"], ids=["empty", "blank", "nul", "escape"])
def test_text_that_is_no_text_is_refused(text):
    with pytest.raises(ValidationError):
        WithdrawalIn(reason=text)


def test_rare_characters_of_names_are_kept():
    body = HandOverIn(method="COLLECTION", recipient_name="㛃𠅤·买买提")

    assert body.recipient_name == "㛃𠅤·买买提"


def test_unknown_fields_are_refused():
    with pytest.raises(ValidationError):
        ApplicationIn.model_validate(
            {
                "item_code": "E02",
                "applicant": {"party_type": "PERSON", "number": NUMBER, "name": "张三"},
                "aplicant": {},
            }
        )


def test_a_form_is_shown_with_numbers_masked_however_deep():
    form = {"法人": {"号码": NUMBER, "其他": [f"配偶{NUMBER}", 3, None]}}

    assert masked(form) == {"法人": {"号码": "4****************X", "其他": ["配偶4****************X", 3, None]}}
