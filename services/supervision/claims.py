"""Due dates other services tell in their events, each with the clock supervision would compute it from."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.events import approval, intake
from contracts.events.common import Event
from services.kernel.time_limit import Clock, StartRule, TimeLimit, Unit
from services.supervision.domain.case import Supervised
from services.supervision.domain.clock_set import FIRST_LEVEL_ARTICLE, HEARING_HOLDING, HEARING_REQUEST, INSPECTORS
from services.supervision.domain.clocks import ACCEPTANCE, COMPLETION, DECISION, DELIVERY, NOTICE, RECEIPT, workdays


@dataclass(frozen=True)
class Claim:
    """`limit` names the clock; `begun` is the act it counts from, in Chinese and English."""

    limit: str
    told: date
    clock: Clock
    begun: tuple[str, str]


def claims(event: Event, case: Supervised, marks: Mapping[str, Mapping[str, Any]]) -> Iterator[Claim]:
    """What this event claims beside the legal and the promised date.

    Args:
        case: with the event's own facts already in it.
        marks: the last detail of each marked subject, for limits that an earlier event told.
    """
    tell = _CLAIMS.get(type(event))
    if tell is not None:
        yield from tell(event, case, marks)


Marks = Mapping[str, Mapping[str, Any]]


def _received(event: intake.ApplicationReceived, case: Supervised, marks: Marks) -> Iterator[Claim]:
    yield Claim("NOTICE", event.notice_due.on, Clock(NOTICE, event.received_at), RECEIPT)


def _dates_moved(event: intake.DatesMoved, case: Supervised, marks: Marks) -> Iterator[Claim]:
    """The legal and the promised date are columns of the case and compared as such."""
    told = {moved.clock: moved.now.on for moved in event.dates}
    notice, delivery = told.get(intake.ClockName.NOTICE), told.get(intake.ClockName.DELIVERY)
    since = case.complete_at or case.received_at
    if notice is not None and since is not None:
        yield Claim("NOTICE", notice, Clock(NOTICE, since), COMPLETION if case.complete_at else RECEIPT)
    if delivery is not None and case.decided_at is not None:
        yield Claim("DELIVERY", delivery, Clock(DELIVERY, case.decided_at), DECISION)


def _suspended(event: approval.CaseSuspended, case: Supervised, marks: Marks) -> Iterator[Claim]:
    limit = workdays(event.expected_workdays, event.article)
    begun = ("启动特别程序", "the start of the special procedure")
    yield Claim("SPECIAL_PROCEDURE", event.expected_end.on, Clock(limit, event.suspended_at), begun)


def _hearing_told(event: approval.HearingTold, case: Supervised, marks: Marks) -> Iterator[Claim]:
    begun = ("告知听证权利", "being told of the right to a hearing")
    yield Claim("HEARING_REQUEST", event.request_by.on, Clock(HEARING_REQUEST, event.told_at), begun)


def _hearing_requested(event: approval.HearingRequested, case: Supervised, marks: Marks) -> Iterator[Claim]:
    begun = ("提出听证申请", "the request for a hearing")
    yield Claim("HEARING_HOLDING", event.hold_by.on, Clock(HEARING_HOLDING, event.requested_at), begun)


def _inspectors(event: approval.InspectorsAssigned, case: Supervised, marks: Marks) -> Iterator[Claim]:
    if case.accepted_at is not None:
        yield Claim("INSPECTORS", event.due.on, Clock(INSPECTORS, case.accepted_at), ACCEPTANCE)


def _first_level(
    event: approval.FirstLevelAssigned | approval.CasePassedUp, case: Supervised, marks: Marks
) -> Iterator[Claim]:
    own = marks.get(intake.ApplicationAccepted.SUBJECT, {}).get("first_level")
    if own is not None and case.accepted_at is not None:
        limit = TimeLimit(own["value"], Unit(own["unit"]), StartRule.ACCEPTED, FIRST_LEVEL_ARTICLE)
        yield Claim("FIRST_LEVEL", event.due.on, Clock(limit, case.accepted_at), ACCEPTANCE)


def _asked(event: approval.ConsultationAsked, case: Supervised, marks: Marks) -> Iterator[Claim]:
    limit = workdays(event.limit_workdays, "征求意见函载明的期限")
    begun = ("征求意见", "the question to the department")
    yield Claim("CONSULTATION", event.due.on, Clock(limit, event.asked_at), begun)


_CLAIMS: dict[type[Event], Callable[[Any, Supervised, Marks], Iterator[Claim]]] = {
    intake.ApplicationReceived: _received,
    intake.DatesMoved: _dates_moved,
    approval.CaseSuspended: _suspended,
    approval.HearingTold: _hearing_told,
    approval.HearingRequested: _hearing_requested,
    approval.InspectorsAssigned: _inspectors,
    approval.FirstLevelAssigned: _first_level,
    approval.CasePassedUp: _first_level,
    approval.ConsultationAsked: _asked,
}
