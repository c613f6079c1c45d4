"""Rows of the supervision database: locked, turned into domain values, written back in bulk."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, bindparam, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.kernel.time_limit import Entry, Extended, Paused, Resumed, StartRule, TimeLimit, Unit
from services.supervision.domain.case import Supervised
from services.supervision.tables import PENDING, ArmingRow, CaseRow, LightRow, TimelineRow

Row = dict[str, Any]
COLUMNS = [column for column in CaseRow.__table__.columns]  # type: ignore[attr-defined]
_CHANGEABLE = [column.name for column in COLUMNS if column.name != "case_id"]
_MAKE = text("INSERT INTO supervised_case (case_id) SELECT unnest(:ids) ON CONFLICT DO NOTHING").bindparams(
    bindparam("ids", type_=ARRAY(Uuid))
)
_VOID = text("UPDATE light SET voided_at = :now WHERE id = ANY(:ids)").bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_SAVE = (
    update(CaseRow)
    .where(col(CaseRow.case_id) == bindparam("_case_id"))
    .values({name: bindparam(f"_{name}") for name in _CHANGEABLE})
)


async def lock(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, Row]:
    """The rows of these cases, made where they are missing, locked in one order so that two batches never cross."""
    ordered = sorted(ids)
    await connection.execute(_MAKE, {"ids": ordered})
    wanted = select(*COLUMNS).where(col(CaseRow.case_id) == func.any(ordered)).order_by(col(CaseRow.case_id))
    found = await connection.execute(wanted.with_for_update())
    return {row["case_id"]: dict(row) for row in found.mappings()}


async def lock_due(connection: AsyncConnection, now: datetime, limit: int) -> dict[UUID, Row]:
    """Cases whose next instant has passed, the oldest first; those another transaction holds are left to it."""
    due = select(*COLUMNS).where(col(CaseRow.next_light_at) < now).order_by(col(CaseRow.next_light_at)).limit(limit)
    found = await connection.execute(due.with_for_update(skip_locked=True))
    return {row["case_id"]: dict(row) for row in found.mappings()}


async def lock_one(connection: AsyncConnection, *conditions: ColumnElement[bool]) -> Row | None:
    """The one case that fulfils the conditions, locked; None when there is none."""
    found = await connection.execute(select(*COLUMNS).where(*conditions).with_for_update())
    row = found.mappings().one_or_none()
    return dict(row) if row is not None else None


async def save(connection: AsyncConnection, rows: Iterable[Row]) -> None:
    """Write rows back that this transaction has locked."""
    values = [{f"_{name}": value for name, value in row.items()} for row in rows]
    if values:
        await connection.execute(_SAVE, values)


async def case_ids(connection: AsyncConnection, case_numbers: Iterable[str]) -> dict[str, UUID]:
    statement = select(col(CaseRow.case_no), col(CaseRow.case_id))
    found = await connection.execute(statement.where(col(CaseRow.case_no) == func.any(sorted(case_numbers))))
    return {row.case_no: row.case_id for row in found}


async def add_to_timeline(connection: AsyncConnection, entries: Sequence[Row]) -> None:
    if entries:
        await connection.execute(upsert(TimelineRow).on_conflict_do_nothing(), list(entries))


async def add_lights(connection: AsyncConnection, lights: Sequence[Row]) -> set[tuple[UUID, str, str]]:
    """Store what was not stored yet; case, rule and occasion of those that are new."""
    if not lights:
        return set()
    statement = upsert(LightRow).values(list(lights)).on_conflict_do_nothing(constraint="light_once")
    key = (col(LightRow.case_id), col(LightRow.rule), col(LightRow.occasion))
    new = await connection.execute(statement.returning(*key))
    return {(row.case_id, row.rule, row.occasion) for row in new}


async def standing_lights(connection: AsyncConnection, ids: Sequence[UUID]) -> Sequence[Any]:
    """The lights of these cases that were not voided."""
    wanted = select(*LightRow.__table__.columns)  # type: ignore[attr-defined]
    wanted = wanted.where(col(LightRow.case_id) == func.any(sorted(ids)), col(LightRow.voided_at).is_(None))
    return (await connection.execute(wanted)).all()


async def void_lights(connection: AsyncConnection, ids: Sequence[UUID], now: datetime) -> None:
    await connection.execute(_VOID, {"ids": list(ids), "now": now})


async def arm_again(connection: AsyncConnection, fingerprint: str) -> int:
    """Make every case with a light to come due for the sweep when rules or calendar changed; how many."""
    seen = upsert(ArmingRow).values(only=1, fingerprint=fingerprint)
    seen = seen.on_conflict_do_update(
        index_elements=[col(ArmingRow.only)],
        set_={"fingerprint": fingerprint},
        where=col(ArmingRow.fingerprint) != fingerprint,
    )
    if (await connection.execute(seen.returning(col(ArmingRow.only)))).first() is None:
        return 0
    armed = or_(text(PENDING), col(CaseRow.next_light_at).is_not(None), col(CaseRow.missing_year).is_not(None))
    since = func.coalesce(
        col(CaseRow.accepted_at), col(CaseRow.received_at), col(CaseRow.next_light_at), col(CaseRow.submitted_at)
    )
    return (await connection.execute(update(CaseRow).where(armed).values(next_light_at=since))).rowcount


def supervised(row: Mapping[str, Any]) -> Supervised:
    """The domain value of a row."""
    return Supervised(
        legal=_limit(row["legal"]),
        promised=_limit(row["promised"]),
        submitted_at=row["submitted_at"],
        received_at=row["received_at"],
        complete_at=row["complete_at"],
        supplement_open=row["supplement_open"],
        accepted_at=row["accepted_at"],
        decided_at=row["decided_at"],
        refused_at=row["refused_at"],
        withdrawn_at=row["withdrawn_at"],
        concluded_at=row["concluded_at"],
        ended_at=row["ended_at"],
        ledger=tuple(_entry(entry) for entry in row["ledger"] or ()),
    )


def _entry(stored: Mapping[str, Any]) -> Entry:
    at = datetime.fromisoformat(stored["at"])
    if stored["kind"] == "PAUSED":
        return Paused(at, stored["cause"], stored["article"])
    if stored["kind"] == "RESUMED":
        return Resumed(at)
    return Extended(at, stored["value"], Unit(stored["unit"]), stored["cause"], stored["article"])


def _limit(stored: Mapping[str, Any] | None) -> TimeLimit | None:
    return limit_of(stored) if stored is not None else None


def limit_of(stored: Mapping[str, Any]) -> TimeLimit:
    return TimeLimit(stored["value"], Unit(stored["unit"]), StartRule(stored["start"]), stored.get("basis", ""))
