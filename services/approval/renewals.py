"""What a case renews: whether it still stands, for silence and for a grant can prolong nothing that was taken away."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.approval.domain.errors import CertificateState, IncompleteDecision
from services.approval.repository import Loaded
from services.approval.tables import HeldRow
from services.kernel.certificate_life import STATUS_LABELS, Status
from services.kernel.errors import FieldError

ENDED_FOR_GOOD = frozenset({Status.RESCINDED, Status.ANNULLED, Status.REVOKED, Status.DEREGISTERED})


async def as_it_stands(connection: AsyncConnection, loaded: Loaded) -> Loaded:
    """The case as silence finds it: what was taken away is not renewed by it, so the department decides (art. 50).

    What stands does so until this transaction ends.
    """
    if loaded.case.proceedings.decide_before is None or await _ended(connection, loaded.row["renews"]) is None:
        return loaded
    proceedings = replace(loaded.case.proceedings, decide_before=None)
    return replace(loaded, case=replace(loaded.case, proceedings=proceedings))


async def check_renewable(connection: AsyncConnection, renews: Mapping[str, Any] | None) -> None:
    """Raises CertificateState: what the case would renew was taken away."""
    ended = await _ended(connection, renews)
    if ended is not None:
        raise CertificateState(f"原证照{STATUS_LABELS[ended]}，不能准予延续")


def check_start(renews: Mapping[str, Any] | None, valid_from: date | None, *, today: date) -> None:
    """A renewal goes on where the old certificate ends: nobody is left without one in between.

    Raises: IncompleteDecision
    """
    if renews is None or valid_from is None:
        return
    last = date.fromisoformat(renews["valid_until"])
    if today <= last and valid_from > last + timedelta(days=1):
        fault = FieldError("#/valid_from", "gap", f"原证照有效期至{last}，延续的有效期最迟从次日起算，不得中断")
        raise IncompleteDecision(fault.detail, errors=[fault])


async def _ended(connection: AsyncConnection, renews: Mapping[str, Any] | None) -> Status | None:
    if renews is None:
        return None
    wanted = select(col(HeldRow.status)).where(col(HeldRow.identifier) == renews["certificate_identifier"])
    status = await connection.scalar(wanted.with_for_update(read=True))
    return Status(status) if status is not None and Status(status) in ENDED_FOR_GOOD else None
