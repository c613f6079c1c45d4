"""Service rating (好差评): five levels, once per service, by the applicant's side, after conclusion.

Source: 国办发〔2019〕51号 and GB/T 39734-2020 (一次一评, 一事一评). The digits of the standards conflict (1 is best in
one, 5 in the other), so only names are stored.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.supervision.domain.errors import AlreadyRated, NotConcluded, NotTheApplicant


class Satisfaction(StrEnum):
    VERY_SATISFIED = "VERY_SATISFIED"
    SATISFIED = "SATISFIED"
    BASICALLY_SATISFIED = "BASICALLY_SATISFIED"
    DISSATISFIED = "DISSATISFIED"
    VERY_DISSATISFIED = "VERY_DISSATISFIED"


LABELS = {
    Satisfaction.VERY_SATISFIED: "非常满意",
    Satisfaction.SATISFIED: "满意",
    Satisfaction.BASICALLY_SATISFIED: "基本满意",
    Satisfaction.DISSATISFIED: "不满意",
    Satisfaction.VERY_DISSATISFIED: "非常不满意",
}
SATISFIED_LEVELS = (Satisfaction.VERY_SATISFIED, Satisfaction.SATISFIED, Satisfaction.BASICALLY_SATISFIED)
_LONG_NUMBER = re.compile(r"\d(?:[\s－-]?\d){13,}[\s－-]?[\dXxＸｘ]?")
HIDDEN = "（号码已隐去）"


@dataclass(frozen=True)
class Rateable:
    """What rating a case depends on. `parties` are the subject keys of the applicant's side."""

    concluded_at: datetime | None
    rated: bool
    parties: frozenset[str]


@dataclass(frozen=True)
class Rating:
    satisfaction: Satisfaction
    comment: str
    given_at: datetime


def rate(case: Rateable, satisfaction: Satisfaction, comment: str, *, by: frozenset[str], now: datetime) -> Rating:
    """Rate a service.

    Args:
        by: the subject keys the caller may speak for (its own, and those of organisations it is an agent of).

    Raises:
        NotTheApplicant, NotConcluded, AlreadyRated.
    """
    if not by & case.parties:
        raise NotTheApplicant
    if case.concluded_at is None:
        raise NotConcluded
    if case.rated:
        raise AlreadyRated
    return Rating(satisfaction, without_numbers(comment), now)


def without_numbers(comment: str) -> str:
    """A comment is stored and published: whoever writes an identity number into it is protected from that."""
    return _LONG_NUMBER.sub(HIDDEN, comment.strip())
