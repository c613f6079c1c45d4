"""Not the usual way: pauses in a projection, scenarios and stages, windows that name their dates."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.intake.domain import windows
from services.intake.domain.application import Application, Outcome
from services.intake.domain.catalogue import ItemKind, Need, Scenario
from services.intake.domain.course import Claimed, Course, EntryKind, LedgerEntry
from services.intake.domain.errors import Invalid, OutsideWindow, StageNotOpen, StageTaken
from services.intake.domain.moving import ClockName, project
from services.intake.domain.scenarios import check_stage, choose, under
from services.intake.domain.silence import wakes_at
from services.intake.domain.states import ENDED_WITHOUT_RESULT, State
from services.kernel.time_limit import DueDate, end_of
from services.kernel.workdays import SpecialDay, YearNotice, official_calendar
from tests.unit.intake.builders import CLERK, a_material, an_application, an_item

CALENDAR = official_calendar()
BEGUN = datetime(2026, 3, 2, 2, tzinfo=UTC)
STAGES = [{"no": 1, "name": "筹建批准", "limit": 20}, {"no": 2, "name": "最终审核", "limit": 15}]
DIVORCE = an_item(
    particulars={
        "windows": [
            {"name": "冷静期", "value": 30, "unit": "自然日"},
            {"name": "申领期", "value": 30, "unit": "自然日", "silence": "视为撤回", "basis": "民法典第1077条第2款"},
        ]
    }
)


def received(**more: Any) -> Application:
    case = replace(an_application(State.ACCEPTED), received_at=BEGUN, **more)
    return windows.with_window(case, DIVORCE, CALENDAR)


def test_a_loaded_calendar_counts_a_pause_in():
    entries = (
        LedgerEntry(EntryKind.PAUSED, BEGUN + timedelta(days=1), "专家评审"),
        LedgerEntry(EntryKind.RESUMED, BEGUN + timedelta(days=8)),
    )
    plain = replace(an_application(State.ACCEPTED), accepted_at=BEGUN, legal_due=DueDate(date(2026, 1, 1)))

    without, _ = project(plain, an_item(), CALENDAR)
    counted, _ = project(replace(plain, course=Course(ledger=entries)), an_item(), CALENDAR)

    assert without.legal_due == DueDate(date(2026, 3, 16))
    assert counted.legal_due == DueDate(date(2026, 3, 23))


def test_a_clock_that_stands_still_is_not_moved_by_a_calendar():
    paused = Course(ledger=(LedgerEntry(EntryKind.PAUSED, BEGUN + timedelta(days=1), "专家评审"),))
    case = replace(an_application(State.ACCEPTED), accepted_at=BEGUN, course=paused)

    assert project(case, an_item(), CALENDAR)[1] == ()


def test_civil_code_1077_both_windows_are_counted_from_receipt():
    window = received().course.window

    assert window is not None
    assert window.waiting_until == DueDate(date(2026, 4, 1))
    assert (window.opens_on, window.closes) == (date(2026, 4, 2), DueDate(date(2026, 5, 6)))  # 05-01..05 are off


@pytest.mark.parametrize(
    ("on", "named"),
    [
        pytest.param(datetime(2026, 4, 1, 15, 59, tzinfo=UTC), "2026-04-02", id="one minute too early"),
        pytest.param(datetime(2026, 5, 6, 16, 0, tzinfo=UTC), "2026-05-06", id="one second too late"),
    ],
)
def test_civil_code_1077_outside_the_window_nobody_claims_and_the_answer_names_the_dates(on: datetime, named: str):
    with pytest.raises(OutsideWindow, match=named):
        windows.claim(received(), ("张三", "李四"), by=CLERK, now=on)


def test_civil_code_1077_silence_in_the_second_window_is_withdrawal_as_of_its_end():
    case = received()

    withdrawn = windows.deem_withdrawn(case, now=datetime(2026, 5, 9, tzinfo=UTC))

    assert wakes_at(case) == end_of(date(2026, 5, 6))
    assert (withdrawn.state, withdrawn.withdrawn_at) == (State.WITHDRAWN, end_of(date(2026, 5, 6)))
    assert "民法典第1077条第2款" in (withdrawn.withdrawal_reason or "")


def test_a_claim_stops_the_silence():
    claimed = windows.claim(received(), ("张三", "李四"), by=CLERK, now=datetime(2026, 4, 20, tzinfo=UTC))

    assert wakes_at(claimed) is None


def test_a_scenario_has_its_own_promise_and_asks_for_what_only_it_needs():
    paper = a_material(2, Need.CONDITIONAL, need_text="告知承诺方式必要")
    item = an_item(a_material(1), paper, scenarios=(Scenario("E05a", "告知承诺", 0), Scenario("E05b", "一般程序", 10)))

    commitment, general = under(item, "E05a"), under(item, "E05b")

    assert (commitment.kind, commitment.promised_limit.value) == (ItemKind.INSTANT, 0)
    assert [m.need for m in commitment.materials] == [Need.REQUIRED, Need.REQUIRED]
    assert (general.promised_limit.value, [m.need for m in general.materials]) == (
        10,
        [Need.REQUIRED, Need.CONDITIONAL],
    )


def test_each_stage_has_its_own_limit_and_only_the_last_one_brings_the_certificate():
    item = an_item(a_material(1), a_material(2, stage_no=1), particulars={"stages": STAGES})

    first, last = under(item, "E02-1"), under(item, "E02-2")

    assert (first.legal_limit.value, first.result.name, first.result.certificate_type_code) == (20, "筹建批准", None)
    assert (last.legal_limit.value, last.result) == (15, item.result)
    assert [len(stage.materials) for stage in (first, last)] == [2, 1]


def test_a_later_stage_follows_a_granted_earlier_one():
    item = an_item(particulars={"stages": STAGES})
    before = replace(an_application(State.DECIDED), course=Course(scenario="E02-1"))

    check_stage(item, "E02-2", replace(before, outcome=Outcome.GRANTED))
    for wrong in (None, replace(before, outcome=Outcome.REFUSED)):
        with pytest.raises(StageNotOpen, match="筹建批准"):
            check_stage(item, "E02-2", wrong)


@pytest.mark.parametrize("state", list(State), ids=str)
def test_a_stage_is_asked_for_once_while_the_first_asking_stands(state: State):
    item = an_item(particulars={"stages": STAGES})
    before = an_application(State.DECIDED, course=Course(scenario="E02-1"))
    earlier = an_application(state, course=Course(scenario="E02-2", follows="N"))

    if state in ENDED_WITHOUT_RESULT:
        check_stage(item, "E02-2", before, [earlier])
    else:
        with pytest.raises(StageTaken):
            check_stage(item, "E02-2", before, [earlier])
    check_stage(item, "E02-2", before, [replace(earlier, outcome=Outcome.REFUSED)])


def test_without_a_word_the_first_stage_is_applied_for_and_an_unknown_scenario_is_refused():
    item = an_item(particulars={"stages": STAGES})

    assert choose(item, None, follows=False) == "E02-1"
    assert choose(item, None, follows=True) == "E02-2"
    with pytest.raises(Invalid):
        choose(item, "E02-9", follows=False)


def test_civil_code_1077_a_loaded_year_moves_both_windows_until_the_applicants_have_come():
    year = YearNotice(2027, ("演练",), (SpecialDay(date(2027, 1, 29), "演练", False, "演练"),))
    begun = datetime(2026, 12, 30, 2, tzinfo=UTC)
    dates: dict[str, Any] = {"received_at": begun, "legal_due": None, "promised_due": None}
    case = windows.with_window(replace(an_application(State.ACCEPTED), **dates), DIVORCE, CALENDAR)
    claimed = replace(case, course=replace(case.course, claimed=Claimed(("张三", "李四"), begun, CLERK)))

    moved, moves = project(case, DIVORCE, CALENDAR.with_year(year))

    assert [(move.clock, move.earlier, move.now) for move in moves] == [
        (ClockName.WAITING, DueDate(date(2027, 1, 29), True), DueDate(date(2027, 2, 1))),
        (ClockName.CLAIM, DueDate(date(2027, 3, 1), True), DueDate(date(2027, 3, 3))),
    ]
    assert moved.course.window is not None
    assert moved.course.window.opens_on == date(2027, 2, 2)
    assert project(claimed, DIVORCE, CALENDAR.with_year(year))[1] == ()
