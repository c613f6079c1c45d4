"""No grant before the deferred materials are in; nothing is decided once silence has renewed."""

from datetime import timedelta

from sqlalchemy import true

from contracts.events.common import Actor, MaterialRef, MaterialSource
from contracts.events.intake import ApplicationAccepted, DeferredMaterialSupplied, DeferredRef, RenewalRef
from services.approval import repository
from services.approval.calendars import calendars
from services.approval.consumers import Listener
from services.chassis import clock
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
