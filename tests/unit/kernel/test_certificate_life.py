"""The life of a certificate: which act is allowed in which state, and on which ground of the law."""

from itertools import product

import pytest

from services.kernel.certificate_life import (
    AFTER,
    DECIDED,
    GROUNDS,
    LABELS,
    Ground,
    LifeAct,
    Status,
    allowed,
    may_become,
)

V, S, E, R = Status.VALID, Status.SUPERSEDED, Status.EXPIRED, Status.RESCINDED
A, D, K, L = Status.ANNULLED, Status.DEREGISTERED, Status.REVOKED, Status.LOST
# Written by hand from the law: in which states an act may happen, on any ground at all.
MAY = {
    LifeAct.AMEND: {V, L},
    LifeAct.RENEW: {V, L, E},
    LifeAct.REISSUE: {L},
    LifeAct.RESCIND: {V, L},
    LifeAct.ANNUL: {V, L, E},
    LifeAct.DEREGISTER: {V, L, E, R, A, K},
    LifeAct.REVOKE: {V, L},
    LifeAct.REPORT_LOSS: {V},
    LifeAct.WITHDRAW_LOSS: {L},
    LifeAct.EXPIRE: {V, L},
}
# art. 70: each ground of a deregistration with the states it speaks of.
DEREGISTERED_FROM = {
    Ground.EXPIRED_NOT_RENEWED: {E},
    Ground.DEATH_OR_INCAPACITY: {V, L, E},
    Ground.TERMINATED: {V, L, E},
    Ground.TAKEN_AWAY: {R, A, K},
    Ground.FORCE_MAJEURE: {V, L},
    Ground.OTHER_DEREGISTRATION: {V, L, E},
}
ARTICLES = {
    Ground.HOLDER_ASKED: "第四十九条",
    Ground.LAW_CHANGED: "第八条第二款",
    Ground.SITUATION_CHANGED: "第八条第二款",
    Ground.ABUSE_OF_POWER: "第六十九条第一款第（一）项",
    Ground.ULTRA_VIRES: "第六十九条第一款第（二）项",
    Ground.PROCEDURE_VIOLATED: "第六十九条第一款第（三）项",
    Ground.UNQUALIFIED_APPLICANT: "第六十九条第一款第（四）项",
    Ground.OTHER_ANNULMENT: "第六十九条第一款第（五）项",
    Ground.FRAUD: "第六十九条第二款",
    Ground.FOUND_FALSE: "第十条",
    Ground.EXPIRED_NOT_RENEWED: "第七十条第（一）项",
    Ground.DEATH_OR_INCAPACITY: "第七十条第（二）项",
    Ground.TERMINATED: "第七十条第（三）项",
    Ground.TAKEN_AWAY: "第七十条第（四）项",
    Ground.FORCE_MAJEURE: "第七十条第（五）项",
    Ground.OTHER_DEREGISTRATION: "第七十条第（六）项",
    Ground.PENALTY: "第九条第（三）项",
}


def possible(act: LifeAct, status: Status) -> bool:
    """On some ground, for an act that needs one."""
    if act in DECIDED:
        return any(allowed(act, status, ground) for ground in Ground)
    return allowed(act, status)


@pytest.mark.parametrize(("act", "status"), list(product(LifeAct, Status)), ids=str)
def test_every_act_in_every_state(act: LifeAct, status: Status) -> None:
    assert possible(act, status) is (status in MAY[act])


@pytest.mark.parametrize(("act", "status"), list(product(sorted(DECIDED), Status)), ids=str)
def test_a_state_that_allows_no_ground_allows_no_execution_either(act: LifeAct, status: Status) -> None:
    assert allowed(act, status) is possible(act, status)


@pytest.mark.parametrize(("ground", "status"), list(product(DEREGISTERED_FROM, Status)), ids=str)
def test_a_deregistration_follows_from_its_ground(ground: Ground, status: Status) -> None:
    assert allowed(LifeAct.DEREGISTER, status, ground) is (status in DEREGISTERED_FROM[ground])


@pytest.mark.parametrize("ground", list(Ground), ids=str)
def test_every_ground_names_its_article(ground: Ground) -> None:
    assert GROUNDS[ground].article.endswith(ARTICLES[ground])


@pytest.mark.parametrize("ground", list(Ground), ids=str)
def test_a_ground_carries_only_its_own_acts(ground: Ground) -> None:
    acts = {act for act in LifeAct for status in Status if allowed(act, status, ground)}

    assert acts == GROUNDS[ground].acts
    assert acts <= DECIDED


def test_who_is_hurt_is_heard_and_who_cheated_is_not_paid() -> None:
    heard = {ground for ground, rule in GROUNDS.items() if rule.hearing}
    paid = {ground for ground, rule in GROUNDS.items() if rule.compensation}

    by_8_and_69 = {ground for ground, article in ARTICLES.items() if "第八条" in article or "第六十九条" in article}
    assert heard == by_8_and_69 | {Ground.FOUND_FALSE, Ground.FORCE_MAJEURE, Ground.OTHER_DEREGISTRATION}
    assert paid == by_8_and_69 - {Ground.FRAUD}


def test_what_was_deregistered_or_superseded_stays_so() -> None:
    for act, status in product(LifeAct, (D, S)):
        assert not possible(act, status)


def test_every_act_leaves_a_state_and_has_a_name() -> None:
    assert set(AFTER) == set(LABELS) == set(LifeAct)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Status.VALID, {*Status}),
        (Status.LOST, {*Status}),
        (Status.EXPIRED, {Status.EXPIRED, Status.SUPERSEDED, Status.ANNULLED, Status.DEREGISTERED}),
        (Status.ANNULLED, {Status.ANNULLED, Status.DEREGISTERED}),
        (Status.RESCINDED, {Status.RESCINDED, Status.DEREGISTERED}),
        (Status.REVOKED, {Status.REVOKED, Status.DEREGISTERED}),
        (Status.SUPERSEDED, {Status.SUPERSEDED}),
        (Status.DEREGISTERED, {Status.DEREGISTERED}),
    ],
)
def test_no_acts_bring_back_what_was_taken_away(before: Status, after: set[Status]) -> None:
    assert {one for one in Status if may_become(before, one)} == after
