"""Every act in every state, from one table: allowed and leading where, or the exact code of the problem."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.approval import commands, consumers
from services.approval.domain import case as cases
from services.approval.domain import (
    consultation,
    days_moved,
    hearing,
    levels,
    moving,
    parties,
    site_check,
    standstill,
    taking,
)
from services.approval.domain.case import Case
from services.approval.domain.hearing import Announcement, HearingRecord
from services.approval.domain.proceedings import Claim, FirstLevel, HearingStep, Inspector, Promised
from services.approval.domain.site_check import SiteRecord
from services.approval.domain.standstill import SuspensionDraft
from services.approval.domain.states import Act, State
from services.kernel.errors import DomainError
from services.kernel.time_limit import DueDate
from tests.support import approval_domain as given
from tests.support.approval_domain import CALENDAR, CHIEF, HANDLER, NOON, TODAY, ready
from tests.support.every_act import acts_in, named_by

FIRST, EXAMINING, REVIEWED, SUSPENDED = State.FIRST_EXAMINING, State.EXAMINING, State.REVIEWED, State.SUSPENDED
WITH_CLOCK: dict[str, Any] = {"now": NOON, "calendar": CALENDAR}
PAUSE = SuspensionDraft("EXPERT_REVIEW", 10, "组织专家评审，需要十个工作日")
CHECK = SiteRecord(("i1", "i2"), NOON, "迎丰中路1号", "布局合理", True)
OTHER_VERSION = moving.Version(
    department=given.MARKET,
    legal=given.TEN,
    promised=given.TEN,
    rules=replace(given.a_case().rules, first_level=given.TWENTY),
    result=given.a_case().result,
    division=given.TOWNSHIP,
)
MEETING = Announcement(given.utc("2026-03-20 09:00"), "三楼", Inspector("chair", "主持甲"), "可以申请回避")

PROMISED = Promised(2, "消防验收意见", TODAY)
FALSEHOOD = taking.Falsehood(4, "制度目录", "现场未见", NOON)
CLAIM = Claim("申领期", "冷静期", TODAY, TODAY + timedelta(days=30), NOON)


def at_step(case: Case, step: HearingStep | None) -> Case:
    begun = given.hearing(step) if step else None
    return replace(case, proceedings=replace(case.proceedings, hearing=begun))


def unassigned(case: Case) -> Case:
    first = FirstLevel(None, DueDate(TODAY))
    return replace(case, proceedings=replace(case.proceedings, first_level=first))


def silent(case: Case) -> Case:
    return replace(case, consultations=(replace(case.consultations[0], limit_workdays=1),))


def settled(case: Case) -> Case:
    return replace(case, consultations=())


ACTS: dict[Act, Callable[[Case], tuple[Case, object]]] = {
    Act.ASSIGN_FIRST_LEVEL: lambda c: levels.assign_first_level(
        unassigned(c), HANDLER, division=given.TOWNSHIP, now=NOON
    ),
    Act.PASS_UP: lambda c: levels.pass_up(c, given.VILLAGE_HANDLER, opinion=given.OPINION, materials=(1, 2), now=NOON),
    Act.EXAMINE: lambda c: cases.examine(c, given.OPINION, HANDLER, now=NOON),
    Act.DECIDE: lambda c: cases.decide(settled(c), given.GRANT, CHIEF, now=NOON, today=TODAY),
    Act.SUSPEND: lambda c: standstill.suspend(c, PAUSE, CHIEF, **WITH_CLOCK),
    Act.RESUME: lambda c: standstill.resume(c, HANDLER, result="评审通过", **WITH_CLOCK),
    Act.EXTEND: lambda c: standstill.extend(c, CHIEF, days=10, reason="需要补充核实", **WITH_CLOCK),
    Act.ASSIGN_INSPECTORS: lambda c: site_check.assign_inspectors(
        c, HANDLER, inspectors=given.INSPECTORS, purpose="核查场所", **WITH_CLOCK
    ),
    Act.RECORD_SITE_CHECK: lambda c: site_check.record_site_check(
        c, replace(HANDLER, account_id="i1"), CHECK, now=NOON
    ),
    Act.TELL_HEARING: lambda c: hearing.tell_hearing(c, HANDLER, persons=("申请人",), notice="告知", **WITH_CLOCK),
    Act.REQUEST_HEARING: lambda c: hearing.request_hearing(
        at_step(c, HearingStep.TOLD), HANDLER, person="申请人", reason="", **WITH_CLOCK
    ),
    Act.WAIVE_HEARING: lambda c: hearing.waive_hearing(
        at_step(c, HearingStep.TOLD), HANDLER, person="申请人", document="声明", now=NOON
    ),
    Act.ANNOUNCE_HEARING: lambda c: hearing.announce_hearing(
        at_step(c, HearingStep.REQUESTED), HANDLER, MEETING, **WITH_CLOCK
    ),
    Act.HOLD_HEARING: lambda c: hearing.hold_hearing(
        at_step(c, HearingStep.ANNOUNCED), HANDLER, HearingRecord(("申请人",), "笔录"), now=NOON
    ),
    Act.NOTIFY_PARTY: lambda c: parties.notify_party(
        c, HANDLER, name="向家院", interest="相邻", notice="告知", workdays=5, **WITH_CLOCK
    ),
    Act.HEAR_PARTY: lambda c: parties.hear_party(c, HANDLER, party_no=1, statement="无意见", now=NOON),
    Act.CONSULT: lambda c: consultation.consult(
        c, HANDLER, department=given.FIRE, question="是否符合", limit_workdays=5, **WITH_CLOCK
    ),
    Act.ANSWER_CONSULTATION: lambda c: consultation.answer_consultation(
        c, given.FIREMAN, number=1, answer=consultation.Answer.NO_OBJECTION, text="无意见", **WITH_CLOCK
    ),
    Act.RECORD_SILENCE: lambda c: consultation.record_silence(silent(c), number=1, **WITH_CLOCK),
    Act.TERMINATE: lambda c: cases.terminate(c, CHIEF, reason="主体终止", legal_basis="第七十条", now=NOON),
    Act.TRANSFER: lambda c: cases.transfer(c, CHIEF, to=given.FIRE, reason="属其职权", legal_basis="消防法", now=NOON),
    Act.WITHDRAW: lambda c: cases.withdraw(c, "不再开店", at=NOON),
    Act.HEAR_APPLICANT: lambda c: parties.hear_applicant(c, name="申请人", statement="已经整改", now=NOON),
    Act.RENEW: lambda c: cases.renew_by_silence(c, cases.Renewed("C1", "第五十条", NOON, NOON)),
    Act.MOVE: lambda c: moving.move(c, OTHER_VERSION, **WITH_CLOCK),
    Act.MOVE_DAYS: lambda c: days_moved.move_days(c, **WITH_CLOCK),
    Act.TAKE_DEFERRED: lambda c: (taking.take_deferred(c, (PROMISED,)), PROMISED),
    Act.TAKE_CLAIM: lambda c: (taking.take_claim(c, CLAIM), CLAIM),
    Act.TAKE_FALSEHOOD: lambda c: taking.take_falsehood(c, FALSEHOOD),
}
# The same acts, done by the persons concerned themselves.
OWN_VOICE: dict[Act, Callable[[Case], tuple[Case, object]]] = {
    Act.REQUEST_HEARING: lambda c: hearing.ask_for_hearing(
        at_step(c, HearingStep.TOLD), person="申请人", reason="", **WITH_CLOCK
    ),
    Act.HEAR_PARTY: lambda c: parties.take_statement(c, party_no=1, statement="无意见", now=NOON),
}

# What each act leads to where it is allowed; everywhere else the answer is approval.wrong-state.
ITSELF = {EXAMINING: EXAMINING, REVIEWED: REVIEWED, SUSPENDED: SUSPENDED}
AT_HAND = (EXAMINING, REVIEWED)
LEADS_TO: dict[Act, dict[State, State]] = {
    Act.ASSIGN_FIRST_LEVEL: {FIRST: FIRST},
    Act.PASS_UP: {FIRST: EXAMINING},
    Act.EXAMINE: dict.fromkeys(AT_HAND, REVIEWED),
    Act.DECIDE: {REVIEWED: State.DECIDED},
    Act.SUSPEND: dict.fromkeys(AT_HAND, SUSPENDED),
    Act.RESUME: {SUSPENDED: REVIEWED},
    Act.EXTEND: {EXAMINING: EXAMINING, REVIEWED: REVIEWED},
    Act.ASSIGN_INSPECTORS: ITSELF,
    Act.RECORD_SITE_CHECK: ITSELF,
    Act.TELL_HEARING: ITSELF,
    Act.REQUEST_HEARING: ITSELF,
    Act.WAIVE_HEARING: ITSELF,
    Act.ANNOUNCE_HEARING: ITSELF,
    Act.HOLD_HEARING: ITSELF | {REVIEWED: EXAMINING},
    Act.NOTIFY_PARTY: ITSELF,
    Act.HEAR_PARTY: ITSELF,
    Act.CONSULT: {EXAMINING: EXAMINING, REVIEWED: REVIEWED},
    Act.ANSWER_CONSULTATION: ITSELF,
    Act.RECORD_SILENCE: ITSELF,
    Act.TERMINATE: dict.fromkeys((FIRST, *ITSELF), State.TERMINATED),
    Act.TRANSFER: dict.fromkeys(AT_HAND, State.TRANSFERRED),
    Act.WITHDRAW: dict.fromkeys((FIRST, *ITSELF), State.WITHDRAWN),
    Act.HEAR_APPLICANT: ITSELF | {FIRST: FIRST},
    Act.RENEW: dict.fromkeys((FIRST, *ITSELF), State.RENEWED),
    Act.MOVE: ITSELF | {FIRST: FIRST},
    Act.MOVE_DAYS: ITSELF | {FIRST: FIRST},
    Act.TAKE_DEFERRED: ITSELF | {FIRST: FIRST},
    Act.TAKE_CLAIM: ITSELF | {FIRST: FIRST},
    Act.TAKE_FALSEHOOD: ITSELF | {FIRST: FIRST},
}
# What no officer does: the applicant's side, time, or another service through its events.
SILENT_ACTS = (Act.TAKE_DEFERRED, Act.TAKE_CLAIM)  # no event of the case tells of them: the version stays
NOT_OFFICERS = (
    Act.WITHDRAW,
    Act.RECORD_SILENCE,
    Act.HEAR_APPLICANT,
    Act.RENEW,
    Act.MOVE,
    Act.MOVE_DAYS,
    Act.TAKE_FALSEHOOD,
    *SILENT_ACTS,
)
TABLE = {(act, state): LEADS_TO[act].get(state, "approval.wrong-state") for act in Act for state in State}


def test_the_table_names_every_act() -> None:
    assert set(ACTS) == set(LEADS_TO) == set(Act)


def test_the_table_has_every_act_there_is_in_code() -> None:
    assert acts_in("services.approval.domain", Case) <= named_by([*ACTS.values(), *OWN_VOICE.values()])


def test_no_command_changes_a_case_but_through_an_act() -> None:
    sources = [*Path(commands.__path__[0]).glob("*.py"), Path(str(consumers.__file__))]

    assert sources
    assert [path.name for path in sources if "replace" in path.read_text()] == []


@pytest.mark.parametrize(("act", "state"), list(TABLE), ids=lambda value: str(value))
def test_every_act_in_every_state(act: Act, state: State) -> None:
    check(ACTS[act], act, state)


@pytest.mark.parametrize(("act", "state"), [key for key in TABLE if key[0] in OWN_VOICE], ids=lambda value: str(value))
def test_every_act_of_the_persons_concerned_in_every_state(act: Act, state: State) -> None:
    check(OWN_VOICE[act], act, state)


def check(do: Callable[[Case], tuple[Case, object]], act: Act, state: State) -> None:
    case, expected = ready(state), TABLE[act, state]

    try:
        changed, fact = do(case)
    except DomainError as refused:
        outcome: tuple[object, int] = (refused.code, case.version)
    else:
        assert fact is not None
        outcome = (changed.state, changed.version)

    unmoved = (isinstance(expected, str) and "." in expected) or act in SILENT_ACTS
    assert outcome == (expected, case.version + (0 if unmoved else 1))


@pytest.mark.parametrize("act", [act for act in Act if act not in NOT_OFFICERS], ids=str)
def test_an_act_of_another_department_is_refused_whatever_else_holds(act: Act) -> None:
    state = next(iter(LEADS_TO[act]))
    case = replace(ready(state), department="114312020061000377")

    with pytest.raises(DomainError) as refused:
        ACTS[act](replace(case, consultations=()) if act is Act.ANSWER_CONSULTATION else _elsewhere(case, act))

    known = {Act.ANSWER_CONSULTATION: "approval.unknown-consultation", Act.PASS_UP: "approval.not-first-level"}
    assert refused.value.code == known.get(act, "approval.other-department")


def _elsewhere(case: Case, act: Act) -> Case:
    if act is not Act.PASS_UP:
        return case
    return replace(case, proceedings=replace(case.proceedings, first_level=FirstLevel("431202001000", DueDate(TODAY))))
