"""The running numbers of an item's cases, one row per item and day."""

from datetime import date

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.intake.domain.errors import NumbersExhausted
from services.intake.tables import CaseSequenceRow
from services.kernel.codes import CASE_SEQUENCES

_NEXT_SEQUENCE = (
    upsert(CaseSequenceRow)
    .values(item_code=bindparam("item_code"), day=bindparam("day"), last_given=1)
    .on_conflict_do_update(
        index_elements=[col(CaseSequenceRow.item_code), col(CaseSequenceRow.day)],
        set_={"last_given": col(CaseSequenceRow.last_given) + 1},
    )
    .returning(col(CaseSequenceRow.last_given))
)


async def next_sequence(connection: AsyncConnection, item_code: str, day: date) -> int:
    """The next number of an item and day. The row stays locked until the receipt commits. Raises NumbersExhausted."""
    given = int(await connection.scalar(_NEXT_SEQUENCE, {"item_code": item_code, "day": day}) or 0)
    if given > CASE_SEQUENCES:
        raise NumbersExhausted()
    return given
