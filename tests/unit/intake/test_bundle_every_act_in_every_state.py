"""Every act of a bundle in every state, from one table: the state it leads to, or refused as a wrong state."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from services.intake.domain import bundle_acceptance, bundle_supplement
from services.intake.domain import bundle_case as rules
from services.intake.domain.application import MaterialFault, Outcome
from services.intake.domain.bundle_case import BUNDLE_ALLOWED, BundleAct, BundleCase, BundleState
from services.intake.domain.bundle_errors import WrongBundleState
from services.intake.domain.bundle_plan import MemberState
from services.intake.domain.records import BundleSupplement
from services.kernel.time_limit import DueDate
from services.kernel.workdays import official_calendar
from tests.support.every_act import acts_in, named_by
from tests.unit.intake.builders import CLERK, NOON, TODAY, provided
from tests.unit.intake.bundle_builders import a_bundle, a_case, a_member, a_run

CALENDAR = official_calendar()
BUNDLE = a_bundle(a_member("步骤"))
RESULT = rules.StepResult(Outcome.GRANTED, NOON, CLERK)
EXTENSION = rules.BundleExtension(15, "现场核验", "分管负责人", "鹤政批1号", NOON, CLERK)
FAULT = MaterialFault(1, "材料1", "缺页", "补齐")
NOTICE = BundleSupplement((FAULT,), ("步骤",), TODAY, NOON - timedelta(hours=1), CLERK, 0)

ACTS: dict[BundleAct, Callable[[BundleCase], BundleCase]] = {
    BundleAct.PROVIDE: lambda c: rules.provide(c, [provided(1)]),
    BundleAct.RECEIVE: lambda c: rules.receive(c, by=CLERK, now=NOON),
    BundleAct.REQUEST_SUPPLEMENT: lambda c: bundle_supplement.request(
        c,
        [FAULT],
        ["步骤"],
        lacking={},
        supply_by=TODAY + timedelta(days=1),
        by=CLERK,
        now=NOON,
        reason=None,
        calendar=CALENDAR,
    ),
    BundleAct.SUPPLY: lambda c: bundle_supplement.supply(
        replace(c, supplement=NOTICE, materials=(provided(1),)), now=NOON
    ),
    BundleAct.LAPSE: lambda c: bundle_supplement.lapse(replace(c, supplement=NOTICE), now=NOON + timedelta(days=1)),
    BundleAct.ACCEPT: lambda c: bundle_acceptance.accept(c, by=CLERK, now=NOON, calendar=CALENDAR),
    BundleAct.DEEM_ACCEPTED: lambda c: bundle_acceptance.deem_accepted(
        replace(c, received_at=NOON - timedelta(days=20)), now=NOON, calendar=CALENDAR
    ),
    BundleAct.RECORD_RESULT: lambda c: rules.record_result(c, BUNDLE, "步骤", RESULT),
    BundleAct.EXTEND: lambda c: rules.extend(c, BUNDLE.extension, EXTENSION, due=DueDate(TODAY)),
    BundleAct.HAND_IN_STAGE: lambda c: rules.hand_in_stage(c, [], now=NOON),
    BundleAct.HAND_OVER: lambda c: rules.hand_over(c, now=NOON),
    BundleAct.WITHDRAW: lambda c: rules.withdraw(c, reason="不办了", now=NOON),
}

# What follows from the members and from a calendar: no act of anybody. Only the members' end leaves a state.
FOLLOWS: dict[str, Callable[[BundleCase], BundleCase]] = {
    "open_member": lambda c: rules.open_member(
        replace(c, members=(a_run("步骤", MemberState.WAITING),)), "步骤", None, now=NOON
    ),
    "heard": lambda c: rules.heard(c, {}, now=NOON),
    "advance": lambda c: rules.advance(c, BUNDLE, now=NOON),
    "settle_day": lambda c: bundle_supplement.settle_day(c, CALENDAR),
}

# Rows: acts. Columns: states. `-` refused, otherwise the state the act leads to.
TABLE = """
                    SUBMITTED  RECEIVED    CORRECTION  ACCEPTED   STAGE_DONE  DECIDED    CONCLUDED  WITHDRAWN
PROVIDE             SUBMITTED  RECEIVED    CORRECTION  -          -           -          -          -
RECEIVE             RECEIVED   -           -           -          -           -          -          -
REQUEST_SUPPLEMENT  -          CORRECTION  -           -          -           -          -          -
SUPPLY              -          -           RECEIVED    -          -           -          -          -
LAPSE               -          -           ACCEPTED    -          -           -          -          -
ACCEPT              -          ACCEPTED    -           -          -           -          -          -
DEEM_ACCEPTED       -          ACCEPTED    -           -          -           -          -          -
RECORD_RESULT       -          -           -           ACCEPTED   -           -          -          -
EXTEND              -          -           -           ACCEPTED   -           -          -          -
HAND_IN_STAGE       -          -           -           -          SUBMITTED   -          -          -
HAND_OVER           -          -           -           -          STAGE_DONE  CONCLUDED  -          -
WITHDRAW            WITHDRAWN  WITHDRAWN   WITHDRAWN   WITHDRAWN  WITHDRAWN   -          -          -
"""


def _cells() -> list[tuple[BundleAct, BundleState, BundleState | None]]:
    header, *rows = TABLE.strip().splitlines()
    states = [BundleState(word) for word in header.split()]
    cells = []
    for row in rows:
        act, *outcomes = row.split()
        for state, outcome in zip(states, outcomes, strict=True):
            cells.append((BundleAct(act), state, None if outcome == "-" else BundleState(outcome)))
    return cells


CELLS = _cells()
NAMES = [f"{act.lower()} when {state.lower()}" for act, state, _ in CELLS]


@pytest.mark.parametrize(("act", "state", "leads_to"), CELLS, ids=NAMES)
def test_an_act_leads_on_or_is_refused(act: BundleAct, state: BundleState, leads_to: BundleState | None) -> None:
    case = a_case(state, a_run("步骤", MemberState.RUNNING))

    if leads_to is None:
        with pytest.raises(WrongBundleState) as refused:
            ACTS[act](case)
        assert refused.value.code == "intake.bundle-wrong-state"
    else:
        assert ACTS[act](case).state is leads_to


@pytest.mark.parametrize("state", list(BundleState), ids=str)
@pytest.mark.parametrize("name", list(FOLLOWS))
def test_what_follows_from_members_and_calendar_leaves_no_state_before_the_members_end(
    name: str, state: BundleState
) -> None:
    assert FOLLOWS[name](a_case(state, a_run("步骤", MemberState.RUNNING))).state is state


def test_the_table_has_every_act_there_is_in_code() -> None:
    found = acts_in("services.intake.domain", BundleCase)

    assert found - set(FOLLOWS) <= named_by(ACTS.values())
    assert set(FOLLOWS) <= found


def test_the_table_covers_every_act_and_every_state() -> None:
    assert {(act, state) for act, state, _ in CELLS} == {(act, state) for act in BundleAct for state in BundleState}


def test_the_table_agrees_with_the_state_machine() -> None:
    allowed = {act: frozenset(s for a, s, to in CELLS if a is act and to is not None) for act in BundleAct}

    assert allowed == BUNDLE_ALLOWED
