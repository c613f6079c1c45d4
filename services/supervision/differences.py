"""Our own due date, computed from events by the kernel, against the one the owning service told in the event."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from services.kernel.errors import DomainError
from services.kernel.time_limit import china_date, due_date
from services.kernel.workdays import WorkCalendar
from services.supervision import metrics, repository
from services.supervision.domain.case import Basis, Supervised
from services.supervision.repository import Row
from services.supervision.told import Fact

log = logging.getLogger(__name__)
KEY = "differences"


def compared(row: Row, fact: Fact, calendar: WorkCalendar) -> Fact:
    """The fact, with every date in it that differs from ours. A difference is a fault of one of the two services."""
    found = [
        {"limit": basis.value, "told": str(told), "computed": str(ours)}
        for basis, told, ours in _all(row, fact, calendar)
    ]
    for difference in found:
        metrics.date_differences.labels(difference["limit"].lower()).inc()
        message = "%s due date differs: %s computed here, %s told"
        values = difference["limit"], difference["computed"], difference["told"]
        log.warning(message, *values, extra={"case_no": row["case_no"]})
    return replace(fact, detail={**(fact.detail or {}), KEY: found}) if found else fact


def _all(row: Row, fact: Fact, calendar: WorkCalendar) -> Iterator[tuple[Basis, date, date]]:
    """The dates of this fact with the ledger as it was then. An acceptance heard after pauses and extensions lets
    their dates be compared as well: without it there was nothing to compute from.
    """
    case = repository.supervised(row)
    is_acceptance = "accepted_at" in fact.columns
    if fact.entry is None and case.ledger and not is_acceptance:
        return  # intake knows nothing of pauses: its dates have been overtaken
    then = replace(case, ledger=() if is_acceptance else case.ledger)
    yield from _differing(then, fact.columns, calendar, china_date(fact.at))
    if is_acceptance and case.ledger:
        yield from _differing(case, row, calendar, china_date(case.ledger[-1].at))


def _differing(
    case: Supervised, told: dict[str, Any], calendar: WorkCalendar, as_of: date
) -> Iterator[tuple[Basis, date, date]]:
    for basis in Basis:
        claimed, clock = told.get(f"told_{basis.value.lower()}_due_on"), case.clock(basis)
        if claimed is None or clock is None:
            continue
        try:
            ours = due_date(clock, calendar, as_of=as_of).on
        except DomainError:  # no calendar reaches back that far, or the ledger is still incomplete: nothing to compare
            continue
        if ours != claimed:
            yield basis, claimed, ours
