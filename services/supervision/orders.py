"""Supervision orders: the acts of issuing and answering, their rows, the list, and the paper that carries each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.events import supervision as events
from contracts.events.certificate import PaperIssued
from contracts.events.common import Actor, DueDate, OrganisationRef
from services.chassis.auth import Principal
from services.chassis.clock import local_date
from services.chassis.database import Answer, Database, Idempotency, UnitOfWork
from services.chassis.ids import uuid7
from services.kernel.workdays import WorkCalendar
from services.supervision.domain.errors import UnknownCase, UnknownDepartment, UnknownOrder
from services.supervision.domain.lights import Level
from services.supervision.domain.order import (
    Demand,
    Lit,
    Order,
    OrderKind,
    Reply,
    answer,
    issue,
    known_day,
    order_number,
)
from services.supervision.schemas_orders import OrderIn, OrderOut
from services.supervision.scope import ordered, visible
from services.supervision.tables import CaseRow, LightRow, OrderCounterRow, OrderRow

_COLUMNS = list(OrderRow.__table__.columns)  # type: ignore[attr-defined]
_FIRST = 1
Row = dict[str, Any]
Labels = Mapping[Level, str]


@dataclass(frozen=True)
class Desk:
    """What issuing needs besides the demand: the calendar of the reply's last day, the names of the lamps."""

    calendar: WorkCalendar
    labels: Labels


async def issue_order(
    db: Database, idem: Idempotency, wanted: OrderIn, supervisor: Principal, desk: Desk, *, now: datetime
) -> Answer:
    """Issue an order in the name of the supervisor's body.

    Raises:
        UnknownCase, UnknownDepartment: there is none in the supervisor's scope; what `issue` raises.
    """
    async with db.transaction(idem) as uow:
        about = await _about(uow.connection, wanted, supervisor)
        lit = await _lit(uow.connection, about, wanted.rule, desk.labels)
        order = issue(
            wanted.demand(),
            lit and lit[0],
            about_case=wanted.case_no is not None,
            own_body=bool(supervisor.organisation),
            now=now,
            calendar=desk.calendar,
        )
        # a light of a consultation burns on the department that was asked
        body = lit[1] if lit else {name: about[name] for name in ("department_uscc", "department_name")}
        number = await _take_number(uow.connection, local_date(now).year)
        row = _row(order, about | body, number, supervisor)
        await uow.connection.execute(insert(OrderRow).values(row))
        uow.publish(_issued(row, supervisor), aggregate_id=row["id"], version=_FIRST)
        return uow.answer(201, OrderOut.of(_NOT_YET | row, desk.labels))


async def reply_to_order(
    db: Database, idem: Idempotency, order_no: str, content: str, officer: Principal, desk: Desk, *, now: datetime
) -> Answer:
    """The ordered department answers once. Raises UnknownOrder, AlreadyReplied."""
    async with db.transaction(idem) as uow:
        own = col(OrderRow.department_uscc) == officer.organisation  # whatever else he may read
        mine = select(*_COLUMNS).where(col(OrderRow.order_no) == order_no, ordered(officer), own).with_for_update()
        found = (await uow.connection.execute(mine)).mappings().one_or_none()
        if found is None:
            raise UnknownOrder
        order = answer(known_day(_order(dict(found)), desk.calendar), content, now=now)
        assert order.reply is not None
        said = {"reply": order.reply.content, "replied_at": now, "late": order.reply.late}
        row = dict(found) | said | _day(order) | {"replied_by": officer.name, "version": found["version"] + 1}
        changed = {name: row[name] for name in (*said, *_day(order), "replied_by", "version")}
        await uow.connection.execute(update(OrderRow).where(col(OrderRow.id) == row["id"]).values(changed))
        event = events.OrderReplied(
            order_id=row["id"],
            order_no=order_no,
            department_uscc=row["department_uscc"],
            replied_by=_actor(officer, "CHIEF_REPRESENTATIVE"),
            **said,
        )
        uow.publish(event, aggregate_id=row["id"], version=row["version"])
        return uow.answer(201, OrderOut.of(row, desk.labels))


async def note_papers(uow: UnitOfWork, letters: Iterable[PaperIssued]) -> None:
    """Which paper carries which order: told by certificate when it has numbered it."""
    for letter in letters:
        carried = update(OrderRow).where(col(OrderRow.order_no) == letter.order_no)
        await uow.connection.execute(carried.values(paper_id=letter.paper_id, paper_number=letter.number))


async def orders(
    connection: AsyncConnection,
    visible_orders: ColumnElement[bool],
    *,
    replied: bool | None,
    before: UUID | None,
    limit: int,
    desk: Desk,
) -> list[tuple[UUID, OrderOut]]:
    """The newest first, at most `limit`, each with the id that pages are cut by."""
    wanted = select(*_COLUMNS).where(visible_orders).order_by(col(OrderRow.id).desc()).limit(limit)
    if replied is not None:
        wanted = wanted.where(col(OrderRow.replied_at).is_not(None) if replied else col(OrderRow.replied_at).is_(None))
    if before is not None:
        wanted = wanted.where(col(OrderRow.id) < before)
    found = (await connection.execute(wanted)).mappings()
    rows = [dict(row) | _day(known_day(_order(dict(row)), desk.calendar)) for row in found]
    return [(row["id"], OrderOut.of(row, desk.labels)) for row in rows]


_NOT_YET: Row = dict.fromkeys(("reply", "replied_at", "replied_by", "late", "paper_id", "paper_number"))


async def _about(connection: AsyncConnection, wanted: OrderIn, supervisor: Principal) -> Row:
    """The case, or the department: known by the cases it has in the supervisor's division."""
    names = ("department_uscc", "department_name")
    if wanted.case_no is not None:
        columns = [col(getattr(CaseRow, name)) for name in ("case_id", "case_no", "item_name", *names)]
        one = select(*columns).where(col(CaseRow.case_no) == wanted.case_no, visible(supervisor))
    else:
        columns = [col(getattr(CaseRow, name)) for name in names]
        one = select(*columns).where(col(CaseRow.department_uscc) == wanted.department, visible(supervisor)).limit(1)
    found = (await connection.execute(one)).mappings().one_or_none()
    if found is None:
        raise UnknownCase if wanted.case_no else UnknownDepartment
    return {"case_id": None, "case_no": None, "item_name": None} | dict(found)


async def _lit(connection: AsyncConnection, about: Row, rule: str, labels: Labels) -> tuple[Lit, Row] | None:
    """The newest light of this rule on the case that counts, and the body it burns on."""
    if about["case_id"] is None:
        return None
    of_rule = (col(LightRow.case_id) == about["case_id"], col(LightRow.rule) == rule, col(LightRow.voided_at).is_(None))
    names = ("level", "crossed_at", "department_uscc", "department_name")
    wanted = select(*[col(getattr(LightRow, name)) for name in names])
    found = await connection.execute(wanted.where(*of_rule).order_by(col(LightRow.crossed_at).desc()).limit(1))
    light = found.mappings().one_or_none()
    if light is None:
        return None
    level = Level(light["level"])
    body = {
        "department_uscc": light["department_uscc"],
        "department_name": light["department_name"] or about["department_name"],
    }
    sentence = f"“{about['item_name']}”办件（{about['case_no']}）已亮{labels[level]}（规则{rule}）。"
    return Lit(level, light["crossed_at"], sentence), body


async def _take_number(connection: AsyncConnection, year: int) -> str:
    statement = upsert(OrderCounterRow).values(year=year, last=_FIRST)
    statement = statement.on_conflict_do_update(index_elements=["year"], set_={"last": col(OrderCounterRow.last) + 1})
    ordinal = (await connection.execute(statement.returning(col(OrderCounterRow.last)))).scalar_one()
    return order_number(year, ordinal)


def _row(order: Order, about: Row, number: str, supervisor: Principal) -> Row:
    demand = order.demand
    return about | {
        "id": uuid7(),
        "version": _FIRST,
        "order_no": number,
        "kind": demand.kind.value,
        "division": supervisor.division,
        "rule": demand.rule,
        "level": order.level.value if order.level else None,
        "state_at": order.state_at,
        "finding": demand.finding,
        "requirement": demand.requirement,
        **_day(order),
        "reply_within_workdays": demand.reply_within_workdays,
        "issued_at": order.issued_at,
        "issued_by": supervisor.name,
        "issuer_uscc": supervisor.organisation,
        "issuer_name": supervisor.organisation_name,
    }


def _day(order: Order) -> Row:
    return {"reply_by": order.reply_by, "reply_by_provisional": order.provisional}


def _order(row: Mapping[str, Any]) -> Order:
    reply = Reply(row["reply"], row["replied_at"], row["late"]) if row["replied_at"] else None
    level = Level(row["level"]) if row["level"] else None
    demand = Demand(
        OrderKind(row["kind"]), row["rule"], row["finding"], row["requirement"], row["reply_within_workdays"]
    )
    return Order(demand, level, row["state_at"], row["reply_by"], row["reply_by_provisional"], row["issued_at"], reply)


def _issued(row: Row, supervisor: Principal) -> events.OrderIssued:
    same = ("order_no", "department_uscc", "department_name", "rule", "state_at", "finding", "requirement", "issued_at")
    return events.OrderIssued(
        **{name: row[name] for name in same},
        order_id=row["id"],
        kind=events.SupervisionPaper(row["kind"]),
        case_id=row["case_id"],
        case_no=row["case_no"] or "",
        level=events.LightLevel(row["level"]) if row["level"] else None,
        reply_by=DueDate(on=row["reply_by"], provisional=row["reply_by_provisional"]),
        issued_by=_actor(supervisor, "SUPERVISOR"),
    )


def _actor(who: Principal, role: str) -> Actor:
    body = OrganisationRef(uscc=who.organisation, name=who.organisation_name, division=who.division)
    return Actor(account_id=who.subject, name=who.name, role=role, organisation=body)
