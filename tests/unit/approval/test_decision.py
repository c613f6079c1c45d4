"""Decisions: the contents of a grant, the impossibility of a bare refusal, validity dates worked by hand."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.approval.domain.decision import Decision, DecisionDraft, Outcome, Remedies, ResultRule, make_decision
from services.approval.domain.errors import IncompleteDecision
from services.approval.domain.validity import Validity

TODAY = date(2026, 3, 5)
FOOD = ResultRule("食品经营许可（新办）", "食品经营许可证", True, "5年")
REFUSAL = DecisionDraft(
    outcome=Outcome.REFUSED,
    facts="现场测得经营场所距公共厕所8米",
    reasons="经营场所与污染源距离不足25米",
    legal_basis="《食品安全法》第三十三条第一款第一项",
    remedies=Remedies("怀化市鹤城区人民政府", "怀化市鹤城区人民法院"),
)
GRANT = DecisionDraft(outcome=Outcome.GRANTED)


def faults_of(draft: DecisionDraft, result: ResultRule = FOOD) -> dict[str, str]:
    with pytest.raises(IncompleteDecision) as refused:
        make_decision(draft, result, today=TODAY)
    return {error.pointer: error.code for error in refused.value.errors}


def test_a_refusal_holds_facts_reasons_basis_and_both_remedies() -> None:
    decision = make_decision(REFUSAL, FOOD, today=TODAY)

    assert decision.remedies == Remedies("怀化市鹤城区人民政府", "怀化市鹤城区人民法院", 60, 6)
    assert decision.facts == REFUSAL.facts
    assert decision.reasons == REFUSAL.reasons
    assert decision.legal_basis == REFUSAL.legal_basis
    assert (decision.valid_from, decision.valid_until) == (None, None)


@pytest.mark.parametrize(
    ("field", "pointer"),
    [
        pytest.param("facts", "#/facts", id="no facts"),
        pytest.param("reasons", "#/reasons", id="no reasons: art. 38(2)"),
        pytest.param("legal_basis", "#/legal_basis", id="no legal basis"),
    ],
)
@pytest.mark.parametrize("blank", ["", "  ", "\n\u3000"])
def test_a_refusal_without_one_of_its_parts_is_impossible(field: str, pointer: str, blank: str) -> None:
    changes: dict[str, Any] = {field: blank}

    assert faults_of(replace(REFUSAL, **changes)) == {pointer: "required"}


@pytest.mark.parametrize(
    ("remedies", "pointer"),
    [
        pytest.param(Remedies(" ", "法院"), "#/remedies/reconsideration_body", id="reconsideration body not named"),
        pytest.param(Remedies("政府", ""), "#/remedies/court", id="court not named"),
    ],
)
def test_a_refusal_names_both_bodies(remedies: Remedies, pointer: str) -> None:
    assert faults_of(replace(REFUSAL, remedies=remedies)) == {pointer: "required"}


def test_all_faults_of_a_refusal_are_told_at_once() -> None:
    bare = DecisionDraft(outcome=Outcome.REFUSED, content="准予")

    assert set(faults_of(bare)) == {
        "#/content",
        "#/facts",
        "#/reasons",
        "#/legal_basis",
        "#/remedies/reconsideration_body",
        "#/remedies/court",
    }


def test_a_bare_refusal_cannot_even_be_constructed() -> None:
    with pytest.raises(IncompleteDecision):
        Decision(outcome=Outcome.REFUSED, facts="事实", reasons="理由", legal_basis="依据")


@pytest.mark.parametrize(
    "remedies",
    [
        pytest.param(Remedies("政府", "法院", reconsideration_days=30), id="30 days: 行政复议法 art. 20 says 60"),
        pytest.param(Remedies("政府", "法院", litigation_months=3), id="3 months: 行政诉讼法 art. 46 says 6"),
    ],
)
def test_the_periods_of_the_remedies_are_the_laws(remedies: Remedies) -> None:
    with pytest.raises(IncompleteDecision):
        Decision(outcome=Outcome.REFUSED, facts="事实", reasons="理由", legal_basis="依据", remedies=remedies)


def test_a_grant_says_what_is_granted_and_how_long() -> None:
    decision = make_decision(replace(GRANT, conditions=" 不得经营冷荤 "), FOOD, today=TODAY)

    assert decision.content == "食品经营许可（新办）"
    assert decision.conditions == "不得经营冷荤"
    assert (decision.valid_from, decision.valid_until) == (TODAY, date(2031, 3, 4))


def test_a_given_content_and_a_shorter_validity_are_kept() -> None:
    draft = replace(GRANT, content="准予经营热食", valid_from=date(2026, 4, 1), valid_until=date(2027, 3, 31))

    decision = make_decision(draft, FOOD, today=TODAY)

    assert decision.content == "准予经营热食"
    assert (decision.valid_from, decision.valid_until) == (date(2026, 4, 1), date(2027, 3, 31))


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"valid_until": date(2031, 3, 5)}, {"#/valid_until": "too-long"}),
        ({"valid_from": date(2026, 3, 4)}, {"#/valid_from": "before-decision"}),
        ({"valid_from": date(9999, 12, 31)}, {"#/valid_from": "too-late"}),
        ({"valid_from": date(2026, 4, 1), "valid_until": date(2026, 3, 31)}, {"#/valid_until": "before-start"}),
        ({"facts": "材料齐全"}, {"#/facts": "not-applicable"}),
        ({"reasons": "不符合"}, {"#/reasons": "not-applicable"}),
        ({"remedies": Remedies("政府", "法院")}, {"#/remedies": "not-applicable"}),
    ],
)
def test_a_grant_that_contradicts_itself_or_the_item_is_refused(
    changes: dict[str, Any], faults: dict[str, str]
) -> None:
    assert faults_of(replace(GRANT, **changes)) == faults


def test_a_grant_that_is_no_certificate_is_not_over_before_it_is_given() -> None:
    event = ResultRule("营业性演出审批", "准予许可决定", False, None)

    assert faults_of(replace(GRANT, valid_until=date(2026, 3, 4)), event) == {"#/valid_until": "before-start"}


def test_a_result_that_is_no_certificate_has_no_validity_of_its_own() -> None:
    decision = make_decision(GRANT, ResultRule("营业性演出审批", "准予许可决定", False, None), today=TODAY)

    assert (decision.valid_from, decision.valid_until) == (None, None)


@pytest.mark.parametrize(
    ("text", "start", "last"),
    [
        ("5年", date(2026, 3, 5), date(2031, 3, 4)),
        ("最长5年", date(2026, 1, 1), date(2030, 12, 31)),
        ("3个月", date(2026, 11, 30), date(2027, 2, 28)),
        ("1年", date(2024, 2, 29), date(2025, 2, 28)),
        ("4年", date(2024, 2, 29), date(2028, 2, 28)),
        ("长期", TODAY, None),
        ("按决定", TODAY, None),
        ("3个月内开工", TODAY, None),
        ("有效期5/10/20年/长期", TODAY, None),
        (None, TODAY, None),
    ],
)
def test_the_last_valid_day_follows_the_published_text(text: str | None, start: date, last: date | None) -> None:
    assert Validity.parse(text).until(start) == last


def test_a_grant_tells_the_fields_of_its_certificate_and_a_refusal_has_none() -> None:
    fields = {"主体业态": " 餐饮服务 ", "面积": ""}

    decision = make_decision(replace(GRANT, certificate_fields=fields), FOOD, today=TODAY)

    assert decision.certificate_fields == {"主体业态": "餐饮服务"}
    assert faults_of(replace(REFUSAL, certificate_fields=fields)) == {"#/certificate_fields": "not-applicable"}
