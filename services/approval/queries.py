"""Reads for officers: the inbox and one examination. Each is one SELECT."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal_column, not_, or_, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.events.common import DueDate
from services.approval.domain.case import OPEN_STATES, STATE_LABELS, State
from services.approval.domain.errors import UnknownCase
from services.approval.domain.light import Light, LightDays
from services.approval.schemas import Examination, Task, TaskItem
from services.approval.tables import CaseRow, DecisionRow, OpinionRow, WithdrawalRow
from services.chassis.auth import Principal

NEEDED_ROLE = {State.EXAMINING: "HANDLER", State.REVIEWED: "CHIEF_REPRESENTATIVE"}


@dataclass(frozen=True)
class TaskFilter:
    """What the inbox is narrowed to; without `states`, what waits for the reader's own roles."""

    states: tuple[State, ...] = ()
    lights: tuple[Light, ...] = ()
    item: str | None = None
    due_before: date | None = None
    after: tuple[date, UUID] | None = field(default=None)  # sort values of the last row shown


def waiting_states(principal: Principal) -> tuple[State, ...]:
    """The states whose next act is this person's; for a supervisor every open one."""
    if principal.has("SUPERVISOR"):
        return OPEN_STATES
    return tuple(state for state, role in NEEDED_ROLE.items() if principal.has(role))


def lit(light: Light, days: LightDays) -> ColumnElement[bool]:
    """The same rule as `LightDays.light`, for the database; an ended case has no light."""
    legal, promised = col(CaseRow.legal_due_on), col(CaseRow.promised_due_on)
    red = legal < days.today
    rules: dict[Light, ColumnElement[bool]] = {
        Light.RED: red,
        Light.YELLOW: and_(not_(red), promised < days.today),
        Light.WARNING: and_(not_(red), promised >= days.today, promised <= days.warning_until),
    }
    return and_(_open(), rules[light])


def _open() -> ColumnElement[bool]:
    return col(CaseRow.state).in_([state.value for state in OPEN_STATES])


async def tasks(
    connection: AsyncConnection, visible: ColumnElement[bool], wanted: TaskFilter, days: LightDays, limit: int
) -> list[Task]:
    """At most `limit` rows by promised due date; the case id makes the order total, so that pages never overlap."""
    order = (col(CaseRow.promised_due_on), col(CaseRow.id))
    statement = select(*_TASK_COLUMNS).where(visible, *_conditions(wanted, days)).order_by(*order).limit(limit)
    return [_task(row, days) for row in await connection.execute(statement)]


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
]


def _conditions(wanted: TaskFilter, days: LightDays) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [col(CaseRow.state).in_([state.value for state in wanted.states])]
    if wanted.lights:
        conditions.append(or_(*(lit(light, days) for light in wanted.lights)))
    if wanted.item is not None:
        conditions.append(or_(col(CaseRow.item_code) == wanted.item, col(CaseRow.item_id) == wanted.item))
    if wanted.due_before is not None:
        conditions.append(col(CaseRow.promised_due_on) < wanted.due_before)
    if wanted.after is not None:
        conditions.append(tuple_(col(CaseRow.promised_due_on), col(CaseRow.id)) > tuple_(*wanted.after))
    return conditions


def _task(row: Row[Any], days: LightDays) -> Task:
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
        light=_light(row, days),
        waiting_for=NEEDED_ROLE.get(state),
    )


def _light(row: Any, days: LightDays) -> Light | None:
    if State(row.state) not in OPEN_STATES:
        return None
    return days.light(promised_due_on=row.promised_due_on, legal_due_on=row.legal_due_on)


async def examination(
    connection: AsyncConnection, case_no: str, visible: ColumnElement[bool], days: LightDays
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
        "light": _light(row, days),
        "opinions": row.opinions,
        "decision": row.decision,
        "withdrawal": row.withdrawal if state is State.WITHDRAWN else None,
    }
    return Examination.model_validate(values)


def _examination(case_no: str, visible: ColumnElement[bool]) -> Select[Any]:
    """The case, its opinions, decision and withdrawal as JSON, in one round trip."""
    in_order = aggregate_order_by(_row_json("opinion"), col(OpinionRow.case_version))
    opinions = select(func.coalesce(func.jsonb_agg(in_order), func.jsonb_build_array()))
    decision = select(_row_json("decision")).where(col(DecisionRow.case_id) == col(CaseRow.id))
    withdrawal = select(_row_json("withdrawal")).where(col(WithdrawalRow.application_id) == col(CaseRow.id))
    statement: Select[Any] = select(
        col(CaseRow.state),
        col(CaseRow.promised_due_on),
        col(CaseRow.legal_due_on),
        _row_json("approval_case").label("case"),
        opinions.where(col(OpinionRow.case_id) == col(CaseRow.id)).scalar_subquery().label("opinions"),
        decision.scalar_subquery().label("decision"),
        withdrawal.scalar_subquery().label("withdrawal"),
    )
    return statement.where(col(CaseRow.case_no) == case_no, visible)


def _row_json(table: str) -> ColumnElement[Any]:
    return func.to_jsonb(literal_column(table), type_=JSONB)
