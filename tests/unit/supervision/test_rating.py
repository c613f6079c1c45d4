"""Who may rate what, when and how often; numbers typed into a comment disappear."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.supervision.domain.errors import AlreadyRated, NotConcluded, NotTheApplicant
from services.supervision.domain.rating import LABELS, Rateable, Satisfaction, rate, without_numbers

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
APPLICANT, AGENT, STRANGER = "a" * 64, "b" * 64, "c" * 64
CONCLUDED = Rateable(NOON, rated=False, parties=frozenset({APPLICANT, AGENT}))


def given(case=CONCLUDED, by=(APPLICANT,), comment="很快"):
    return rate(case, Satisfaction.VERY_SATISFIED, comment, by=frozenset(by), now=NOON)


@pytest.mark.parametrize("by", [(APPLICANT,), (AGENT,), (STRANGER, APPLICANT)])
def test_the_applicants_side_rates_a_concluded_case(by):
    rating = given(by=by)

    assert (rating.satisfaction, rating.comment, rating.given_at) == (Satisfaction.VERY_SATISFIED, "很快", NOON)


@pytest.mark.parametrize("by", [(STRANGER,), ()])
def test_nobody_else_rates(by):
    with pytest.raises(NotTheApplicant):
        given(by=by)


def test_a_case_is_rated_after_its_conclusion_and_once():
    with pytest.raises(NotConcluded):
        given(replace(CONCLUDED, concluded_at=None))
    with pytest.raises(AlreadyRated):
        given(replace(CONCLUDED, rated=True))


def test_there_are_five_levels_with_their_chinese_names():
    assert [LABELS[level] for level in Satisfaction] == ["非常满意", "满意", "基本满意", "不满意", "非常不满意"]


@pytest.mark.parametrize(
    "comment",
    [
        "我的号码 43120218000101001X 请回电",
        "我的号码 431202 18000101 0012 请回电",
        "我的号码 431202-18000101-001X 请回电",
        "我的号码 ４３１２０２１８０００１０１００１２ 请回电",
        "43120218000101001x",
        "我的号码 431202180001010012",
    ],
)
def test_an_identity_number_in_a_comment_is_hidden(comment):
    hidden = without_numbers(comment)

    assert "43120218" not in hidden.replace(" ", "").replace("-", "")
    assert "号码已隐去" in hidden


@pytest.mark.parametrize("comment", ["", "排队 25 分钟，电话 0745-2230000 没人接", "13800000000"])
def test_other_comments_stay_as_they_are(comment):
    assert without_numbers(comment) == comment
