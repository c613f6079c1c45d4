"""Looking ahead to a year: which days of steps it would move, by the very rules that move them once it is loaded."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.calendars import CalendarIn
from contracts.events.common import DueDate as DueDateOut
from contracts.events.days import DayClock
from services.approval import repository, standing_repository
from services.approval.domain.days_moved import DayMoved, moved_days
from services.approval.domain.errors import FaultyYear
from services.approval.domain.standing import StandingDecision, day_now
from services.approval.domain.states import State
from services.approval.mapping import due_out
from services.approval.repository import Loaded
from services.chassis.auth import Principal, allow
from services.chassis.http import Db
from services.chassis.reference import Reference
from services.kernel.calendar_year import Year, in_order, year_faults
from services.kernel.time_limit import DueDate
from services.kernel.workdays import WorkCalendar

router = APIRouter(prefix="/api/v1", tags=["approval"])
SHOWN = 200
_BATCH = 200
LABELS = {
    DayClock.FIRST_LEVEL: "下级初审",
    DayClock.PAUSE: "特别程序预计结束",
    DayClock.HEARING_REQUEST: "申请听证",
    DayClock.HEARING_HOLDING: "举行听证",
    DayClock.STATEMENT: "利害关系人陈述申辩",
    DayClock.CONSULTATION: "征求意见答复",
}


@dataclass(frozen=True)
class Ahead:
    """Cases with the days of their steps that move, and proposals about certificates whose holder's day moves."""

    cases: list[tuple[Loaded, tuple[DayMoved, ...]]]
    holders: list[tuple[StandingDecision, DueDate]]


def read_year(year: int, body: CalendarIn, calendar: WorkCalendar) -> Year:
    """Raises FaultyYear."""
    if faults := year_faults(year, body.sources, body.named(), calendar):
        raise FaultyYear(errors=faults)
    return in_order(year, body.sources, body.named())


async def look_ahead(connection: AsyncConnection, later: WorkCalendar) -> Ahead:
    """What this calendar would move; nothing is written."""
    return Ahead(await _cases(connection, later), await _holders(connection, later))


async def _cases(connection: AsyncConnection, later: WorkCalendar) -> list[tuple[Loaded, tuple[DayMoved, ...]]]:
    found: list[tuple[Loaded, tuple[DayMoved, ...]]] = []
    after: UUID | None = None
    while True:
        page = await repository.with_steps(connection, after=after, limit=_BATCH)
        moving = ((loaded, moved_days(loaded.case, later)) for loaded in page)
        found += [(loaded, moves) for loaded, moves in moving if moves]
        if len(page) < _BATCH:
            return found
        after = page[-1].case.id


async def _holders(connection: AsyncConnection, later: WorkCalendar) -> list[tuple[StandingDecision, DueDate]]:
    found: list[tuple[StandingDecision, DueDate]] = []
    after: UUID | None = None
    while True:
        page = await standing_repository.waiting(connection, after=after, limit=_BATCH)
        found += [(decision, now) for decision in page if (now := day_now(decision, later)) is not None]
        if len(page) < _BATCH:
            return found
        after = page[-1].id


class StepMoveOut(BaseModel):
    clock: DayClock
    label: str
    about: str = Field(description="利害关系人或所征求意见的序号")
    earlier: DueDateOut
    now: DueDateOut

    @classmethod
    def of(cls, moved: DayMoved) -> "StepMoveOut":
        clock, days = DayClock(moved.clock), {"earlier": due_out(moved.earlier), "now": due_out(moved.now)}
        return cls(clock=clock, label=LABELS[clock], about=moved.about, **days)


class StepsMovingOut(BaseModel):
    case_id: UUID
    case_no: str
    state: State
    dates: list[StepMoveOut]


class HolderMovingOut(BaseModel):
    """The holder's last day to speak about what is proposed for his certificate."""

    decision_id: UUID
    identifier: str
    earlier: DueDateOut | None
    now: DueDateOut


class StepDaysOut(BaseModel):
    """Nothing was written. `cases` shows the first of `cases_moving`, `holders` the first of `holders_moving`."""

    year: int
    cases_moving: int
    cases: list[StepsMovingOut]
    holders_moving: int
    holders: list[HolderMovingOut]

    @classmethod
    def of(cls, year: int, ahead: Ahead) -> "StepDaysOut":
        return cls(
            year=year,
            cases_moving=len(ahead.cases),
            cases=[_case_out(*one) for one in ahead.cases[:SHOWN]],
            holders_moving=len(ahead.holders),
            holders=[_holder_out(*one) for one in ahead.holders[:SHOWN]],
        )


def _case_out(loaded: Loaded, moves: tuple[DayMoved, ...]) -> StepsMovingOut:
    case, dates = loaded.case, [StepMoveOut.of(moved) for moved in moves]
    return StepsMovingOut(case_id=case.id, case_no=case.case_no, state=case.state, dates=dates)


def _holder_out(decision: StandingDecision, now: DueDate) -> HolderMovingOut:
    earlier = due_out(decision.speak_by) if decision.speak_by else None
    identifier = decision.certificate.identifier
    return HolderMovingOut(decision_id=decision.id, identifier=identifier, earlier=earlier, now=due_out(now))


@router.post("/calendars/{year}/step-days", summary="载入一年的工作日历会使哪些步骤的期限变动 (只看，不载入)")
async def step_days(
    request: Request,
    year: Annotated[int, Path(ge=2000, le=2200, description="年度")],
    body: CalendarIn,
    _: Annotated[Principal, allow("CATALOGUE_ADMIN")],
    db: Db,
) -> StepDaysOut:
    known: Reference[WorkCalendar] = request.app.state.calendars
    async with db.read() as connection:
        calendar = await known.current(connection)
        later = read_year(year, body, calendar).on(calendar)
        return StepDaysOut.of(year, await look_ahead(connection, later))
