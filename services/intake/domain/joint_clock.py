"""The clock of one bundle application for one of its limits, from its members' runs and its extension. Pure."""

from datetime import datetime

from services.intake.domain.bundle_case import BundleCase
from services.intake.domain.bundle_clock import BundleClock, parent_clock
from services.kernel.time_limit import Extended, TimeLimit
from services.kernel.workdays import WorkCalendar

ARTICLE = "行政许可法第42条第2款"


def joint_clock(case: BundleCase, limit: TimeLimit, calendar: WorkCalendar, *, now: datetime) -> BundleClock | None:
    """None before the first member's clock starts."""
    given, extended = case.extension, None
    if given is not None:
        extended = Extended(given.extended_at, given.value, limit.unit, given.reason, ARTICLE)
    spans = [span for run in case.members for span in run.spans()]
    return parent_clock(limit, spans, calendar, extended=extended, over=case.over, now=now)
