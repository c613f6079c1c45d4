"""Until when a certificate is valid."""

from datetime import date

import pytest

from services.certificate.domain.validity import Rule, RuleKind, months_later, rule_of, term

START = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("rule", "decided_until", "expected"),
    [
        pytest.param("5年", None, date(2031, 11, 21), id="a term of five years ends the day before"),
        pytest.param("5年", date(2027, 5, 1), date(2027, 5, 1), id="the decision may shorten a term"),
        pytest.param("最长5年", date(2040, 1, 1), date(2031, 11, 21), id="the decision cannot lengthen it"),
        pytest.param("3个月", None, date(2027, 2, 21), id="a term of months"),
        pytest.param("每年签注1次", None, date(2027, 11, 21), id="yearly endorsement: one year"),
        pytest.param("长期", None, None, id="open-ended"),
        pytest.param("按决定", date(2028, 2, 29), date(2028, 2, 29), id="left to the decision"),
        pytest.param("按场次", None, None, id="left to a decision that says nothing"),
        pytest.param("有效期5/10/20年/长期", None, None, id="a rule with a choice is not a term"),
        pytest.param("3个月内开工", date(2027, 2, 1), date(2027, 2, 1), id="a condition is not a term"),
    ],
)
def test_validity_follows_the_type_and_the_decision(rule, decided_until, expected):
    assert term(rule_of(rule), START, None, decided_until) == (START, expected)


def test_a_term_that_begins_on_the_leap_day_ends_on_the_last_of_february():
    assert months_later(date(2028, 2, 29), 60) == date(2033, 2, 28)


@pytest.mark.parametrize(
    ("start", "months", "last"),
    [
        pytest.param(date(2026, 10, 31), 1, date(2026, 11, 30), id="the month has no such day: it ends with the month"),
        pytest.param(date(2026, 12, 15), 1, date(2027, 1, 14), id="over the year"),
        pytest.param(date(2026, 1, 1), 12, date(2026, 12, 31), id="a whole year"),
    ],
)
def test_a_term_of_months_ends_the_day_before_the_corresponding_day(start, months, last):
    assert months_later(start, months) == last


@pytest.mark.parametrize(
    ("rule", "decided", "tied", "last"),
    [
        pytest.param(Rule(RuleKind.UNTIL, until=date(2027, 6, 30)), None, None, date(2027, 6, 30), id="until a day"),
        pytest.param(
            Rule(RuleKind.UNTIL, until=date(2027, 6, 30)),
            date(2027, 1, 1),
            None,
            date(2027, 1, 1),
            id="decided earlier",
        ),
        pytest.param(
            Rule(RuleKind.WITH_CERTIFICATE, type_code="x"),
            date(2030, 1, 1),
            date(2028, 3, 3),
            date(2028, 3, 3),
            id="no longer than the certificate it is tied to",
        ),
        pytest.param(
            Rule(RuleKind.WITH_CERTIFICATE, type_code="x"), None, None, None, id="tied to one that has no end"
        ),
    ],
)
def test_a_rule_that_is_no_term_limits_the_last_day(rule, decided, tied, last):
    assert term(rule, START, None, decided, tied) == (START, last)
    assert Rule.of_dict(rule.as_dict()) == rule
