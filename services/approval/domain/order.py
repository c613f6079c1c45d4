"""Numbers that are limited go to qualified applicants in the order of acceptance (art. 57). Pure."""

from dataclasses import dataclass

from services.approval.domain.errors import EarlierAcceptedFirst, QuotaUsedUp


@dataclass(frozen=True)
class Place:
    """Where a case stands among those of its item.

    Args:
        quota: how many can be granted.
        granted: how many were granted of these.
        earlier: undecided cases accepted before this one.
    """

    quota: int
    granted: int
    earlier: int

    @property
    def remaining(self) -> int:
        return max(self.quota - self.granted, 0)


def check_place(place: Place) -> None:
    """A grant leaves a number for everybody who was accepted earlier and is not decided yet.

    Raises: QuotaUsedUp, EarlierAcceptedFirst

    Source: Administrative Licensing Law art. 57.
    """
    if place.remaining == 0:
        raise QuotaUsedUp(f"数量限额{place.quota}个，已全部准予")
    if place.earlier >= place.remaining:
        raise EarlierAcceptedFirst(f"剩余{place.remaining}个名额，先受理且尚未决定的申请有{place.earlier}件")
