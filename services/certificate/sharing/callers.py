"""Rows of registered callers: who may ask what, how often he asked today, and every change of a registration."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.certificate.domain.certificate_type import Sharing
from services.certificate.domain.errors import CallerRefused, DailyLimitReached
from services.certificate.domain.sharing import Query, Registration, Shared, callers_of, in_force, refusal
from services.certificate.tables import CallerChangeRow, CallerRow, CallerUseRow
from services.chassis.auth import Principal
from services.chassis.clock import SHANGHAI, local_date
from services.kernel.errors import FieldError

_SHARED = text(
    "SELECT type_code, document->>'sharing' AS sharing FROM certificate_type WHERE document->>'sharing' <> :usual"
)


async def admit(connection: AsyncConnection, principal: Principal, query: Query, now: datetime) -> Registration:
    """One query of another's certificates under the caller's registration, counted.

    Raises:
        CallerRefused, DailyLimitReached.
    """
    names = callers_of(principal.client_id, principal.organisation)
    return await admit_as(connection, names, principal.organisation, query, now)


async def admit_as(
    connection: AsyncConnection, names: tuple[str, ...], organisation: str, query: Query, now: datetime
) -> Registration:
    """One query under the most particular registration of these names, counted. Raises: see `admit`."""
    registration = in_force(names, await _known(connection, names))
    if registration is not None:
        registration = registration.in_directory(await sharing(connection))
    refused = refusal(registration, query, local_date(now))
    if registration is None or refused is not None:
        raise CallerRefused(refused.detail if refused else "", errors=[refused] if refused else [])
    await _count(connection, registration, organisation, now)
    return registration


async def sharing(connection: AsyncConnection) -> Shared:
    """What the directory says besides the usual (有条件共享), which is as registered."""
    found = (await connection.execute(_SHARED, {"usual": Sharing.CONDITIONAL.value})).all()
    of = {kind: frozenset(row.type_code for row in found if row.sharing == kind.value) for kind in Sharing}
    return Shared(open=of[Sharing.OPEN], closed=of[Sharing.CLOSED])


async def _known(connection: AsyncConnection, names: Sequence[str]) -> dict[str, Registration]:
    if not names:
        return {}
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


async def _count(connection: AsyncConnection, registration: Registration, organisation: str, now: datetime) -> None:
    """One statement, so that two queries at once cannot both be the last one; a query refused later is given back.

    Raises: DailyLimitReached.
    """
    one = {"caller": registration.caller, "organisation": organisation, "day": local_date(now), "used": 1}
    statement = insert(CallerUseRow).values(one)
    statement = statement.on_conflict_do_update(
        index_elements=["caller", "organisation", "day"],
        set_={"used": col(CallerUseRow.used) + 1},
        where=col(CallerUseRow.used) < registration.daily_limit,
    )
    used = await connection.scalar(statement.returning(col(CallerUseRow.used)))
    if used is None or registration.daily_limit < 1:
        told = f"今日已查询 {registration.daily_limit} 次，达到登记的每日上限"
        rule = FieldError("/daily_limit", "reached", told)
        raise DailyLimitReached(told, errors=[rule], retry_after_seconds=to_midnight(now))


def to_midnight(now: datetime) -> int:
    """Seconds until the next day of the limit begins."""
    local = now.astimezone(SHANGHAI)
    begins = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((begins - local).total_seconds()) + 1


async def register(connection: AsyncConnection, rows: Sequence[dict[str, Any]], *, only_of: str | None = None) -> None:
    """New registrations, or the newest state of each.

    With `only_of` never one that somebody else registered, and a suspended one stays suspended.
    """
    statement = insert(CallerRow).values(list(rows))
    changed = {name: statement.excluded[name] for name in rows[0] if name not in ("caller", only_of and "closed")}
    mine = col(CallerRow.registered_by) == only_of if only_of is not None else None
    await connection.execute(statement.on_conflict_do_update(index_elements=["caller"], set_=changed, where=mine))


async def close(connection: AsyncConnection, caller: str, *, closed: bool) -> Any:
    """Suspend or resume; the row, or None when there is none."""
    statement = update(CallerRow).where(col(CallerRow.caller) == caller).values(closed=closed)
    return (await connection.execute(statement.returning(*_columns()))).one_or_none()


async def note_change(
    connection: AsyncConnection, caller: str, act: str, by: str, reason: str, state: dict[str, Any], now: datetime
) -> None:
    row = {"caller": caller, "at": now, "act": act, "changed_by": by, "reason": reason, "state": state}
    await connection.execute(insert(CallerChangeRow).values(row))


async def one_caller(connection: AsyncConnection, caller: str) -> Any:
    return (await connection.execute(select(*_columns()).where(col(CallerRow.caller) == caller))).one_or_none()


async def changes_of(connection: AsyncConnection, caller: str) -> list[Any]:
    """The newest first."""
    columns = list(CallerChangeRow.__table__.columns)  # type: ignore[attr-defined]
    wanted = select(*columns).where(col(CallerChangeRow.caller) == caller).order_by(col(CallerChangeRow.id).desc())
    return list((await connection.execute(wanted.limit(200))).all())


async def all_callers(connection: AsyncConnection) -> list[Any]:
    return list((await connection.execute(select(*_columns()).order_by(col(CallerRow.caller)))).all())
