"""Decisions about certificates over HTTP: proposed by one, heard, decided by another, told exactly once."""

import asyncio
import json
from datetime import UTC, date, datetime
from importlib import import_module
from io import StringIO
from typing import Any
from uuid import uuid4

import httpx
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import text

from contracts.events import certificate as events
from contracts.events.certificate import CertificateOrigin, CertificateStatus
from contracts.events.common import Event, PartyType
from services.approval.consumers import keep_certificates
from services.chassis import inbox
from services.chassis.ids import uuid7
from tests.support import tokens
from tests.support.approval import MARKET, POLICE, Approval, incoming

HOLDER_KEY = "c" * 64
FACTS = {"ground": "FRAUD", "facts": "租赁合同系伪造"}
PROPOSED, HEARD, DECIDED, DISMISSED = (
    f"approval.standing_decision.{past}.v1" for past in ("proposed", "heard", "decided", "dismissed")
)


async def hear(approval: Approval, event: Any, version: int) -> None:
    async with approval.database.transaction() as uow:
        await keep_certificates(uow, [incoming(event, event.certificate_id, version)])


async def a_certificate(approval: Approval, issuer: str = MARKET, **of: Any) -> events.CertificateIssued:
    issued = events.CertificateIssued(
        certificate_id=uuid7(),
        identifier=f"1.2.156.3005.2.{MARKET}002.{MARKET}.{uuid4().hex.upper()}.001.A",
        type_code=f"{MARKET}002",
        type_name="食品经营许可证",
        holder_key=HOLDER_KEY,
        holder_type=PartyType.ORGANISATION,
        issuer_uscc=issuer,
        origin=CertificateOrigin.CASE,
        certificate_version=1,
        issued_at=datetime.now(UTC),
        valid_from=date(2026, 1, 1),
        **of,
    )
    await hear(approval, issued, 1)
    return issued


def standing(issued: events.CertificateIssued, kind: type[events.CertificateStanding], status: str) -> Event:
    return kind(
        certificate_id=issued.certificate_id,
        identifier=issued.identifier,
        type_code=issued.type_code,
        holder_key=issued.holder_key,
        issuer_uscc=issued.issuer_uscc,
        status=CertificateStatus(status),
        at=datetime.now(UTC),
    )


def the_holder(key: str = HOLDER_KEY) -> dict[str, str]:
    return tokens.headers(["CITIZEN"], subject_key=key, sub=tokens.account(key[:8]), channel="ONLINE")


async def propose(
    approval: Approval, identifier: str, act: str = "annulment", who: dict[str, str] | None = None, **of: Any
) -> httpx.Response:
    return await approval.post(f"certificates/{identifier}/{act}", who or approval.handler, FACTS | of)


async def subjects(approval: Approval, decision_id: str) -> list[str]:
    rows = await approval.rows(
        "SELECT subject FROM outbox WHERE aggregate_id = CAST(:id AS uuid) ORDER BY seq", id=decision_id
    )
    return [row[0] for row in rows]


async def test_proposed_heard_and_decided_by_another(approval: Approval) -> None:
    issued = await a_certificate(approval)

    made = await propose(approval, issued.identifier)
    path = f"standing-decisions/{made.json()['decision_id']}"
    early = await approval.post(f"{path}/decision", approval.chief, {"outcome": "DECIDED"}, seen=1)
    spoken = await approval.post(f"{path}/statements", the_holder(), {"statement": "合同由中介代办"}, seen=1)
    done = await approval.post(f"{path}/decision", approval.chief, {"outcome": "DECIDED"}, seen=2)

    assert (made.status_code, spoken.status_code, done.status_code) == (201, 201, 201), done.text
    assert (early.status_code, early.json()["code"]) == (409, "approval.holder-not-heard")
    assert made.json()["speak_by"] is not None
    assert await subjects(approval, made.json()["decision_id"]) == [PROPOSED, HEARD, DECIDED]
    (told,) = await approval.rows("SELECT payload FROM outbox WHERE subject = :s ORDER BY seq DESC LIMIT 1", s=DECIDED)
    said = json.loads(told.payload)
    assert (said["act"], said["ground"], said["identifier"]) == ("ANNUL", "FRAUD", issued.identifier)
    assert said["remedies"]["reconsideration_days"] == 60


async def test_a_dismissed_proposal_makes_room_for_another(approval: Approval) -> None:
    issued = await a_certificate(approval)
    made = await propose(approval, issued.identifier)
    second = await propose(approval, issued.identifier)

    path = f"standing-decisions/{made.json()['decision_id']}/decision"
    done = await approval.post(path, approval.chief, {"outcome": "DISMISSED", "reasons": "证据不足"}, seen=1)
    third = await propose(approval, issued.identifier)

    assert (second.status_code, second.json()["code"]) == (409, "approval.standing-open")
    assert (done.json()["state"], third.status_code) == ("DISMISSED", 201)
    assert await subjects(approval, made.json()["decision_id"]) == [PROPOSED, DISMISSED]


async def test_two_proposals_at_once_are_one(approval: Approval) -> None:
    issued = await a_certificate(approval)

    answers = await asyncio.gather(*(propose(approval, issued.identifier) for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]


async def test_two_decisions_at_once_are_one(approval: Approval) -> None:
    issued = await a_certificate(approval)
    made = await propose(approval, issued.identifier)
    path = f"standing-decisions/{made.json()['decision_id']}"
    await approval.post(f"{path}/statements", approval.handler, {"statement": "无意见"}, seen=1)

    chiefs = [approval.caller(f"chief{n}", "CHIEF_REPRESENTATIVE") for n in range(4)]
    decided = (approval.post(f"{path}/decision", chief, {"outcome": "DECIDED"}, seen=2) for chief in chiefs)
    answers = await asyncio.gather(*decided)

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert (await subjects(approval, made.json()["decision_id"])).count(DECIDED) == 1


async def test_other_departments_and_other_holders_find_nothing(approval: Approval) -> None:
    issued = await a_certificate(approval)
    made = await propose(approval, issued.identifier)
    decision_id = made.json()["decision_id"]
    police = approval.caller("police", "HANDLER", "CHIEF_REPRESENTATIVE", org=POLICE)
    stranger = the_holder("d" * 64)

    assert (await propose(approval, issued.identifier, who=police)).status_code == 404
    for who in (police, stranger):
        assert (await approval.get(f"standing-decisions/{decision_id}", who)).status_code == 404
        assert (await approval.get("standing-decisions", who)).json()["items"] == []
    own = await approval.get("standing-decisions", the_holder(), identifier=issued.identifier)
    assert [one["decision_id"] for one in own.json()["items"]] == [decision_id]


async def test_each_of_several_holders_is_heard(approval: Approval) -> None:
    other = events.CoHolder(holder_key="e" * 64, holder_name="李小红", holder_type=PartyType.PERSON)
    issued = await a_certificate(approval, co_holders=(other,))
    path = f"standing-decisions/{(await propose(approval, issued.identifier)).json()['decision_id']}"

    first = await approval.post(f"{path}/statements", the_holder(), {"statement": "合同由中介代办"}, seen=1)
    early = await approval.post(f"{path}/decision", approval.chief, {"outcome": "DECIDED"}, seen=2)
    shown = await approval.get("standing-decisions", the_holder(other.holder_key))
    second = await approval.post(f"{path}/statements", the_holder(other.holder_key), {"statement": "不知情"}, seen=2)

    assert (first.status_code, second.status_code) == (201, 201), second.text
    assert (early.status_code, early.json()["code"]) == (409, "approval.holder-not-heard")
    assert [one["identifier"] for one in shown.json()["items"]] == [issued.identifier]
    assert (await approval.get(path, the_holder("d" * 64))).status_code == 404


async def test_a_handler_does_not_decide_and_a_chief_does_not_propose(approval: Approval) -> None:
    issued = await a_certificate(approval)
    made = await propose(approval, issued.identifier)
    path = f"standing-decisions/{made.json()['decision_id']}/decision"

    assert (await propose(approval, issued.identifier, who=approval.chief)).status_code == 403
    assert (await approval.post(path, approval.handler, {"outcome": "DECIDED"}, seen=1)).status_code == 403
    assert (await approval.post(path, the_holder(), {"outcome": "DECIDED"}, seen=1)).status_code == 403


@pytest.mark.usefixtures("read_long_ago")
async def test_a_decision_needs_the_version_that_was_seen(approval: Approval) -> None:
    issued = await a_certificate(approval)
    made = await propose(approval, issued.identifier)
    path = f"standing-decisions/{made.json()['decision_id']}"
    shown = await approval.get(path, approval.chief)
    await approval.post(f"{path}/statements", approval.handler, {"statement": "无意见"}, seen=1)

    stale = await approval.post(f"{path}/decision", approval.chief, {"outcome": "DECIDED"}, seen=1)
    without = await approval.post(f"{path}/decision", approval.chief, {"outcome": "DECIDED"})

    assert shown.headers["etag"] == '"v1"'
    assert (stale.status_code, without.status_code) == (412, 428)


async def test_a_penalty_is_recorded_in_one_step(approval: Approval) -> None:
    issued = await a_certificate(approval)
    body = {
        "number": "鹤市监罚〔2026〕3号",
        "body": "区市场监督管理局",
        "decided_on": "2026-03-01",
        "facts": "无证经营",
    }

    done = await approval.post(f"certificates/{issued.identifier}/revocation", approval.chief, body)

    assert (done.status_code, done.json()["state"], done.json()["act"]) == (201, "DECIDED", "REVOKE"), done.text
    assert await subjects(approval, done.json()["decision_id"]) == [DECIDED]


async def test_what_the_library_tells_later_counts(approval: Approval) -> None:
    issued = await a_certificate(approval)
    await hear(approval, standing(issued, events.CertificateRescinded, "RESCINDED"), 3)
    await hear(approval, standing(issued, events.CertificateReportedLost, "LOST"), 2)  # late: it was before
    await hear(approval, issued, 1)

    annulled = await propose(approval, issued.identifier)
    last_step = await propose(approval, issued.identifier, "deregistration", ground="TAKEN_AWAY")

    assert (annulled.status_code, annulled.json()["code"]) == (409, "approval.certificate-state")
    assert last_step.status_code == 201, last_step.text


async def test_a_state_told_before_the_issue_is_kept(approval: Approval) -> None:
    issued = await a_certificate(approval)
    unknown = issued.model_copy(update={"certificate_id": uuid7(), "identifier": issued.identifier[:-1] + "B"})

    await hear(approval, standing(unknown, events.CertificateExpired, "EXPIRED"), 2)
    await hear(approval, unknown, 1)

    made = await propose(approval, unknown.identifier, "deregistration", ground="EXPIRED_NOT_RENEWED")
    assert made.status_code == 201, made.text


async def test_a_new_version_told_before_the_issue_of_the_old_one_is_kept(approval: Approval) -> None:
    issued = await a_certificate(approval)
    unknown = issued.model_copy(update={"certificate_id": uuid7(), "identifier": issued.identifier[:-1] + "C"})
    superseded = events.CertificateSuperseded(
        certificate_id=unknown.certificate_id,
        identifier=unknown.identifier,
        holder_key=unknown.holder_key,
        superseded_by=issued.identifier,
        superseded_at=datetime.now(UTC),
        act=events.CertificateAct.REISSUE,
    )

    await hear(approval, superseded, 2)
    await hear(approval, unknown, 1)

    answer = await propose(approval, unknown.identifier)
    assert (answer.status_code, answer.json()["code"]) == (409, "approval.certificate-state")


def migration_0014() -> str:
    """What it executes."""
    written = StringIO()
    offline = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True, "output_buffer": written})
    with Operations.context(offline):
        import_module("services.approval.migrations.versions.0014_certificates_told_again").upgrade()
    return written.getvalue()


async def test_what_was_heard_before_holders_beside_the_first_were_kept_is_heard_when_told_again(
    approval: Approval,
) -> None:
    issued = await a_certificate(approval)
    other = events.CoHolder(holder_key="d" * 64, holder_name="李小红", holder_type=PartyType.PERSON)
    again = incoming(issued.model_copy(update={"co_holders": (other,)}), issued.certificate_id, 1)
    heard = []

    async with approval.database.transaction() as uow:
        for consumer in ("approval-certificates", "approval-intake"):
            await inbox.claim(uow.connection, consumer, [again], contiguous=False)
        await uow.connection.execute(text(migration_0014()))
        for consumer in ("approval-certificates", "approval-intake"):
            heard.append((await inbox.claim(uow.connection, consumer, [again], contiguous=False)).fresh)
        await keep_certificates(uow, heard[0])

    assert heard == [[again], []]
    (kept,) = await approval.rows(
        "SELECT co_holder_keys FROM held_certificate WHERE identifier = :i", i=issued.identifier
    )
    assert kept.co_holder_keys == [other.holder_key]
