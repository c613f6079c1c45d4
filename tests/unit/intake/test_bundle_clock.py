"""The clock of a bundle (art. 42 para. 2): hand-worked dates of 2026."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.intake.domain.bundle_case import BundleExtension, BundleState
from services.intake.domain.bundle_clock import BundleClock, ClockState, Span, merged, parent_clock, running
from services.intake.domain.bundle_plan import MemberState
from services.intake.domain.joint_clock import joint_clock, step_clock
from services.kernel.light_rules import Basis
from services.kernel.time_limit import Extended, StartRule, TimeLimit, Unit
from services.kernel.workdays import official_calendar
from tests.unit.intake.builders import CLERK
from tests.unit.intake.bundle_builders import a_bundle, a_case, a_member, a_run

LIMIT = TimeLimit(45, Unit.WORKDAY, StartRule.ACCEPTED, "行政许可法第42条第2款")


def at(month: int, day: int, hour: int = 2) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def clock(*spans: Span, limit: TimeLimit = LIMIT, now: datetime = at(3, 3), **more: object) -> BundleClock:
    values: dict[str, object] = {"extended": None, "over": False} | more
    found = parent_clock(limit, spans, official_calendar(), now=now, **values)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_it_starts_with_the_first_member_and_has_45_working_days() -> None:
    shown = clock(Span(at(3, 2)), Span(at(3, 4)))

    assert (shown.why.due.on, shown.state) == (date(2026, 5, 8), ClockState.RUNNING)


def test_fifteen_more_days_are_added_to_the_budget() -> None:
    more = Extended(at(3, 20), 15, Unit.WORKDAY, "会同核验", "行政许可法第42条第2款")

    # After 8 May: Saturday 9 May works, then 11-15, 18-22 and 25-28 May.
    assert clock(Span(at(3, 2)), extended=more).why.due.on == date(2026, 5, 28)


def test_art_42_more_time_moves_the_legal_day_and_leaves_what_was_promised() -> None:
    extension = BundleExtension(15, "会同核验", "分管负责人", "鹤政批1号", at(3, 4), CLERK)
    case = replace(
        a_case(BundleState.ACCEPTED, a_run("步骤", MemberState.RUNNING, clock_from=at(3, 2))), extension=extension
    )

    clocks = [
        joint_clock(case, a_bundle(a_member("步骤")), basis, official_calendar(), now=at(3, 5))
        for basis in (Basis.LEGAL, Basis.PROMISED)
    ]

    assert [shown.why.due.on for shown in clocks if shown] == [date(2026, 5, 28), date(2026, 3, 16)]


def test_one_paused_member_does_not_stop_it_while_another_runs() -> None:
    paused = running(at(3, 2), None, [(at(3, 4), at(3, 18))])

    assert clock(*paused, Span(at(3, 2), at(3, 20))).why.due.on == date(2026, 5, 8)


def test_it_stands_still_while_no_member_runs() -> None:
    ten = TimeLimit(10, Unit.WORKDAY, StartRule.ACCEPTED)

    # 2 March + 10 = 16 March; Thursday 5 to Thursday 12 March: five working days do not count.
    assert clock(Span(at(3, 2), at(3, 5)), Span(at(3, 12)), limit=ten).why.due.on == date(2026, 3, 23)


def test_it_shows_paused_and_provisional_while_nobody_runs() -> None:
    shown = clock(Span(at(3, 2), at(3, 5)), now=at(3, 9))

    assert shown.state is ClockState.PAUSED
    assert shown.why.due.provisional


@pytest.mark.parametrize(
    ("ended", "state"),
    [
        pytest.param(at(5, 8), ClockState.MET, id="on the last day"),
        pytest.param(at(5, 9), ClockState.MISSED, id="a day late"),
    ],
)
def test_it_stops_with_the_last_member(ended: datetime, state: ClockState) -> None:
    shown = clock(Span(at(3, 2), at(3, 10)), Span(at(3, 5), ended), over=True, now=at(6, 1))

    assert (shown.state, shown.stopped_at) == (state, ended)


def test_no_member_no_clock() -> None:
    assert parent_clock(LIMIT, [], official_calendar(), extended=None, over=False, now=at(3, 2)) is None


def test_running_time_is_merged_without_overlap() -> None:
    spans = [Span(at(3, 9), at(3, 10)), Span(at(3, 2), at(3, 4)), Span(at(3, 3), at(3, 6))]

    assert merged(spans) == (Span(at(3, 2), at(3, 6)), Span(at(3, 9), at(3, 10)))
    assert merged([*spans, Span(at(3, 4))]) == (Span(at(3, 2)),)


def test_a_pause_that_is_still_open_ends_the_running_time() -> None:
    assert list(running(at(3, 2), None, [(at(3, 4), at(3, 5)), (at(3, 9), None)])) == [
        Span(at(3, 2), at(3, 4)),
        Span(at(3, 5), at(3, 9)),
    ]


def test_a_day_in_a_year_that_is_not_loaded_is_missed_by_nobody() -> None:
    five = TimeLimit(5, Unit.WORKDAY, StartRule.ACCEPTED)
    two_days_later = datetime(2027, 1, 3, 2, tzinfo=UTC)

    shown = clock(Span(at(12, 25)), limit=five, now=two_days_later)

    assert shown.why.due.provisional
    assert (shown.why.due.on, shown.state) == (date(2027, 1, 1), ClockState.RUNNING)


@pytest.mark.parametrize(
    ("ended_at", "now", "state"),
    [
        (None, at(3, 5), ClockState.RUNNING),
        (None, at(3, 6), ClockState.MISSED),
        (at(3, 5), at(3, 9), ClockState.MET),
        (at(3, 6), at(3, 9), ClockState.MISSED),
    ],
)
def test_the_day_promised_for_a_step_comes_with_its_why_and_its_article(
    ended_at: datetime | None, now: datetime, state: ClockState
) -> None:
    run = a_run("步骤", MemberState.RUNNING, clock_from=at(3, 2), ended_at=ended_at)

    shown = step_clock(a_member("步骤", limit_workdays=3), run, official_calendar(), now=now)

    assert shown is not None
    assert (shown.why.due.on, shown.state, shown.stopped_at) == (date(2026, 3, 5), state, ended_at)
    assert shown.why.zh == (
        "自2026年3月2日该步骤启动起算，当日不计入；期限为3个工作日（优化营商环境条例第三十六条）；于2026年3月5日到期。"
    )
    assert shown.why.en == (
        "counted from the start of the step on 2026-03-02, the day itself not included; the limit is 3 working day(s)"
        " (优化营商环境条例第三十六条); due 2026-03-05."
    )


def test_a_step_that_has_not_started_and_one_without_a_promise_have_no_clock() -> None:
    waiting = step_clock(a_member("步骤", limit_workdays=3), a_run("步骤"), official_calendar(), now=at(3, 5))
    unlimited = step_clock(a_member("步骤"), a_run("步骤", clock_from=at(3, 2)), official_calendar(), now=at(3, 5))

    assert (waiting, unlimited) == (None, None)
