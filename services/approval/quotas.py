"""How many can be granted of an item limited in number, as intake told it, and who was accepted earlier."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import and_, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.events.common import Outcome
from contracts.events.intake_seldom import QuotaSet
from services.approval.domain.order import Place, check_place
from services.approval.domain.states import OPEN_STATES
from services.approval.repository import Loaded
from services.approval.tables import CaseRow, DecisionRow
from services.chassis import reference
from services.chassis.clock import SHANGHAI
from services.chassis.database import UnitOfWork

NAME = "quota"
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext(:name))")


async def keep_quota(uow: UnitOfWork, event: QuotaSet) -> None:
    document = {"quota": event.quota, "counts_from": event.counts_from.isoformat()}
    await reference.keep(uow.connection, NAME, event.item_code, event.revision, document)


async def check_order(connection: AsyncConnection, loaded: Loaded) -> None:
    """Before a grant of an item limited in number: one at a time, and nobody is overtaken.

    Nothing while no number was set, and for a renewal: its number was given with the certificate.

    Raises QuotaUsedUp, EarlierAcceptedFirst.
    """
    if not loaded.item.quantity_limited or loaded.row["renews"] is not None:
        return
    item_code = loaded.item.item_code
    await connection.execute(_LOCK, {"name": f"approval.quota.{item_code}"})
    limit = (await reference.documents(connection, NAME)).get(item_code)
    if limit is not None:
        check_place(await _place(connection, loaded, limit[1]))


async def _place(connection: AsyncConnection, loaded: Loaded, limit: dict[str, Any]) -> Place:
    """Neither an amendment nor a renewal takes a number or stands before anybody: the certificate has one."""
    counts_from = datetime.combine(date.fromisoformat(limit["counts_from"]), time(), SHANGHAI)
    new_ones = and_(col(CaseRow.amends).is_(None), col(CaseRow.renews).is_(None))
    for_a_number = and_(col(CaseRow.item_code) == loaded.item.item_code, new_ones)
    granted = (
        select(func.count())
        .select_from(DecisionRow)
        .join(CaseRow, col(CaseRow.id) == col(DecisionRow.case_id))
        .where(
            for_a_number,
            col(DecisionRow.outcome) == Outcome.GRANTED.value,
            col(DecisionRow.decided_at) >= counts_from,
        )
    )
    own_place = (loaded.row["accepted_at"], loaded.case.id)
    earlier = (
        select(func.count())
        .select_from(CaseRow)
        .where(
            for_a_number,
            col(CaseRow.state).in_([state.value for state in OPEN_STATES]),
            tuple_(col(CaseRow.accepted_at), col(CaseRow.id)) < tuple_(*own_place),
        )
    )
    counted = (await connection.execute(select(granted.scalar_subquery(), earlier.scalar_subquery()))).one()
    return Place(limit["quota"], granted=int(counted[0]), earlier=int(counted[1]))
