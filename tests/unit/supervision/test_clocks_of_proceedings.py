"""Inspection, hearing, consultation and interested parties: the days of articles 26, 36, 45, 47, 48 and 55 for 2026."""

import pytest

from services.kernel.time_limit import DueDate
from services.kernel.workdays import SpecialDay, YearNotice
from services.supervision.domain.case import Supervised
from services.supervision.domain.clock_set import clock_set, latest_notice
from services.supervision.domain.clocks import ClockName, ClockState, Line
from tests.support.clocks import (
    CALENDAR,
    CASE,
    accepted,
    at,
    clocks,
    line,
    on,
    one,
    told,
)


@pytest.mark.parametrize(
    ("case", "lines", "now", "name", "expected"),
    [
        pytest.param(
            CASE,
            (accepted(inspection=True),),
            "2026-10-29 09:00",
            "INSPECTORS",
            ("NOT_STARTED", None, None),
            id="art55-the-report-may-be-a-material",
        ),
        pytest.param(
            CASE,
            (
                accepted(inspection=True),
                line("approval.case.suspended", "2026-09-22 09:00", expected_workdays=20, kind="检测"),
            ),
            "2026-09-29 09:00",
            "INSPECTORS",
            ("RUNNING", "2026-09-21", "2026-09-29"),
            id="art55-5-days",
        ),
        pytest.param(
            CASE,
            (line("approval.inspectors.assigned", "2026-09-24 09:00"),),
            "2026-10-29 09:00",
            "INSPECTORS",
            ("MET", "2026-09-21", "2026-09-29"),
            id="art55-assigned",
        ),
        pytest.param(
            CASE,
            (line("approval.case.suspended", "2026-09-22 09:00", expected_workdays=3, kind="鉴定"),),
            "2026-09-30 09:00",
            "SPECIAL_PROCEDURE",
            ("MISSED", "2026-09-22", "2026-09-28"),
            id="art45-longer-than-told",
        ),
        pytest.param(
            CASE,
            (line("approval.hearing.told", "2026-09-22 09:00"),),
            "2026-09-30 09:00",
            "HEARING_REQUEST",
            ("RUNNING", "2026-09-22", "2026-09-30"),
            id="art47-5-days-to-ask",
        ),
        pytest.param(
            CASE,
            (line("approval.hearing.told", "2026-09-22 09:00"),),
            "2026-09-30 09:00",
            "HEARING_HOLDING",
            ("NOT_STARTED", None, None),
            id="art47-nobody-asked-yet",
        ),
        pytest.param(
            CASE,
            (
                line("approval.hearing.told", "2026-09-21 09:00"),
                line("approval.hearing.requested", "2026-09-21 15:00"),
                line("approval.hearing.held", "2026-10-28 09:00", took_place_at="2026-10-27T09:00:00+08:00"),
            ),
            "2026-10-29 09:00",
            "HEARING_HOLDING",
            ("MISSED", "2026-09-21", "2026-10-26"),
            id="art47-held-after-20-days",
        ),
        pytest.param(
            CASE,
            (
                line("approval.hearing.told", "2026-09-21 09:00"),
                line("approval.hearing.requested", "2026-09-21 15:00"),
                line("approval.hearing.announced", "2026-09-23 09:00", takes_place_at="2026-10-12T09:00:00+08:00"),
            ),
            "2026-09-23 09:00",
            "HEARING_NOTICE",
            ("MET", "2026-09-21", "2026-09-27"),
            id="art48-seven-workdays-before",
        ),
        pytest.param(
            CASE,
            (
                line(
                    "approval.interested_party.notified", "2026-09-22 09:00", party_no=1, speak_by={"on": "2026-09-29"}
                ),
            ),
            "2026-09-30 09:00",
            "PARTY_STATEMENT",
            ("MISSED", "2026-09-22", "2026-09-29"),
            id="art36-party-silent",
        ),
        pytest.param(
            CASE,
            (
                line(
                    "approval.consultation.asked",
                    "2026-09-22 09:00",
                    consultation_no=1,
                    department="区自然资源局",
                    due={"on": "2026-09-29"},
                ),
                line("approval.consultation.answered", "2026-09-29 17:00", consultation_no=1),
            ),
            "2026-10-30 09:00",
            "CONSULTATION",
            ("MET", "2026-09-22", "2026-09-29"),
            id="art26-consulted-department-answers",
        ),
    ],
)
def test_each_clock_of_a_proceeding_has_the_day_the_article_gives_it(
    case: Supervised, lines: tuple[Line, ...], now: str, name: str, expected: tuple[str, str | None, str | None]
) -> None:
    found = told(one(case, *lines, now=now, name=ClockName(name)))

    state, started, due = expected
    assert found == (ClockState(state), on(started) if started else None, on(due) if due else None)


def test_art47_a_settled_waiver_leaves_no_hearing_to_hold() -> None:
    lines = (
        line("approval.hearing.told", "2026-09-22 09:00"),
        line("approval.hearing.waived", "2026-09-23 09:00", settled=True),
    )

    assert one(CASE, *lines, now="2026-10-30 09:00", name=ClockName.HEARING_REQUEST).state is ClockState.MET
    assert clocks(CASE, *lines, now="2026-10-30 09:00", name=ClockName.HEARING_HOLDING) == []


def test_art47_who_is_told_after_the_others_waived_has_his_own_five_days_and_a_hearing_may_follow() -> None:
    lines = (
        line("approval.hearing.told", "2026-09-22 09:00"),
        line("approval.hearing.waived", "2026-09-23 09:00", settled=True),
        line("approval.hearing.told", "2026-10-09 09:00"),
    )
    waived = line("approval.hearing.waived", "2026-10-12 09:00", settled=True)

    first, newcomer = clocks(CASE, *lines, now="2026-10-10 09:00", name=ClockName.HEARING_REQUEST)
    holding = one(CASE, *lines, now="2026-10-10 09:00", name=ClockName.HEARING_HOLDING)
    met = clocks(CASE, *lines, waived, now="2026-10-30 09:00", name=ClockName.HEARING_REQUEST)

    assert (first.state, first.met_at) == (ClockState.MET, at("2026-09-23 09:00"))
    assert (newcomer.state, newcomer.met_at) == (ClockState.RUNNING, None)
    assert holding.state is ClockState.NOT_STARTED
    assert [view.met_at for view in met] == [at("2026-09-23 09:00"), at("2026-10-12 09:00")]
    assert clocks(CASE, *lines, waived, now="2026-10-30 09:00", name=ClockName.HEARING_HOLDING) == []


@pytest.mark.parametrize(
    ("hearing", "latest"), [("2026-10-12", "2026-09-27"), ("2026-11-20", "2026-11-11"), ("2026-11-22", "2026-11-11")]
)
def test_art48_the_last_day_to_announce_is_counted_back(hearing: str, latest: str) -> None:
    assert latest_notice(on(hearing), CALENDAR) == on(latest)


def test_art48_a_day_counted_back_across_an_unpublished_year_is_marked_until_it_is() -> None:
    announced = line("approval.hearing.announced", "2026-12-20 09:00", takes_place_at="2027-01-08T09:00:00+08:00")
    lines = (
        line("approval.hearing.told", "2026-12-14 09:00"),
        line("approval.hearing.requested", "2026-12-15 09:00"),
        announced,
    )
    year = YearNotice(2027, ("演练",), (SpecialDay(on("2027-01-04"), "元旦", False, "演练"),))

    early = one(CASE, *lines, now="2026-12-21 09:00", name=ClockName.HEARING_NOTICE)
    (final,) = [
        view
        for view in clock_set(CASE, lines, CALENDAR.with_year(year), now=at("2026-12-21 09:00"))
        if view.name is ClockName.HEARING_NOTICE
    ]

    assert (early.due, final.due) == (DueDate(on("2026-12-30"), True), DueDate(on("2026-12-29")))
    assert early.why is not None
    assert early.why.zh.endswith("至迟于2026年12月30日到期（暂定），节假日安排公布后可能提前。")
    assert early.state is ClockState.MET


def test_art36_a_party_is_given_its_days_again_once_their_year_is_published() -> None:
    speak_by = {"on": "2027-01-04", "provisional": True}
    told_of = line(
        "approval.interested_party.notified", "2026-12-28 09:00", party_no=1, speak_by=speak_by, limit_workdays=5
    )
    year = YearNotice(2027, ("演练",), (SpecialDay(on("2027-01-01"), "元旦", False, "演练"),))

    (found,) = [
        view
        for view in clock_set(CASE, (told_of,), CALENDAR.with_year(year), now=at("2027-01-05 09:00"))
        if view.name is ClockName.PARTY_STATEMENT
    ]

    assert (found.due, found.state) == (DueDate(on("2027-01-05")), ClockState.RUNNING)


def test_art26_a_consulted_department_is_not_late_on_a_day_that_is_only_the_earliest() -> None:
    asked = line(
        "approval.consultation.asked",
        "2026-12-28 09:00",
        consultation_no=1,
        department="区自然资源局",
        limit_workdays=5,
        due={"on": "2027-01-04", "provisional": True},
    )

    found = one(CASE, asked, now="2027-01-05 09:00", name=ClockName.CONSULTATION)

    assert found.state is ClockState.RUNNING
    assert found.why is not None
    assert found.why.due.provisional
    assert "期限为5个工作日" in found.why.zh


def test_art36_a_day_told_as_the_earliest_is_shown_as_such_until_its_year_is_published() -> None:
    speak_by = {"on": "2027-01-04", "provisional": True}
    told_of = line("approval.interested_party.notified", "2026-12-28 09:00", party_no=1, speak_by=speak_by)

    found = one(CASE, told_of, now="2027-01-05 09:00", name=ClockName.PARTY_STATEMENT)

    assert found.state is ClockState.RUNNING
    assert found.why is not None
    assert found.why.zh.endswith("最早于2027年1月4日到期（暂定）。")
