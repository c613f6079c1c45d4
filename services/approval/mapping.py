"""Rows and events turned into domain values and back: item rules, clocks and ledger, proceedings, consultations."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter

from contracts.events.common import DueDate as DueDateOut
from contracts.events.common import ItemKind, ItemRef, LimitValue
from contracts.events.intake import ApplicationAccepted
from services.approval.domain.clocks import Clocks, Dates
from services.approval.domain.decision import ResultRule
from services.approval.domain.light import LightInstants
from services.approval.domain.proceedings import (
    Body,
    Consultation,
    ConsultationState,
    ExtensionRule,
    ItemRules,
    Procedure,
    Proceedings,
)
from services.kernel.time_limit import (
    DueDate,
    Entry,
    Extended,
    Paused,
    Resumed,
    StartRule,
    TimeLimit,
    Unit,
    china_date,
)

LICENSING = "01"  # 行政许可, GB/T 39046 A.1: only these fall under the Administrative Licensing Law
FIRST_LEVEL = TimeLimit(20, Unit.WORKDAY, StartRule.ACCEPTED, "行政许可法第四十三条")
_PROCEEDINGS = TypeAdapter(Proceedings)
_NOTHING = Proceedings()


def result_rule(item: ItemRef, *, amends: bool = False) -> ResultRule:
    """An amendment has no period of its own: where the decision names no day, the certificate keeps its."""
    return ResultRule(
        item_name=item.name,
        result_name=item.result_name,
        is_certificate=item.certificate_type_code is not None,
        validity=None if amends else item.certificate_validity,
    )


def item_rules(item: ItemRef) -> ItemRules:
    """What the pinned version says of the procedure."""
    rule = item.extension
    return ItemRules(
        licensing=item.type_code == LICENSING,
        joint=item.kind is ItemKind.JOINT,
        basis="；".join(item.basis),
        extension=ExtensionRule(rule.value, Unit(rule.unit.value)) if rule else None,
        procedures=tuple(
            Procedure(kind=p.kind, name=p.name, stops_clock=p.stops_clock, cause=p.cause, basis=p.basis)
            for p in item.special_procedures
        ),
        first_level=_first_level(item),
    )


def _first_level(item: ItemRef) -> TimeLimit | None:
    """The item's own limit of the first level, else the twenty days of art. 43."""
    if len(item.levels) < 2:
        return None
    first = min(item.levels, key=lambda level: level.no)
    if first.limit is None:
        return FIRST_LEVEL
    return TimeLimit(first.limit, Unit(first.unit.value), StartRule.ACCEPTED, FIRST_LEVEL.article)


def time_limit(limit: LimitValue) -> TimeLimit:
    return TimeLimit(limit.value, Unit(limit.unit.value), StartRule(limit.start.value), limit.basis)


def due_out(value: DueDate) -> DueDateOut:
    return DueDateOut(on=value.on, provisional=value.provisional)


def clocks_of_acceptance(event: ApplicationAccepted) -> Clocks:
    limits = time_limit(event.item.legal_limit), time_limit(event.item.promised_limit)
    return Clocks(*limits, complete_at=event.complete_at or event.received_at, accepted_at=event.accepted_at)


def dates_of_acceptance(event: ApplicationAccepted) -> Dates:
    return Dates(
        DueDate(event.legal_due.on, event.legal_due.provisional),
        DueDate(event.promised_due.on, event.promised_due.provisional),
        china_date(event.accepted_at),
    )


def clocks(row: Mapping[str, Any], item: ItemRef, ledger: Iterable[Mapping[str, Any]]) -> Clocks:
    """`row` holds the instants, as datetimes or as JSON text."""
    return Clocks(
        time_limit(item.legal_limit),
        time_limit(item.promised_limit),
        complete_at=instant(row["complete_at"] or row["received_at"]),
        accepted_at=instant(row["accepted_at"]),
        ledger=tuple(_entry(entry) for entry in ledger),
    )


def instant(value: datetime | str) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _entry(row: Mapping[str, Any]) -> Entry:
    at = instant(row["at"])
    if row["kind"] == "PAUSED":
        return Paused(at, row["cause"], row["article"])
    if row["kind"] == "RESUMED":
        return Resumed(at)
    return Extended(at, row["value"], Unit(row["unit"]), row["cause"], row["article"])


def ledger_row(entry: Entry) -> dict[str, Any]:
    match entry:
        case Paused():
            return _ledger("PAUSED", entry.at, entry.cause, entry.article)
        case Resumed():
            return _ledger("RESUMED", entry.at)
        case Extended():
            return _ledger("EXTENDED", entry.at, entry.reason, entry.article, entry.value, entry.unit.value)


def _ledger(
    kind: str, at: datetime, cause: str = "", article: str = "", value: int | None = None, unit: str | None = None
) -> dict[str, Any]:
    return {"kind": kind, "at": at, "cause": cause, "article": article, "value": value, "unit": unit}


def dates(row: Mapping[str, Any]) -> Dates:
    return Dates(
        DueDate(row["legal_due_on"], row["legal_due_provisional"]),
        DueDate(row["promised_due_on"], row["promised_due_provisional"]),
        row["projected_on"],
    )


def dates_row(value: Dates) -> dict[str, Any]:
    return {
        "legal_due_on": value.legal.on,
        "legal_due_provisional": value.legal.provisional,
        "promised_due_on": value.promised.on,
        "promised_due_provisional": value.promised.provisional,
        "projected_on": value.as_of,
    }


def lights_row(value: LightInstants) -> dict[str, datetime | None]:
    return {
        "warning_after": value.warning_after,
        "yellow_after": value.yellow_after,
        "red_after": value.red_after,
    }


def proceedings(stored: Mapping[str, Any] | None) -> Proceedings:
    return _PROCEEDINGS.validate_python(stored) if stored else _NOTHING


def proceedings_row(value: Proceedings) -> dict[str, Any]:
    """The columns that lists need, and everything as JSON; nothing for a case that never had any of it."""
    first = value.first_level.division if value.first_level else None
    content = None if value == _NOTHING else _PROCEEDINGS.dump_python(value, mode="json")
    return {"proceedings": content, "first_level_division": first}


def consultations(rows: Sequence[Mapping[str, Any]]) -> tuple[Consultation, ...]:
    return tuple(
        Consultation(
            no=row["no"],
            department=Body(row["department_uscc"], row["department_name"], row["department_division"]),
            question=row["question"],
            limit_workdays=row["limit_workdays"],
            asked_at=instant(row["asked_at"]),
            state=ConsultationState(row["state"]),
            told=DueDate(date.fromisoformat(row["due_on"]), row["due_provisional"]),
        )
        for row in rows
    )


def consultation_row(value: Consultation, due: DueDate) -> dict[str, Any]:
    return {
        "no": value.no,
        "department_uscc": value.department.uscc,
        "department_name": value.department.name,
        "department_division": value.department.division,
        "question": value.question,
        "limit_workdays": value.limit_workdays,
        "asked_at": value.asked_at,
        "due_on": due.on,
        "due_provisional": due.provisional,
        "state": value.state.value,
    }
