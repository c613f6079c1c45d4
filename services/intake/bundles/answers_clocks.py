"""The clocks of a bundle in its answers: of its joint limits and of its departments' steps, each day with its why."""

from datetime import datetime

from pydantic import BaseModel

from services.chassis.why import ReasonOut
from services.intake.answers_course import DueOut
from services.intake.bundles.definitions import Running
from services.intake.domain.bundle_case import BundleCase, MemberRun
from services.intake.domain.bundle_clock import BundleClock, ClockState
from services.intake.domain.guide import limit_text
from services.intake.domain.joint_clock import STEP_BEGUN, joint_clock, step_clock
from services.intake.office import Office
from services.kernel.light_rules import Basis


class BundleDueOut(BaseModel):
    """A limit of the whole bundle, which runs while any member's clock runs, or of one step of a department."""

    limit: str
    article: str
    started_at: datetime
    due: DueOut
    state: ClockState
    stopped_at: datetime | None
    why_zh: str
    why_en: str
    reasons: list[ReasonOut]


def joint_out(office: Office, running: Running, basis: Basis, case: BundleCase, now: datetime) -> BundleDueOut | None:
    clock = joint_clock(case, running.definition, basis, office.calendar, now=now)
    return _due_out(clock, limit_text(clock.limit)) if clock else None


def step_out(office: Office, running: Running, run: MemberRun, now: datetime) -> BundleDueOut | None:
    """None for a member that is an application of its own, and before the step starts."""
    clock = step_clock(running.definition.member(run.member_id), run, office.calendar, now=now)
    if clock is None:
        return None
    days = clock.limit.value
    return _due_out(clock, f"自{STEP_BEGUN[0]}之日起 {days} 个工作日" if days else "当场办结")


def _due_out(clock: BundleClock, limit: str) -> BundleDueOut:
    return BundleDueOut(
        limit=limit,
        article=clock.limit.article,
        started_at=clock.started_at,
        due=DueOut(on=clock.why.due.on, provisional=clock.why.due.provisional),
        state=clock.state,
        stopped_at=clock.stopped_at,
        why_zh=clock.why.zh,
        why_en=clock.why.en,
        reasons=[ReasonOut.of(reason) for reason in clock.why.reasons],
    )
