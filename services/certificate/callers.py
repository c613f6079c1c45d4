"""Rows of registered callers: who may ask what, and how often he asked today."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.certificate.domain.access import PROVINCIAL, WITH_PURPOSE
from services.certificate.domain.errors import CallerRefused, DailyLimitReached
from services.certificate.domain.sharing import Registration, callers_of, in_force, refusal
from services.certificate.tables import CallerRow, CallerUseRow
from services.chassis.auth import Principal


async def admit(connection: AsyncConnection, principal: Principal, purpose: str, today: date) -> Registration:
    """One query of another's certificates under the caller's registration, counted.

    Raises:
        CallerRefused, DailyLimitReached.
    """
    names = callers_of(
        principal.client_id,
        principal.organisation,
        staff=bool(principal.roles & (WITH_PURPOSE - PROVINCIAL)),
        platform=bool(principal.roles & PROVINCIAL),
    )
    return await admit_as(connection, names, principal.organisation, purpose, today)


async def admit_as(
    connection: AsyncConnection, names: tuple[str, ...], organisation: str, purpose: str, today: date
) -> Registration:
    """One query under the most particular registration of these names, counted. Raises: see `admit`."""
    registration = in_force(names, await _known(connection, names))
    refused = refusal(registration, purpose, today)
    if registration is None or refused is not None:
        raise CallerRefused(refused or "")
    await _count(connection, registration, organisation, today)
    return registration


async def _known(connection: AsyncConnection, names: Sequence[str]) -> dict[str, Registration]:
    found = await connection.execute(select(*_columns()).where(col(CallerRow.caller).in_(names)))
    return {row.caller: registration_of(row) for row in found}


def _columns() -> list[Any]:
    return list(CallerRow.__table__.columns)  # type: ignore[attr-defined]


def registration_of(row: Any) -> Registration:
    return Registration(
        caller=row.caller,
        name=row.name,
        daily_limit=row.daily_limit,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        types=frozenset(row.types),
        fields=frozenset(row.fields_shown),
        purposes=frozenset(row.purposes),
        closed=row.closed,
    )


async def _count(connection: AsyncConnection, registration: Registration, organisation: str, today: date) -> None:
    """One statement, so that two queries at once cannot both be the last one. Raises DailyLimitReached."""
    statement = insert(CallerUseRow).values(caller=registration.caller, organisation=organisation, day=today, used=1)
    statement = statement.on_conflict_do_update(
        index_elements=["caller", "organisation", "day"],
        set_={"used": col(CallerUseRow.used) + 1},
        where=col(CallerUseRow.used) < registration.daily_limit,
    )
    used = await connection.scalar(statement.returning(col(CallerUseRow.used)))
    if used is None or registration.daily_limit < 1:
        raise DailyLimitReached(f"每日上限 {registration.daily_limit} 次")


async def register(connection: AsyncConnection, row: dict[str, Any]) -> None:
    """A new registration, or the newest state of one."""
    statement = insert(CallerRow).values(row)
    changed = {name: statement.excluded[name] for name in row if name != "caller"}
    await connection.execute(statement.on_conflict_do_update(index_elements=["caller"], set_=changed))


async def all_callers(connection: AsyncConnection) -> list[Any]:
    return list((await connection.execute(select(*_columns()).order_by(col(CallerRow.caller)))).all())
