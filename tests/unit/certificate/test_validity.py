"""Until when a certificate is valid."""

from datetime import date

import pytest

from services.certificate.domain.validity import valid_until, years_later

START = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("rule", "decided_until", "expected"),
    [
        pytest.param("5年", None, date(2031, 11, 21), id="a term of five years ends the day before"),
        pytest.param("5年", date(2027, 5, 1), date(2027, 5, 1), id="the decision may shorten a term"),
        pytest.param("最长5年", date(2040, 1, 1), date(2031, 11, 21), id="the decision cannot lengthen it"),
        pytest.param("每年签注1次", None, date(2027, 11, 21), id="yearly endorsement: one year"),
        pytest.param("长期", None, None, id="open-ended"),
        pytest.param("按决定", date(2028, 2, 29), date(2028, 2, 29), id="left to the decision"),
        pytest.param("按场次", None, None, id="left to a decision that says nothing"),
        pytest.param("有效期5/10/20年/长期", None, None, id="a rule with a choice is not a term"),
        pytest.param("3个月内开工", date(2027, 2, 1), date(2027, 2, 1), id="a condition is not a term"),
    ],
)
def test_validity_follows_the_type_and_the_decision(rule, decided_until, expected):
    assert valid_until(rule, START, decided_until) == expected


def test_a_term_that_begins_on_the_leap_day_ends_on_the_last_of_february():
    assert years_later(date(2028, 2, 29), 5) == date(2033, 2, 28)
