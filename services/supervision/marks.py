"""The few lines of its timeline a case row carries along, so that its clocks are lit without another read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.supervision.domain.clocks import (
    ACCEPTED,
    CERTIFIED,
    CLAIMED,
    DATES_MOVED,
    DAYS_MOVED,
    DECIDED,
    HANDED_OVER,
    REFUSED,
    REQUESTED,
    SUPPLIED,
    Line,
)
from services.supervision.told import Fact

BUNDLE_ACCEPTED = "intake.bundle.accepted.v1"
BUNDLE_ENDS = ("intake.bundle.decided.v1", "intake.bundle.withdrawn.v1")
MARKED = frozenset(
    {
        *(ACCEPTED, CERTIFIED, CLAIMED, DATES_MOVED, DAYS_MOVED, *DECIDED, HANDED_OVER, REFUSED, REQUESTED, SUPPLIED),
        *(BUNDLE_ACCEPTED, "intake.bundle.extended.v1", *BUNDLE_ENDS),
        "intake.bundle.dates_moved.v1",
        "intake.commitment.checked.v1",
        "approval.case.suspended.v1",
        "approval.case.resumed.v1",
        "approval.case.passed_up.v1",
        "approval.first_level.assigned.v1",
        "approval.inspectors.assigned.v1",
        "approval.hearing.told.v1",
        "approval.hearing.requested.v1",
        "approval.hearing.waived.v1",
        "approval.hearing.announced.v1",
        "approval.hearing.held.v1",
        "approval.consultation.asked.v1",
        "approval.consultation.answered.v1",
    }
)


def marked(row: Mapping[str, Any], subject: str, fact: Fact) -> list[dict[str, Any]] | None:
    """The row's marks with this fact, in the order of what happened: two services are heard in any order."""
    known: list[dict[str, Any]] | None = row["marks"]
    if subject not in MARKED:
        return known
    mark = {"subject": subject, "at": fact.at.isoformat(), "detail": fact.detail}
    return sorted([*(known or ()), mark], key=lambda one: datetime.fromisoformat(one["at"]))


def is_bundle(row: Mapping[str, Any]) -> bool:
    """Whether the row is that of an accepted bundle application."""
    return any(mark["subject"] == BUNDLE_ACCEPTED for mark in row["marks"] or ())


def lines(row: Mapping[str, Any]) -> list[Line]:
    return [Line(one["subject"], datetime.fromisoformat(one["at"]), one["detail"] or {}) for one in row["marks"] or ()]
