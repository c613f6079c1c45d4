"""Every act in every state, from one table: allowed with the state it leads to, or refused as a wrong state."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.intake.domain import application as rules
from services.intake.domain import endings, moving, silence, supplement, windows
from services.intake.domain.course import (
    ClaimWindow,
    Course,
    Ended,
    EndKind,
    EntryKind,
    LedgerEntry,
    Originals,
    with_entry,
)
from services.intake.domain.errors import WrongState
from services.intake.domain.materials import Check, CheckOutcome, Source
from services.intake.domain.states import ALLOWED, Act, State
from services.kernel.time_limit import DueDate
from services.kernel.workdays import official_calendar
from tests.support.every_act import acts_in, named_by
from tests.unit.intake.builders import CLERK, NOON, TODAY, a_fault, an_application, an_item, provided

DUE = DueDate(date(2026, 12, 1))
ITEM = an_item()
PROMISED = provided(1, Source.DEFERRED, promised_on=DUE.on)
COMMITTED = provided(1, Source.COMMITMENT)
CHECK = Check(CheckOutcome.KEPT, "属实", NOON, "handler-1")
RENEWS = rules.Renewal("C1", TODAY - timedelta(days=1), silence_renews=True)
CALENDAR = official_calendar()
HANDING = rules.HandOver(rules.Method.COLLECTION, ("C1",), "张三", "本人", None, NOON, CLERK)

WINDOW = ClaimWindow("申领期", "冷静期", DueDate(TODAY - timedelta(days=2)), TODAY - timedelta(days=1), DueDate(TODAY))
ENTRY = LedgerEntry(EntryKind.EXTENDED, NOON, "需要核实", "第四十二条", 10)
OPEN, OVER = Course(window=WINDOW), Course(window=replace(WINDOW, closes=DueDate(TODAY - timedelta(days=1))))


def ended(kind: EndKind) -> Ended:
    return Ended(kind, "主体终止", "行政许可法第七十条", NOON)


ACTS: dict[Act, Callable[[rules.Application], rules.Application]] = {
    Act.PROVIDE: lambda a: rules.provide(a, [provided(1)]),
    Act.RECEIVE: lambda a: rules.receive(a, case_no="N", query_code="Q", notice_due=DUE, by=CLERK, now=NOON),
    Act.CORRECT: lambda a: rules.correct(a, ["电话漏填"], [], by=CLERK, now=NOON),
    Act.REQUEST_SUPPLEMENT: lambda a: supplement.request_supplement(
        replace(a, supplement=None),
        ITEM,
        [a_fault()],
        supply_by=DUE.on,
        today=TODAY,
        by=CLERK,
        now=NOON,
    ),
    Act.SUPPLY: lambda a: supplement.supply(a, [provided(1)], now=NOON),
    Act.RETURN: lambda a: supplement.give_up(a, reason="不补了", by=CLERK, now=NOON),
    Act.ACCEPT: lambda a: rules.accept(
        a, ITEM, counting=[provided(1)], legal_due=DUE, promised_due=DUE, by=CLERK, now=NOON
    ),
    Act.DEEM_ACCEPTED: lambda a: silence.deem_accepted(
        replace(a, notice_due=DueDate(TODAY)), ITEM, legal_due=DUE, promised_due=DUE, now=NOON + timedelta(days=1)
    ),
    Act.REFUSE_ACCEPTANCE: lambda a: rules.refuse_acceptance(
        a, rules.RefusalKind.OUT_OF_SCOPE, reason="不属于职权", competent_body="市局", by=CLERK, now=NOON
    ),
    Act.WITHDRAW: lambda a: rules.withdraw(a, reason="不办了", now=NOON),
    Act.SUPPLY_DEFERRED: lambda a: rules.supply_deferred(replace(a, materials=(PROMISED,)), [provided(1)]),
    Act.DEEM_RENEWED: lambda a: silence.deem_renewed(replace(a, renews=RENEWS), now=NOON),
    Act.RECORD_DECISION: lambda a: rules.record_decision(a, rules.Outcome.GRANTED, decided_at=NOON),
    Act.HAND_OVER: lambda a: rules.hand_over(a, ITEM, HANDING, certificates=["C1"], papers=["GRANT_DECISION"]),
    Act.CONCLUDE: lambda a: rules.conclude(a, now=NOON),
    Act.CHECK_COMMITMENT: lambda a: rules.check_commitment(replace(a, materials=(COMMITTED,)), 1, CHECK),
    Act.MOVE: lambda a: moving.change_version(a, ITEM, 2, CALENDAR)[0],
    Act.CLAIM: lambda a: windows.claim(replace(a, course=OPEN), ("张三", "李四"), by=CLERK, now=NOON),
    Act.DEEM_WITHDRAWN: lambda a: windows.deem_withdrawn(replace(a, course=OVER), now=NOON),
    Act.RECORD_TERMINATION: lambda a: endings.record_end(a, ended(EndKind.TERMINATED)),
    Act.RECORD_TRANSFER: lambda a: endings.record_end(a, ended(EndKind.TRANSFERRED)),
    Act.RETURN_ORIGINALS: lambda a: endings.return_originals(a, Originals(("营业执照",), "张三", NOON, CLERK)),
}

# The same acts, done by time alone.
BY_ITSELF: dict[Act, Callable[[rules.Application], rules.Application]] = {
    Act.RETURN: lambda a: supplement.return_unsupplied(a, now=NOON + timedelta(days=999)),
}
# What follows from a calendar, a ledger told by approval or a certificate taken away: nobody's act, no state is left.
FOLLOWS: dict[str, Callable[[rules.Application], rules.Application]] = {
    "project": lambda a: moving.project(a, ITEM, CALENDAR)[0],
    "with_entry": lambda a: with_entry(a, ENTRY, legal_due=DUE, promised_due=DUE),
    "with_window": lambda a: windows.with_window(a, ITEM, CALENDAR),
    "not_renewable": lambda a: silence.not_renewable(replace(a, renews=rules.Renewal("C1", DUE.on, True))),
}

# Rows: acts. Columns: states. `-` refused, otherwise the state the act leads to.
TABLE = """
                    SUBMITTED  RECEIVED            CORRECTION  ACCEPTED     REFUSED_ACCEPTANCE  NOT_REQUIRED  WITHDRAWN    RETURNED  DECIDED      HANDED_OVER  CONCLUDED  TERMINATED  TRANSFERRED
PROVIDE             SUBMITTED  RECEIVED            CORRECTION  -            -                   -             -            -         -            -            -          -           -
RECEIVE             RECEIVED   -                   -           -            -                   -             -            -         -            -            -          -           -
CORRECT             -          RECEIVED            -           -            -                   -             -            -         -            -            -          -           -
REQUEST_SUPPLEMENT  -          CORRECTION          -           -            -                   -             -            -         -            -            -          -           -
SUPPLY              -          -                   RECEIVED    -            -                   -             -            -         -            -            -          -           -
RETURN              -          -                   RETURNED    -            -                   -             -            -         -            -            -          -           -
ACCEPT              -          ACCEPTED            -           -            -                   -             -            -         -            -            -          -           -
DEEM_ACCEPTED       -          ACCEPTED            -           -            -                   -             -            -         -            -            -          -           -
REFUSE_ACCEPTANCE   -          REFUSED_ACCEPTANCE  -           -            -                   -             -            -         -            -            -          -           -
WITHDRAW            WITHDRAWN  WITHDRAWN           WITHDRAWN   WITHDRAWN    -                   -             -            -         -            -            -          -           -
SUPPLY_DEFERRED     -          -                   -           ACCEPTED     -                   -             -            -         DECIDED      -            CONCLUDED  -           -
DEEM_RENEWED        -          -                   -           DECIDED      -                   -             -            -         -            -            -          -           -
RECORD_DECISION     -          -                   -           DECIDED      -                   -             DECIDED      -         -            -            -          -           -
HAND_OVER           -          -                   -           -            -                   -             -            -         HANDED_OVER  -            -          -           -
CONCLUDE            -          -                   -           -            -                   -             -            -         -            CONCLUDED    -          -           -
CHECK_COMMITMENT    -          -                   -           ACCEPTED     -                   -             -            -         DECIDED      HANDED_OVER  CONCLUDED  -           -
MOVE                SUBMITTED  RECEIVED            CORRECTION  ACCEPTED     -                   -             -            -         -            -            -          -           -
CLAIM               -          -                   -           ACCEPTED     -                   -             -            -         -            -            -          -           -
DEEM_WITHDRAWN      -          -                   -           WITHDRAWN    -                   -             -            -         -            -            -          -           -
RECORD_TERMINATION  -          -                   -           TERMINATED   -                   -             TERMINATED   -         -            -            -          -           -
RECORD_TRANSFER     -          -                   -           TRANSFERRED  -                   -             TRANSFERRED  -         -            -            -          -           -
RETURN_ORIGINALS    -          -                   -           -            REFUSED_ACCEPTANCE  NOT_REQUIRED  WITHDRAWN    RETURNED  -            -            -          TERMINATED  TRANSFERRED
"""  # noqa: E501 (a table reads best as a table)


def _cells() -> list[tuple[Act, State, State | None]]:
    header, *rows = TABLE.strip().splitlines()
    states = [State(word) for word in header.split()]
    cells = []
    for row in rows:
        act, *outcomes = row.split()
        for state, outcome in zip(states, outcomes, strict=True):
            cells.append((Act(act), state, None if outcome == "-" else State(outcome)))
    return cells


CELLS = _cells()
NAMES = [f"{act.lower()} when {state.lower()}" for act, state, _ in CELLS]


@pytest.mark.parametrize(("act", "state", "leads_to"), CELLS, ids=NAMES)
def test_an_act_leads_on_or_is_refused(act: Act, state: State, leads_to: State | None) -> None:
    application = an_application(state)

    if leads_to is None:
        with pytest.raises(WrongState):
            ACTS[act](application)
    else:
        assert ACTS[act](application).state is leads_to


@pytest.mark.parametrize(
    ("act", "state", "leads_to"), [cell for cell in CELLS if cell[0] in BY_ITSELF], ids=lambda value: str(value)
)
def test_an_act_of_time_leads_on_or_is_refused(act: Act, state: State, leads_to: State | None) -> None:
    application = an_application(state)

    if leads_to is None:
        with pytest.raises(WrongState):
            BY_ITSELF[act](application)
    else:
        assert BY_ITSELF[act](application).state is leads_to


@pytest.mark.parametrize("state", list(State), ids=str)
@pytest.mark.parametrize("name", list(FOLLOWS))
def test_what_follows_from_calendar_and_ledger_leaves_no_state(name: str, state: State) -> None:
    assert FOLLOWS[name](an_application(state)).state is state


def test_the_table_has_every_act_there_is_in_code() -> None:
    found = acts_in("services.intake.domain", rules.Application)

    assert found - set(FOLLOWS) <= named_by([*ACTS.values(), *BY_ITSELF.values()])
    assert set(FOLLOWS) <= found


def test_the_table_covers_every_act_and_every_state() -> None:
    assert {(act, state) for act, state, _ in CELLS} == {(act, state) for act in Act for state in State}


def test_the_table_agrees_with_the_state_machine() -> None:
    allowed = {act: frozenset(s for a, s, to in CELLS if a is act and to is not None) for act in Act}

    assert allowed == ALLOWED
