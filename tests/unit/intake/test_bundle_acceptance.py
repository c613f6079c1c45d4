"""Art. 32(4) for a bundle: five working days of each stage for itself, to the last second."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.intake.domain import bundle_supplement
from services.intake.domain.application import MaterialFault
from services.intake.domain.bundle_acceptance import accept, counted_from, deem_accepted
from services.intake.domain.bundle_case import BundleCase, BundleState
from services.intake.domain.errors import AlreadyAccepted, NotYetDue
from services.intake.domain.records import BundleSupplement
from services.kernel.time_limit import end_of
from services.kernel.workdays import official_calendar
from tests.unit.intake.builders import CLERK
from tests.unit.intake.bundle_builders import a_case, a_run

CALENDAR = official_calendar()
FAULT = MaterialFault(1, "材料1", "缺页", "补齐")
SUPPLIED = datetime(2026, 3, 5, 2, tzinfo=UTC)
RECEIVED = datetime(2026, 9, 1, 2, tzinfo=UTC)  # a Tuesday
END = end_of(date(2026, 9, 8))  # the fifth working day is over
SECOND = timedelta(seconds=1)


def in_stage_two(supplied_in: int, supplied_at: datetime = SUPPLIED) -> BundleCase:
    """Stage 2 received on 1 September, with the notice of a stage answered then; its member still waits."""
    notice = BundleSupplement((FAULT,), ("步骤",), date(2026, 3, 20), SUPPLIED, CLERK, supplied_in, supplied_at)
    case = a_case(BundleState.RECEIVED, a_run("步骤"), stage_no=2, supplement=notice)
    return replace(case, received_at=RECEIVED, received_by=CLERK)


def test_art_32_4_a_stage_is_accepted_from_its_own_receipt() -> None:
    case = in_stage_two(supplied_in=1)

    with pytest.raises(NotYetDue):
        deem_accepted(case, now=END - SECOND, calendar=CALENDAR)
    found = deem_accepted(case, now=END, calendar=CALENDAR)

    assert (found.state, found.accepted_at, found.accepted_by) == (BundleState.ACCEPTED, RECEIVED, CLERK)


def test_art_32_4_what_this_stage_supplied_starts_its_time_anew() -> None:
    supplied_at = RECEIVED + timedelta(days=3)

    assert counted_from(in_stage_two(supplied_in=2, supplied_at=supplied_at)) == supplied_at


def test_art_32_5_the_window_accepts_as_of_the_day_everything_of_this_stage_had_arrived() -> None:
    supplied_at, now = RECEIVED + timedelta(days=3), RECEIVED + timedelta(days=6)

    of_this = accept(in_stage_two(supplied_in=2, supplied_at=supplied_at), by=CLERK, now=now, calendar=CALENDAR)
    of_another = accept(in_stage_two(supplied_in=1), by=CLERK, now=now, calendar=CALENDAR)

    assert (of_this.accepted_at, of_another.accepted_at) == (supplied_at, now)


def test_a_provisional_day_accepts_nothing() -> None:
    received_at = datetime(2026, 12, 30, 2, tzinfo=UTC)
    case = replace(in_stage_two(supplied_in=1), received_at=received_at)

    with pytest.raises(NotYetDue):
        deem_accepted(case, now=received_at + timedelta(days=60), calendar=CALENDAR)


@pytest.mark.parametrize("now", [END - SECOND, END], ids=["in time", "too late"])
def test_art_32_4_the_window_may_answer_until_the_last_second(now: datetime) -> None:
    """Also where all members still wait, so that no application of their own refuses it."""
    case = in_stage_two(supplied_in=1)

    def ask() -> BundleCase:
        return bundle_supplement.request(
            case,
            [FAULT],
            ["步骤"],
            lacking={},
            supply_by=date(2026, 9, 30),
            by=CLERK,
            now=now,
            reason=None,
            calendar=CALENDAR,
        )

    if now < END:
        assert accept(case, by=CLERK, now=now, calendar=CALENDAR).state is BundleState.ACCEPTED
        assert ask().state is BundleState.CORRECTION
        return
    with pytest.raises(AlreadyAccepted):
        accept(case, by=CLERK, now=now, calendar=CALENDAR)
    with pytest.raises(AlreadyAccepted):
        ask()
