"""What the library's events tell of certificates is kept here, and in which order it was told.

Events of one certificate may be heard late or in another order (two workers, a dead letter handled again), so each row
knows the version of the newest that told how it stands: an older one changes nothing any more.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import case, func, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.intake.tables import HeldCertificateRow

Row = dict[str, Any]
_TOLD_ELSEWHERE = ("region_name", "trusted_until")
_DESCRIBING = ("holder_name", "type_code", "type_name", "valid_from", "valid_until", *_TOLD_ELSEWHERE)
_UNTIL_ISSUED = date.max  # a certificate whose issue was not heard of yet counts for nothing
# Of a certificate whose end was heard before its issue only the first holder had a row.
_FOLLOW = text(
    "UPDATE held_certificate held SET status = newer.status, told = newer.told FROM held_certificate newer "
    "WHERE held.identifier = ANY(:identifiers) AND newer.identifier = held.identifier AND newer.told > held.told"
)
_WAIT_FOR_ISSUE = text(
    "INSERT INTO held_certificate (identifier, holder_key, type_code, type_name, valid_from, status, told) "
    "SELECT CAST(:identifier AS varchar), :holder_key, '', '', :valid_from, :status, :told "
    "WHERE NOT EXISTS (SELECT FROM held_certificate WHERE identifier = CAST(:identifier AS varchar))"
)


async def keep_issued(connection: AsyncConnection, rows: list[Row]) -> None:
    """A row for each holder. Told twice changes nothing; what became of a certificate meanwhile stays."""
    statement = insert(HeldCertificateRow)
    new = statement.excluded
    changing = {name: getattr(new, name) for name in _DESCRIBING}
    newer = col(HeldCertificateRow.told) <= new.told
    changing["status"] = case((newer, new.status), else_=col(HeldCertificateRow.status))
    changing["told"] = func.greatest(col(HeldCertificateRow.told), new.told)
    kept = statement.on_conflict_do_update(
        index_elements=[col(HeldCertificateRow.identifier), col(HeldCertificateRow.holder_key)], set_=changing
    )
    await connection.execute(kept, rows)
    await connection.execute(_FOLLOW, {"identifiers": sorted({row["identifier"] for row in rows})})


@dataclass(frozen=True)
class Standing:
    """How a certificate stands since the event of this version."""

    status: str
    told: int


async def keep_standing(connection: AsyncConnection, identifier: str, now: Standing, holder_key: str) -> None:
    """Heard before the issue it waits here for it."""
    row = (col(HeldCertificateRow.identifier) == identifier, col(HeldCertificateRow.told) < now.told)
    changed = await connection.execute(update(HeldCertificateRow).where(*row).values(status=now.status, told=now.told))
    if changed.rowcount:
        return
    waiting = {
        "identifier": identifier,
        "holder_key": holder_key,
        "valid_from": _UNTIL_ISSUED,
        "status": now.status,
        "told": now.told,
    }
    await connection.execute(_WAIT_FOR_ISSUE, waiting)


async def trust(connection: AsyncConnection, identifier: str, type_code: str, until: date) -> None:
    """Of another region's certificate, as that region was asked last."""
    statement = update(HeldCertificateRow).where(col(HeldCertificateRow.identifier) == identifier)
    await connection.execute(statement.values(type_code=type_code, trusted_until=until))
