"""A case that asks for an amendment: the officer sees what is asked, and grants it only while it can be done."""

import json

from contracts.events import certificate as events
from contracts.events.standing import AmendmentRef, Change
from tests.integration.approval.test_standing import a_certificate, hear, standing
from tests.support.approval import Approval

ASKED = (Change(what="经营场所", before="甲路1号", after="乙路2号"),)


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


async def test_what_was_taken_away_since_is_not_amended(approval: Approval) -> None:
    issued = await a_certificate(approval)
    amends = AmendmentRef(certificate_identifier=issued.identifier, changes=ASKED)
    accepted = await approval.reviewed(amends=amends)
    await hear(approval, standing(issued, events.CertificateAnnulled, "ANNULLED"), 2)

    answer = await approval.decide(accepted.case_no, approval.chief, seen=2)

    assert (answer.status_code, answer.json()["code"]) == (409, "approval.certificate-state")
