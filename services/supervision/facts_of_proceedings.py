"""What the procedural acts of approval say: those that move clocks or end a case, and all others as plain lines."""

from collections.abc import Callable
from typing import Any

from contracts.events import approval
from contracts.events.common import Actor, Event
from services.supervision.told import Fact

Columns = dict[str, Any]


def _ledger(
    kind: str, at: Any, *, cause: str = "", article: str = "", value: int | None = None, unit: str | None = None
) -> dict[str, Any]:
    return {"kind": kind, "at": at.isoformat(), "cause": cause, "article": article, "value": value, "unit": unit}


def _told(event: approval.CaseSuspended | approval.CaseResumed | approval.CaseExtended) -> Columns:
    return {"told_legal_due_on": event.legal_due.on, "told_promised_due_on": event.promised_due.on}


def _suspended(event: approval.CaseSuspended) -> Fact:
    entry = _ledger("PAUSED", event.suspended_at, cause=event.cause or event.kind_name, article=event.article)
    detail = {
        "kind": event.kind_name,
        "article": event.article,
        "expected_workdays": event.expected_workdays,
        "expected_end": event.expected_end.model_dump(mode="json"),
    }
    return Fact(event.case_id, event.case_no, event.suspended_at, _told(event), event.approved_by, detail, entry)


def _resumed(event: approval.CaseResumed) -> Fact:
    entry = _ledger("RESUMED", event.resumed_at)
    detail = {"kind": event.kind_name, "expected_end": event.expected_end.model_dump(mode="json")}
    return Fact(event.case_id, event.case_no, event.resumed_at, _told(event), event.resumed_by, detail, entry)


def _extended(event: approval.CaseExtended) -> Fact:
    value, unit, article = event.value, event.unit.value, event.article
    entry = _ledger("EXTENDED", event.extended_at, cause=event.reason, article=article, value=value, unit=unit)
    due = event.legal_due.model_dump(mode="json")
    detail = {"value": value, "unit": unit, "article": article, "legal_due": due}
    return Fact(event.case_id, event.case_no, event.extended_at, _told(event), event.approved_by, detail, entry)


def _terminated(event: approval.CaseTerminated) -> Fact:
    columns = {"ended_at": event.terminated_at}
    return Fact(event.case_id, event.case_no, event.terminated_at, columns, event.terminated_by)


def _transferred(event: approval.CaseTransferred) -> Fact:
    columns, detail = {"ended_at": event.transferred_at}, {"transferred_to": event.transferred_to.name}
    return Fact(event.case_id, event.case_no, event.transferred_at, columns, event.transferred_by, detail)


def _moved(event: approval.CaseMoved) -> Fact:
    """Limits and department came with intake's own event; this is the owner's word on the dates."""
    columns = {"told_legal_due_on": event.legal_due.on, "told_promised_due_on": event.promised_due.on}
    detail = {"from_version": event.from_version, "to_version": event.item.version}
    return Fact(event.case_id, event.case_no, event.moved_at, columns, event.moved_by, detail)


CLOCK_FACTS: dict[type[Event], Callable[[Any], Fact | None]] = {
    approval.CaseSuspended: _suspended,
    approval.CaseResumed: _resumed,
    approval.CaseExtended: _extended,
    approval.CaseTerminated: _terminated,
    approval.CaseTransferred: _transferred,
    approval.CaseMoved: _moved,
}

# Fields of a line that are no person's: dates, numbers, bodies, choices.
_SHOWN = (
    *("due", "request_by", "hold_by", "speak_by", "takes_place_at", "took_place_at", "settled"),
    *("division", "party_no", "consultation_no", "answer", "limit_workdays"),
    *("identifier", "through", "status", "act", "reader"),
    *("dates",),
)


def other_fact(event: Event) -> Fact | None:
    """A plain line of the timeline for any other event of a case: when, who, and what names nobody.

    The instant and who acted are found by their types; an event that has neither a case nor an instant is not ours.
    """
    case_id, case_no = getattr(event, "case_id", None), getattr(event, "case_no", None)
    instants = [name for name in type(event).model_fields if name.endswith("_at") and name not in _PLANNED]
    if case_id is None or not instants:
        return None
    content = event.model_dump(mode="json")
    values = [getattr(event, name) for name in type(event).model_fields]
    actor = next((value for value in values if isinstance(value, Actor)), None)
    detail = {name: content[name] for name in _SHOWN if content.get(name) is not None}
    department = content.get("department")
    if department is not None:
        detail |= {"department": department["name"], "department_uscc": department["uscc"]}
    return Fact(case_id, case_no, getattr(event, instants[-1]), {}, actor, detail or None)


_PLANNED = ("takes_place_at", "took_place_at", "checked_at")
