"""No grant before the deferred materials are in, none on a false commitment, none once silence has renewed."""

from datetime import timedelta

import pytest
from sqlalchemy import true

from contracts.events.common import Actor, MaterialRef, MaterialSource
from contracts.events.intake import (
    ApplicationAccepted,
    CommitmentChecked,
    CommitmentOutcome,
    DeferredMaterialSupplied,
    DeferredRef,
    RenewalRef,
)
from services.approval import repository
from services.approval.calendars import calendars
from services.approval.consumers import Listener
from services.chassis import clock
from tests.integration.approval.test_following import deemed, hear
from tests.support.approval import Approval, incoming

PROMISED = DeferredRef(material_no=3, name="设备设施、经营布局文件", promised_on=clock.today() + timedelta(days=5))


async def test_no_grant_before_every_deferred_material_is_in(approval: Approval) -> None:
    accepted = await approval.reviewed(deferred=(PROMISED,))

    refused = await approval.decide(accepted.case_no, approval.chief, seen=2)
    supplied = _supplied(accepted)
    async with approval.database.transaction() as uow:
        await Listener(calendars())(uow, [incoming(supplied, accepted.application_id, 4)])
    granted = await approval.decide(accepted.case_no, approval.chief, seen=2)

    assert (refused.status_code, refused.json()["code"]) == (409, "approval.material-outstanding")
    assert PROMISED.name in refused.json()["detail"]
    assert granted.status_code == 201, granted.text


async def test_what_has_come_in_is_shown_with_the_other_materials(approval: Approval) -> None:
    accepted = await approval.reviewed(deferred=(PROMISED,))

    for _ in range(2):
        async with approval.database.transaction() as uow:
            await Listener(calendars())(uow, [incoming(_supplied(accepted), accepted.application_id, 4)])

    shown = (await approval.get(f"cases/{accepted.case_no}/examination", approval.handler)).json()
    assert [material["material_no"] for material in shown["materials"]] == [1, PROMISED.material_no]


async def test_an_act_that_loaded_the_case_before_the_material_came_in_does_not_undo_it(approval: Approval) -> None:
    accepted = await approval.reviewed(deferred=(PROMISED,))
    supplied = _supplied(accepted)

    async with approval.database.transaction() as act:
        loaded = await repository.load(act.connection, accepted.case_no, true())
        async with approval.database.transaction() as uow:
            await Listener(calendars())(uow, [incoming(supplied, accepted.application_id, 4)])
        await repository.save(act.connection, loaded.case.stepped())
    granted = await approval.decide(accepted.case_no, approval.chief, seen=3)

    assert granted.status_code == 201, granted.text


async def test_nothing_is_granted_on_a_commitment_found_false_but_a_refusal_is_possible(approval: Approval) -> None:
    accepted = await approval.reviewed()
    refusal = {
        "outcome": "REFUSED",
        "facts": "承诺不实",
        "reasons": "不符合条件",
        "legal_basis": "行政许可法第七十八条",
    }

    for outcome in (CommitmentOutcome.KEPT, CommitmentOutcome.FALSE, CommitmentOutcome.FALSE):
        await check(approval, accepted, outcome)
    granted = [await approval.decide(accepted.case_no, approval.chief, seen=seen) for seen in (2, 3)]
    refused = await approval.decide(accepted.case_no, approval.chief, seen=3, **refusal)

    assert [(one.status_code, one.json()["code"]) for one in granted] == [(409, "approval.commitment-false")] * 2
    assert "制度目录" in granted[0].json()["detail"]
    assert refused.status_code == 201, refused.text
    told = [subject for _, subject in await approval.events_of(accepted.application_id)]
    assert told.count("approval.commitment.found_false.v1") == 1


@pytest.mark.parametrize(("outcome", "recalled"), [("GRANTED", 1), ("REFUSED", 0)])
async def test_what_was_granted_on_a_false_commitment_goes_to_its_department_again_once(
    approval: Approval, outcome: str, recalled: int
) -> None:
    accepted = await approval.reviewed()
    reasons = {"facts": "事实", "reasons": "不符合条件", "legal_basis": "第三十八条"} if not recalled else {}
    await approval.decide(accepted.case_no, approval.chief, seen=2, outcome=outcome, **reasons)

    for _ in range(2):
        await check(approval, accepted, CommitmentOutcome.FALSE, issued=("C1",))

    tasks = (await approval.get("tasks", approval.chief)).json()["recalls"]
    mine = [one for one in tasks if one["case_no"] == accepted.case_no]
    assert [(one["ground"], one["material"], one["issued"]) for one in mine] == [
        ("COMMITMENT_FALSE", "制度目录", ["C1"])
    ] * recalled
    for one in mine:
        body = {"outcome": "TO_BE_ANNULLED", "reasons": "提请撤销"}
        answered = await approval.post(f"recalls/{one['recall_id']}/conclusion", approval.chief, body, seen=1)
        assert answered.status_code == 201, answered.text


async def test_what_silence_renews_on_a_commitment_found_false_goes_to_its_department_again(approval: Approval) -> None:
    renews = RenewalRef(certificate_identifier="C1", valid_until=clock.today(), silence_renews=True)
    accepted = await approval.reviewed(renews=renews)
    await check(approval, accepted, CommitmentOutcome.FALSE)

    await hear(approval, accepted, deemed(accepted))

    tasks = (await approval.get("tasks", approval.chief)).json()["recalls"]
    (mine,) = [one for one in tasks if one["case_no"] == accepted.case_no]
    assert (mine["ground"], mine["material"], mine["finding"]) == ("COMMITMENT_FALSE", "制度目录", "现场未见承诺的制度")


async def check(
    approval: Approval, accepted: ApplicationAccepted, outcome: CommitmentOutcome, issued: tuple[str, ...] = ()
) -> None:
    checked = CommitmentChecked(
        application_id=accepted.application_id,
        case_no=accepted.case_no,
        item=accepted.item,
        subject_key=accepted.applicant.subject_key,
        material_no=4,
        name="制度目录",
        outcome=outcome,
        finding="现场未见承诺的制度",
        issued=issued,
        checked_at=clock.now(),
        checked_by=accepted.accepted_by,
    )
    async with approval.database.transaction() as uow:
        await Listener(calendars())(uow, [incoming(checked, accepted.application_id, 5)])


def _supplied(accepted: ApplicationAccepted) -> DeferredMaterialSupplied:
    return DeferredMaterialSupplied(
        application_id=accepted.application_id,
        case_no=accepted.case_no,
        materials=(MaterialRef(material_no=3, name=PROMISED.name, source=MaterialSource.PAPER_ORIGINAL),),
        outstanding=(),
        supplied_at=clock.now(),
        supplied_by=Actor(account_id="c", name="申请人", role="CITIZEN"),
    )


async def test_art_50_after_expiry_nothing_is_decided_any_more(approval: Approval) -> None:
    yesterday = clock.today() - timedelta(days=1)
    renews = RenewalRef(certificate_identifier="C1", valid_until=yesterday, silence_renews=True)
    accepted = await approval.reviewed(renews=renews)

    answer = await approval.decide(accepted.case_no, approval.chief, seen=2)

    assert (answer.status_code, answer.json()["code"]) == (409, "approval.renewed-by-silence")


async def test_art_50_on_the_last_day_it_still_is(approval: Approval) -> None:
    renews = RenewalRef(certificate_identifier="C1", valid_until=clock.today(), silence_renews=True)
    accepted = await approval.reviewed(renews=renews)

    answer = await approval.decide(accepted.case_no, approval.chief, seen=2)

    assert answer.status_code == 201, answer.text
