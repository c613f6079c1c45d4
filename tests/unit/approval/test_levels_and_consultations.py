"""Two levels (arts. 35, 43), consultations with their silence, and the ends of a case other than a decision."""

from dataclasses import replace
from datetime import date

import pytest

from services.approval.domain import case as cases
from services.approval.domain import consultation, levels, taking
from services.approval.domain.case import Case, Opinion, Recommendation
from services.approval.domain.consultation import Answer
from services.approval.domain.days_moved import moved_days
from services.approval.domain.errors import (
    ConsultationOver,
    ConsultationRunning,
    FirstLevelAssigned,
    IncompleteOpinion,
    IncompletePassingUp,
    IncompleteRecord,
    NotFirstLevel,
    SeparationOfDuties,
    UnknownConsultation,
)
from services.approval.domain.proceedings import ConsultationState, FirstLevel, ItemRules, Proceedings
from services.approval.domain.states import State
from services.kernel.time_limit import DueDate, StartRule, TimeLimit, Unit
from services.kernel.workdays import SpecialDay, YearNotice
from tests.support import approval_domain as given
from tests.support.approval_domain import CALENDAR, CHIEF, FIREMAN, HANDLER, NOON, VILLAGE_HANDLER, a_case, utc

TWO_LEVELS = ItemRules(first_level=TimeLimit(20, Unit.WORKDAY, StartRule.ACCEPTED, "行政许可法第四十三条"))


@pytest.mark.parametrize(
    ("division", "township"),
    [("431202101000", "431202101000"), ("431202101203", "431202101000"), ("431202000000", None), ("", None)],
)
def test_art_35_the_township_that_took_it_in_examines_first(division: str, township: str | None) -> None:
    first = levels.first_level_of(TWO_LEVELS, given.clocks(), division, CALENDAR)

    assert first == FirstLevel(township, DueDate(date(2026, 3, 30)))
    assert levels.first_level_of(ItemRules(), given.clocks(), division, CALENDAR) is None


def below(division: str | None = given.TOWNSHIP) -> Case:
    first = FirstLevel(division, DueDate(date(2026, 3, 30)))
    return a_case(state=State.FIRST_EXAMINING, rules=TWO_LEVELS, proceedings=Proceedings(first_level=first))


def test_art_35_opinion_and_all_materials_go_up() -> None:
    case, fact = levels.pass_up(
        below(), VILLAGE_HANDLER, opinion=Opinion(Recommendation.GRANT, "公示无异议"), materials=(2, 1), now=NOON
    )

    assert case.state is State.EXAMINING
    assert fact.materials == (1, 2)
    assert "village" in case.opinion_writers


def test_art_35_what_was_promised_and_has_come_in_goes_up_with_the_rest() -> None:
    brought = taking.take_deferred(below(), (), {3})

    _, fact = levels.pass_up(brought, VILLAGE_HANDLER, opinion=given.OPINION, materials=(1, 2, 3), now=NOON)

    assert fact.materials == (1, 2, 3)
    with pytest.raises(IncompletePassingUp):
        levels.pass_up(brought, VILLAGE_HANDLER, opinion=given.OPINION, materials=(1, 2), now=NOON)


@pytest.mark.parametrize("materials", [(), (1,), (1, 2, 3)])
def test_art_35_neither_fewer_nor_other_materials(materials: tuple[int, ...]) -> None:
    with pytest.raises(IncompletePassingUp):
        levels.pass_up(below(), VILLAGE_HANDLER, opinion=given.OPINION, materials=materials, now=NOON)


def test_an_opinion_of_the_first_level_is_explicit() -> None:
    with pytest.raises(IncompleteOpinion):
        levels.pass_up(below(), VILLAGE_HANDLER, opinion=Opinion(Recommendation.GRANT, " "), materials=(1, 2), now=NOON)


@pytest.mark.parametrize("division", [None, "431202001000"])
def test_only_the_township_in_charge_passes_it_up(division: str | None) -> None:
    with pytest.raises(NotFirstLevel):
        levels.pass_up(below(division), VILLAGE_HANDLER, opinion=given.OPINION, materials=(1, 2), now=NOON)


def test_the_department_names_the_township_once_and_below_itself() -> None:
    case, _ = levels.assign_first_level(below(None), HANDLER, division="431202101000", now=NOON)

    with pytest.raises(FirstLevelAssigned):
        levels.assign_first_level(case, HANDLER, division="431202001000", now=NOON)
    for foreign in ("431202000000", "431221101000"):
        with pytest.raises(IncompleteRecord):
            levels.assign_first_level(below(None), HANDLER, division=foreign, now=NOON)


def test_who_examined_at_the_first_level_does_not_decide() -> None:
    case, _ = levels.pass_up(below(), VILLAGE_HANDLER, opinion=given.OPINION, materials=(1, 2), now=NOON)
    reviewed, _ = cases.examine(case, given.OPINION, HANDLER, now=NOON)

    with pytest.raises(SeparationOfDuties):
        cases.decide(reviewed, given.GRANT, replace(CHIEF, account_id="village"), now=NOON, today=given.TODAY)


def asked() -> Case:
    return consultation.consult(
        a_case(), HANDLER, department=given.FIRE, question="是否符合", limit_workdays=3, now=NOON, calendar=CALENDAR
    )[0]


def answered(case: Case, at: str) -> Case:
    return consultation.answer_consultation(
        case, FIREMAN, number=1, answer=Answer.NO_OBJECTION, text="无意见", now=utc(at), calendar=CALENDAR
    )[0]


def test_an_answer_on_the_last_day_counts_and_one_after_it_does_not() -> None:
    case = answered(asked(), "2026-03-10 23:59")

    assert case.consultations[0].state is ConsultationState.ANSWERED
    with pytest.raises(ConsultationOver):
        answered(asked(), "2026-03-11 00:00")
    with pytest.raises(ConsultationOver):
        answered(case, "2026-03-10 23:59")


def test_silence_past_the_limit_counts_as_no_objection_and_is_no_decision() -> None:
    with pytest.raises(ConsultationRunning):
        consultation.record_silence(asked(), number=1, now=utc("2026-03-10 23:59"), calendar=CALENDAR)
    case, fact = consultation.record_silence(asked(), number=1, now=utc("2026-03-11 00:00"), calendar=CALENDAR)

    assert case.state is State.EXAMINING
    assert case.consultations[0].state is ConsultationState.SILENT
    assert fact.silent_since == utc("2026-03-11 00:00")
    with pytest.raises(ConsultationOver):
        consultation.record_silence(case, number=1, now=utc("2026-03-12 00:00"), calendar=CALENDAR)


def test_a_provisional_last_day_makes_nobody_silent() -> None:
    late = replace(asked().consultations[0], asked_at=utc("2026-12-30 09:00"), told=None)

    with pytest.raises(ConsultationRunning):
        consultation.record_silence(
            replace(a_case(), consultations=(late,)), number=1, now=utc("2027-03-01 09:00"), calendar=CALENDAR
        )


def test_a_working_day_added_later_takes_nothing_from_the_day_told_for_an_answer() -> None:
    case, since = given.a_case(), utc("2026-06-01 09:00")
    case, fact = consultation.consult(
        case, HANDLER, department=given.FIRE, question="是否符合", limit_workdays=5, now=since, calendar=CALENDAR
    )
    more = SpecialDay(date(2026, 6, 6), "端午节", True, "更正")
    corrected = CALENDAR.with_year(
        YearNotice(2026, ("更正",), (*CALENDAR.special_days(date(2025, 12, 31), date(2026, 12, 31)), more))
    )

    with pytest.raises(ConsultationRunning):
        consultation.record_silence(case, number=1, now=utc("2026-06-08 23:00"), calendar=corrected)
    _, silent = consultation.record_silence(case, number=1, now=utc("2026-06-09 01:00"), calendar=corrected)
    _, answer = consultation.answer_consultation(
        case, FIREMAN, number=1, answer=Answer.OBJECTION, text="不符", now=utc("2026-06-08 17:00"), calendar=corrected
    )

    assert consultation.due_of(replace(case.consultations[0], told=None), corrected).on == date(2026, 6, 6)
    assert {fact.due, answer.due, silent.due} == {DueDate(date(2026, 6, 8))}
    assert moved_days(case, corrected) == ()


def test_only_the_asked_department_answers() -> None:
    for officer, number in ((HANDLER, 1), (FIREMAN, 2)):
        with pytest.raises(UnknownConsultation):
            consultation.answer_consultation(
                asked(), officer, number=number, answer=Answer.OBJECTION, text="不符", now=NOON, calendar=CALENDAR
            )


def test_no_department_asks_itself() -> None:
    own = replace(given.FIRE, uscc=given.MARKET)

    with pytest.raises(IncompleteRecord):
        consultation.consult(
            a_case(), HANDLER, department=own, question="?", limit_workdays=3, now=NOON, calendar=CALENDAR
        )


@pytest.mark.parametrize(("reason", "basis"), [("", "第七十条"), ("主体终止", " ")])
def test_a_case_ends_otherwise_only_with_reason_and_basis(reason: str, basis: str) -> None:
    with pytest.raises(IncompleteRecord):
        cases.terminate(a_case(), CHIEF, reason=reason, legal_basis=basis, now=NOON)
    with pytest.raises(IncompleteRecord):
        cases.transfer(a_case(), CHIEF, to=given.FIRE, reason=reason, legal_basis=basis, now=NOON)


def test_a_case_is_not_transferred_to_its_own_department() -> None:
    with pytest.raises(IncompleteRecord):
        cases.transfer(
            a_case(), CHIEF, to=replace(given.FIRE, uscc=given.MARKET), reason="理由", legal_basis="依据", now=NOON
        )


def test_neither_who_accepted_nor_who_examined_ends_a_case() -> None:
    case = a_case(opinion_writers=frozenset({"handler"}))

    for account in ("clerk", "handler"):
        with pytest.raises(SeparationOfDuties):
            cases.terminate(case, replace(CHIEF, account_id=account), reason="理由", legal_basis="依据", now=NOON)
