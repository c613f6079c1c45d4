"""Opinion and decision through HTTP on a real database: who may, what is stored and published, and how it clashes."""

import asyncio
from typing import Any

import orjson
import pytest

from contracts.events.common import CoApplicant, ItemKind, PartyType
from tests.support.approval import MARKET, POLICE, SEALED, Approval, an_item
from tests.support.approval_desk import Desk

REFUSAL: dict[str, Any] = {
    "outcome": "REFUSED",
    "facts": "现场测得经营场所距公共厕所8米",
    "reasons": "经营场所与污染源距离不足25米",
    "legal_basis": "《食品安全法》第三十三条第一款第一项",
}


async def test_a_case_goes_from_acceptance_over_opinion_to_grant_with_gapless_events(approval: Approval) -> None:
    accepted = await approval.open()

    opinion = await approval.opine(accepted.case_no, approval.handler, seen=1)
    decision = await approval.decide(accepted.case_no, approval.chief, seen=2, conditions="不得经营冷荤")

    assert (opinion.status_code, opinion.headers["etag"]) == (201, '"v2"')
    assert (decision.status_code, decision.headers["etag"]) == (201, '"v3"')
    assert decision.json()["state"] == "DECIDED"
    assert await approval.events_of(accepted.application_id) == [
        (1, "approval.case.opened.v1"),
        (2, "approval.opinion.written.v1"),
        (3, "approval.case.decided.v1"),
    ]


async def test_the_event_of_a_grant_carries_what_the_certificate_prints(approval: Approval) -> None:
    accepted = await approval.reviewed()

    await approval.decide(accepted.case_no, approval.chief, seen=2, valid_until="2027-01-31")

    rows = await approval.rows(
        "SELECT payload FROM outbox WHERE aggregate_id = :id AND aggregate_version = 3", id=accepted.application_id
    )
    event = orjson.loads(rows[0][0])
    assert event["applicant"]["sealed_number"] == SEALED
    assert event["item"]["certificate_type_code"] == MARKET + "002"
    assert event["content"] == "食品经营许可（新办）"
    assert event["valid_until"] == "2027-01-31"
    assert event["decided_by"]["role"] == "CHIEF_REPRESENTATIVE"
    assert event["decided_by"]["organisation"]["uscc"] == MARKET


async def test_what_was_filled_in_for_the_certificate_is_on_record_and_told(approval: Approval) -> None:
    desk, fields = await Desk.reviewed(approval), {"主体业态": "餐饮服务"}

    await desk.done("decision", approval.chief, outcome="GRANTED", certificate_fields=fields)

    assert (await desk.shown())["decision"]["certificate_fields"] == fields
    assert (await desk.told("approval.case.decided.v1"))["fields"] == fields


async def test_who_applied_together_is_granted_together(approval: Approval) -> None:
    spouse = CoApplicant(
        party_type=PartyType.PERSON,
        name="李小红",
        subject_key="b" * 64,
        masked_number="4****************0",
        sealed_number=SEALED,
        share="共同共有",
    )
    accepted = await approval.reviewed(co_applicants=(spouse,))

    await approval.decide(accepted.case_no, approval.chief, seen=2, valid_until="2027-01-31")

    ((payload,),) = await approval.rows(
        "SELECT payload FROM outbox WHERE aggregate_id = :id AND aggregate_version = 3", id=accepted.application_id
    )
    assert orjson.loads(payload)["co_applicants"] == [spouse.model_dump(mode="json")]


async def test_a_refusal_names_the_local_bodies_unless_it_names_others(approval: Approval) -> None:
    by_default, by_hand = await approval.reviewed(), await approval.reviewed()
    remedies = {"reconsideration_body": "怀化市人民政府", "court": "怀化市中级人民法院"}

    await approval.decide(by_default.case_no, approval.chief, seen=2, **REFUSAL)
    await approval.decide(by_hand.case_no, approval.chief, seen=2, **REFUSAL, remedies=remedies)

    shown = [
        (await approval.get(f"cases/{c.case_no}/examination", approval.chief)).json() for c in (by_default, by_hand)
    ]
    assert shown[0]["decision"]["remedies"] == {
        "reconsideration_body": "怀化市鹤城区人民政府",
        "reconsideration_days": 60,
        "court": "怀化市鹤城区人民法院",
        "litigation_months": 6,
    }
    assert shown[0]["decision"]["facts"] == REFUSAL["facts"]
    assert await approval.rows(
        "SELECT 1 FROM outbox WHERE aggregate_id = :id AND convert_from(payload, 'UTF8')::jsonb->>'facts' = :facts",
        id=by_default.application_id,
        facts=REFUSAL["facts"],
    )
    assert shown[1]["decision"]["remedies"] | remedies == shown[1]["decision"]["remedies"]


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"outcome": "REFUSED"}, {"#/facts", "#/reasons", "#/legal_basis"}),
        (REFUSAL | {"facts": " "}, {"#/facts"}),
        ({"outcome": "GRANTED", "facts": "材料齐全"}, {"#/facts"}),
        (REFUSAL | {"reasons": " "}, {"#/reasons"}),
        (REFUSAL | {"remedies": {"reconsideration_days": 30}}, {"#/remedies/reconsideration_days"}),
        (REFUSAL | {"valid_until": "2030-01-01"}, {"#/valid_until"}),
        ({"outcome": "GRANTED", "valid_from": "9999-12-31"}, {"#/valid_from"}),
        ({"outcome": "MAYBE"}, {"#/outcome"}),
        ({"outcome": "GRANTED", "content": "a\u0000b"}, {"#/content"}),
        ({"outcome": "GRANTED", "surprise": 1}, {"#/surprise"}),
    ],
)
async def test_a_faulty_decision_names_its_fields_and_stores_nothing(
    approval: Approval, body: dict[str, Any], pointers: set[str]
) -> None:
    accepted = await approval.reviewed()

    answer = await approval.decide(accepted.case_no, approval.chief, seen=2, **body)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert {error["pointer"] for error in answer.json()["errors"]} == pointers
    assert len(await approval.events_of(accepted.application_id)) == 2


async def test_an_empty_opinion_is_refused(approval: Approval) -> None:
    accepted = await approval.open()

    answer = await approval.opine(accepted.case_no, approval.handler, seen=1, text="  ")

    assert (answer.status_code, answer.json()["code"]) == (422, "approval.incomplete-opinion")


async def test_who_accepted_or_examined_does_not_decide(approval: Approval) -> None:
    accepted = await approval.open()
    both = approval.caller("both", "HANDLER", "CHIEF_REPRESENTATIVE")
    await approval.opine(accepted.case_no, both, seen=1)

    answers = [
        await approval.decide(accepted.case_no, who, seen=2)
        for who in (both, approval.caller("clerk", "CHIEF_REPRESENTATIVE"))
    ]

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(403, "approval.separation-of-duties")] * 2


@pytest.mark.parametrize(
    ("roles", "org", "status"),
    [
        pytest.param((), "", 401, id="nobody"),
        pytest.param(("CITIZEN",), "", 403, id="citizen"),
        pytest.param(("COUNTER_CLERK",), MARKET, 403, id="counter clerk"),
        pytest.param(("SUPERVISOR",), "", 403, id="supervisor reads but does not act"),
        pytest.param(("HANDLER", "CHIEF_REPRESENTATIVE"), POLICE, 404, id="another department"),
        pytest.param(("HANDLER", "CHIEF_REPRESENTATIVE"), "", 404, id="no department"),
    ],
)
async def test_acts_are_for_the_department_in_charge(
    approval: Approval, roles: tuple[str, ...], org: str, status: int
) -> None:
    accepted = await approval.reviewed()
    who = approval.caller("stranger", *roles, org=org) if roles else {}

    opinion = await approval.opine(accepted.case_no, who, seen=2)
    decision = await approval.decide(accepted.case_no, who, seen=2)

    assert (opinion.status_code, decision.status_code) == (status, status)
    assert len(await approval.events_of(accepted.application_id)) == 2


async def test_the_handler_does_not_decide_and_the_chief_does_not_examine(approval: Approval) -> None:
    accepted = await approval.reviewed()

    decision = await approval.decide(accepted.case_no, approval.handler, seen=2)
    opinion = await approval.opine(accepted.case_no, approval.chief, seen=2)

    assert (decision.status_code, opinion.status_code) == (403, 403)


@pytest.mark.usefixtures("read_long_ago")
async def test_the_version_seen_must_be_told_and_be_the_newest(approval: Approval) -> None:
    accepted = await approval.reviewed()
    path = f"cases/{accepted.case_no}/decision"

    without = await approval.post(path, approval.chief, {"outcome": "GRANTED"})
    stale = await approval.decide(accepted.case_no, approval.chief, seen=1)

    assert without.status_code == 428
    assert (stale.status_code, stale.json()["code"]) == (412, "platform.stale-version")


async def test_a_decided_case_takes_no_further_act(approval: Approval) -> None:
    accepted = await approval.reviewed()
    await approval.decide(accepted.case_no, approval.chief, seen=2)

    again = await approval.decide(accepted.case_no, approval.caller("chief-2", "CHIEF_REPRESENTATIVE"), seen=3)
    opinion = await approval.opine(accepted.case_no, approval.handler, seen=3)

    assert [(a.status_code, a.json()["code"]) for a in (again, opinion)] == [(409, "approval.wrong-state")] * 2


async def test_a_replayed_key_gives_the_stored_answer_and_another_body_is_refused(approval: Approval) -> None:
    accepted = await approval.reviewed()
    path, body = f"cases/{accepted.case_no}/decision", {"outcome": "GRANTED"}

    first = await approval.post(path, approval.chief, body, seen=2, key="decision-1")
    second = await approval.post(path, approval.chief, body, seen=2, key="decision-1")
    other = await approval.post(path, approval.chief, REFUSAL, seen=2, key="decision-1")
    missing = await approval.http.post(f"/api/v1/{path}", headers=approval.chief, json=body)

    assert first.status_code == second.status_code == 201
    assert second.json() == first.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert second.headers["etag"] == '"v3"'
    assert (other.status_code, missing.status_code) == (422, 400)
    assert len(await approval.events_of(accepted.application_id)) == 3


async def test_of_twenty_chiefs_at_once_one_decides_and_nineteen_are_told_of_the_conflict(approval: Approval) -> None:
    accepted = await approval.reviewed()
    chiefs = [approval.caller(f"chief-{n}", "CHIEF_REPRESENTATIVE") for n in range(20)]

    answers = await asyncio.gather(*(approval.decide(accepted.case_no, chief, seen=2) for chief in chiefs))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    codes = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert codes <= {"approval.wrong-state", "approval.case-changed"}
    assert [version for version, _ in await approval.events_of(accepted.application_id)] == [1, 2, 3]
    assert len(await approval.rows("SELECT 1 FROM decision WHERE case_id = :id", id=accepted.application_id)) == 1


async def test_an_instant_case_is_examined_and_decided_seconds_apart(approval: Approval) -> None:
    item = an_item(kind=ItemKind.INSTANT, item_id="E01", certificate_validity="以登记经营期限为准")
    accepted = await approval.open(item=item)

    opinion = await approval.opine(accepted.case_no, approval.handler, seen=1)
    decision = await approval.decide(accepted.case_no, approval.chief, seen=opinion.json()["version"])

    assert decision.status_code == 201


async def test_the_examination_shows_everything_but_the_number(approval: Approval) -> None:
    accepted = await approval.reviewed()

    answer = await approval.get(f"cases/{accepted.case_no}/examination", approval.chief)

    shown = answer.json()
    assert answer.headers["etag"] == '"v2"'
    assert shown["applicant"] == {
        "party_type": "PERSON",
        "name": "向小满",
        "masked_number": "4****************2",
    }
    assert shown["materials"][0]["name"] == "食品经营许可申请书"
    assert [o["text"] for o in shown["opinions"]] == ["材料齐全，现场符合要求"]
    assert (shown["decision"], shown["withdrawal"], shown["light"]) == (None, None, None)
    assert SEALED not in answer.text
    assert "a" * 64 not in answer.text


@pytest.mark.parametrize(
    ("roles", "org", "division", "status"),
    [
        (("HANDLER",), MARKET, "431202000000", 200),
        (("HANDLER",), POLICE, "431202000000", 404),
        (("SUPERVISOR",), "", "431202000000", 200),
        (("SUPERVISOR",), "", "431200000000", 200),
        (("SUPERVISOR",), "", "431202101000", 404),
        (("SUPERVISOR",), "", "431203000000", 404),
        (("SUPERVISOR",), "", "", 404),
        (("CITIZEN",), "", "431202000000", 403),
        (("HANDOVER_CLERK",), "", "431202000000", 403),
    ],
)
async def test_who_reads_an_examination(
    approval: Approval, roles: tuple[str, ...], org: str, division: str, status: int
) -> None:
    accepted = await approval.open()

    answer = await approval.get(
        f"cases/{accepted.case_no}/examination", approval.caller("reader", *roles, org=org, division=division)
    )

    assert answer.status_code == status
