"""A recalled case stands above its department's inbox until its chief representative has answered, once."""

from datetime import datetime
from typing import Any

import pytest

from contracts.events.certificate import CertificateStatus
from contracts.events.intake import ApplicationAccepted
from contracts.events.reuse import CaseRecalled
from services.approval.recalls import keep_recalls
from services.chassis import clock
from services.chassis.bus import NotYet
from services.chassis.ids import uuid7
from tests.support.approval import POLICE, Approval, an_acceptance

LICENCE = "1.2.156.3005.2.11431202006100029C001.11431202006100029C.R1.001.A"


def a_recall(accepted: ApplicationAccepted) -> CaseRecalled:
    now: datetime = clock.now()
    return CaseRecalled(
        recall_id=uuid7(),
        case_id=accepted.application_id,
        case_no=accepted.case_no,
        department=accepted.item.department,
        concluded=False,
        identifier=LICENCE,
        status=CertificateStatus.ANNULLED,
        through=(LICENCE,),
        taken_away_at=now,
        recalled_at=now,
    )


async def recalled(approval: Approval, accepted: ApplicationAccepted) -> CaseRecalled:
    """Heard twice, as events may be."""
    event = a_recall(accepted)
    for _ in range(2):
        async with approval.database.transaction() as uow:
            await keep_recalls(uow, [event])
    return event


async def shown(approval: Approval, who: dict[str, str], event: CaseRecalled, path: str = "tasks") -> list[Any]:
    body = (await approval.get(path, who)).json()
    return [one for one in body["recalls" if path == "tasks" else "items"] if one["recall_id"] == str(event.recall_id)]


async def test_the_department_sees_it_once_in_its_inbox_and_nobody_else_does(approval: Approval) -> None:
    event = await recalled(approval, await approval.open())
    another = approval.caller("police", "HANDLER", org=POLICE)

    own = await shown(approval, approval.handler, event)

    assert [(one["case_no"], one["status"], one["outcome"]) for one in own] == [(event.case_no, "ANNULLED", None)]
    assert await shown(approval, approval.handler, event, "recalls") == own
    assert await shown(approval, another, event) == []
    assert await shown(approval, another, event, "recalls") == []


async def test_the_chief_representative_answers_once_and_it_leaves_the_inbox(approval: Approval) -> None:
    event = await recalled(approval, await approval.open())
    path, body = f"recalls/{event.recall_id}/conclusion", {"outcome": "STANDS", "reasons": "另有纸质原件"}

    by_handler = await approval.post(path, approval.handler, body, seen=1)
    by_another = await approval.post(path, approval.caller("other", "CHIEF_REPRESENTATIVE", org=POLICE), body, seen=1)
    stale = await approval.post(path, approval.chief, body, seen=9)
    first = await approval.post(path, approval.chief, body, seen=1)
    again = await approval.post(path, approval.chief, body, seen=2)

    statuses = [one.status_code for one in (by_handler, by_another, stale, first, again)]
    assert statuses == [403, 404, 412, 201, 409]
    assert first.json()["outcome"] == "STANDS"
    assert await shown(approval, approval.chief, event) == []
    assert await approval.events_of(event.recall_id) == [(1, "approval.recall.concluded.v1")]


async def test_a_recall_heard_before_its_case_waits_for_it(approval: Approval) -> None:
    """Nothing is buried: the bus brings it again until the acceptance has been heard."""
    accepted = an_acceptance()
    event = a_recall(accepted)

    with pytest.raises(NotYet):
        async with approval.database.transaction() as uow:
            await keep_recalls(uow, [event])
    await approval.hear(accepted)
    async with approval.database.transaction() as uow:
        await keep_recalls(uow, [event])

    assert len(await shown(approval, approval.handler, event)) == 1


async def test_nothing_is_granted_before_the_recall_is_answered(approval: Approval) -> None:
    accepted = await approval.reviewed()
    event = await recalled(approval, accepted)
    answer = {"outcome": "STANDS", "reasons": "另有纸质原件"}

    before = await approval.decide(accepted.case_no, approval.chief, seen=2)
    await approval.post(f"recalls/{event.recall_id}/conclusion", approval.chief, answer, seen=1)
    after = await approval.decide(accepted.case_no, approval.chief, seen=2)

    assert (before.status_code, before.json()["code"]) == (409, "approval.recall-open")
    assert after.status_code == 201, after.text


async def test_what_is_to_be_annulled_is_not_granted_first(approval: Approval) -> None:
    accepted = await approval.reviewed()
    event = await recalled(approval, accepted)
    answer = {"outcome": "TO_BE_ANNULLED", "reasons": "所依据的营业执照已被撤销"}
    refusal = {
        "outcome": "REFUSED",
        "facts": "营业执照已被撤销",
        "reasons": "不再具备主体资格",
        "legal_basis": "行政许可法第三十八条",
    }

    await approval.post(f"recalls/{event.recall_id}/conclusion", approval.chief, answer, seen=1)
    granted = await approval.decide(accepted.case_no, approval.chief, seen=2)
    refused = await approval.decide(accepted.case_no, approval.chief, seen=2, **refusal)

    assert (granted.status_code, granted.json()["code"]) == (409, "approval.recall-to-annul")
    assert refused.status_code == 201, refused.text
