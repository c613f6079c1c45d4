"""The clock set of a case, article by article: days worked out by hand with the State Council's notice of 2026."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from services.kernel.time_limit import CHINA, Extended, Paused, Resumed, StartRule, TimeLimit, Unit
from services.kernel.workdays import official_calendar
from services.supervision.domain.case import Supervised
from services.supervision.domain.clock_set import Joint, clock_set, latest_notice
from services.supervision.domain.clocks import ClockName, ClockState, ClockView, Line

CALENDAR = official_calendar()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def on(text: str) -> date:
    return date.fromisoformat(text)


def limit(days: int, article: str = "") -> TimeLimit:
    return TimeLimit(days, Unit.WORKDAY, StartRule.ACCEPTED, article)


LEGAL = limit(20, "行政许可法第四十二条第一款")
# Monday 2026-09-21; Mid-Autumn 25-27 and National Day 10-01..07 are off, Sunday 09-20 and Saturday 10-10 work.
MONDAY = at("2026-09-21 10:00")
RECEIVED = Supervised(LEGAL, limit(10), submitted_at=MONDAY, received_at=MONDAY)
CASE = replace(RECEIVED, accepted_at=MONDAY)
ACCEPTED = Line("intake.application.accepted.v1", MONDAY)


def line(subject: str, when: str, **detail: Any) -> Line:
    return Line(f"{subject}.v1", at(when), detail)


def accepted(**detail: Any) -> Line:
    return Line(ACCEPTED.subject, MONDAY, detail)


def clocks(case: Supervised, *lines: Line, now: str, name: ClockName, joint: Joint | None = None) -> list[ClockView]:
    found = clock_set(case, lines, CALENDAR, now=at(now), joint=joint)
    return [view for view in found if view.name is name]


def one(case: Supervised, *lines: Line, now: str, name: ClockName, joint: Joint | None = None) -> ClockView:
    (view,) = clocks(case, *lines, now=now, name=name, joint=joint)
    return view


def told(view: ClockView) -> tuple[ClockState, date | None, date | None]:
    return view.state, view.started_on, view.due.on if view.due else None


DECIDED = line("approval.case.decided", "2026-10-12 16:00", outcome="GRANTED")
DONE = replace(CASE, decided_at=DECIDED.at)
GRANTED_LATE = line("intake.result.handed_over", "2026-10-27 09:00")


@pytest.mark.parametrize(
    ("case", "lines", "now", "name", "expected"),
    [
        pytest.param(
            RECEIVED,
            (),
            "2026-09-29 23:59",
            "NOTICE",
            ("RUNNING", "2026-09-21", "2026-09-29"),
            id="art32-5-days-running",
        ),
        pytest.param(
            RECEIVED,
            (),
            "2026-09-30 00:00",
            "NOTICE",
            ("MISSED", "2026-09-21", "2026-09-29"),
            id="art32-silence-missed",
        ),
        pytest.param(
            CASE,
            (ACCEPTED,),
            "2026-10-20 00:00",
            "NOTICE",
            ("MET", "2026-09-21", "2026-09-29"),
            id="art32-accepted-met",
        ),
        pytest.param(
            CASE,
            (line("intake.application.accepted", "2026-09-30 00:00", deemed=True),),
            "2026-09-30 09:00",
            "NOTICE",
            ("MISSED", "2026-09-21", "2026-09-29"),
            id="art32-deemed-acceptance-was-silence",
        ),
        pytest.param(
            replace(RECEIVED, withdrawn_at=at("2026-09-22 09:00")),
            (),
            "2026-12-01 00:00",
            "NOTICE",
            ("ENDED", "2026-09-21", "2026-09-29"),
            id="art32-withdrawn-in-between",
        ),
        pytest.param(RECEIVED, (), "2026-09-22 09:00", "DECISION", ("NOT_STARTED", None, None), id="art42-not-started"),
        pytest.param(
            CASE, (), "2026-10-26 23:59", "DECISION", ("RUNNING", "2026-09-21", "2026-10-26"), id="art42-20-days"
        ),
        pytest.param(
            CASE, (), "2026-10-27 00:00", "DECISION", ("MISSED", "2026-09-21", "2026-10-26"), id="art42-one-second-over"
        ),
        pytest.param(
            replace(
                CASE, ledger=(Extended(at("2026-10-20 09:00"), 10, Unit.WORKDAY, "补充核实", "行政许可法第四十二条"),)
            ),
            (),
            "2026-10-27 00:00",
            "DECISION",
            ("RUNNING", "2026-09-21", "2026-11-09"),
            id="art42-plus-10",
        ),
        pytest.param(
            replace(CASE, ledger=(Paused(at("2026-09-22 09:00"), "专家评审"),)),
            (),
            "2026-10-12 09:00",
            "DECISION",
            ("PAUSED", "2026-09-21", "2026-11-06"),
            id="art45-paused-9-workdays-so-far",
        ),
        pytest.param(
            replace(CASE, ledger=(Paused(at("2026-09-22 09:00"), "检验"), Resumed(at("2026-09-28 09:00")))),
            (),
            "2026-10-12 09:00",
            "DECISION",
            ("RUNNING", "2026-09-21", "2026-10-29"),
            id="art45-3-workdays-not-counted",
        ),
        pytest.param(
            DONE, (DECIDED,), "2026-11-01 00:00", "PROMISED", ("MET", "2026-09-21", "2026-10-12"), id="promise-last-day"
        ),
        pytest.param(
            CASE,
            (accepted(first_level={"value": 20, "unit": "WORKDAY"}),),
            "2026-09-22 09:00",
            "FIRST_LEVEL",
            ("RUNNING", "2026-09-21", "2026-10-26"),
            id="art43-20-days",
        ),
        pytest.param(
            CASE,
            (
                accepted(first_level={"value": 5, "unit": "WORKDAY"}),
                line("approval.case.passed_up", "2026-09-30 08:00"),
            ),
            "2026-09-30 09:00",
            "FIRST_LEVEL",
            ("MISSED", "2026-09-21", "2026-09-29"),
            id="art35-own-limit-passed-up-late",
        ),
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
        pytest.param(CASE, (), "2026-10-12 09:00", "DELIVERY", ("NOT_STARTED", None, None), id="art44-not-decided"),
        pytest.param(
            DONE,
            (DECIDED,),
            "2026-10-26 23:59",
            "DELIVERY",
            ("RUNNING", "2026-10-12", "2026-10-26"),
            id="art44-10-days",
        ),
        pytest.param(
            DONE,
            (DECIDED, GRANTED_LATE),
            "2026-10-28 09:00",
            "DELIVERY",
            ("MISSED", "2026-10-12", "2026-10-26"),
            id="art44-handed-over-late",
        ),
        pytest.param(
            CASE,
            (accepted(renews={"valid_until": "2026-10-09", "silence_renews": True}),),
            "2026-10-09 23:59",
            "RENEWAL",
            ("RUNNING", "2026-09-21", "2026-10-09"),
            id="art50-before-the-old-one-ends",
        ),
        pytest.param(
            RECEIVED,
            (line("intake.supplement.requested", "2026-09-22 09:00", supply_by="2026-10-12", materials=["申请书"]),),
            "2026-10-12 09:00",
            "SUPPLEMENT",
            ("RUNNING", "2026-09-22", "2026-10-12"),
            id="art32-applicants-own-day",
        ),
        pytest.param(
            CASE,
            (accepted(deferred=[{"name": "检测报告", "promised_on": "2026-10-09"}]),),
            "2026-10-10 00:00",
            "DEFERRED_MATERIAL",
            ("MISSED", "2026-09-21", "2026-10-09"),
            id="promised-material-not-there",
        ),
        pytest.param(
            DONE,
            (
                accepted(commitments=[{"name": "场地证明", "check_by": "2026-11-20"}]),
                line("intake.commitment.checked", "2026-11-02 09:00", material="场地证明", outcome="KEPT"),
            ),
            "2026-11-30 00:00",
            "COMMITMENT_CHECK",
            ("MET", "2026-09-21", "2026-11-20"),
            id="commitment-checked",
        ),
    ],
)
def test_each_clock_has_the_day_the_article_gives_it(
    case: Supervised, lines: tuple[Line, ...], now: str, name: str, expected: tuple[str, str | None, str | None]
) -> None:
    found = told(one(case, *lines, now=now, name=ClockName(name)))

    state, started, due = expected
    assert found == (ClockState(state), on(started) if started else None, on(due) if due else None)


def test_art32_the_window_has_five_days_again_once_everything_is_supplied() -> None:
    lines = (
        line("intake.supplement.requested", "2026-09-22 09:00", supply_by="2026-10-12", materials=["申请书"]),
        line("intake.supplement.supplied", "2026-09-28 09:00", materials=["申请书"], complete=True),
    )

    first, again = clocks(RECEIVED, *lines, now="2026-09-29 09:00", name=ClockName.NOTICE)
    own = one(RECEIVED, *lines, now="2026-09-29 09:00", name=ClockName.SUPPLEMENT)

    assert told(first) == (ClockState.MET, on("2026-09-21"), on("2026-09-29"))
    assert told(again) == (ClockState.RUNNING, on("2026-09-28"), on("2026-10-10"))
    assert (own.state, own.about, own.met_at) == (ClockState.MET, "申请书", at("2026-09-28 09:00"))


def test_art44_a_refusal_has_no_day_of_delivery() -> None:
    refused = line("approval.case.decided", "2026-10-12 16:00", outcome="REFUSED")

    assert clocks(DONE, refused, now="2026-10-13 09:00", name=ClockName.DELIVERY) == []


def test_art47_a_settled_waiver_leaves_no_hearing_to_hold() -> None:
    lines = (
        line("approval.hearing.told", "2026-09-22 09:00"),
        line("approval.hearing.waived", "2026-09-23 09:00", settled=True),
    )

    assert one(CASE, *lines, now="2026-10-30 09:00", name=ClockName.HEARING_REQUEST).state is ClockState.MET
    assert clocks(CASE, *lines, now="2026-10-30 09:00", name=ClockName.HEARING_HOLDING) == []


@pytest.mark.parametrize(
    ("hearing", "latest"), [("2026-10-12", "2026-09-27"), ("2026-11-20", "2026-11-11"), ("2026-11-22", "2026-11-11")]
)
def test_art48_the_last_day_to_announce_is_counted_back(hearing: str, latest: str) -> None:
    assert latest_notice(on(hearing), CALENDAR) == on(latest)


JOINT = limit(45, "行政许可法第四十二条第二款")
START = at("2026-03-02 09:00")
MEMBER = Supervised(LEGAL, limit(10), received_at=START, accepted_at=START)


@pytest.mark.parametrize(
    ("joint", "now", "expected"),
    [
        pytest.param(Joint(JOINT, (MEMBER,)), "2026-05-08 23:59", ("RUNNING", "2026-05-08"), id="art42-45-days"),
        pytest.param(Joint(JOINT, (MEMBER,)), "2026-05-09 00:00", ("MISSED", "2026-05-08"), id="art42-45-days-over"),
        pytest.param(
            Joint(JOINT, (MEMBER,), Extended(at("2026-04-20 09:00"), 15, Unit.WORKDAY, "情况复杂")),
            "2026-05-09 09:00",
            ("RUNNING", "2026-05-28"),
            id="art42-plus-15",
        ),
        pytest.param(
            Joint(
                JOINT,
                (
                    replace(MEMBER, decided_at=at("2026-03-06 09:00")),
                    replace(MEMBER, accepted_at=at("2026-03-11 09:00")),
                ),
            ),
            "2026-03-20 09:00",
            ("RUNNING", "2026-05-12"),
            id="art42-no-member-runs-for-3-days",
        ),
        pytest.param(
            Joint(
                JOINT,
                (replace(MEMBER, decided_at=at("2026-03-06 09:00")),),
                steps=((at("2026-02-27 09:00"), at("2026-03-03 09:00")), (at("2026-03-11 09:00"), None)),
            ),
            "2026-03-20 09:00",
            ("RUNNING", "2026-05-09"),
            id="art42-a-departments-step-runs-too",
        ),
        pytest.param(
            Joint(JOINT, (replace(MEMBER, ledger=(Paused(at("2026-03-03 09:00"), "专家评审"),)), MEMBER)),
            "2026-03-20 09:00",
            ("RUNNING", "2026-05-08"),
            id="art42-another-member-still-runs",
        ),
        pytest.param(
            Joint(JOINT, (replace(MEMBER, decided_at=at("2026-03-06 09:00")),), decided_at=at("2026-03-06 09:00")),
            "2026-06-01 09:00",
            ("MET", "2026-05-08"),
            id="art42-all-decided",
        ),
    ],
)
def test_the_joint_clock_runs_while_any_members_clock_runs(joint: Joint, now: str, expected: tuple[str, str]) -> None:
    view = one(MEMBER, now=now, name=ClockName.JOINT, joint=joint)

    assert (view.state, view.due.on if view.due else None) == (ClockState(expected[0]), on(expected[1]))


def test_every_started_clock_says_why_in_both_languages() -> None:
    lines = (accepted(inspection=True), line("approval.hearing.told", "2026-09-22 09:00"), DECIDED)

    found = clock_set(DONE, lines, CALENDAR, now=at("2026-10-13 09:00"))
    started = [view for view in found if view.started_on is not None]

    assert len(started) >= 5
    assert all(view.article and view.why and view.why.zh.endswith("。") and view.why.en for view in started)
    hearing = next(view for view in started if view.name is ClockName.HEARING_REQUEST)
    assert hearing.why is not None
    assert hearing.why.zh.startswith(
        "自2026年9月22日告知听证权利起算，当日不计入；期限为5个工作日（行政许可法第四十七条）"
    )


def test_a_provisional_day_is_never_missed() -> None:
    case = replace(CASE, accepted_at=at("2026-12-24 09:00"))

    view = one(case, now="2027-06-01 09:00", name=ClockName.DECISION)

    assert (view.state, view.due.provisional if view.due else None) == (ClockState.RUNNING, True)
