"""The clocks of one bundle application: of its limits, from its members' runs, and of its single steps. Pure."""

from datetime import datetime

from services.intake.domain.bundle import BundleDefinition, Member
from services.intake.domain.bundle_case import BundleCase, MemberRun
from services.intake.domain.bundle_clock import BundleClock, Span, clock_state, parent_clock
from services.kernel.light_rules import Basis
from services.kernel.time_limit import Clock, DueDate, Extended, StartRule, TimeLimit, Unit, china_date, due_date
from services.kernel.why import why
from services.kernel.workdays import WorkCalendar

ARTICLE = "行政许可法第42条第2款"
PROMISE_ARTICLE = "优化营商环境条例第三十六条"
STEP_BEGUN = ("该步骤启动", "the start of the step")


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
    clock = _of_step(member, run)
    return due_date(clock, calendar) if clock is not None else None


def step_clock(member: Member, run: MemberRun, calendar: WorkCalendar, *, now: datetime) -> BundleClock | None:
    """The same day with its reasons, and what has become of it."""
    clock = _of_step(member, run)
    if clock is None:
        return None
    reasons, over = why(clock, calendar, begun=STEP_BEGUN), run.ended_at is not None
    state = clock_state([Span(clock.started_at, run.ended_at)], reasons, china_date(run.ended_at or now), over)
    return BundleClock(clock.limit, clock.started_at, state, reasons, run.ended_at)


def _of_step(member: Member, run: MemberRun) -> Clock | None:
    if member.limit_workdays is None or run.clock_from is None or run.application_id is not None:
        return None
    return Clock(TimeLimit(member.limit_workdays, Unit.WORKDAY, StartRule.RECEIVED, PROMISE_ARTICLE), run.clock_from)
