"""Hearing (arts. 46-48), interested parties (art. 36), site checks (arts. 34, 55): order, limits, who may, guards."""

from dataclasses import replace
from datetime import date

import pytest

from services.approval.domain import case as cases
from services.approval.domain import hearing, parties, site_check
from services.approval.domain.case import Case
from services.approval.domain.days import known_days
from services.approval.domain.errors import (
    ConsultationOpen,
    HearingDate,
    HearingOpen,
    HearingRequestLate,
    HearingStage,
    IncompleteRecord,
    NotAnInspector,
    PartyNotHeard,
    SeparationOfDuties,
    SiteCheckOpen,
    TooFewInspectors,
    UnknownParty,
)
from services.approval.domain.hearing import Announcement, HearingRecord
from services.approval.domain.proceedings import Consultation, HearingStep, Inspector, Proceedings
from services.approval.domain.site_check import SiteRecord
from services.approval.domain.states import State
from services.kernel.time_limit import DueDate
from services.kernel.workdays import SpecialDay, YearNotice
from tests.support import approval_domain as given
from tests.support.approval_domain import CALENDAR, CHIEF, GRANT, HANDLER, INSPECTORS, NOON, a_case, utc

CHAIR = Inspector("chair", "主持甲")
TOLD_AT = "2026-03-02 15:00"


def reviewed() -> Case:
    return a_case(state=State.REVIEWED, opinion_writers=frozenset({"handler"}))


def told(*persons: str, at: str = TOLD_AT) -> Case:
    return hearing.tell_hearing(
        reviewed(), HANDLER, persons=persons or ("申请人",), notice="可以申请听证", now=utc(at), calendar=CALENDAR
    )[0]


def requested(at: str = "2026-03-03 09:00") -> Case:
    return hearing.request_hearing(told(), HANDLER, person="申请人", reason="", now=utc(at), calendar=CALENDAR)[0]


def announced(
    case: Case, on: str, *, at: str = "2026-03-03 10:00", chair: Inspector = CHAIR, public: bool = True
) -> Case:
    plan = Announcement(utc(on), "三楼", chair, "可以申请回避", public)
    return hearing.announce_hearing(case, HANDLER, plan, now=utc(at), calendar=CALENDAR)[0]


def decided(case: Case, at: str) -> State:
    return cases.decide(case, GRANT, CHIEF, now=utc(at), today=utc(at).date())[0].state


def test_art_47_no_decision_within_the_five_working_days_unless_waived_in_writing() -> None:
    case = told()

    assert case.proceedings.hearing is not None
    assert case.proceedings.hearing.request_by == DueDate(date(2026, 3, 9))
    with pytest.raises(HearingOpen):
        decided(case, "2026-03-09 23:59")
    assert decided(case, "2026-03-10 00:00") is State.DECIDED


def test_art_47_everybody_who_was_told_has_to_waive() -> None:
    case = told("申请人", "向家院")

    first, fact = hearing.waive_hearing(case, HANDLER, person="申请人", document="声明", now=NOON)
    second, last = hearing.waive_hearing(first, HANDLER, person="向家院", document="声明", now=NOON)

    assert (fact.settled, last.settled) == (False, True)
    with pytest.raises(HearingOpen):
        decided(first, "2026-03-05 12:00")
    assert decided(second, "2026-03-05 12:00") is State.DECIDED


def test_art_47_who_is_found_after_everybody_waived_is_told_of_the_right_all_the_same() -> None:
    waived = hearing.waive_hearing(told(), HANDLER, person="申请人", document="书面放弃", now=utc(TOLD_AT))[0]

    def tell(*persons: str) -> Case:
        return hearing.tell_hearing(
            waived, HANDLER, persons=persons, notice="可以申请听证", now=utc("2026-03-05 09:00"), calendar=CALENDAR
        )[0]

    with pytest.raises(HearingStage):
        tell("申请人")
    with pytest.raises(HearingOpen):
        decided(tell("邻居"), "2026-03-12 23:59")
    assert decided(tell("邻居"), "2026-03-13 00:00") is State.DECIDED


def test_art_47_asked_for_on_the_fifth_working_day_is_in_time_and_a_day_later_is_not() -> None:
    asked = requested("2026-03-09 23:59")

    assert asked.proceedings.hearing is not None
    assert asked.proceedings.hearing.hold_by == DueDate(date(2026, 4, 7))
    with pytest.raises(HearingRequestLate):
        requested("2026-03-10 00:00")


def test_only_who_was_told_asks_or_waives_by_name() -> None:
    with pytest.raises(IncompleteRecord):
        hearing.request_hearing(told(), HANDLER, person="路人", reason="", now=NOON, calendar=CALENDAR)
    with pytest.raises(IncompleteRecord):
        hearing.waive_hearing(told(), HANDLER, person="路人", document="声明", now=NOON)


@pytest.mark.parametrize(
    ("on", "code"),
    [
        pytest.param("2026-03-11 09:00", "too-early", id="art. 48 (1): six working days ahead"),
        pytest.param("2026-03-12 09:00", None, id="art. 48 (1): seven working days ahead"),
        pytest.param("2026-03-31 09:00", None, id="art. 47: the twentieth working day"),
        pytest.param("2026-04-01 09:00", "too-late", id="art. 47: the day after"),
    ],
)
def test_a_hearing_is_announced_seven_days_ahead_and_held_within_twenty(on: str, code: str | None) -> None:
    if code is None:
        case = announced(requested(), on)
        assert case.proceedings.hearing is not None
        assert case.proceedings.hearing.step is HearingStep.ANNOUNCED
        return
    with pytest.raises(HearingDate) as refused:
        announced(requested(), on)

    assert [error.code for error in refused.value.errors] == [code]


def test_art_47_a_hearing_that_can_no_longer_be_in_time_is_held_late_because_nothing_is_decided_without_it() -> None:
    asked = requested()  # 2026-03-03: to be held by 2026-03-31

    with pytest.raises(HearingDate):
        announced(asked, "2026-04-01 09:00", at="2026-03-20 10:00")  # seven working days ahead is 2026-03-31
    late = announced(asked, "2026-04-02 09:00", at="2026-03-23 10:00")

    assert late.proceedings.hearing is not None
    assert late.proceedings.hearing.step is HearingStep.ANNOUNCED
    with pytest.raises(HearingDate):
        announced(asked, "2026-03-31 09:00", at="2026-03-23 10:00")


@pytest.mark.parametrize("chair", ["handler", "i1"])
def test_art_48_the_chair_is_not_who_examines(chair: str) -> None:
    asked = requested()
    checked = site_check.assign_inspectors(
        asked, HANDLER, inspectors=INSPECTORS, purpose="核查", now=NOON, calendar=CALENDAR
    )[0]

    with pytest.raises(SeparationOfDuties):
        announced(checked, "2026-03-20 09:00", chair=Inspector(chair, "主持"))


def test_art_48_who_chairs_does_not_examine_afterwards() -> None:
    case = announced(requested(), "2026-03-20 09:00")

    with pytest.raises(SeparationOfDuties):
        cases.examine(case, given.OPINION, replace(HANDLER, account_id="chair"), now=NOON)


def test_art_48_who_chairs_does_not_inspect_afterwards_nor_who_has_inspected_before_chair() -> None:
    inspected = site_check.assign_inspectors(
        requested(), HANDLER, inspectors=INSPECTORS, purpose="核查", now=NOON, calendar=CALENDAR
    )[0]
    record = SiteRecord(("i1", "i2"), NOON, "店内", "属实", passed=True)
    inspected = site_check.record_site_check(inspected, replace(HANDLER, account_id="i1"), record, now=NOON)[0]
    others = (Inspector("i3", "核查丙", "18120003"), Inspector("chair", "主持甲", "18120004"))
    again = site_check.assign_inspectors(
        inspected, HANDLER, inspectors=(others[0], INSPECTORS[1]), purpose="复核", now=NOON, calendar=CALENDAR
    )[0]

    with pytest.raises(SeparationOfDuties):
        announced(again, "2026-03-20 09:00", chair=Inspector("i1", "核查甲"))
    with pytest.raises(SeparationOfDuties):
        site_check.assign_inspectors(
            announced(requested(), "2026-03-20 09:00"),
            HANDLER,
            inspectors=others,
            purpose="核查",
            now=NOON,
            calendar=CALENDAR,
        )


def test_a_challenged_chair_is_replaced_by_a_new_announcement() -> None:
    case = announced(requested(), "2026-03-12 09:00")

    again = announced(case, "2026-03-20 09:00", at="2026-03-04 09:00", chair=Inspector("other", "主持乙"))

    assert again.proceedings.hearing is not None
    assert again.proceedings.hearing.chair == Inspector("other", "主持乙")


def test_art_48_seven_working_days_that_end_in_an_unloaded_year_announce_nothing() -> None:
    """Holidays still to be published could leave fewer than seven; 2027-01-04 is only the earliest it can be."""
    for day, code in (("2026-12-31 09:00", "too-early"), ("2027-01-04 09:00", "provisional")):
        with pytest.raises(HearingDate) as refused:
            announced(reviewed(), day, at="2026-12-24 10:00", public=True)

        assert [fault.code for fault in refused.value.errors] == [code]
        assert "暂定" in str(refused.value.errors[0].detail)

    final = announced(reviewed(), "2027-01-04 09:00", at="2026-12-22 10:00", public=True)
    assert final.proceedings.hearing is not None


def test_art_46_a_hearing_on_the_bodys_own_account_is_public() -> None:
    with pytest.raises(IncompleteRecord):
        announced(reviewed(), "2026-03-20 09:00", public=False)

    case = announced(reviewed(), "2026-03-20 09:00")
    with pytest.raises(HearingOpen):
        decided(case, "2026-03-25 09:00")


def test_art_48_the_decision_follows_a_new_examination_on_the_record() -> None:
    case = announced(requested(), "2026-03-12 09:00")
    record = HearingRecord(("申请人",), "陈述、质证，核对无误")

    with pytest.raises(HearingStage):
        hearing.hold_hearing(case, HANDLER, record, now=utc("2026-03-12 08:59"))
    with pytest.raises(HearingOpen):
        decided(case, "2026-03-11 09:00")
    held, _ = hearing.hold_hearing(case, HANDLER, record, now=utc("2026-03-12 11:00"))
    examined, _ = cases.examine(held, given.OPINION, HANDLER, now=utc("2026-03-13 09:00"))

    assert held.state is State.EXAMINING
    assert decided(examined, "2026-03-13 10:00") is State.DECIDED


def test_a_hearing_held_during_a_pause_is_examined_after_it() -> None:
    paused = given.ready(State.SUSPENDED)
    begun = replace(paused, proceedings=replace(paused.proceedings, hearing=given.hearing(HearingStep.ANNOUNCED)))

    held, _ = hearing.hold_hearing(begun, HANDLER, HearingRecord(("申请人",), "笔录"), now=NOON)

    assert held.state is State.SUSPENDED
    assert held.proceedings.suspension is not None
    assert held.proceedings.suspension.resumes_to is State.EXAMINING


@pytest.mark.parametrize(
    "step", [None, HearingStep.REQUESTED, HearingStep.WAIVED, HearingStep.ANNOUNCED, HearingStep.HELD]
)
def test_steps_of_a_hearing_come_in_their_order(step: HearingStep | None) -> None:
    begun = given.hearing(step) if step else None
    case = a_case(proceedings=Proceedings(hearing=begun))

    with pytest.raises(HearingStage):
        hearing.request_hearing(case, HANDLER, person="申请人", reason="", now=NOON, calendar=CALENDAR)
    with pytest.raises(HearingStage):
        hearing.waive_hearing(case, HANDLER, person="申请人", document="声明", now=NOON)


def test_art_36_an_interested_party_is_heard_or_its_day_has_passed_before_a_decision() -> None:
    case, fact = parties.notify_party(
        reviewed(), HANDLER, name="向家院", interest="相邻", notice="告知", workdays=3, now=NOON, calendar=CALENDAR
    )
    heard, _ = parties.hear_party(case, HANDLER, party_no=1, statement="无意见", now=NOON)

    assert fact.speak_by == DueDate(date(2026, 3, 10))
    with pytest.raises(PartyNotHeard):
        decided(case, "2026-03-10 12:00")
    assert decided(case, "2026-03-11 00:00") is State.DECIDED
    assert decided(heard, "2026-03-06 12:00") is State.DECIDED
    with pytest.raises(UnknownParty):
        parties.hear_party(case, HANDLER, party_no=2, statement="无意见", now=NOON)


def assigned(*accounts: str) -> Case:
    people = [Inspector(account, account, f"湘N{account}") for account in accounts]
    return site_check.assign_inspectors(
        reviewed(), HANDLER, inspectors=people, purpose="核查", now=NOON, calendar=CALENDAR
    )[0]


@pytest.mark.parametrize("accounts", [(), ("i1",), ("i1", "i1")])
def test_art_55_at_least_two_different_officers_are_assigned(accounts: tuple[str, ...]) -> None:
    with pytest.raises(TooFewInspectors):
        assigned(*accounts)


@pytest.mark.parametrize(
    ("second", "fault"),
    [
        (Inspector("i2", "核查乙", " "), ("#/inspectors/1/officer_no", "required")),
        (Inspector("i2", " ", "18120002"), ("#/inspectors/1/name", "required")),
        (Inspector("i2", "核查乙", "18120001"), ("#/inspectors/0/officer_no", "duplicate")),
    ],
)
def test_art_34_each_inspector_is_named_with_the_own_card(second: Inspector, fault: tuple[str, str]) -> None:
    two = (Inspector("i1", "核查甲", "18120001"), second)

    with pytest.raises(IncompleteRecord) as refused:
        site_check.assign_inspectors(reviewed(), HANDLER, inspectors=two, purpose="核查", now=NOON, calendar=CALENDAR)

    assert [(one.pointer, one.code) for one in refused.value.errors] == [fault]


def a_record(*accounts: str, at: str = "2026-03-05 11:00") -> SiteRecord:
    return SiteRecord(accounts, utc(at), "迎丰中路1号", "布局合理", True)


def test_art_34_the_record_is_made_by_two_of_the_assigned() -> None:
    case, inspector = assigned("i1", "i2", "i3"), replace(HANDLER, account_id="i1")

    with pytest.raises(TooFewInspectors):
        site_check.record_site_check(case, inspector, a_record("i1"), now=NOON)
    with pytest.raises(NotAnInspector):
        site_check.record_site_check(case, inspector, a_record("i1", "i4"), now=NOON)
    with pytest.raises(NotAnInspector):
        site_check.record_site_check(case, HANDLER, a_record("i1", "i2"), now=NOON)
    with pytest.raises(IncompleteRecord):
        site_check.record_site_check(case, inspector, a_record("i1", "i2", at="2026-03-05 12:01"), now=NOON)
    checked, fact = site_check.record_site_check(case, inspector, a_record("i1", "i2"), now=NOON)

    assert [i.account_id for i in fact.inspectors] == ["i1", "i2"]
    assert decided(checked, "2026-03-06 12:00") is State.DECIDED


def test_no_decision_before_the_check_and_none_by_an_inspector_even_a_replaced_one() -> None:
    case = assigned("i1", "chief")
    checked, _ = site_check.record_site_check(
        case, replace(HANDLER, account_id="i1"), a_record("i1", "chief"), now=NOON
    )
    again, _ = site_check.assign_inspectors(
        checked, HANDLER, inspectors=INSPECTORS, purpose="复核", now=NOON, calendar=CALENDAR
    )

    with pytest.raises(SiteCheckOpen):
        decided(assigned("i1", "i2"), "2026-03-06 12:00")
    for inspected in (checked, again):
        with pytest.raises(SeparationOfDuties):
            decided(inspected, "2026-03-06 12:00")


def test_no_decision_while_a_consultation_is_open() -> None:
    asked = Consultation(1, given.FIRE, "是否符合", 5, given.ACCEPTED_AT)

    with pytest.raises(ConsultationOpen):
        decided(replace(reviewed(), consultations=(asked,)), "2026-04-30 12:00")


YEAR = YearNotice(2027, ("国务院办公厅通知",), (SpecialDay(date(2027, 1, 1), "元旦", False, "国务院办公厅通知"),))


@pytest.mark.parametrize("act", ["hearing", "party"])
def test_a_day_told_before_its_year_was_published_ends_once_the_year_is(act: str) -> None:
    now = utc("2026-12-28 09:00")
    if act == "hearing":
        case = told(at="2026-12-28 09:00")
    else:
        case, _ = parties.notify_party(
            reviewed(), HANDLER, name="向家院", interest="相邻", notice="告知", workdays=5, now=now, calendar=CALENDAR
        )
    with pytest.raises((HearingOpen, PartyNotHeard)):
        decided(case, "2027-03-01 09:00")

    known = replace(
        case, proceedings=known_days(case.proceedings, case.rules, case.clocks.accepted_at, CALENDAR.with_year(YEAR))
    )

    with pytest.raises((HearingOpen, PartyNotHeard)):
        decided(known, "2027-01-05 23:59")
    assert decided(known, "2027-01-06 00:00") is State.DECIDED


def test_a_day_that_is_only_the_earliest_cuts_no_hearing_off() -> None:
    asked_at = "2026-12-29 09:00"
    case = hearing.request_hearing(
        told(at="2026-12-28 09:00"), HANDLER, person="申请人", reason="", now=utc(asked_at), calendar=CALENDAR
    )[0]

    planned = announced(case, "2027-01-27 09:00", at=asked_at)  # the twentieth day after New Year's Day is left out

    assert planned.proceedings.hearing is not None
    assert planned.proceedings.hearing.step is HearingStep.ANNOUNCED
