"""The order of acceptance where an item is limited in number: which applications count, and whose turn it is.

Source: Administrative Licensing Law art. 57.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.intake.domain.application import Application
from services.intake.tables import ApplicationRow, QuotaRow


async def quota(connection: AsyncConnection, item_code: str) -> int | None:
    found: int | None = await connection.scalar(select(col(QuotaRow.quota)).where(col(QuotaRow.item_code) == item_code))
    return found


def asks_for_a_number(item_code: str) -> ColumnElement[bool]:
    """Applications that are counted where an item is limited in number.

    An amendment changes, and a renewal prolongs, what holds its number already.
    """
    amends = col(ApplicationRow.course)["amends"].astext
    return and_(col(ApplicationRow.item_code) == item_code, amends.is_(None), col(ApplicationRow.renews).is_(None))


async def acceptance_order(connection: AsyncConnection, item_code: str, accepted_at: datetime) -> int:
    """The place of this acceptance among those of the item, by the day of record; one acceptance at a time."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"order.{item_code}"})
    earlier = select(func.count()).where(asks_for_a_number(item_code), col(ApplicationRow.accepted_at) <= accepted_at)
    return int(await connection.scalar(earlier) or 0) + 1


async def place_in_order(connection: AsyncConnection, application: Application) -> int:
    """The place as it is now: an acceptance by silence counts from receipt and may move before one told earlier."""
    mine = (application.accepted_at, application.application_id)
    earlier = select(func.count()).where(
        asks_for_a_number(application.item_code),
        tuple_(col(ApplicationRow.accepted_at), col(ApplicationRow.application_id)) < tuple_(*mine),
    )
    return int(await connection.scalar(earlier) or 0) + 1
