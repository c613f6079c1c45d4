"""The clocks of an examination: every limit of the case with its state, and why the main ones are due on their day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.events.common import DueDate as DueDateOut
from contracts.events.common import ItemRef
from services.approval import mapping
from services.approval.domain.clocks import Clocks
from services.approval.domain.consultation import due_of
from services.approval.domain.days import known_days
from services.approval.domain.proceedings import Consultation, Hearing, HearingStep, ItemRules, Proceedings
from services.approval.domain.states import OPEN_STATES, State
from services.approval.schemas_proceedings import ClockName, ClockOut, ClockState, WhyOut
from services.kernel.time_limit import Clock, DueDate, Paused, TimeLimit
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
    view = _View(
        state=State(row.state),
        rules=mapping.item_rules(item),
        clocks=mapping.clocks(case, item, row.ledger),
        proceedings=known_days(mapping.proceedings(case["proceedings"]), calendar),
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
        yield _explained(view, ClockName.FIRST_LEVEL, Clock(limit, view.clocks.accepted_at), state)


def _explained(view: _View, name: ClockName, clock: Clock, state: ClockState) -> ClockOut:
    found = why(clock, view.calendar, as_of=view.today)
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


def _others(view: _View) -> Iterator[ClockOut]:
    """Limits of single steps: they run until the step is done, or the case has ended."""
    found: list[tuple[ClockName, DueDate, str, bool]] = []
    going_on = view.proceedings
    if going_on.suspension is not None:
        begun = next(entry for entry in reversed(view.clocks.ledger) if isinstance(entry, Paused))
        found.append((ClockName.PAUSE, going_on.suspension.expected_end, begun.article, True))
    if going_on.site_check is not None:
        found.append((ClockName.INSPECTORS, going_on.site_check.due, "行政许可法第五十五条第二款", False))
    if going_on.hearing is not None:
        found += _hearing(going_on.hearing, view)
    found += [(ClockName.STATEMENT, p.speak_by, "行政许可法第三十六条", not p.heard) for p in going_on.parties]
    found += [
        (ClockName.CONSULTATION, due_of(c, view.calendar), "", c.state.value == "OPEN") for c in view.consultations
    ]
    for name, due, article, runs in found:
        state = ClockState.RUNNING if runs and view.is_open else ClockState.ENDED
        yield _clock(view, name, due, article, state)


def _hearing(hearing: Hearing, view: _View) -> Iterator[tuple[ClockName, DueDate, str, bool]]:
    article = "行政许可法第四十七条"
    if hearing.request_by is not None:
        waiting = hearing.step is HearingStep.TOLD and not _lapsed(hearing, view)
        yield ClockName.HEARING_REQUEST, hearing.request_by, article, waiting
    if hearing.hold_by is not None:
        yield ClockName.HEARING_HOLDING, hearing.hold_by, article, hearing.step is not HearingStep.HELD


def _lapsed(hearing: Hearing, view: _View) -> bool:
    return hearing.request_by is not None and not hearing.request_by.provisional and view.today > hearing.request_by.on
