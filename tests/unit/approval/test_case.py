"""Acts on a case: who may, in which state, and what they publish."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.approval.domain import case as rules
from services.approval.domain.case import Case, Officer, Opinion, Recommendation, State
from services.approval.domain.decision import DecisionDraft, Outcome, ResultRule
from services.approval.domain.errors import IncompleteOpinion, OtherDepartment, SeparationOfDuties, WrongState

NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
TODAY = date(2026, 3, 5)
MARKET = "11431202006100029C"
POLICE = "114312020061000377"
CLERK = "clerk"
HANDLER = Officer("handler", MARKET)
CHIEF = Officer("chief", MARKET)
OPINION = Opinion(Recommendation.GRANT, "材料齐全，符合条件")
GRANT = DecisionDraft(outcome=Outcome.GRANTED)


def a_case(**changes: Any) -> Case:
    case = Case(
        id=UUID(int=1),
        case_no="1" * 43,
        state=State.EXAMINING,
        version=1,
        department=MARKET,
        accepted_by=CLERK,
        result=ResultRule("食品经营许可（新办）", "食品经营许可证", True, "5年"),
    )
    return replace(case, **changes)


ACTS: dict[str, Callable[[Case], tuple[Case, object]]] = {
    "examine": lambda case: rules.examine(case, OPINION, HANDLER, now=NOON),
    "decide": lambda case: rules.decide(case, GRANT, CHIEF, now=NOON, today=TODAY),
    "withdraw": lambda case: rules.withdraw(case, "不再开店", at=NOON),
}
TABLE: dict[tuple[str, State], State | type[WrongState]] = {
    ("examine", State.EXAMINING): State.REVIEWED,
    ("examine", State.REVIEWED): State.REVIEWED,
    ("examine", State.DECIDED): WrongState,
    ("examine", State.WITHDRAWN): WrongState,
    ("decide", State.EXAMINING): WrongState,
    ("decide", State.REVIEWED): State.DECIDED,
    ("decide", State.DECIDED): WrongState,
    ("decide", State.WITHDRAWN): WrongState,
    ("withdraw", State.EXAMINING): State.WITHDRAWN,
    ("withdraw", State.REVIEWED): State.WITHDRAWN,
    ("withdraw", State.DECIDED): WrongState,
    ("withdraw", State.WITHDRAWN): WrongState,
}


def test_the_table_names_every_act_in_every_state() -> None:
    assert set(TABLE) == {(act, state) for act in ACTS for state in State}


@pytest.mark.parametrize(("act", "state"), list(TABLE), ids=lambda value: str(value))
def test_every_act_in_every_state(act: str, state: State) -> None:
    case = a_case(state=state, version=7)
    expected = TABLE[act, state]

    if isinstance(expected, State):
        changed, event = ACTS[act](case)

        assert changed.state is expected
        assert changed.version == 8
        assert event is not None
    else:
        with pytest.raises(WrongState) as refused:
            ACTS[act](case)

        assert refused.value.code == "approval.wrong-state"


def test_a_case_opens_with_version_one_and_waits_for_examination() -> None:
    case, event = rules.open_case(
        UUID(int=1), "1" * 43, department=MARKET, accepted_by=CLERK, result=a_case().result, now=NOON
    )

    assert case == a_case()
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
