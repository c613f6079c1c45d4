"""What is only ever added: ledger entries, records of acts, consultations and how they ended."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.events.common import Event
from contracts.events.days import DayClock
from services.approval import mapping
from services.approval.domain.case import Case
from services.approval.domain.clocks import Dates
from services.approval.domain.consultation import due_of
from services.approval.domain.days_moved import DayMoved
from services.approval.domain.light import LightInstants
from services.approval.tables import MOVING, OPEN, CaseRow, ConsultationRow, LedgerRow, RecordRow
from services.chassis import reference
from services.kernel.workdays import WorkCalendar

_NEVER = date.min  # the driver stores it as -infinity
_DERIVED_FROM, _ALL = "lights-derived-from", "all"
_ASKED = col(CaseRow.projected_on) == _NEVER


async def add(connection: AsyncConnection, before: Case, after: Case, event: Event, *, at: datetime) -> None:
    """The act's record as its event tells it, and its ledger entry if it moved the clock."""
    content = event.model_dump(mode="json", exclude={"case_id", "case_no"})
    key = {"case_id": after.id, "case_version": after.version}
    await connection.execute(insert(RecordRow).values(**key, subject=event.SUBJECT, at=at, content=content))
    for entry in after.clocks.ledger[len(before.clocks.ledger) :]:
        await connection.execute(insert(LedgerRow).values(**key, **mapping.ledger_row(entry)))


async def save_consultations(connection: AsyncConnection, before: Case, after: Case, calendar: WorkCalendar) -> None:
    """Those that are new or have ended."""
    for changed in set(after.consultations) - set(before.consultations):
        row = mapping.consultation_row(changed, due_of(changed, calendar))
        statement = upsert(ConsultationRow).values(case_id=after.id, **row)
        keys = [col(ConsultationRow.case_id), col(ConsultationRow.no)]
        await connection.execute(statement.on_conflict_do_update(index_elements=keys, set_={"state": row["state"]}))


async def settle_days(connection: AsyncConnection, case_id: UUID, dates: Sequence[DayMoved]) -> None:
    """The last days of open consultations that moved: what their lists show, and silence is recorded by."""
    for moved in dates:
        if moved.clock == DayClock.CONSULTATION:
            asked = (col(ConsultationRow.case_id) == case_id, col(ConsultationRow.no) == int(moved.about))
            values = {"due_on": moved.now.on, "due_provisional": moved.now.provisional}
            await connection.execute(update(ConsultationRow).where(*asked).values(**values))


async def overdue_consultations(connection: AsyncConnection, today: date, limit: int) -> list[tuple[UUID, int]]:
    """Open ones whose last day lies before today, of cases that are still at hand; the oldest first.

    A provisional day is over for nobody, and must not stand in the way of those that are.
    """
    statement = (
        select(col(ConsultationRow.case_id), col(ConsultationRow.no))
        .join(CaseRow, col(CaseRow.id) == col(ConsultationRow.case_id))
        .where(
            col(ConsultationRow.state) == "OPEN",
            col(ConsultationRow.due_on) < today,
            ~col(ConsultationRow.due_provisional),
            col(CaseRow.state).in_(["EXAMINING", "REVIEWED", "SUSPENDED"]),
        )
        .order_by(col(ConsultationRow.due_on), col(ConsultationRow.case_id))
        .limit(limit)
    )
    return [(row.case_id, row.no) for row in await connection.execute(statement)]


async def lock_moving(connection: AsyncConnection, today: date, limit: int) -> Sequence[UUID]:
    """Cases whose dates move by themselves and are not known as of today."""
    statement = (
        select(col(CaseRow.id))
        .where(text(OPEN), or_(and_(text(MOVING), col(CaseRow.projected_on) < today), _ASKED))
        .order_by(col(CaseRow.projected_on))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(await connection.scalars(statement))


async def project_all_again(connection: AsyncConnection) -> None:
    """Every open case is due for projection, whatever the day: a calendar was loaded."""
    await connection.execute(update(CaseRow).where(text(OPEN)).values(projected_on=_NEVER))


async def rules_changed(connection: AsyncConnection, fingerprint: str, real_now: datetime) -> bool:
    """Keeps what dates and lights of the open cases are derived from; whether they are to be derived again.

    Twice: when it is other than before, and once every process knows it, for what was written by the old one in
    between.
    """
    known = await reference.documents(connection, _DERIVED_FROM)
    revision, document = known.get(_ALL, (0, {}))
    same, again_at = document.get("fingerprint") == fingerprint, document.get("again_at")
    if same and (again_at is None or real_now < datetime.fromisoformat(again_at)):
        return False
    settled = (real_now + timedelta(seconds=2 * reference.FRESH_SECONDS)).isoformat()
    content = {"fingerprint": fingerprint, "again_at": None if same else settled}
    await reference.keep(connection, _DERIVED_FROM, _ALL, revision + 1, content)
    return True


async def save_dates(connection: AsyncConnection, case_id: UUID, dates: Dates, lights: LightInstants) -> None:
    """A projection only: neither a version nor an event."""
    values = {**mapping.dates_row(dates), **mapping.lights_row(lights)}
    await connection.execute(update(CaseRow).where(col(CaseRow.id) == case_id).values(**values))


async def save_lights(connection: AsyncConnection, case_id: UUID, lights: LightInstants) -> None:
    """After an act that moved the clock, in its transaction."""
    await connection.execute(update(CaseRow).where(col(CaseRow.id) == case_id).values(**mapping.lights_row(lights)))
