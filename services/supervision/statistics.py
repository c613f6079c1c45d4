"""Figures per department and period, straight from the cases, so that each stands an appeal. Definitions: `Figures`."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, case, cast, func, literal, select, union_all
from sqlalchemy import Date as SqlDate
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.events.common import ItemKind
from services.kernel.errors import FieldError
from services.kernel.time_limit import CHINA
from services.supervision.domain.errors import BadPeriod
from services.supervision.domain.rating import SATISFIED_LEVELS
from services.supervision.schemas import BodyOut, Figures
from services.supervision.tables import CaseRow

_LONGEST_DAYS = {"DAY": 366, "MONTH": 3700, "QUARTER": 3700, "YEAR": 3700}


class PeriodLength(StrEnum):
    DAY = "DAY"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"


@dataclass(frozen=True)
class Period:
    """Both days included."""

    from_on: date
    until_on: date
    length: PeriodLength = PeriodLength.MONTH

    def check(self) -> None:
        """Raises BadPeriod."""
        if self.until_on < self.from_on:
            raise BadPeriod(errors=[FieldError("/until", "period.order", "截止日期不得早于起始日期")])
        if (self.until_on - self.from_on).days > _LONGEST_DAYS[self.length]:
            raise BadPeriod(errors=[FieldError("/from", "period.too-long", "统计时段过长，请缩短或改用更长的周期")])

    @property
    def instants(self) -> tuple[datetime, datetime]:
        first = datetime.combine(self.from_on, time(), CHINA)
        return first, datetime.combine(self.until_on + timedelta(days=1), time(), CHINA)


_FACTS = {
    "received": col(CaseRow.received_at),
    "accepted": col(CaseRow.accepted_at),
    "decided": col(CaseRow.decided_at),
    "concluded": col(CaseRow.concluded_at),
    "rated": col(CaseRow.rated_at),
}


async def figures(
    connection: AsyncConnection, period: Period, visible: ColumnElement[bool], department: str | None
) -> list[Figures]:
    """One SELECT over the cases with an event in the period. Raises BadPeriod."""
    period.check()
    found = await connection.execute(_statement(period, visible, department))
    return [_figures(row) for row in found.mappings()]


def _one_fact(name: str, at: Any, period: Period, conditions: list[ColumnElement[bool]]) -> Select[Any]:
    first, after = period.instants
    return select(
        literal(name).label("fact"),
        at.label("at"),
        *(
            getattr(CaseRow, column)
            for column in (
                "department_uscc",
                "department_name",
                "item_kind",
                "on_time",
                "early",
                "promised_workdays",
                "used_workdays",
                "satisfaction",
            )
        ),
    ).where(at >= first, at < after, *conditions)


def _statement(period: Period, visible: ColumnElement[bool], department: str | None) -> Select[Any]:
    conditions = [visible]
    if department is not None:
        conditions.append(col(CaseRow.department_uscc) == department)
    e = union_all(*(_one_fact(name, at, period, conditions) for name, at in _FACTS.items())).subquery("e").c
    local = func.timezone("Asia/Shanghai", e.at)
    period_from = cast(func.date_trunc(literal(period.length.value.lower()), local), SqlDate).label("period_from")
    decided = e.fact == "decided"
    counted = [func.count().filter(e.fact == name).label(name) for name in _FACTS]
    in_workdays = (decided, e.promised_workdays.is_not(None), e.used_workdays.is_not(None))
    satisfied = e.satisfaction.in_([level.value for level in SATISFIED_LEVELS])
    return (
        select(
            e.department_uscc,
            func.max(e.department_name).label("department_name"),
            period_from,
            *counted,
            _share(e.item_kind == ItemKind.INSTANT.value, e.fact == "concluded").label("instant_share"),
            _share(e.on_time, decided, e.on_time.is_not(None)).label("on_time_rate"),
            _share(e.early, decided, e.early.is_not(None)).label("early_rate"),
            func.avg(e.promised_workdays).filter(*in_workdays).label("mean_promised_workdays"),
            func.avg(e.used_workdays).filter(*in_workdays).label("mean_used_workdays"),
            _share(satisfied, e.fact == "rated").label("satisfaction_rate"),
        )
        .group_by(e.department_uscc, period_from)
        .order_by(period_from, e.department_uscc)
    )


def _share(hit: ColumnElement[bool], *among: ColumnElement[bool]) -> Any:
    return func.avg(case((hit, 1.0), else_=0.0)).filter(*among)


_RATES = (
    "instant_share",
    "on_time_rate",
    "early_rate",
    "mean_promised_workdays",
    "mean_used_workdays",
    "satisfaction_rate",
)


def _figures(row: Any) -> Figures:
    rates = {
        name: _rounded(row[name]) for name in row if name.endswith(("_share", "_rate")) or name.startswith("mean_")
    }
    return Figures(
        department=BodyOut(uscc=row["department_uscc"], name=row["department_name"]),
        period_from=row["period_from"],
        received=row["received"],
        accepted=row["accepted"],
        decided=row["decided"],
        concluded=row["concluded"],
        ratings=row["rated"],
        **rates,
    )


def _rounded(value: Any) -> float | None:
    return round(float(value), 4) if value is not None else None
