"""Reads the clocks of a case: its row and timeline, and where it is part of a bundle the bundle's and the members'."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.events import bundles
from services.kernel.time_limit import Extended, Unit
from services.kernel.workdays import WorkCalendar
from services.supervision import repository
from services.supervision.domain.clock_set import clock_set
from services.supervision.domain.clocks import Line
from services.supervision.domain.errors import UnknownCase
from services.supervision.domain.joint import JOINT_ARTICLE, Joint
from services.supervision.schemas_clocks import CaseClocks, ClockOut
from services.supervision.tables import CaseRow, TimelineRow

_STARTED = bundles.BundleMemberStarted.SUBJECT
_ENDED = bundles.BundleMemberEnded.SUBJECT
_MEMBERS = text(f"SELECT case_id FROM timeline WHERE subject = '{_STARTED}' AND detail ->> 'bundle' = :bundle")


async def case_clocks(
    connection: AsyncConnection, case_no: str, visible: ColumnElement[bool], calendar: WorkCalendar, now: datetime
) -> CaseClocks:
    """Raises UnknownCase, also outside the reader's scope."""
    wanted = select(*repository.COLUMNS).where(col(CaseRow.case_no) == case_no, visible)
    found = (await connection.execute(wanted)).mappings().one_or_none()
    if found is None:
        raise UnknownCase
    lines = await _lines(connection, found["case_id"])
    joint = await _joint(connection, lines)
    views = clock_set(repository.supervised(dict(found)), lines, calendar, now=now, joint=joint)
    return CaseClocks(
        case_no=case_no,
        item_name=found["item_name"],
        department_name=found["department_name"],
        as_of=now,
        items=[ClockOut.of(view) for view in views],
    )


async def _lines(connection: AsyncConnection, case_id: UUID) -> list[Line]:
    wanted = select(col(TimelineRow.subject), col(TimelineRow.at), col(TimelineRow.detail))
    wanted = wanted.where(col(TimelineRow.case_id) == case_id).order_by(col(TimelineRow.at), col(TimelineRow.seq))
    return [Line(row.subject, row.at, row.detail or {}) for row in await connection.execute(wanted)]


async def _joint(connection: AsyncConnection, lines: Sequence[Line]) -> Joint | None:
    """None outside a bundle, and before the bundle is accepted."""
    started = next((line for line in lines if line.subject == _STARTED), None)
    return await joint_of(connection, UUID(started.detail["bundle"])) if started is not None else None


async def joint_of(connection: AsyncConnection, bundle_application_id: UUID) -> Joint | None:
    """The bundle as its timeline and its members' rows tell it; None before it is accepted."""
    of_bundle = await _lines(connection, bundle_application_id)
    told = {line.subject: line for line in of_bundle}
    accepted = told.get(bundles.BundleAccepted.SUBJECT)
    if accepted is None:
        return None
    members = (await connection.execute(_MEMBERS, {"bundle": str(bundle_application_id)})).scalars().all()
    rows = await connection.execute(select(*repository.COLUMNS).where(col(CaseRow.case_id).in_(members)))
    return Joint(
        limit=repository.limit_of(accepted.detail["legal"]),
        members=tuple(repository.supervised(dict(row)) for row in rows.mappings()),
        steps=_steps(of_bundle),
        extended=_extended(told.get(bundles.BundleExtended.SUBJECT)),
        decided_at=_at(told, bundles.BundleDecided.SUBJECT),
        ended_at=_at(told, bundles.BundleWithdrawn.SUBJECT),
        about=accepted.detail["bundle_no"],
    )


def _steps(lines: Sequence[Line]) -> tuple[tuple[datetime, datetime | None], ...]:
    """When the steps of departments ran; one that never started has no time."""
    ended = {line.detail["step"]: line.at for line in lines if line.subject == _ENDED}
    return tuple((line.at, ended.get(line.detail["step"])) for line in lines if line.subject == _STARTED)


def _extended(line: Line | None) -> Extended | None:
    if line is None:
        return None
    return Extended(line.at, line.detail["value"], Unit(line.detail["unit"]), line.detail["reason"], JOINT_ARTICLE)


def _at(told: Mapping[str, Line], subject: str) -> datetime | None:
    line = told.get(subject)
    return line.at if line is not None else None
