"""Numbers that are limited: art. 57."""

import pytest

from services.approval.domain.errors import EarlierAcceptedFirst, QuotaUsedUp
from services.approval.domain.order import Place, check_place


@pytest.mark.parametrize(
    ("quota", "granted", "earlier"),
    [
        pytest.param(1, 0, 0, id="art57-first in line"),
        pytest.param(3, 1, 1, id="art57-a number is left for the one before him"),
    ],
)
def test_a_number_is_given_when_everybody_before_can_have_one(quota: int, granted: int, earlier: int) -> None:
    check_place(Place(quota, granted, earlier))


@pytest.mark.parametrize(("granted", "earlier"), [(0, 2), (1, 1)])
def test_art_57_nobody_is_overtaken_for_the_last_number(granted: int, earlier: int) -> None:
    with pytest.raises(EarlierAcceptedFirst):
        check_place(Place(2, granted, earlier))


@pytest.mark.parametrize(("quota", "granted"), [(0, 0), (2, 2), (1, 3)])
def test_nothing_is_granted_beyond_the_number(quota: int, granted: int) -> None:
    with pytest.raises(QuotaUsedUp):
        check_place(Place(quota, granted, 0))
