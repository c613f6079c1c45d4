"""The clocks of one bundle application: of its limits, from its members' runs, and of its single steps. Pure."""

from datetime import datetime

from services.intake.domain.bundle import BundleDefinition, Member
from services.intake.domain.bundle_case import BundleCase, MemberRun
from services.intake.domain.bundle_clock import BundleClock, parent_clock
from services.kernel.light_rules import Basis
from services.kernel.time_limit import Clock, DueDate, Extended, StartRule, TimeLimit, Unit, due_date
from services.kernel.workdays import WorkCalendar

ARTICLE = "行政许可法第42条第2款"


def joint_clock(
    case: BundleCase, definition: BundleDefinition, basis: Basis, calendar: WorkCalendar, *, now: datetime
) -> BundleClock | None:
    """None before the first member's clock starts.

    An extension prolongs the legal limit only: what was promised stays promised.
    """
    limit = definition.legal_limit if basis is Basis.LEGAL else definition.promised_limit
    given, extended = case.extension, None
    if given is not None and basis is Basis.LEGAL:
        extended = Extended(given.extended_at, given.value, limit.unit, given.reason, ARTICLE)
    spans = [span for run in case.members for span in run.spans()]
    return parent_clock(limit, spans, calendar, extended=extended, over=case.over, now=now)


def step_due(member: Member, run: MemberRun, calendar: WorkCalendar) -> DueDate | None:
    """The day promised for a step of a department that is no application of its own; None before it starts."""
    if member.limit_workdays is None or run.clock_from is None or run.application_id is not None:
        return None
    limit = TimeLimit(member.limit_workdays, Unit.WORKDAY, StartRule.RECEIVED)
    return due_date(Clock(limit, run.clock_from), calendar)
