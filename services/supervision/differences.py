"""Our own due date, computed from events by the kernel, against the one the owning service told in the event."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from pydantic import BaseModel

from contracts.events.common import DueDate, Event
from contracts.events.intake import ApplicationAccepted, SupplementRequested
from services.kernel.errors import DomainError
from services.kernel.time_limit import StartRule, TimeLimit, china_date, due_date, settled
from services.kernel.why import UNITS_EN, UNITS_ZH, Why, why
from services.kernel.workdays import WorkCalendar
from services.supervision import metrics, repository
from services.supervision.claims import Claim, claims
from services.supervision.domain.case import Basis, Supervised
from services.supervision.domain.clocks import ACCEPTANCE, RECEIPT
from services.supervision.repository import Row
from services.supervision.told import Fact

log = logging.getLogger(__name__)
KEY = "differences"
_OWNERS = {"intake": ("收件服务", "intake"), "approval": ("审批服务", "approval")}


@dataclass(frozen=True)
class Difference:
    """A date told and ours, each with why: what the owner said of it, and our own reasons."""

    claim: Claim
    ours: Why

    def document(self, subject: str) -> dict[str, Any]:
        """`subject`: of the event that told the date."""
        told_zh, told_en = _as_told(subject, self.claim)
        return {
            "limit": self.claim.limit,
            "told": str(self.claim.told),
            "computed": str(self.ours.due.on),
            "computed_provisional": self.ours.due.provisional,
            "told_why": {"zh": told_zh, "en": told_en},
            "computed_why": {"zh": self.ours.zh, "en": self.ours.en},
        }


def compared(row: Row, event: Event, fact: Fact, calendar: WorkCalendar) -> Fact:
    """The fact, with every date in it that differs from ours. A difference is a fault of one of the two services."""
    found = [difference.document(event.SUBJECT) for difference in _all(row, event, fact, calendar)]
    for difference in found:
        count(difference, row)
    return replace(fact, detail={**(fact.detail or {}), KEY: found}) if found else fact


def count(difference: Mapping[str, Any], row: Row) -> None:
    metrics.date_differences.labels(difference["limit"].lower()).inc()
    message = "%s due date differs: %s computed here, %s told"
    values = difference["limit"], difference["computed"], difference["told"]
    log.warning(message, *values, extra={"case_no": row["case_no"]})


def _all(row: Row, event: Event, fact: Fact, calendar: WorkCalendar) -> Iterator[Difference]:
    """The dates of this fact with the ledger as it was then. An acceptance heard after pauses and extensions lets
    their dates be compared as well: without it there was nothing to compute from.
    """
    early = provisional_days(event)
    for found in _candidates(row, event, fact, calendar):
        if not (found.claim.told in early and not found.ours.due.provisional):
            yield found


def provisional_days(event: Event) -> frozenset[date]:
    """Days this event tells as provisional only. A year loaded since makes them final, which is nobody's fault."""
    dues = list(_due_dates(event))
    if isinstance(event, SupplementRequested):
        dues.append(DueDate(on=event.supply_by, provisional=event.supply_by_provisional))
    if (
        isinstance(event, ApplicationAccepted)
        and event.claim_window is not None
        and event.claim_window.closes.provisional
    ):
        dues.append(DueDate(on=event.claim_window.opens_on - timedelta(days=1), provisional=True))
    return frozenset(due.on for due in dues if due.provisional) - {due.on for due in dues if not due.provisional}


def _due_dates(value: Any) -> Iterator[DueDate]:
    if isinstance(value, DueDate):
        yield value
    elif isinstance(value, BaseModel):
        for _, inner in value:
            yield from _due_dates(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from _due_dates(inner)


def _candidates(row: Row, event: Event, fact: Fact, calendar: WorkCalendar) -> Iterator[Difference]:
    case = repository.supervised(row)
    marks = {mark["subject"]: {**(mark["detail"] or {}), "at": mark["at"]} for mark in row["marks"] or ()}
    yield from differing(claims(event, case, marks), calendar, china_date(fact.at))
    is_acceptance = "accepted_at" in fact.columns
    if fact.entry is None and case.ledger and not is_acceptance:
        return  # intake knows nothing of pauses: its dates have been overtaken
    then = replace(case, ledger=() if is_acceptance else case.ledger)
    yield from differing(_of_case(then, fact.columns), calendar, china_date(fact.at))
    if is_acceptance and case.ledger:
        yield from differing(_of_case(case, row), calendar, china_date(case.ledger[-1].at))


def _of_case(case: Supervised, told: dict[str, Any]) -> Iterator[Claim]:
    """The legal and the promised date a service told."""
    for basis in Basis:
        claimed, clock = told.get(f"told_{basis.value.lower()}_due_on"), case.clock(basis)
        if claimed is not None and clock is not None:
            begun = RECEIPT if clock.limit.start is StartRule.RECEIVED else ACCEPTANCE
            yield Claim(basis.value, claimed, clock, begun)


def differing(told: Iterable[Claim], calendar: WorkCalendar, as_of: date) -> Iterator[Difference]:
    for claim in told:
        try:
            counted = due_date(claim.clock, calendar, as_of=as_of)
            ours = settled(claim.before, counted) if claim.before else counted
            if ours.on != claim.told:
                reasons = why(claim.clock, calendar, as_of=as_of, begun=claim.begun, told=claim.before)
                yield Difference(claim, reasons)
        except DomainError:  # no calendar reaches back that far, or the ledger is still incomplete: nothing to compare
            continue


def _as_told(subject: str, claim: Claim) -> tuple[str, str]:
    """The owner's own why: the limit it told, where it told it, and its day."""
    zh, en = _OWNERS[subject.split(".")[0]]
    limit: TimeLimit = claim.clock.limit
    begun_zh, begun_en = claim.begun
    return (
        f"{zh}在事件 {subject} 中告知：自{begun_zh}起算，期限{limit.value}{UNITS_ZH[limit.unit]}，到期日{claim.told}",
        f"told by {en} in {subject}: {limit.value} {UNITS_EN[limit.unit]} from {begun_en}, due {claim.told}",
    )
