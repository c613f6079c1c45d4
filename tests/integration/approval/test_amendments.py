"""A case that asks for an amendment: the officer sees what is asked, and grants it only while it can be done."""

import json
from datetime import date, timedelta

import pytest

from contracts.events import certificate as events
from contracts.events.common import Actor
from contracts.events.intake import RenewalRef
from contracts.events.intake_seldom import QuotaSet
from contracts.events.standing import AmendmentRef, Change
from services.approval.quotas import keep_quota
from services.chassis import clock
from tests.integration.approval.test_standing import a_certificate, hear, standing
from tests.support.approval import FOOD_CODE, Approval, an_item

ASKED = (Change(what="经营场所", before="甲路1号", after="乙路2号"),)


def a_quota(item_code: str) -> QuotaSet:
    return QuotaSet(
        item_code=item_code,
        quota=1,
        reason="限额",
        counts_from=date(2020, 1, 1),
        revision=1,
        set_at=clock.now(),
        set_by=Actor(account_id="a", name="管理员", role="CATALOGUE_ADMIN"),
    )


async def test_what_is_asked_for_is_shown_and_told_with_the_decision(approval: Approval) -> None:
    issued = await a_certificate(approval)
    amends = AmendmentRef(certificate_identifier=issued.identifier, changes=ASKED)
    accepted = await approval.reviewed(amends=amends)

    shown = await approval.get(f"cases/{accepted.case_no}/examination", approval.handler)
    answer = await approval.decide(accepted.case_no, approval.chief, seen=2)

    assert answer.status_code == 201, answer.text
    assert shown.json()["amends"] == amends.model_dump(mode="json")
    (told,) = await approval.rows(
        "SELECT payload FROM outbox WHERE aggregate_id = :id AND subject = 'approval.case.decided.v1'",
        id=accepted.application_id,
    )
    assert json.loads(told.payload)["amends"] == amends.model_dump(mode="json")


@pytest.mark.parametrize(("days", "status"), [(0, 201), (1, 422)], ids=["as before", "longer"])
async def test_art_50_an_amendment_lengthens_no_term(approval: Approval, days: int, status: int) -> None:
    last = clock.today() + timedelta(days=90)
    issued = await a_certificate(approval, valid_until=last)
    amends = AmendmentRef(certificate_identifier=issued.identifier, changes=ASKED)
    accepted = await approval.reviewed(amends=amends)
    until = (last + timedelta(days=days)).isoformat()

    answer = await approval.decide(accepted.case_no, approval.chief, seen=2, valid_until=until)

    assert answer.status_code == status, answer.text
    if status == 422:
        assert [error["pointer"] for error in answer.json()["errors"]] == ["#/valid_until"]


async def test_a_grant_that_names_no_day_keeps_the_term_of_what_it_amends(approval: Approval) -> None:
    """The item says five years: those of a first grant."""
    issued = await a_certificate(approval, valid_until=clock.today() + timedelta(days=90))
    amends = AmendmentRef(certificate_identifier=issued.identifier, changes=ASKED)
    accepted = await approval.reviewed(amends=amends)

    answer = await approval.decide(accepted.case_no, approval.chief, seen=2)

    assert answer.status_code == 201, answer.text
    (told,) = await approval.rows(
        "SELECT payload FROM outbox WHERE aggregate_id = :id AND subject = 'approval.case.decided.v1'",
        id=accepted.application_id,
    )
    assert json.loads(told.payload)["valid_until"] is None


async def test_what_was_taken_away_since_is_not_amended(approval: Approval) -> None:
    issued = await a_certificate(approval)
    amends = AmendmentRef(certificate_identifier=issued.identifier, changes=ASKED)
    accepted = await approval.reviewed(amends=amends)
    await hear(approval, standing(issued, events.CertificateAnnulled, "ANNULLED"), 2)

    answer = await approval.decide(accepted.case_no, approval.chief, seen=2)

    assert (answer.status_code, answer.json()["code"]) == (409, "approval.certificate-state")


@pytest.mark.parametrize("taken_away", [True, False], ids=["taken away", "standing"])
async def test_art_50_the_department_decides_only_where_silence_renews_nothing_and_never_renews_what_is_gone(
    approval: Approval, taken_away: bool
) -> None:
    issued = await a_certificate(approval)
    over = clock.today() - timedelta(days=2)
    renews = RenewalRef(certificate_identifier=issued.identifier, valid_until=over, silence_renews=True)
    accepted = await approval.reviewed(renews=renews)
    if taken_away:
        await hear(approval, standing(issued, events.CertificateRevoked, "REVOKED"), 2)
    refusal = {
        "outcome": "REFUSED",
        "facts": "原证已被吊销",
        "reasons": "无证可延",
        "legal_basis": "行政许可法第七十条",
    }

    granted = await approval.decide(accepted.case_no, approval.chief, seen=2)
    refused = await approval.decide(accepted.case_no, approval.chief, seen=2, **refusal)

    if taken_away:
        assert (granted.status_code, granted.json()["code"]) == (409, "approval.certificate-state")
        assert refused.status_code == 201, refused.text
    else:
        assert {one.json()["code"] for one in (granted, refused)} == {"approval.renewed-by-silence"}


async def test_art_57_a_renewal_is_granted_when_all_numbers_are_used_and_takes_none(approval: Approval) -> None:
    limited = an_item(item_code=f"{FOOD_CODE[:-1]}8", quantity_limited=True)
    async with approval.database.transaction() as uow:
        await keep_quota(uow, a_quota(limited.item_code))
    renews = RenewalRef(certificate_identifier="OLD", valid_until=date(2099, 1, 1), silence_renews=False)
    before, after = [await approval.reviewed(item=limited, renews=renews) for _ in range(2)]
    newcomer = await approval.reviewed(item=limited)

    answers = [await approval.decide(one.case_no, approval.chief, seen=2) for one in (before, newcomer, after)]

    assert [answer.status_code for answer in answers] == [201, 201, 201], [answer.text for answer in answers]


async def test_art_57_neither_a_granted_amendment_nor_an_open_one_stands_in_a_newcomers_way(approval: Approval) -> None:
    limited = an_item(item_code=f"{FOOD_CODE[:-1]}9", quantity_limited=True)
    async with approval.database.transaction() as uow:
        await keep_quota(uow, a_quota(limited.item_code))
    issued = await a_certificate(approval)
    amends = AmendmentRef(certificate_identifier=issued.identifier, changes=ASKED)
    amending = limited.model_copy(update={"quantity_limited": False})
    granted, _ = [await approval.reviewed(item=amending, amends=amends) for _ in range(2)]
    first = await approval.decide(granted.case_no, approval.chief, seen=2)
    newcomer, later = [await approval.reviewed(item=limited) for _ in range(2)]

    answer = await approval.decide(newcomer.case_no, approval.chief, seen=2)
    beyond = await approval.decide(later.case_no, approval.chief, seen=2)

    assert (first.status_code, answer.status_code) == (201, 201), answer.text
    assert (beyond.status_code, beyond.json()["code"]) == (409, "approval.quota-used-up")


@pytest.mark.parametrize(("days", "status"), [(1, 201), (2, 422)], ids=["the day after the last", "a day later"])
async def test_art_50_a_renewal_leaves_no_day_without_a_certificate(approval: Approval, days: int, status: int) -> None:
    last = clock.today() + timedelta(days=30)
    renews = RenewalRef(certificate_identifier="OLD", valid_until=last, silence_renews=False)
    accepted = await approval.reviewed(renews=renews)
    begins = (last + timedelta(days=days)).isoformat()

    answer = await approval.decide(accepted.case_no, approval.chief, seen=2, valid_from=begins)

    assert answer.status_code == status, answer.text
    if status == 422:
        assert [error["pointer"] for error in answer.json()["errors"]] == ["#/valid_from"]
