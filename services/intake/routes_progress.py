"""Progress for whoever holds the receipt: the case number and query code printed on every paper. No login."""

import hmac
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.chassis.auth import public
from services.intake.answers_course import DueOut
from services.intake.domain.errors import UnknownApplication
from services.intake.domain.states import STATE_NAMES, State
from services.intake.routing import TheOffice
from services.intake.schemas import In
from services.intake.tables import ApplicationRow
from services.kernel.codes import normalise_number

router = APIRouter(prefix="/api/v1/cases", tags=["applications"], dependencies=[public])


_AsPrinted = BeforeValidator(lambda typed: normalise_number(typed) if isinstance(typed, str) else typed)


class ProgressIn(In):
    case_no: Annotated[str, _AsPrinted, StringConstraints(pattern=r"^[0-9A-Z]{43}$")] = Field(
        description="办件编号，印在凭证和各文书上"
    )
    query_code: Annotated[str, _AsPrinted, StringConstraints(pattern=r"^[0-9A-Z]{10}$")] = Field(
        description="查询码，印在凭证和各文书上"
    )


class ProgressOut(BaseModel):
    """How far a case is: states and dates only, no name, number, reason or outcome."""

    case_no: str
    item_name: str
    state: State
    state_name: str
    submitted_at: datetime
    received_at: datetime | None
    accepted_at: datetime | None
    supply_by: date | None = Field(description="补正期限，仅补正中有")
    supply_by_provisional: bool = Field(False, description="true：补正期限为暂定，按周一至周五推算的最早日期")
    promised_due: DueOut | None
    decided_at: datetime | None
    concluded_at: datetime | None


@router.post("/progress", summary="凭办件编号和查询码查询进度 (不需登录)")
async def progress(body: ProgressIn, office: TheOffice, response: Response) -> ProgressOut:
    response.headers["cache-control"] = "private, no-store"
    async with office.db.read() as connection:
        return await _progress(connection, body)


_SHOWN = (
    *("case_no", "item_name", "submitted_at", "received_at", "accepted_at", "promised_due", "decided_at"),
    "concluded_at",
)
_COLUMNS = [getattr(ApplicationRow, name) for name in (*_SHOWN, "state", "supplement", "query_code")]
_NO_CODE = "-" * 10


async def _progress(connection: AsyncConnection, asked: ProgressIn) -> ProgressOut:
    """Raises UnknownApplication: one answer for an unknown case and a wrong code, and as long in coming."""
    statement = select(*_COLUMNS).where(col(ApplicationRow.case_no) == asked.case_no)
    row = (await connection.execute(statement)).mappings().one_or_none()
    code = row["query_code"] if row is not None else _NO_CODE
    if not hmac.compare_digest(str(code).encode(), asked.query_code.encode()) or row is None:
        raise UnknownApplication("办件编号或查询码不正确")
    state = State(row["state"])
    supplement = row["supplement"] if state is State.CORRECTION else None
    return ProgressOut(
        **{name: row[name] for name in _SHOWN},
        state=state,
        state_name=STATE_NAMES[state],
        supply_by=supplement["supply_by"] if supplement else None,
        supply_by_provisional=bool(supplement and supplement.get("provisional")),
    )
