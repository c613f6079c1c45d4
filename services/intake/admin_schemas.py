"""Bodies of what administrators ask and are answered: calendars, quotas, who is barred, running cases and moves."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from services.intake.answers_course import DueOut
from services.intake.bundles.moving import BundleClockName, BundleMoved
from services.intake.domain.bundle_case import BundleState
from services.intake.domain.moving import ClockName, Move
from services.intake.domain.records import PartyType
from services.intake.domain.states import State
from services.intake.schemas import In, Number, Words
from services.kernel.time_limit import DueDate

if TYPE_CHECKING:
    from services.intake.commands.administer import WouldMove
    from services.intake.commands.calendars import Moved


class MoveOut(BaseModel):
    clock: ClockName
    earlier: DueOut
    now: DueOut

    @classmethod
    def of(cls, move: Move) -> "MoveOut":
        return cls(clock=move.clock, earlier=due_out(move.earlier), now=due_out(move.now))


def due_out(due: DueDate) -> DueOut:
    return DueOut(on=due.on, provisional=due.provisional)


class MovingOut(BaseModel):
    application_id: UUID
    case_no: str | None
    state: State
    dates: list[MoveOut]

    @classmethod
    def of(cls, moved: "Moved") -> "MovingOut":
        seen = moved.application
        dates = [MoveOut.of(move) for move in moved.moves]
        return cls(application_id=seen.application_id, case_no=seen.case_no, state=seen.state, dates=dates)


class BundleMoveOut(BaseModel):
    clock: BundleClockName
    member_id: str = Field(description="步骤的编号，仅 STEP 有")
    earlier: DueOut
    now: DueOut


class BundleMovingOut(BaseModel):
    bundle_no: str
    state: BundleState
    dates: list[BundleMoveOut]

    @classmethod
    def of(cls, moved: BundleMoved) -> "BundleMovingOut":
        dates = [
            BundleMoveOut(clock=m.clock, member_id=m.member_id, earlier=due_out(m.earlier), now=due_out(m.now))
            for m in moved.moves
        ]
        return cls(bundle_no=moved.case.bundle_no, state=moved.case.state, dates=dates)


class CalendarOut(BaseModel):
    """`preview`: nothing was written. `moving` shows the first of `applications_moving` applications, `bundles` the
    first of `bundles_moving` bundle applications with their joint dates. Days of steps are approval's: the gateway adds
    them to a preview."""

    year: int
    preview: bool
    revision: int | None
    sources: tuple[str, ...]
    days: int
    applications_moving: int
    moving: list[MovingOut]
    bundles_moving: int
    bundles: list[BundleMovingOut]


class CalendarYearOut(BaseModel):
    year: int
    sources: tuple[str, ...]


class CalendarsOut(BaseModel):
    items: list[CalendarYearOut]
    last_day: date = Field(description="此日以后的日期均为暂定")


class BarredIn(In):
    party_type: PartyType
    number: Number
    barred_until: date
    reason: Words


class BarredOut(BaseModel):
    masked_number: str
    division: str = Field(description="登记的区划；在各处均有效，由该区划变更，上级区划可登记已过的日期予以解除")
    barred_until: date
    reason: str
    recorded_at: datetime


class BarredPage(BaseModel):
    items: list[BarredOut]


class QuotaIn(In):
    quota: Annotated[int, Field(ge=0, le=1_000_000)]
    counts_from: date | None = Field(None, description="自该日起计算已准予的数量；缺省为今日")
    reason: Words


class QuotaOut(BaseModel):
    item_code: str
    quota: int
    counts_from: date
    reason: str
    recorded_at: datetime


class PlaceOut(BaseModel):
    position: int
    application_id: UUID
    case_no: str | None
    state: State
    accepted_at: datetime
    deemed: bool
    within_quota: bool | None


class AcceptanceOrderOut(BaseModel):
    """Undecided cases in the order of acceptance (art. 57); a deemed acceptance counts from the day of receipt."""

    item_code: str
    quota: int | None
    granted: int
    remaining: int | None
    items: list[PlaceOut]


class MaterialLine(BaseModel):
    material_no: int
    name: str


class MovedLine(BaseModel):
    application_id: UUID
    case_no: str | None
    state: State
    from_version: int
    dates: list[MoveOut]
    newly_missing: list[MaterialLine] = Field(description="新版本要求而本申请尚缺的材料")

    @classmethod
    def of(cls, would: "WouldMove") -> "MovedLine":
        seen = would.application
        return cls(
            application_id=seen.application_id,
            case_no=seen.case_no,
            state=seen.state,
            from_version=seen.item_version,
            dates=[MoveOut.of(move) for move in would.moves],
            newly_missing=[MaterialLine(material_no=m.material_no, name=m.name) for m in would.newly_missing],
        )


class RunningOut(BaseModel):
    """Running cases that are pinned to an earlier version, with what a move to the one in force would change."""

    item_code: str
    version_in_force: int
    running: dict[int, int] = Field(description="各版本在办件数")
    items: list[MovedLine]
    next: str | None = None


class MovesIn(In):
    application_ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]
    reason: Words


class MovesOut(BaseModel):
    to_version: int
    items: list[MovedLine]
