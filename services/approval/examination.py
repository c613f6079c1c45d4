"""The clocks of an examination: every limit of the case with its state, and why each is due on its day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from contracts.events.common import DueDate as DueDateOut
from contracts.events.common import ItemRef
from services.approval import mapping
from services.approval.domain.clocks import Clocks
from services.approval.domain.consultation import due_of
from services.approval.domain.days import known_days, pause_workdays
from services.approval.domain.hearing import HOLDING_WORKDAYS, REQUEST_WORKDAYS
from services.approval.domain.proceedings import (
    Consultation,
    ConsultationState,
    Hearing,
    HearingStep,
    ItemRules,
    Proceedings,
    Telling,
)
from services.approval.domain.site_check import ASSIGNMENT_WORKDAYS
from services.approval.domain.states import OPEN_STATES, State
from services.approval.schemas_proceedings import ClockName, ClockOut, ClockState
from services.chassis.why import WhyOut
from services.kernel.time_limit import Clock, DueDate, Paused, StartRule, TimeLimit, Unit
from services.kernel.why import why
from services.kernel.workdays import WorkCalendar

LABELS = {
    ClockName.LEGAL: "法定办结时限",
    ClockName.PROMISED: "承诺办结时限",
    ClockName.FIRST_LEVEL: "下级初审时限",
    ClockName.PAUSE: "特别程序所需时间",
    ClockName.INSPECTORS: "指派核查人员",
    ClockName.HEARING_REQUEST: "申请听证",
    ClockName.HEARING_HOLDING: "组织听证",
    ClockName.STATEMENT: "利害关系人陈述申辩",
    ClockName.CONSULTATION: "征求意见答复",
}


@dataclass(frozen=True)
class _View:
    """What the clocks are computed from."""

    state: State
    rules: ItemRules
    clocks: Clocks
    proceedings: Proceedings
    consultations: tuple[Consultation, ...]
    calendar: WorkCalendar
    today: date

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


def proceedings_of(row: Any, today: date, calendar: WorkCalendar) -> dict[str, Any]:
    """Values of `Examination` that come from ledger, records and proceedings."""
    case = row.case
    item = ItemRef.model_validate(case["item"])
    rules, clocks = mapping.item_rules(item), mapping.clocks(case, item, row.ledger)
    view = _View(
        state=State(row.state),
        rules=rules,
        clocks=clocks,
        proceedings=known_days(mapping.proceedings(case["proceedings"]), rules, clocks.accepted_at, calendar),
        consultations=mapping.consultations(row.consultations),
        calendar=calendar,
        today=today,
    )
    return {
        "clocks": [*_main(view), *_first_level(view), *_others(view)],
        "ledger": row.ledger,
        "records": row.records,
        "consultations": row.consultations,
    }


def _main(view: _View) -> Iterator[ClockOut]:
    paused = ClockState.PAUSED if view.state is State.SUSPENDED else ClockState.RUNNING
    state = paused if view.is_open else ClockState.ENDED
    yield _explained(view, ClockName.LEGAL, view.clocks.legal_clock, state)
    yield _explained(view, ClockName.PROMISED, view.clocks.promised_clock, state)


def _first_level(view: _View) -> Iterator[ClockOut]:
    limit: TimeLimit | None = view.rules.first_level
    if limit is not None:
        state = ClockState.RUNNING if view.state is State.FIRST_EXAMINING else ClockState.ENDED
        told = view.proceedings.first_level.due if view.proceedings.first_level else None
        yield _explained(view, ClockName.FIRST_LEVEL, Clock(limit, view.clocks.accepted_at), state, told=told)


def _explained(
    view: _View,
    name: ClockName,
    clock: Clock,
    state: ClockState,
    begun: tuple[str, str] | None = None,
    told: DueDate | None = None,
) -> ClockOut:
    found = why(clock, view.calendar, as_of=view.today, begun=begun, told=told)
    shown = _clock(view, name, found.due, clock.limit.article, state)
    return shown.model_copy(update={"why": WhyOut.of(found)})


def _clock(view: _View, name: ClockName, due: DueDate, article: str, state: ClockState) -> ClockOut:
    return ClockOut(
        name=name,
        label=LABELS[name],
        article=article,
        state=state,
        due=DueDateOut(on=due.on, provisional=due.provisional),
        overdue=state is ClockState.RUNNING and not due.provisional and view.today > due.on,
        why=None,
    )


@dataclass(frozen=True)
class _Step:
    """The limit of a single step, in working days. `from_at` is None where it was stored without its start."""

    name: ClockName
    article: str
    workdays: int
    from_at: datetime | None
    begun: tuple[str, str]
    due: DueDate
    runs: bool


def _others(view: _View) -> Iterator[ClockOut]:
    """Limits of single steps: they run until the step is done, or the case has ended."""
    for step in (*_procedures(view), *_hearing(view), *_heard(view)):
        state = ClockState.RUNNING if step.runs and view.is_open else ClockState.ENDED
        if step.from_at is None:
            yield _clock(view, step.name, step.due, step.article, state)
        else:
            limit = TimeLimit(step.workdays, Unit.WORKDAY, StartRule.ACCEPTED, step.article)
            yield _explained(view, step.name, Clock(limit, step.from_at), state, step.begun, step.due)


def _procedures(view: _View) -> Iterator[_Step]:
    pause, check = view.proceedings.suspension, view.proceedings.site_check
    if pause is not None:
        article = next(entry for entry in reversed(view.clocks.ledger) if isinstance(entry, Paused)).article
        begun = ("启动特别程序并书面告知所需时间", "the written notice of the special procedure")
        days = pause_workdays(pause, view.calendar)
        yield _Step(ClockName.PAUSE, article, days, pause.suspended_at, begun, pause.expected_end, runs=True)
    if check is not None:
        article, begun, since = "行政许可法第五十五条第二款", ("受理", "acceptance"), view.clocks.accepted_at
        yield _Step(ClockName.INSPECTORS, article, ASSIGNMENT_WORKDAYS, since, begun, check.due, runs=False)


def _hearing(view: _View) -> Iterator[_Step]:
    article, hearing = "行政许可法第四十七条", view.proceedings.hearing
    if hearing is None:
        return
    begun = ("告知听证权利", "being told of the right to a hearing")
    for told in hearing.tellings:
        due, since, waits = told.request_by, told.told_at, _waits(told, hearing, view)
        yield _Step(ClockName.HEARING_REQUEST, article, REQUEST_WORKDAYS, since, begun, due, runs=waits)
    if hearing.hold_by is not None:
        begun = ("提出听证申请", "the request for a hearing")
        due, since, runs = hearing.hold_by, hearing.requested_at, hearing.step is not HearingStep.HELD
        yield _Step(ClockName.HEARING_HOLDING, article, HOLDING_WORKDAYS, since, begun, due, runs=runs)


def _heard(view: _View) -> Iterator[_Step]:
    """Those who are asked for their word: interested parties, other departments."""
    article, begun = "行政许可法第三十六条", ("告知利害关系人", "the interested party being told")
    for party in view.proceedings.parties:
        since, runs = party.notified_at, not party.heard
        yield _Step(ClockName.STATEMENT, article, party.workdays, since, begun, party.speak_by, runs=runs)
    article, begun = "行政许可法第二十六条第二款", ("征求部门意见", "the question to the department")
    for asked in view.consultations:
        days, due, runs = asked.limit_workdays, due_of(asked, view.calendar), asked.state is ConsultationState.OPEN
        yield _Step(ClockName.CONSULTATION, article, days, asked.asked_at, begun, due, runs=runs)


def _waits(told: Telling, hearing: Hearing, view: _View) -> bool:
    """Somebody of this telling may still ask: not waived, and the day not over."""
    unanswered = hearing.step is HearingStep.TOLD and not set(told.persons) <= set(hearing.waived)
    return unanswered and (told.request_by.provisional or view.today <= told.request_by.on)
