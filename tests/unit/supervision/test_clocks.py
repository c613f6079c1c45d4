"""Acceptance, decision, promise and joint handling, article by article: days worked out by hand for 2026."""

from dataclasses import replace

import pytest

from services.kernel.time_limit import DueDate, Extended, Paused, Resumed, Unit, due_date
from services.supervision.domain.case import Basis, Supervised
from services.supervision.domain.clock_set import clock_set
from services.supervision.domain.clocks import ClockName, ClockState, Line
from services.supervision.domain.joint import Joint, clock_then
from tests.support.clocks import (
    ACCEPTED,
    CALENDAR,
    CASE,
    DECIDED,
    DONE,
    LEGAL,
    RECEIVED,
    accepted,
    at,
    clocks,
    limit,
    line,
    on,
    one,
    told,
)


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
    ],
)
def test_each_clock_up_to_the_decision_has_the_day_the_article_gives_it(
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


def test_a_provisional_day_to_supply_by_misses_nothing_until_it_is_told_again() -> None:
    asked = line("intake.supplement.requested", "2026-12-11 09:00", supply_by="2027-01-01", supply_by_provisional=True)
    final = {"clock": "SUPPLEMENT", "now": {"on": "2027-01-05", "provisional": False}}
    moved = line("intake.application.dates_moved", "2026-12-20 09:00", dates=[final])

    early = one(RECEIVED, asked, now="2027-01-04 09:00", name=ClockName.SUPPLEMENT)
    again = one(RECEIVED, asked, moved, now="2027-01-04 09:00", name=ClockName.SUPPLEMENT)

    assert early.why is not None
    assert early.why.due.provisional
    assert early.state is ClockState.RUNNING
    assert told(again) == (ClockState.RUNNING, on("2026-12-11"), on("2027-01-05"))


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


def test_art42_a_joint_clock_is_as_its_owner_knew_it_then() -> None:
    """What happened later moves a date that was told before it neither way."""
    decided = replace(MEMBER, decided_at=at("2026-03-06 09:00"))
    later = replace(MEMBER, accepted_at=at("2026-03-13 09:00"))
    extended = Extended(at("2026-04-20 09:00"), 15, Unit.WORKDAY, "情况复杂")
    joint = Joint(JOINT, (decided, later), extended)

    clocks = [clock_then(joint, at(when)) for when in ("2026-03-01 09:00", "2026-03-05 09:00", "2026-04-21 09:00")]

    dues = [due_date(clock, CALENDAR) for clock in clocks if clock is not None]
    assert clocks[0] is None
    assert dues == [DueDate(on("2026-05-08")), DueDate(on("2026-06-04"))]


def test_art42_an_extension_leaves_the_promised_joint_day_where_it_was() -> None:
    promised, extended = limit(10), Extended(at("2026-03-04 09:00"), 15, Unit.WORKDAY, "情况复杂")

    clock = clock_then(Joint(promised, (MEMBER,), extended), at("2026-03-05 09:00"), Basis.PROMISED)

    assert clock is not None
    assert due_date(clock, CALENDAR) == DueDate(on("2026-03-16"))


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
