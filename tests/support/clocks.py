"""Cases and lines of their timelines for the clock set, and what a clock shows, in few words."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from services.kernel.time_limit import CHINA, StartRule, TimeLimit, Unit
from services.kernel.workdays import official_calendar
from services.supervision.domain.case import Supervised
from services.supervision.domain.clock_set import clock_set
from services.supervision.domain.clocks import ClockName, ClockState, ClockView, Line
from services.supervision.domain.joint import Joint

CALENDAR = official_calendar()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def on(text: str) -> date:
    return date.fromisoformat(text)


def limit(days: int, article: str = "") -> TimeLimit:
    return TimeLimit(days, Unit.WORKDAY, StartRule.ACCEPTED, article)


LEGAL = limit(20, "行政许可法第四十二条第一款")
# Monday 2026-09-21; Mid-Autumn 25-27 and National Day 10-01..07 are off, Sunday 09-20 and Saturday 10-10 work.
MONDAY = at("2026-09-21 10:00")
RECEIVED = Supervised(LEGAL, limit(10), submitted_at=MONDAY, received_at=MONDAY)
CASE = replace(RECEIVED, accepted_at=MONDAY)
ACCEPTED = Line("intake.application.accepted.v1", MONDAY)


def line(subject: str, when: str, **detail: Any) -> Line:
    return Line(f"{subject}.v1", at(when), detail)


def accepted(**detail: Any) -> Line:
    return Line(ACCEPTED.subject, MONDAY, detail)


def clocks(case: Supervised, *lines: Line, now: str, name: ClockName, joint: Joint | None = None) -> list[ClockView]:
    found = clock_set(case, lines, CALENDAR, now=at(now), joint=joint)
    return [view for view in found if view.name is name]


def one(case: Supervised, *lines: Line, now: str, name: ClockName, joint: Joint | None = None) -> ClockView:
    (view,) = clocks(case, *lines, now=now, name=name, joint=joint)
    return view


def told(view: ClockView) -> tuple[ClockState, date | None, date | None]:
    return view.state, view.started_on, view.due.on if view.due else None


DECIDED = line("approval.case.decided", "2026-10-12 16:00", outcome="GRANTED")
DONE = replace(CASE, decided_at=DECIDED.at)
GRANTED_LATE = line("intake.result.handed_over", "2026-10-27 09:00")
