"""A day to supply by that runs into a year whose calendar is not loaded never passes for final."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.intake.domain import bundle_supplement, moving, silence, supplement
from services.intake.domain.application import Application, MaterialFault
from services.intake.domain.bundle_case import BundleCase, BundleState
from services.intake.domain.bundle_plan import MemberState
from services.intake.domain.errors import NotYetDue
from services.intake.domain.states import State
from services.kernel.time_limit import DueDate, end_of
from services.kernel.workdays import SpecialDay, YearNotice, official_calendar
from tests.unit.intake.builders import CLERK, a_fault, a_material, an_application, an_item
from tests.unit.intake.bundle_builders import a_case, a_run

CALENDAR = official_calendar()
ITEM = an_item(a_material(1))
ASKED = datetime(2026, 12, 11, 2, tzinfo=UTC)
FIRST, FINAL = date(2027, 1, 1), date(2027, 1, 5)
LATER = CALENDAR.with_year(
    YearNotice(2027, ("演练",), tuple(SpecialDay(d, "元旦", False, "演练") for d in (FIRST, date(2027, 1, 4))))
)


def asked(supply_by: date = FIRST, workdays: int | None = 15) -> Application:
    return supplement.request_supplement(
        an_application(State.RECEIVED),
        ITEM,
        [a_fault()],
        supply_by=supply_by,
        today=ASKED.date(),
        by=CLERK,
        now=ASKED,
        workdays=workdays,
        calendar=CALENDAR,
    )


def bundle_asked() -> BundleCase:
    case = a_case(BundleState.RECEIVED, a_run("步骤", MemberState.RUNNING))
    fault = MaterialFault(1, "材料1", "缺页", "补齐")
    return bundle_supplement.request(
        case,
        [fault],
        ["步骤"],
        lacking={},
        supply_by=FIRST,
        by=CLERK,
        now=ASKED,
        reason=None,
        workdays=15,
        calendar=CALENDAR,
    )


def test_the_default_day_in_an_unloaded_year_is_provisional_and_brings_nothing_about() -> None:
    waiting = asked()

    assert waiting.supplement is not None
    assert (waiting.supplement.supply_by, waiting.supplement.provisional) == (FIRST, True)
    assert silence.wakes_at(waiting) is None
    with pytest.raises(NotYetDue):
        supplement.return_unsupplied(waiting, now=end_of(FIRST) + timedelta(days=30))
    assert supplement.supply(waiting, [], now=end_of(FIRST)).state is State.CORRECTION


def test_the_loaded_year_makes_the_day_final_once() -> None:
    moved, moves = moving.project(asked(), ITEM, LATER)

    assert [(m.clock, m.earlier, m.now) for m in moves] == [
        (moving.ClockName.SUPPLEMENT, DueDate(FIRST, True), DueDate(FINAL))
    ]
    assert silence.wakes_at(moved) == end_of(FINAL)
    assert moving.project(moved, ITEM, LATER)[1] == ()


@pytest.mark.parametrize(
    ("named", "kept", "provisional"),
    [
        pytest.param(date(2026, 12, 26), date(2026, 12, 28), False, id="a Saturday moves to Monday"),
        pytest.param(date(2026, 12, 28), date(2026, 12, 28), False, id="a working day stays"),
        pytest.param(FIRST, FIRST, True, id="a day of an unloaded year is marked"),
    ],
)
def test_a_named_rest_day_moves_to_the_next_working_day(named: date, kept: date, provisional: bool) -> None:
    notice = asked(named, workdays=None).supplement

    assert notice is not None
    assert (notice.supply_by, notice.provisional) == (kept, provisional)


def test_a_named_holiday_moves_when_its_year_is_loaded() -> None:
    moved, _ = moving.project(asked(FIRST, workdays=None), ITEM, LATER)

    assert moved.supplement is not None
    assert (moved.supplement.supply_by, moved.supplement.provisional) == (FINAL, False)


def test_a_bundle_does_not_lapse_on_a_provisional_day() -> None:
    waiting = bundle_asked()

    with pytest.raises(NotYetDue):
        bundle_supplement.lapse(waiting, now=end_of(FIRST))
    final = bundle_supplement.settle_day(waiting, LATER)

    assert final.supplement is not None
    assert (final.supplement.supply_by, final.supplement.provisional) == (FINAL, False)
    lapsed = bundle_supplement.lapse(final, now=end_of(FINAL) + timedelta(days=3))
    assert (lapsed.state, lapsed.accepted_at) == (BundleState.ACCEPTED, end_of(FINAL)), (
        "the date decides, not the timer"
    )
