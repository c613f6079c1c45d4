"""Reads for officers: the inbox and one examination. Each is one SELECT."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, not_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.events.common import DueDate
from services.approval.domain.errors import UnknownCase
from services.approval.domain.levels import township_of
from services.approval.domain.light import Light, LightInstants
from services.approval.domain.states import OPEN_STATES, STATE_LABELS, State
from services.approval.examination import proceedings_of
from services.approval.repository import in_order, row_json
from services.approval.schemas import ConsultationTask, Examination, Task, TaskItem
from services.approval.tables import (
    CaseRow,
    ConsultationRow,
    DecisionRow,
    LedgerRow,
    OpinionRow,
    RecordRow,
    WithdrawalRow,
)
from services.chassis.auth import Principal
from services.kernel.time_limit import china_date
from services.kernel.workdays import WorkCalendar

NEEDED_ROLE = {
    State.FIRST_EXAMINING: "HANDLER",
    State.EXAMINING: "HANDLER",
    State.REVIEWED: "CHIEF_REPRESENTATIVE",
    State.SUSPENDED: "HANDLER",
}


@dataclass(frozen=True)
class TaskFilter:
    """What the inbox is narrowed to; without `states`, what waits for the reader's own roles."""

    states: tuple[State, ...] = ()
    first_level: ColumnElement[bool] | None = None  # which of the cases in first examination, for an own inbox
    lights: tuple[Light, ...] = ()
    item: str | None = None
    due_before: date | None = None
    after: tuple[date, UUID] | None = field(default=None)  # sort values of the last row shown


def waiting_states(principal: Principal) -> tuple[State, ...]:
    """The states whose next act is this person's; for a supervisor every open one."""
    if principal.has("SUPERVISOR"):
        return OPEN_STATES
    return tuple(state for state, role in NEEDED_ROLE.items() if principal.has(role))


def waiting_first_level(principal: Principal) -> ColumnElement[bool] | None:
    """A township's handler waits for his township's cases, a department's for those without a township yet."""
    if principal.has("SUPERVISOR"):
        return None
    return col(CaseRow.first_level_division).is_not_distinct_from(township_of(principal.division))


def lit(light: Light, now: datetime) -> ColumnElement[bool]:
    """The same rule as `LightInstants.light`, for the database; an ended case has no light."""
    red, yellow, warning = (_is_on(after, now) for after in _LIGHTS)
    rules: dict[Light, ColumnElement[bool]] = {
        Light.RED: red,
        Light.YELLOW: and_(not_(red), yellow),
        Light.WARNING: and_(not_(red), not_(yellow), warning),
    }
    return and_(_open(), rules[light])


_LIGHTS: tuple[Any, ...] = (col(CaseRow.red_after), col(CaseRow.yellow_after), col(CaseRow.warning_after))


def _is_on(after: Any, now: datetime) -> ColumnElement[bool]:
    """Never NULL, so that its negation holds for a light that never goes on."""
    return and_(after.is_not(None), after < now)


def _open() -> ColumnElement[bool]:
    return col(CaseRow.state).in_([state.value for state in OPEN_STATES])


async def tasks(
    connection: AsyncConnection, visible: ColumnElement[bool], wanted: TaskFilter, limit: int, *, now: datetime
) -> list[Task]:
    """At most `limit` rows by promised due date; the case id makes the order total, so that pages never overlap."""
    order = (col(CaseRow.promised_due_on), col(CaseRow.id))
    statement = select(*_TASK_COLUMNS).where(visible, *_conditions(wanted, now)).order_by(*order).limit(limit)
    return [_task(row, now) for row in await connection.execute(statement)]


_TASK_COLUMNS: list[Any] = [
    col(CaseRow.id),
    col(CaseRow.case_no),
    col(CaseRow.state),
    col(CaseRow.version),
    col(CaseRow.item_code),
    col(CaseRow.item_id),
    col(CaseRow.item)["name"].astext.label("item_name"),
    col(CaseRow.item)["kind"].astext.label("item_kind"),
    col(CaseRow.applicant_name),
    col(CaseRow.channel),
    col(CaseRow.accepted_at),
    col(CaseRow.legal_due_on),
    col(CaseRow.legal_due_provisional),
    col(CaseRow.promised_due_on),
    col(CaseRow.promised_due_provisional),
    *_LIGHTS,
]


def _conditions(wanted: TaskFilter, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [col(CaseRow.state).in_([state.value for state in wanted.states])]
    if wanted.first_level is not None:
        conditions.append(or_(col(CaseRow.state) != State.FIRST_EXAMINING.value, wanted.first_level))
    if wanted.lights:
        conditions.append(or_(*(lit(light, now) for light in wanted.lights)))
    if wanted.item is not None:
        conditions.append(or_(col(CaseRow.item_code) == wanted.item, col(CaseRow.item_id) == wanted.item))
    if wanted.due_before is not None:
        conditions.append(col(CaseRow.promised_due_on) < wanted.due_before)
    if wanted.after is not None:
        conditions.append(tuple_(col(CaseRow.promised_due_on), col(CaseRow.id)) > tuple_(*wanted.after))
    return conditions


def _task(row: Row[Any], now: datetime) -> Task:
    state = State(row.state)
    return Task(
        case_id=row.id,
        case_no=row.case_no,
        state=state,
        state_label=STATE_LABELS[state],
        version=row.version,
        item=TaskItem(item_code=row.item_code, item_id=row.item_id, name=row.item_name, kind=row.item_kind),
        applicant_name=row.applicant_name,
        channel=row.channel,
        accepted_at=row.accepted_at,
        legal_due=DueDate(on=row.legal_due_on, provisional=row.legal_due_provisional),
        promised_due=DueDate(on=row.promised_due_on, provisional=row.promised_due_provisional),
        light=_light(row, now),
        waiting_for=NEEDED_ROLE.get(state),
    )


def _light(row: Any, now: datetime) -> Light | None:
    if State(row.state) not in OPEN_STATES:
        return None
    return LightInstants(row.warning_after, row.yellow_after, row.red_after).light(now)


async def examination(
    connection: AsyncConnection, case_no: str, visible: ColumnElement[bool], calendar: WorkCalendar, *, now: datetime
) -> Examination:
    """Raises UnknownCase, also outside the reader's scope."""
    row = (await connection.execute(_examination(case_no, visible))).one_or_none()
    if row is None:
        raise UnknownCase()
    case = row.case
    state = State(row.state)
    values = case | {
        "case_id": case["id"],
        "state_label": STATE_LABELS[state],
        "legal_due": {"on": case["legal_due_on"], "provisional": case["legal_due_provisional"]},
        "promised_due": {"on": case["promised_due_on"], "provisional": case["promised_due_provisional"]},
        "light": _light(row, now),
        "opinions": row.opinions,
        "decision": row.decision,
        "withdrawal": row.withdrawal if state is State.WITHDRAWN else None,
        **proceedings_of(row, china_date(now), calendar),
    }
    return Examination.model_validate(values)


def _examination(case_no: str, visible: ColumnElement[bool]) -> Select[Any]:
    """The case and everything that was written about it, as JSON, in one round trip."""
    decision = select(row_json("decision")).where(col(DecisionRow.case_id) == col(CaseRow.id))
    withdrawal = select(row_json("withdrawal")).where(col(WithdrawalRow.application_id) == col(CaseRow.id))
    columns: list[Any] = [
        col(CaseRow.state),
        *_LIGHTS,
        row_json("approval_case").label("case"),
        in_order("opinion", col(OpinionRow.case_version), col(OpinionRow.case_id)).label("opinions"),
        in_order("ledger_entry", col(LedgerRow.case_version), col(LedgerRow.case_id)).label("ledger"),
        in_order("consultation", col(ConsultationRow.no), col(ConsultationRow.case_id)).label("consultations"),
        in_order("case_record", col(RecordRow.case_version), col(RecordRow.case_id)).label("records"),
        decision.scalar_subquery().label("decision"),
        withdrawal.scalar_subquery().label("withdrawal"),
    ]
    return select(*columns).where(col(CaseRow.case_no) == case_no, visible)


async def consultations(
    connection: AsyncConnection, organisation: str, after: tuple[date, UUID, int] | None, limit: int
) -> list[ConsultationTask]:
    """Open questions to one department, by due date; of the case only what the question needs."""
    key = (col(ConsultationRow.due_on), col(ConsultationRow.case_id), col(ConsultationRow.no))
    statement = (
        select(*_QUESTION_COLUMNS)
        .join(CaseRow, col(CaseRow.id) == col(ConsultationRow.case_id))
        .where(
            col(ConsultationRow.department_uscc) == organisation,
            col(ConsultationRow.state) == "OPEN",
            col(CaseRow.state).in_([State.EXAMINING.value, State.REVIEWED.value, State.SUSPENDED.value]),
        )
        .order_by(*key)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(*key) > tuple_(*after))
    return [_question(row) for row in await connection.execute(statement)]


_QUESTION_COLUMNS: list[Any] = [
    col(ConsultationRow.case_id),
    col(ConsultationRow.no),
    col(ConsultationRow.question),
    col(ConsultationRow.asked_at),
    col(ConsultationRow.due_on),
    col(ConsultationRow.due_provisional),
    col(CaseRow.case_no),
    col(CaseRow.version),
    col(CaseRow.item_code),
    col(CaseRow.item_id),
    col(CaseRow.item)["name"].astext.label("item_name"),
    col(CaseRow.item)["kind"].astext.label("item_kind"),
]


def _question(row: Row[Any]) -> ConsultationTask:
    return ConsultationTask(
        case_id=row.case_id,
        case_no=row.case_no,
        version=row.version,
        consultation_no=row.no,
        item=TaskItem(item_code=row.item_code, item_id=row.item_id, name=row.item_name, kind=row.item_kind),
        question=row.question,
        asked_at=row.asked_at,
        due=DueDate(on=row.due_on, provisional=row.due_provisional),
    )
