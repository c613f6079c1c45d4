"""Due dates other services tell in their events, each with the clock supervision would compute it from."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from contracts.events import approval, intake
from contracts.events.common import Event
from contracts.events.days import CaseDaysMoved
from services.kernel.time_limit import CHINA, Clock, DueDate, StartRule, TimeLimit, Unit
from services.supervision.domain.case import Supervised
from services.supervision.domain.clock_set import (
    FIRST_LEVEL_ARTICLE,
    HEARING_HOLDING,
    HEARING_REQUEST,
    INSPECTORS,
    PARTY_ARTICLE,
)
from services.supervision.domain.clocks import ACCEPTANCE, COMPLETION, DECISION, DELIVERY, NOTICE, RECEIPT, workdays
from services.supervision.repository import limit_of


@dataclass(frozen=True)
class Claim:
    """`limit` names the clock; `begun` is the act it counts from, in Chinese and English."""

    limit: str
    told: date
    clock: Clock
    begun: tuple[str, str]
    before: DueDate | None = None  # the day told before, which this event repeats: it is not brought forward


def claims(event: Event, case: Supervised, marks: Mapping[str, Mapping[str, Any]]) -> Iterator[Claim]:
    """What this event claims beside the legal and the promised date.

    Args:
        case: with the event's own facts already in it.
        marks: the last detail of each marked subject with its instant `at`, for limits an earlier event told.
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
    yield from _moved_supplement(told, marks)
    yield from _moved_window(told, case, marks)


_Told = Mapping[intake.ClockName, date]


def _moved_supplement(told: _Told, marks: Marks) -> Iterator[Claim]:
    on = told.get(intake.ClockName.SUPPLEMENT)
    notice = marks.get(intake.SupplementRequested.SUBJECT, {})
    days = notice.get("supply_workdays")
    if on is not None and days is not None:
        yield _supply_claim(on, days, datetime.fromisoformat(notice["at"]))


def _moved_window(told: _Told, case: Supervised, marks: Marks) -> Iterator[Claim]:
    """An end that did not move stays as the acceptance told it; the waiting time is what the window counts from."""
    window = marks.get(intake.ApplicationAccepted.SUBJECT, {}).get("claim_window", {})
    waited_on, closes_on = told.get(intake.ClockName.WAITING), told.get(intake.ClockName.CLAIM)
    if "waiting_limit" not in window or case.received_at is None:
        return
    if waited_on is not None:
        yield _waiting(waited_on, limit_of(window["waiting_limit"]), case.received_at)
    if closes_on is not None:
        waiting = waited_on or date.fromisoformat(window["opens_on"]) - timedelta(days=1)
        yield _claiming(closes_on, limit_of(window["claim_limit"]), waiting, window["waiting"])


def _supply_claim(on: date, days: int, at: datetime) -> Claim:
    begun = ("一次性告知", "the supplement notice")
    return Claim("SUPPLEMENT", on, Clock(workdays(days, NOTICE.article), at), begun)


def _waiting(on: date, limit: TimeLimit, received_at: datetime) -> Claim:
    return Claim("WAITING", on, Clock(limit, received_at), RECEIPT)


def _claiming(on: date, limit: TimeLimit, waited_on: date, waiting: str) -> Claim:
    since = datetime.combine(waited_on, time(12), CHINA)
    return Claim("CLAIM", on, Clock(limit, since), (f"{waiting}届满", "the end of the waiting time"))


def _supplement(event: intake.SupplementRequested, case: Supervised, marks: Marks) -> Iterator[Claim]:
    """A day the window named itself is counted from nothing."""
    if event.supply_workdays is not None:
        yield _supply_claim(event.supply_by, event.supply_workdays, event.requested_at)


def _accepted(event: intake.ApplicationAccepted, case: Supervised, marks: Marks) -> Iterator[Claim]:
    """Windows of the item's own law; the legal and the promised date are columns of the case."""
    window = event.claim_window
    if window is None or window.waiting_limit is None or window.claim_limit is None:
        return
    waiting, claiming = limit_of(window.waiting_limit.model_dump()), limit_of(window.claim_limit.model_dump())
    waited_on = window.opens_on - timedelta(days=1)
    yield _waiting(waited_on, waiting, event.received_at)
    yield _claiming(window.closes.on, claiming, waited_on, window.waiting)


def _decided(event: approval.CaseDecided, case: Supervised, marks: Marks) -> Iterator[Claim]:
    if event.delivery_due is not None:
        yield Claim("DELIVERY", event.delivery_due.on, Clock(DELIVERY, event.decided_at), DECISION)


def _renewed(event: intake.RenewalDeemed, case: Supervised, marks: Marks) -> Iterator[Claim]:
    if event.delivery_due is not None:
        yield Claim("DELIVERY", event.delivery_due.on, Clock(DELIVERY, event.renewed_at), DECISION)


def _party(event: approval.InterestedPartyNotified, case: Supervised, marks: Marks) -> Iterator[Claim]:
    if event.limit_workdays is not None:
        begun = ("告知利害关系人", "the interested party being told")
        limit = workdays(event.limit_workdays, PARTY_ARTICLE)
        yield Claim("PARTY_STATEMENT", event.speak_by.on, Clock(limit, event.notified_at), begun)


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
        repeats = isinstance(event, approval.CasePassedUp)
        due = marks.get(approval.FirstLevelAssigned.SUBJECT, {}).get("due") if repeats else None
        before = DueDate(date.fromisoformat(due["on"]), due["provisional"]) if due else None
        yield Claim("FIRST_LEVEL", event.due.on, Clock(limit, case.accepted_at), ACCEPTANCE, before)


_STEPS = {"PAUSE": "SPECIAL_PROCEDURE", "STATEMENT": "PARTY_STATEMENT"}  # named otherwise here


def _days_moved(event: CaseDaysMoved, case: Supervised, marks: Marks) -> Iterator[Claim]:
    begun = ("原期限的起算", "the start of that limit")
    for moved in event.dates:
        limit = TimeLimit(moved.value, Unit(moved.unit), StartRule.ACCEPTED, "")
        name = _STEPS.get(moved.clock.value, moved.clock.value)
        yield Claim(name, moved.now.on, Clock(limit, moved.from_at), begun)


def _asked(event: approval.ConsultationAsked, case: Supervised, marks: Marks) -> Iterator[Claim]:
    limit = workdays(event.limit_workdays, "征求意见函载明的期限")
    begun = ("征求意见", "the question to the department")
    yield Claim("CONSULTATION", event.due.on, Clock(limit, event.asked_at), begun)


_CLAIMS: dict[type[Event], Callable[[Any, Supervised, Marks], Iterator[Claim]]] = {
    intake.ApplicationReceived: _received,
    intake.SupplementRequested: _supplement,
    intake.ApplicationAccepted: _accepted,
    intake.DatesMoved: _dates_moved,
    intake.RenewalDeemed: _renewed,
    approval.CaseDecided: _decided,
    approval.InterestedPartyNotified: _party,
    approval.CaseSuspended: _suspended,
    approval.HearingTold: _hearing_told,
    approval.HearingRequested: _hearing_requested,
    approval.InspectorsAssigned: _inspectors,
    approval.FirstLevelAssigned: _first_level,
    approval.CasePassedUp: _first_level,
    approval.ConsultationAsked: _asked,
    CaseDaysMoved: _days_moved,
}
