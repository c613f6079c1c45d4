"""Bundles in the sweep: their joint clock with everything heard, and every date told of it against ours."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.kernel.light_rules import Basis
from services.kernel.time_limit import TimeLimit, china_date
from services.kernel.workdays import WorkCalendar
from services.supervision import marks
from services.supervision.claims import Claim
from services.supervision.clock_queries import joint_of
from services.supervision.differences import differing
from services.supervision.domain.clocks import ACCEPTANCE, Line
from services.supervision.domain.joint import Joint, clock_then
from services.supervision.findings import Finding, date_differs
from services.supervision.repository import Row, limit_of

_LIMITS = {"JOINT": ("legal", Basis.LEGAL), "JOINT_PROMISED": ("promised", Basis.PROMISED)}


@dataclass(frozen=True)
class _Told:
    """One date of a joint limit as an event of the bundle told it, counted at `as_of`."""

    line: Line
    name: str
    basis: Basis
    limit: TimeLimit
    on: date
    provisional: bool
    as_of: datetime


async def joints_of(connection: AsyncConnection, rows: Sequence[Row]) -> Mapping[UUID, Joint]:
    """The bundles among these rows, with their members as they are known now."""
    ids = [row["case_id"] for row in rows if marks.is_bundle(row)]
    found = [(bundle, await joint_of(connection, bundle)) for bundle in ids]
    return {bundle: joint for bundle, joint in found if joint is not None}


def joint_findings(row: Row, joint: Joint, calendar: WorkCalendar) -> Iterator[Finding]:
    """Dates of the joint limits that differ from ours, counted with what had happened when they were told."""
    for told in _told(row):
        clock = clock_then(replace(joint, limit=told.limit), told.as_of, told.basis)
        claims = [Claim(told.name, told.on, clock, ACCEPTANCE)] if clock is not None else []
        for found in differing(claims, calendar, china_date(told.as_of)):
            if told.provisional != found.ours.due.provisional:
                continue  # its year was loaded since, or is loaded there and not yet here: nobody's fault
            document = found.document(told.line.subject)
            yield date_differs(row, document, told.line.subject, told.line.at, told.as_of.isoformat())


def _told(row: Row) -> Iterator[_Told]:
    limits: Mapping[str, object] = {}
    for line in marks.lines(row):
        limits = line.detail if line.subject == marks.BUNDLE_ACCEPTED else limits
        for name, due in line.detail.get("told", {}).items():
            field, basis = _LIMITS[name]
            limit = limits.get(field)
            if isinstance(limit, Mapping):
                as_of, on = datetime.fromisoformat(line.detail["as_of"]), date.fromisoformat(due["on"])
                yield _Told(line, name, basis, limit_of(limit), on, due["provisional"], as_of)
