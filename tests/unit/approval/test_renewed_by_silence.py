"""Licensing Law art. 50: at the end of the old certificate's last day the renewal is granted; nobody decides then."""

from datetime import UTC, datetime, timedelta

import pytest

from services.approval.domain.errors import RenewedBySilence
from services.approval.domain.guards import check_not_renewed, check_promises
from services.approval.domain.proceedings import Proceedings

OVER = datetime(2026, 3, 31, 16, tzinfo=UTC)  # midnight in China after 31 March
RENEWAL = Proceedings(decide_before=OVER)


@pytest.mark.parametrize("granted", [True, False])
@pytest.mark.parametrize("late", [timedelta(), timedelta(seconds=1), timedelta(days=30)])
def test_art_50_from_the_end_of_the_last_day_on_nobody_decides(late: timedelta, granted: bool) -> None:
    with pytest.raises(RenewedBySilence):
        check_promises(RENEWAL, granted=granted, now=OVER + late)


def test_art_50_a_decision_of_the_last_second_counts() -> None:
    check_promises(RENEWAL, granted=False, now=OVER - timedelta(seconds=1))
    check_not_renewed(RENEWAL, now=OVER - timedelta(microseconds=1))


def test_what_is_no_renewal_is_never_cut_off() -> None:
    check_not_renewed(Proceedings(), now=OVER + timedelta(days=3650))
