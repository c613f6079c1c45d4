"""Rows of the supervision database: locked, turned into domain values, written back in bulk."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, DateTime, Uuid, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.chassis.ids import uuid7
from services.kernel.time_limit import Entry, Extended, Paused, Resumed, StartRule, TimeLimit, Unit
from services.supervision.domain.case import Supervised
from services.supervision.domain.lights import Crossing
from services.supervision.tables import PENDING, ArmingRow, CaseRow, LightRow, TimelineRow

Row = dict[str, Any]
COLUMNS = [column for column in CaseRow.__table__.columns]  # type: ignore[attr-defined]
_CHANGEABLE = [column.name for column in COLUMNS if column.name != "case_id"]
_MAKE = text("INSERT INTO supervised_case (case_id) SELECT unnest(:ids) ON CONFLICT DO NOTHING").bindparams(
    bindparam("ids", type_=ARRAY(Uuid))
)
_VOID = text(
    "UPDATE light SET voided_at = :now FROM unnest(:ids, :ends) AS ended (case_id, at) "
    "WHERE light.case_id = ended.case_id AND light.crossed_at >= ended.at AND light.voided_at IS NULL "
    "RETURNING light.case_id, light.rule, light.level, light.crossed_at"
).bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("ends", type_=ARRAY(DateTime(timezone=True))))
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


async def add_lights(
    connection: AsyncConnection, crossings: Sequence[tuple[Row, Crossing]], now: datetime
) -> set[tuple[UUID, str]]:
    """Store what was not stored yet; the case and rule of those that are new."""
    if not crossings:
        return set()
    rows = [
        {
            "id": uuid7(),
            "case_id": row["case_id"],
            "rule": crossing.rule.rule,
            "level": crossing.rule.level.value,
            "department_uscc": row["department_uscc"],
            "division": row["division"],
            "crossed_at": crossing.at,
            "fired_at": now,
        }
        for row, crossing in crossings
    ]
    statement = upsert(LightRow).values(rows).on_conflict_do_nothing(constraint="light_once")
    new = await connection.execute(statement.returning(col(LightRow.case_id), col(LightRow.rule)))
    return {(row.case_id, row.rule) for row in new}


async def void_lights(connection: AsyncConnection, ends: Mapping[UUID, datetime], now: datetime) -> Sequence[Any]:
    """Void the lights of ended cases that were crossed only after their end; case, rule, level, instant of each."""
    if not ends:
        return []
    return (await connection.execute(_VOID, {"ids": list(ends), "ends": list(ends.values()), "now": now})).all()


async def arm_again(connection: AsyncConnection, fingerprint: str) -> int:
    """Make every pending case due for the sweep when rules or calendar changed; how many. One statement, once."""
    seen = upsert(ArmingRow).values(only=1, fingerprint=fingerprint)
    seen = seen.on_conflict_do_update(
        index_elements=[col(ArmingRow.only)],
        set_={"fingerprint": fingerprint},
        where=col(ArmingRow.fingerprint) != fingerprint,
    )
    if (await connection.execute(seen.returning(col(ArmingRow.only)))).first() is None:
        return 0
    statement = update(CaseRow).where(text(PENDING)).values(next_light_at=col(CaseRow.accepted_at))
    return (await connection.execute(statement)).rowcount


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
