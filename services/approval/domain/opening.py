"""A case begins with its acceptance: at the township where two levels handle it, at the department otherwise."""

from datetime import datetime
from uuid import UUID

from services.approval.domain.case import Case, Opened
from services.approval.domain.clocks import Clocks, Dates
from services.approval.domain.decision import ResultRule
from services.approval.domain.levels import first_level_of
from services.approval.domain.proceedings import Claim, ItemRules, Proceedings, Promised
from services.approval.domain.states import State
from services.kernel.workdays import WorkCalendar


def open_case(
    case_id: UUID,
    case_no: str,
    *,
    department: str,
    accepted_by: str,
    result: ResultRule,
    clocks: Clocks,
    dates: Dates,
    now: datetime,
    calendar: WorkCalendar,
    rules: ItemRules,
    division: str = "",
    materials: frozenset[int] = frozenset(),
    promised: tuple[Promised, ...] = (),
    decide_before: datetime | None = None,
    claim: Claim | None = None,
) -> tuple[Case, Opened]:
    """The case begins with its acceptance, and with nothing else.

    Args:
        division: where the application came in; a township examines first what it took in itself.
        promised: no grant without them; `claim`: nothing is decided before it; `dates` as intake told them.
    """
    first = first_level_of(rules, clocks, division, calendar)
    case = Case(
        id=case_id,
        case_no=case_no,
        state=State.FIRST_EXAMINING if first else State.EXAMINING,
        version=1,
        department=department,
        accepted_by=accepted_by,
        result=result,
        clocks=clocks,
        dates=dates,
        rules=rules,
        proceedings=Proceedings(first_level=first, promised=promised, decide_before=decide_before, claim=claim),
        materials=materials,
    )
    return case, Opened(opened_at=now)
