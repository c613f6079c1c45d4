"""Acts on a case: who may, in which state, and what they publish."""

from dataclasses import replace

import pytest

from services.approval.domain import case as rules
from services.approval.domain.case import Officer, Opinion, Recommendation
from services.approval.domain.decision import Outcome, ResultRule
from services.approval.domain.errors import IncompleteOpinion, OtherDepartment, SeparationOfDuties
from services.approval.domain.opening import open_case
from services.approval.domain.states import State
from tests.support.approval_domain import (
    CALENDAR,
    CHIEF,
    CLERK,
    GRANT,
    HANDLER,
    MARKET,
    NOON,
    OPINION,
    POLICE,
    TODAY,
    a_case,
)


def test_a_case_opens_with_version_one_and_waits_for_examination() -> None:
    given = a_case()

    case, event = open_case(
        given.id,
        given.case_no,
        department=MARKET,
        accepted_by=CLERK,
        result=given.result,
        clocks=given.clocks,
        dates=given.dates,
        now=NOON,
        calendar=CALENDAR,
        rules=given.rules,
        materials=given.materials,
    )

    assert case == given
    assert event.opened_at == NOON


def test_an_officer_of_another_department_neither_examines_nor_decides() -> None:
    stranger = Officer("stranger", POLICE)

    with pytest.raises(OtherDepartment):
        rules.examine(a_case(), OPINION, stranger, now=NOON)
    with pytest.raises(OtherDepartment):
        rules.decide(a_case(state=State.REVIEWED), GRANT, stranger, now=NOON, today=TODAY)


def test_who_accepted_cannot_decide() -> None:
    case = a_case(state=State.REVIEWED)

    with pytest.raises(SeparationOfDuties, match="受理人"):
        rules.decide(case, GRANT, Officer(CLERK, MARKET), now=NOON, today=TODAY)


def test_whoever_wrote_any_of_the_opinions_cannot_decide() -> None:
    first, _ = rules.examine(a_case(), OPINION, Officer("both", MARKET), now=NOON)
    second, _ = rules.examine(first, OPINION, HANDLER, now=NOON)

    with pytest.raises(SeparationOfDuties, match="审查人"):
        rules.decide(second, GRANT, Officer("both", MARKET), now=NOON, today=TODAY)


def test_a_bare_signature_is_no_opinion() -> None:
    with pytest.raises(IncompleteOpinion) as refused:
        rules.examine(a_case(), Opinion(Recommendation.GRANT, " \n"), HANDLER, now=NOON)

    assert [error.pointer for error in refused.value.errors] == ["#/text"]


def test_the_chief_may_decide_against_the_recommendation() -> None:
    examined, _ = rules.examine(a_case(), Opinion(Recommendation.REFUSE, "建议不予"), HANDLER, now=NOON)

    decided, event = rules.decide(examined, GRANT, CHIEF, now=NOON, today=TODAY)

    assert decided.state is State.DECIDED
    assert event.decision.outcome is Outcome.GRANTED


def test_an_instant_case_is_examined_and_decided_in_the_same_second_by_two_people() -> None:
    case = a_case(result=ResultRule("公司设立登记", "营业执照", True, "以登记经营期限为准"))

    examined, _ = rules.examine(case, OPINION, HANDLER, now=NOON)
    decided, event = rules.decide(examined, GRANT, CHIEF, now=NOON, today=TODAY)

    assert (decided.state, decided.version) == (State.DECIDED, 3)
    assert event.decided_at == NOON


def test_who_approved_an_extension_or_a_pause_does_not_examine() -> None:
    case = a_case()
    approved = replace(case, proceedings=replace(case.proceedings, approvers=("handler",)))

    with pytest.raises(SeparationOfDuties, match="批准"):
        rules.examine(approved, OPINION, HANDLER, now=NOON)
