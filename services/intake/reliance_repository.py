"""Rows of reliance and recall: which case counts on which certificate, who was handed what."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.events.reuse import RecallConcluded, RecallOutcome
from services.intake.commands.hand_over import CERTIFICATE
from services.intake.domain.reliance import base_of
from services.intake.tables import (
    ApplicationRow,
    CaseDocumentRow,
    HeldCertificateRow,
    ItemRow,
    RecallRow,
    ReliedUponRow,
)

Row = dict[str, Any]
_TOGETHER = text("SELECT pg_advisory_xact_lock_shared(hashtext('intake.reliance'))")
_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('intake.reliance'))")


async def reach_together(connection: AsyncConnection) -> None:
    """Until this transaction ends no recall looks for cases: what is accepted now is found by the next one, or refused.

    A row lock would do for the certificate a case uses, but not for those it came from.
    """
    await connection.execute(_TOGETHER)


async def reach_alone(connection: AsyncConnection) -> None:
    """Waits for the acceptances under way, so that whoever relied on a certificate of the chain is seen.

    Before anything else is locked: an acceptance may hold what is wanted next.
    """
    await connection.execute(_ALONE)


async def add(connection: AsyncConnection, rows: Sequence[Row]) -> list[tuple[str, int]]:
    """Those that are new to their case: identifier and number of the material (0: what is renewed or amended)."""
    values = [row | {"base": base_of(row["identifier"])} for row in rows]
    statement = insert(ReliedUponRow).values(values).on_conflict_do_nothing()
    added = await connection.execute(statement.returning(col(ReliedUponRow.identifier), col(ReliedUponRow.material_no)))
    return [(row.identifier, row.material_no) for row in added]


async def held_now(connection: AsyncConnection, identifiers: Collection[str]) -> dict[str, Any]:
    """Status and holder, locked against being taken away until this transaction ends."""
    statement = (
        select(
            col(HeldCertificateRow.identifier),
            col(HeldCertificateRow.status),
            col(HeldCertificateRow.holder_key),
            col(HeldCertificateRow.valid_until),
        )
        .where(col(HeldCertificateRow.identifier).in_(sorted(identifiers)))
        .order_by(col(HeldCertificateRow.identifier))
        .with_for_update(read=True)
    )
    return {row.identifier: row for row in await connection.execute(statement)}


async def relied_on(connection: AsyncConnection, bases: Collection[str]) -> list[tuple[UUID, str]]:
    statement = select(col(ReliedUponRow.application_id), col(ReliedUponRow.identifier)).distinct()
    found = await connection.execute(statement.where(col(ReliedUponRow.base).in_(sorted(bases))))
    return [(row.application_id, row.identifier) for row in found]


async def issued_by(connection: AsyncConnection, case_ids: Collection[UUID]) -> list[tuple[UUID, str]]:
    statement = select(col(CaseDocumentRow.application_id), col(CaseDocumentRow.number)).where(
        col(CaseDocumentRow.application_id).in_(sorted(case_ids)), col(CaseDocumentRow.kind) == CERTIFICATE
    )
    return [(row.application_id, row.number) for row in await connection.execute(statement)]


async def cases(connection: AsyncConnection, case_ids: Collection[UUID]) -> dict[UUID, Any]:
    """What a recall tells of a case."""
    columns = ("application_id", "case_no", "state", "item_code", "item_version", "department_uscc")
    statement = select(*(getattr(ApplicationRow, name) for name in columns)).where(
        col(ApplicationRow.application_id).in_(sorted(case_ids))
    )
    return {row.application_id: row for row in await connection.execute(statement)}


async def add_recalls(connection: AsyncConnection, rows: Sequence[Row]) -> set[UUID]:
    """The recalls that are new: a case is handed over once for each certificate taken away."""
    statement = insert(RecallRow).values(list(rows)).on_conflict_do_nothing(constraint="recall_once")
    return set((await connection.scalars(statement.returning(col(RecallRow.recall_id)))).all())


async def recalled_through(connection: AsyncConnection, case_ids: Collection[UUID]) -> list[tuple[UUID, list[str]]]:
    """Recalls of these cases that are open or ended in an annulment: which certificates each already named.

    What a department let stand, it let stand on the certificates left: when one of those falls, it is asked again.
    """
    outcome = col(RecallRow.outcome)
    statement = select(col(RecallRow.application_id), col(RecallRow.through), col(RecallRow.cause)).where(
        col(RecallRow.application_id).in_(sorted(case_ids)),
        or_(outcome.is_(None), outcome == RecallOutcome.TO_BE_ANNULLED.value),
    )
    found = await connection.execute(statement)
    return [(row.application_id, [row.cause, *(base_of(one) for one in row.through)]) for row in found]


async def conclude(connection: AsyncConnection, concluded: Sequence[RecallConcluded]) -> None:
    """What the departments answered; a recall for a false commitment is not one of these."""
    statement = update(RecallRow).where(col(RecallRow.recall_id) == bindparam("heard"))
    values = [{"heard": event.recall_id, "answer": event.outcome.value} for event in concluded]
    await connection.execute(statement.values(outcome=bindparam("answer")), values)


async def avoided(connection: AsyncConnection, since: datetime, until: datetime) -> Sequence[Any]:
    """Uploads spared and cases that reused, per item."""
    statement = (
        select(
            col(ReliedUponRow.item_code),
            func.max(col(ItemRow.item_id)).label("item_id"),
            func.count().label("uploads"),
            func.count(col(ReliedUponRow.application_id).distinct()).label("cases"),
        )
        .outerjoin(ItemRow, col(ItemRow.item_code) == col(ReliedUponRow.item_code))
        .where(
            col(ReliedUponRow.material_no) > 0,
            col(ReliedUponRow.relied_at) >= since,
            col(ReliedUponRow.relied_at) < until,
        )
        .group_by(col(ReliedUponRow.item_code))
        .order_by(func.count().desc(), col(ReliedUponRow.item_code))
    )
    return (await connection.execute(statement)).all()
