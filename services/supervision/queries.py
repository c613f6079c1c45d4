"""Reads of supervision: one case with its timeline, and the list of lights. Each is one SELECT."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, Select, and_, false, func, literal_column, not_, or_, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.chassis.why import WhyOut
from services.kernel.elapsed import used_days
from services.kernel.errors import DomainError
from services.kernel.why import why
from services.kernel.workdays import CalendarNotPublished, WorkCalendar
from services.supervision import differences, repository
from services.supervision.domain.case import Basis, Supervised
from services.supervision.domain.errors import UnknownCase
from services.supervision.domain.lights import Level
from services.supervision.domain.rating import LABELS, Satisfaction
from services.supervision.finding_queries import finding_out
from services.supervision.marks import BUNDLE_ENDS
from services.supervision.schemas import (
    EVENT_LABELS,
    STAGE_LABELS,
    BodyOut,
    DateOut,
    DifferenceOut,
    ItemOut,
    LightLine,
    LightOut,
    RatingOut,
    SupervisedCase,
    TimelineEntry,
)
from services.supervision.tables import OPEN, CaseRow, FindingRow, LightRow, RatingRow, TimelineRow


@dataclass(frozen=True)
class View:
    """How a case is shown: to whom, and with which names for the lamps."""

    calendar: WorkCalendar
    labels: Mapping[Level, str]
    with_lights: bool
    now: datetime


async def case_view(
    connection: AsyncConnection, case_no: str, visible: ColumnElement[bool], view: View
) -> SupervisedCase:
    """Raises UnknownCase, also outside the reader's scope."""
    found = (await connection.execute(_case(case_no, visible))).mappings().one_or_none()
    if found is None:
        raise UnknownCase
    case = repository.supervised(found)
    lights = [light_out(light, view.labels) for light in found["lights"]]
    return SupervisedCase(
        **{name: found[name] for name in _PLAIN},
        stage=case.stage,
        stage_label=STAGE_LABELS[case.stage],
        item=ItemOut(
            item_code=found["item_code"], item_id=found["item_id"], name=found["item_name"], kind=found["item_kind"]
        ),
        department=BodyOut(uscc=found["department_uscc"], name=found["department_name"]),
        dates=[date for basis in Basis if (date := _date(case, basis, found, view)) is not None],
        lights=lights if view.with_lights else None,
        next_light_at=found["next_light_at"] if view.with_lights else None,
        missing_year=found["missing_year"] if view.with_lights else None,
        differences=_differences(found["timeline"]) if view.with_lights else None,
        findings=[finding_out({**found, **one}) for one in found["findings"]] if view.with_lights else None,
        rating=_rating(case_no, found["rating"]),
        timeline=[_entry(entry, view.with_lights) for entry in found["timeline"]],
    )


_PLAIN = (
    "case_id",
    "case_no",
    "division",
    "channel",
    "submitted_at",
    "received_at",
    "accepted_at",
    "decided_at",
    "concluded_at",
    "outcome",
)


def _case(case_no: str, visible: ColumnElement[bool]) -> Select[Any]:
    """The case, its timeline, lights, findings and rating in one round trip."""
    timeline = _rows("timeline", col(TimelineRow.at), col(TimelineRow.seq)).where(
        col(TimelineRow.case_id) == col(CaseRow.case_id)
    )
    lights = _rows("light", col(LightRow.crossed_at), col(LightRow.id)).where(
        col(LightRow.case_id) == col(CaseRow.case_id)
    )
    findings = _rows("finding", col(FindingRow.id)).where(col(FindingRow.case_id) == col(CaseRow.case_id))
    rating = select(_json("rating")).where(col(RatingRow.case_id) == col(CaseRow.case_id))
    return select(
        *repository.COLUMNS,
        timeline.scalar_subquery().label("timeline"),
        lights.scalar_subquery().label("lights"),
        findings.scalar_subquery().label("findings"),
        rating.scalar_subquery().label("rating"),
    ).where(col(CaseRow.case_no) == case_no, visible)


def _rows(table: str, *order: Any) -> Select[Any]:
    in_order = aggregate_order_by(_json(table), *order)
    return select(func.coalesce(func.jsonb_agg(in_order), func.jsonb_build_array()))


def _json(table: str) -> ColumnElement[Any]:
    return func.to_jsonb(literal_column(table), type_=JSONB)


def _date(case: Supervised, basis: Basis, row: Mapping[str, Any], view: View) -> DateOut | None:
    clock = case.clock(basis)
    if clock is None:
        return None
    try:
        found = why(clock, view.calendar)
    except DomainError:
        return None
    try:
        used = used_days(clock, min(view.now, case.stopped_at or view.now), view.calendar)
    except CalendarNotPublished:
        used = None
    told = row[f"told_{basis.value.lower()}_due_on"]
    return DateOut(
        basis=basis,
        on=found.due.on,
        provisional=found.due.provisional,
        told_on=told,
        used_days=used,
        why=WhyOut.of(found),
    )


def light_out(light: Mapping[str, Any], labels: Mapping[Level, str]) -> LightOut:
    level = Level(light["level"])
    return LightOut(
        level=level,
        label=labels[level],
        rule=light["rule"],
        clock=light["clock"],
        about=light["about"],
        crossed_at=light["crossed_at"],
        fired_at=light["fired_at"],
        voided_at=light["voided_at"],
    )


def _rating(case_no: str, stored: Mapping[str, Any] | None) -> RatingOut | None:
    if stored is None:
        return None
    label = LABELS[Satisfaction(stored["satisfaction"])]
    return RatingOut.model_validate({**stored, "case_no": case_no, "label": label})


def _differences(timeline: Sequence[Mapping[str, Any]]) -> list[DifferenceOut]:
    return [
        DifferenceOut.model_validate({**difference, "at": entry["at"], "event": entry["subject"]})
        for entry in timeline
        for difference in (entry["detail"] or {}).get(differences.KEY, ())
    ]


def _entry(entry: Mapping[str, Any], with_names: bool) -> TimelineEntry:
    detail = {name: value for name, value in (entry["detail"] or {}).items() if name != differences.KEY}
    return TimelineEntry(
        at=entry["at"],
        event=entry["subject"],
        label=EVENT_LABELS.get(entry["subject"], entry["subject"]),
        actor_role=entry["actor_role"],
        actor_name=entry["actor_name"] if with_names else None,
        actor_body=entry["actor_body"],
        detail=detail or None,
    )


@dataclass(frozen=True)
class LightFilter:
    level: Level | None = None
    department: str | None = None
    open: bool | None = None
    voided: bool = False
    before: UUID | None = None  # id of the last row shown; ids grow with time


async def lights(
    connection: AsyncConnection,
    visible: ColumnElement[bool],
    wanted: LightFilter,
    labels: Mapping[Level, str],
    limit: int,
) -> list[LightLine]:
    """The newest first, at most `limit`."""
    statement = (
        select(*LightRow.__table__.columns, *_LINE, _under_way().label("open"))  # type: ignore[attr-defined]
        .join(CaseRow, col(CaseRow.case_id) == col(LightRow.case_id))
        .where(visible, *_conditions(wanted))
        .order_by(col(LightRow.id).desc())
        .limit(limit)
    )
    found = await connection.execute(statement)
    return [_line(dict(row), labels) for row in found.mappings()]


_LINE = [
    col(CaseRow.case_no),
    col(CaseRow.item_name),
    col(CaseRow.department_name).label("own_department_name"),
    col(CaseRow.legal_due_on),
    col(CaseRow.legal_due_provisional),
    col(CaseRow.promised_due_on),
    col(CaseRow.promised_due_provisional),
]


def _under_way() -> ColumnElement[bool]:
    """Whether a case, or a bundle, has not come to its end; a bundle has no decision of its own but its mark of it."""
    marks = col(CaseRow.marks)
    bundle_over = or_(*(marks.contains([{"subject": subject}]) for subject in BUNDLE_ENDS))
    return and_(literal_column(f"({OPEN})", Boolean), not_(func.coalesce(bundle_over, false())))


def _conditions(wanted: LightFilter) -> list[Any]:
    conditions: list[Any] = [col(LightRow.voided_at).is_not(None) == wanted.voided]
    if wanted.level is not None:
        conditions.append(col(LightRow.level) == wanted.level.value)
    if wanted.department is not None:
        conditions.append(col(LightRow.department_uscc) == wanted.department)
    if wanted.open is not None:
        conditions.append(_under_way() if wanted.open else not_(_under_way()))
    if wanted.before is not None:
        conditions.append(col(LightRow.id) < wanted.before)
    return conditions


_AS_STORED = (
    *("division", "open", "legal_due_on", "legal_due_provisional"),
    *("promised_due_on", "promised_due_provisional"),
)


def _line(row: Mapping[str, Any], labels: Mapping[Level, str]) -> LightLine:
    return LightLine(
        **light_out(row, labels).model_dump(),
        id=row["id"],
        case_no=row["case_no"],
        item_name=row["item_name"],
        # a light from before bodies were kept with it belongs to the case's own
        department=BodyOut(uscc=row["department_uscc"], name=row["department_name"] or row["own_department_name"]),
        **{name: row[name] for name in _AS_STORED},
    )
