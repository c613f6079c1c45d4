"""A case moved to another version of its item: limits, department and levels of that version, dates derived again."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.approval.domain.case import Case
from services.approval.domain.decision import ResultRule
from services.approval.domain.levels import first_level_of
from services.approval.domain.proceedings import FirstLevel, ItemRules
from services.approval.domain.states import Act, State, require
from services.kernel.time_limit import DueDate, TimeLimit, china_date
from services.kernel.workdays import WorkCalendar


@dataclass(frozen=True)
class Version:
    """What another version of the item says of a case; `division` is where the application came in."""

    department: str
    legal: TimeLimit
    promised: TimeLimit
    rules: ItemRules
    result: ResultRule
    division: str


@dataclass(frozen=True)
class Moved:
    legal_due: DueDate
    promised_due: DueDate


def move(case: Case, version: Version, *, now: datetime, calendar: WorkCalendar) -> tuple[Case, Moved]:
    """What was done stays done: pauses and extensions count on, a case already passed up is not sent down again.

    Raises: WrongState
    """
    require(case.state, Act.MOVE)
    clocks = replace(case.clocks, legal=version.legal, promised=version.promised)
    dates = clocks.dates(calendar, as_of=china_date(now))
    first = first_level_of(version.rules, clocks, version.division, calendar)
    state, level = _level(case, first)
    moved = replace(
        case.stepped(state, first_level=level),
        department=version.department,
        rules=version.rules,
        result=version.result,
        clocks=clocks,
        dates=dates,
    )
    return moved, Moved(dates.legal, dates.promised)


def _level(case: Case, first: FirstLevel | None) -> tuple[State, FirstLevel | None]:
    """State and first level under the other version."""
    present = case.proceedings.first_level
    if case.state is State.FIRST_EXAMINING:
        if first is None:
            return State.EXAMINING, None
        known = present.division if present is not None else None
        return case.state, replace(first, division=known or first.division)
    untouched = case.state is State.EXAMINING and not case.opinion_writers and present is None
    if untouched and first is not None:
        return State.FIRST_EXAMINING, first
    return case.state, present
