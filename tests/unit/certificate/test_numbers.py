"""Numbers of certificates and papers."""

from datetime import date

import pytest

from services.certificate.domain.numbers import (
    CounterKey,
    certificate_number,
    paper_number,
    serial_of,
    short_name,
)
from services.certificate.domain.personal import masked_certificate_number, masked_number
from services.kernel.codes import holds_citizen_id


def test_a_certificate_number_is_division_year_and_ordinal():
    assert certificate_number("431202000000", 2026, 7) == "4312022026000007"


def test_a_year_with_more_than_a_million_certificates_gets_longer_numbers():
    assert certificate_number("431202000000", 2026, 1_000_000) == "43120220261000000"


def test_a_paper_number_names_body_word_year_and_ordinal():
    assert paper_number("鹤", "区市场监督管理局", "准", 2026, 12) == "鹤市监准字〔2026〕第12号"


@pytest.mark.parametrize(
    ("body", "short"),
    [
        ("区公安分局", "公"),
        ("区行政审批局", "行政审批"),
        ("镇人民政府（示例：黄金坳镇）", "黄金坳镇"),
        ("街道办事处（示例：城中街道）", "城中街道"),
        ("杨村乡人民政府", "杨村乡"),
    ],
)
def test_two_bodies_never_share_a_short_name_by_their_form(body, short):
    assert short_name(body) == short


def test_numbers_start_again_with_each_year_type_and_body():
    keys = {
        CounterKey.of_type("A" * 21, date(2026, 12, 31)),
        CounterKey.of_type("A" * 21, date(2027, 1, 1)),
        CounterKey.of_type("B" * 21, date(2027, 1, 1)),
        CounterKey.of_body("11431202006100029C", "准", date(2027, 1, 1)),
        CounterKey.of_body("11431202006100029C", "不准", date(2027, 1, 1)),
    }

    assert len(keys) == 5


@pytest.mark.parametrize(
    ("number", "serial"),
    [
        ("JY2-4312-02 0001", "JY24312020001"),
        ("91431202ma00000152", "91431202MA00000152"),
        ("湘（2026）怀化不动产权第0000001号", None),
        ("A" * 24, "A" * 24),
        ("A" * 25, None),
        ("--", None),
    ],
)
def test_a_serial_is_the_number_without_its_marks_or_nothing(number, serial):
    assert serial_of(number) == serial


@pytest.mark.parametrize(
    "number", ["431202180001010012", "43120218770707006x", "HK-431202 18000101 0012", "A431202180001010012B"]
)
def test_a_number_that_holds_a_citizen_number_is_personal(number):
    assert holds_citizen_id(number)
    assert "18000101" not in masked_certificate_number(number)


@pytest.mark.parametrize("number", ["431202180001010013", "4312022026000007", "91431202MA00000152"])
def test_other_numbers_are_not_personal(number):
    assert not holds_citizen_id(number)


def test_masks_keep_the_ends_only():
    assert masked_number("PERSON", "43120218770707006X") == "4****************X"
    assert masked_number("ORGANISATION", "91431202MA00000152") == "91************0152"
