"""Reads of what supervision found: the list, and one finding as it is shown."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.events.supervision import FindingKind
from services.supervision.schemas import FINDING_LABELS, BodyOut, FindingOut
from services.supervision.tables import CaseRow, FindingRow


async def found(
    connection: AsyncConnection,
    visible: ColumnElement[bool],
    kind: FindingKind | None,
    before: UUID | None,
    limit: int,
) -> list[FindingOut]:
    """The newest first, at most `limit`; one of no case names the body of the reader."""
    of_case = [col(CaseRow.case_no), col(CaseRow.item_name)]
    body = [
        func.coalesce(col(CaseRow.department_uscc), col(FindingRow.reader_uscc)).label("department_uscc"),
        func.coalesce(col(CaseRow.department_name), col(FindingRow.reader_name)).label("department_name"),
    ]
    wanted = (
        select(*FindingRow.__table__.columns, *of_case, *body)  # type: ignore[attr-defined]
        .outerjoin(CaseRow, col(CaseRow.case_id) == col(FindingRow.case_id))
        .where(visible)
        .order_by(col(FindingRow.id).desc())
        .limit(limit)
    )
    if kind is not None:
        wanted = wanted.where(col(FindingRow.kind) == kind.value)
    if before is not None:
        wanted = wanted.where(col(FindingRow.id) < before)
    return [finding_out(dict(row)) for row in (await connection.execute(wanted)).mappings()]


def finding_out(row: Mapping[str, Any]) -> FindingOut:
    """A finding with the case it is about in one mapping."""
    kind = FindingKind(row["kind"])
    detail = {name: value for name, value in row["detail"].items() if name != "summary"}
    body = row["department_uscc"] and BodyOut(uscc=row["department_uscc"], name=row["department_name"])
    return FindingOut(
        id=row["id"],
        case_no=row["case_no"],
        kind=kind,
        label=FINDING_LABELS[kind],
        summary=row["detail"]["summary"],
        item_name=row["item_name"],
        department=body or None,
        happened_at=row["happened_at"],
        found_at=row["found_at"],
        detail=detail,
    )
