"""Reads for administrators: running cases by version, the order of acceptance, who is barred."""

from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.chassis.clock import local_date
from services.intake.admin_schemas import AcceptanceOrderOut, BarredOut, PlaceOut
from services.intake.domain.application import Application
from services.intake.domain.records import Outcome
from services.intake.domain.states import ALLOWED, Act, State
from services.intake.order_repository import asks_for_a_number
from services.intake.repository import COLUMNS, to_application
from services.intake.scope import in_division
from services.intake.tables import ApplicationRow, BarredRow, QuotaRow

_MOVABLE = sorted(state.value for state in ALLOWED[Act.MOVE])
_LIMIT = 1000


async def running_by_version(connection: AsyncConnection, item_code: str) -> dict[int, int]:
    version = col(ApplicationRow.item_version)
    statement = (
        select(version, func.count().label("running"))
        .where(col(ApplicationRow.item_code) == item_code, col(ApplicationRow.state).in_(_MOVABLE))
        .group_by(version)
        .order_by(version)
    )
    return {row.item_version: row.running for row in await connection.execute(statement)}


async def pinned_elsewhere(
    connection: AsyncConnection, item_code: str, version: int, *, after: UUID | None, limit: int
) -> list[Application]:
    """Running applications of the item that are pinned to another version, by id."""
    statement = select(*COLUMNS).where(
        col(ApplicationRow.item_code) == item_code,
        col(ApplicationRow.item_version) != version,
        col(ApplicationRow.state).in_(_MOVABLE),
    )
    if after is not None:
        statement = statement.where(col(ApplicationRow.application_id) > after)
    statement = statement.order_by(col(ApplicationRow.application_id)).limit(limit)
    return [to_application(row) for row in (await connection.execute(statement)).mappings()]


async def acceptance_order(connection: AsyncConnection, item_code: str) -> AcceptanceOrderOut:
    """Source: Administrative Licensing Law art. 57."""
    statement = select(QuotaRow).where(col(QuotaRow.item_code) == item_code)
    limit = (await connection.execute(statement)).mappings().one_or_none()
    granted = await _granted_since(connection, item_code, limit["counts_from"] if limit else date.min)
    remaining = max(limit["quota"] - granted, 0) if limit else None
    waiting = (
        select(
            col(ApplicationRow.application_id),
            col(ApplicationRow.case_no),
            col(ApplicationRow.state),
            col(ApplicationRow.accepted_at),
            col(ApplicationRow.deemed),
        )
        .where(asks_for_a_number(item_code), col(ApplicationRow.state) == State.ACCEPTED.value)
        .order_by(col(ApplicationRow.accepted_at), col(ApplicationRow.application_id))
        .limit(_LIMIT)
    )
    places = [
        PlaceOut(
            position=position,
            application_id=row.application_id,
            case_no=row.case_no,
            state=State(row.state),
            accepted_at=row.accepted_at,
            deemed=row.deemed is not None,
            within_quota=position <= remaining if remaining is not None else None,
        )
        for position, row in enumerate(await connection.execute(waiting), start=1)
    ]
    return AcceptanceOrderOut(
        item_code=item_code,
        quota=limit["quota"] if limit else None,
        granted=granted,
        remaining=remaining,
        items=places,
    )


async def _granted_since(connection: AsyncConnection, item_code: str, day: date) -> int:
    statement = select(col(ApplicationRow.decided_at)).where(
        asks_for_a_number(item_code), col(ApplicationRow.outcome) == Outcome.GRANTED.value
    )
    decided = (await connection.scalars(statement)).all()
    return sum(1 for at in decided if at is not None and local_date(at) >= day)


async def barred(connection: AsyncConnection, division: str, today: date) -> list[BarredOut]:
    """Records of the reader's division and those below it."""
    statement = (
        select(BarredRow)
        .where(in_division(division, BarredRow), col(BarredRow.barred_until) >= today)
        .order_by(col(BarredRow.barred_until))
    )
    found = await connection.execute(statement.limit(_LIMIT))
    return [BarredOut.model_validate(dict(row)) for row in found.mappings()]
