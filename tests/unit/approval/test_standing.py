"""Decisions about certificates after the grant: who proposes, who is heard, who decides, what each must say."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from services.approval.domain.case import Officer
from services.approval.domain.decision import Remedies
from services.approval.domain.errors import (
    CertificateState,
    HolderNotHeard,
    IncompleteRecord,
    OtherDepartment,
    SeparationOfDuties,
    StandingClosed,
)
from services.approval.domain.standing import (
    Change,
    HeldCertificate,
    Penalty,
    Proposal,
    StandingDecision,
    StandingState,
    decide,
    dismiss,
    hear,
    propose,
    record_penalty,
)
from services.kernel.certificate_life import DECIDED, GROUNDS, Ground, LifeAct, Status, allowed
from services.kernel.workdays import build_calendar

CALENDAR = build_calendar({})
MONDAY = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
HANDLER = Officer("handler", "dept", "431202000000", "承办甲")
CHIEF = Officer("chief", "dept", "431202000000", "首席甲", is_chief=True)
REMEDIES = Remedies("区人民政府", "区人民法院")
ID = UUID(int=1)
PENALTY = Penalty("鹤市监罚〔2026〕3号", "区市场监督管理局", date(2026, 3, 1))


def a_certificate(status: Status = Status.VALID, holder: str = "PERSON", issuer: str = "dept") -> HeldCertificate:
    return HeldCertificate(UUID(int=2), "1.2.156", issuer, "k" * 64, holder, status)


def a_proposal(act: LifeAct = LifeAct.ANNUL, ground: Ground = Ground.FRAUD, **of: Any) -> Proposal:
    """Complete for its ground."""
    rule = GROUNDS[ground]
    draft = Proposal(
        act,
        ground,
        "查明的事实",
        compensation="没有造成财产损失，不予补偿" if rule.compensation else "",
        changes=(Change("经营场所", "甲路1号", "乙路2号"),) if act is LifeAct.AMEND else (),
    )
    return replace(draft, **of)


def proposed(draft: Proposal | None = None, certificate: HeldCertificate | None = None) -> StandingDecision:
    of = certificate or a_certificate()
    return propose(ID, of, draft or a_proposal(), HANDLER, now=MONDAY, calendar=CALENDAR)


def heard(decision: StandingDecision | None = None) -> StandingDecision:
    return hear(decision or proposed(), "我有异议", now=MONDAY)


CASES = [
    (act, ground, status)
    for act, ground, status in product(sorted(DECIDED - {LifeAct.REVOKE}), Ground, Status)
    if act in GROUNDS[ground].acts
]


@pytest.mark.parametrize(("act", "ground", "status"), CASES, ids=lambda value: str(value))
def test_every_act_on_every_ground_in_every_state(act: LifeAct, ground: Ground, status: Status) -> None:
    certificate = a_certificate(status, GROUNDS[ground].holder or "PERSON")
    draft = a_proposal(act, ground)

    if not allowed(act, status, ground):
        with pytest.raises(CertificateState):
            proposed(draft, certificate)
        return
    ended = decide(heard(proposed(draft, certificate)), CHIEF, remedies=REMEDIES, now=MONDAY)

    assert (ended.state, ended.effective_on) == (StandingState.DECIDED, date(2026, 3, 2))


@pytest.mark.parametrize(
    ("act", "ground"), [(a, g) for a, g in product(DECIDED, Ground) if a not in GROUNDS[g].acts], ids=str
)
def test_a_ground_of_another_article_is_refused(act: LifeAct, ground: Ground) -> None:
    with pytest.raises(IncompleteRecord, match="不是"):
        proposed(a_proposal(act, ground))


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"facts": " "}, "#/facts"),
        ({"compensation": "赔偿一万元"}, "#/compensation"),
        ({"ground": Ground.ULTRA_VIRES}, "#/compensation"),
        ({"changes": (Change("场所", "", "乙"),)}, "#/changes"),
        ({"valid_until": date(2030, 1, 1)}, "#/valid_until"),
        ({"major_public_harm": True}, "#/major_public_harm"),
        ({"speak_workdays": 0}, "#/speak_workdays"),
        ({"speak_workdays": 31}, "#/speak_workdays"),
    ],
    ids=[
        "no facts",
        "who cheated is not paid: art. 69 para. 4",
        "the body says what it pays: art. 69 para. 4",
        "only an amendment changes lines",
        "only an amendment changes the validity",
        "not annulled where the public is harmed: art. 69 para. 3",
        "no day to speak",
        "more than thirty days",
    ],
)
def test_a_proposal_lacks_nothing(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(IncompleteRecord) as fault:
        proposed(replace(a_proposal(), **changes))

    assert [error.pointer for error in fault.value.errors] == [pointer]


@pytest.mark.parametrize(
    ("until", "code"),
    [(date(2026, 3, 1), "over"), (date(2030, 1, 2), "longer"), (date(2026, 3, 2), None), (date(2030, 1, 1), None)],
    ids=["yesterday", "longer than before", "today", "as before"],
)
def test_art_50_an_amendment_lengthens_no_term_and_does_not_end_before_it_begins(until: date, code: str | None) -> None:
    certificate = replace(a_certificate(), valid_until=date(2030, 1, 1))
    draft = a_proposal(LifeAct.AMEND, Ground.HOLDER_ASKED, valid_until=until)

    if code is None:
        assert proposed(draft, certificate).proposal.valid_until == until
        return
    with pytest.raises(IncompleteRecord) as fault:
        proposed(draft, certificate)

    assert [(error.pointer, error.code) for error in fault.value.errors] == [("#/valid_until", code)]


def test_a_new_term_that_is_over_when_it_is_decided_is_refused() -> None:
    waiting = proposed(a_proposal(LifeAct.AMEND, Ground.HOLDER_ASKED, valid_until=MONDAY.date()))

    with pytest.raises(IncompleteRecord, match="不得早于今天"):
        decide(waiting, CHIEF, remedies=REMEDIES, now=MONDAY + timedelta(days=1))


def test_of_several_holders_one_does_not_speak_for_the_others() -> None:
    one_spoke = heard(proposed(certificate=replace(a_certificate(), co_holders=1)))

    with pytest.raises(HolderNotHeard):
        decide(one_spoke, CHIEF, remedies=REMEDIES, now=MONDAY + timedelta(days=4))

    ended = decide(one_spoke, CHIEF, remedies=REMEDIES, now=MONDAY + timedelta(days=8))
    assert ended.state is StandingState.DECIDED


def test_an_amendment_says_what_changes() -> None:
    with pytest.raises(IncompleteRecord, match="变更内容"):
        proposed(a_proposal(LifeAct.AMEND, Ground.HOLDER_ASKED, changes=()))


@pytest.mark.parametrize(
    ("ground", "holder"), [(Ground.DEATH_OR_INCAPACITY, "ORGANISATION"), (Ground.TERMINATED, "PERSON")]
)
def test_a_person_dies_and_an_organisation_is_terminated(ground: Ground, holder: str) -> None:
    with pytest.raises(CertificateState, match="只适用于"):
        proposed(a_proposal(LifeAct.DEREGISTER, ground), a_certificate(holder=holder))


def test_the_basis_is_the_article_of_the_ground_unless_more_is_named() -> None:
    assert proposed().proposal.basis == "《中华人民共和国行政许可法》第六十九条第二款"
    assert proposed(a_proposal(basis="《食品安全法》")).proposal.basis == "《食品安全法》"


def test_another_department_does_nothing() -> None:
    stranger = replace(CHIEF, department="other")

    with pytest.raises(OtherDepartment):
        propose(ID, a_certificate(), a_proposal(), stranger, now=MONDAY, calendar=CALENDAR)
    with pytest.raises(OtherDepartment):
        decide(heard(), stranger, remedies=REMEDIES, now=MONDAY)
    with pytest.raises(OtherDepartment):
        record_penalty(ID, a_certificate(), PENALTY, "事实", stranger, now=MONDAY)


def test_who_proposed_does_not_decide() -> None:
    both = replace(CHIEF, account_id="handler")

    with pytest.raises(SeparationOfDuties):
        decide(heard(), both, remedies=REMEDIES, now=MONDAY)
    with pytest.raises(SeparationOfDuties):
        dismiss(heard(), both, reasons="不成立", now=MONDAY)


@pytest.mark.parametrize(
    ("later", "may"),
    [
        pytest.param(timedelta(days=7), False, id="the fifth working day, Monday"),
        pytest.param(timedelta(days=8), True, id="the day after"),
    ],
)
def test_a_holder_who_is_hurt_is_heard_or_has_had_his_five_working_days(later: timedelta, may: bool) -> None:
    decision = proposed()

    if may:
        assert decide(decision, CHIEF, remedies=REMEDIES, now=MONDAY + later).state is StandingState.DECIDED
    else:
        with pytest.raises(HolderNotHeard):
            decide(decision, CHIEF, remedies=REMEDIES, now=MONDAY + later)


def test_a_deregistration_of_what_is_over_waits_for_nobody() -> None:
    decision = proposed(a_proposal(LifeAct.DEREGISTER, Ground.TAKEN_AWAY), a_certificate(Status.ANNULLED))

    assert decision.speak_by is None
    assert decide(decision, CHIEF, remedies=REMEDIES, now=MONDAY).state is StandingState.DECIDED


def test_what_changed_since_the_proposal_is_not_decided() -> None:
    decision = replace(heard(), certificate=a_certificate(Status.REVOKED))

    with pytest.raises(CertificateState):
        decide(decision, CHIEF, remedies=REMEDIES, now=MONDAY)


def test_a_decision_names_both_remedies() -> None:
    with pytest.raises(IncompleteRecord) as fault:
        decide(heard(), CHIEF, remedies=None, now=MONDAY)

    assert [error.pointer for error in fault.value.errors] == ["#/remedies/reconsideration_body", "#/remedies/court"]


def test_a_dismissal_says_why_and_leaves_the_certificate() -> None:
    with pytest.raises(IncompleteRecord):
        dismiss(proposed(), CHIEF, reasons=" ", now=MONDAY)

    ended = dismiss(proposed(), CHIEF, reasons="证据不足", now=MONDAY)

    assert (ended.state, ended.effective_on, ended.version) == (StandingState.DISMISSED, None, 2)


@pytest.mark.parametrize("state", [StandingState.DECIDED, StandingState.DISMISSED])
def test_an_ended_decision_takes_no_further_step(state: StandingState) -> None:
    ended = replace(heard(), state=state)

    with pytest.raises(StandingClosed):
        hear(ended, "还有话说", now=MONDAY)
    with pytest.raises(StandingClosed):
        decide(ended, CHIEF, remedies=REMEDIES, now=MONDAY)
    with pytest.raises(StandingClosed):
        dismiss(ended, CHIEF, reasons="不成立", now=MONDAY)


@pytest.mark.parametrize("status", list(Status), ids=str)
def test_a_penalty_is_recorded_at_once_where_something_is_left_to_revoke(status: Status) -> None:
    if status not in (Status.VALID, Status.LOST):
        with pytest.raises(CertificateState):
            record_penalty(ID, a_certificate(status), PENALTY, "无证经营", CHIEF, now=MONDAY)
        return
    done = record_penalty(ID, a_certificate(status), PENALTY, "无证经营", CHIEF, now=MONDAY)

    assert (done.state, done.version, done.penalty) == (StandingState.DECIDED, 1, PENALTY)
    assert "鹤市监罚〔2026〕3号" in done.proposal.basis


def test_a_penalty_has_its_decision() -> None:
    with pytest.raises(IncompleteRecord):
        record_penalty(ID, a_certificate(), replace(PENALTY, number=""), "无证经营", CHIEF, now=MONDAY)
    with pytest.raises(IncompleteRecord):
        future = replace(PENALTY, decided_on=date(2026, 3, 3))
        record_penalty(ID, a_certificate(), future, "无证经营", CHIEF, now=MONDAY)
