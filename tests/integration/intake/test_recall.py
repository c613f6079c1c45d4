"""A certificate used is recorded; when it is taken away every case that relied on it is handed over, once."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from contracts.events.certificate import (
    CertificateAnnulled,
    CertificateConfirmed,
    CertificateDeregistered,
    CertificateExpired,
    CertificateOrigin,
    CertificateRescinded,
    CertificateRevoked,
    CertificateStanding,
    CertificateStatus,
)
from contracts.events.common import Actor
from contracts.events.reuse import RecallConcluded, RecallOutcome
from services.chassis.clock import local_date
from services.chassis.ids import uuid7
from services.intake import repository
from services.intake.commands import reliance
from services.intake.items import Items
from services.intake.metrics import uploads_avoided
from tests.integration.intake.bundle_desk import a_company
from tests.integration.intake.desk import BUSINESS_LICENCE, Desk

DEED = "12431202006100248K001"  # 不动产权证书
LAND_USE = "11431202006100088F001"  # 建设用地规划许可证
RELIED, RECALLED = "intake.certificate.relied_upon.v1", "intake.case.recalled.v1"


async def an_accepted_case(desk: Desk, company: str, item: str = "E02") -> dict[str, Any]:
    """Accepted with what the library holds, and everything else on paper."""
    application = await desk.submitted(item, number=company, name="好味餐饮", reuse="auto")
    papers = [
        {"material_no": m["material_no"], "source": "PAPER_ORIGINAL"}
        for m in application["materials"]
        if m["coverage"] == "MISSING"
    ]
    received = await desk.done(application, "receipt", {"materials": papers})
    return await desk.done(received, "acceptance")


async def told(desk: Desk, subject: str, case: dict[str, Any]) -> list[dict[str, Any]]:
    async with desk.database.read() as connection:
        statement = text("SELECT payload FROM outbox WHERE subject = :subject ORDER BY seq")
        rows = [json.loads(row.payload) for row in await connection.execute(statement, {"subject": subject})]
    return [row for row in rows if row["case_no"] == case["case_no"]]


EVENTS: dict[CertificateStatus, type[CertificateStanding]] = {
    CertificateStatus.ANNULLED: CertificateAnnulled,
    CertificateStatus.RESCINDED: CertificateRescinded,
    CertificateStatus.REVOKED: CertificateRevoked,
    CertificateStatus.DEREGISTERED: CertificateDeregistered,
    CertificateStatus.EXPIRED: CertificateExpired,
}


async def take_away(desk: Desk, identifier: str, status: CertificateStatus = CertificateStatus.ANNULLED) -> None:
    """The library tells it."""
    event = EVENTS[status](
        certificate_id=uuid7(),
        identifier=identifier,
        type_code=BUSINESS_LICENCE,
        holder_key="k",
        issuer_uscc=BUSINESS_LICENCE[:18],
        status=status,
        at=datetime.now(UTC),
    )
    await desk.hear(event)


async def test_a_certificate_counted_on_at_acceptance_is_recorded_once_and_counted_as_an_upload(desk: Desk) -> None:
    company = a_company()
    identifier = await desk.holds(company, BUSINESS_LICENCE, "RELY1")
    admin = desk.staff("CATALOGUE_ADMIN")
    before = (await desk.get("/reuse/uploads-avoided", admin)).json()["uploads"]
    measured = uploads_avoided.labels("E02")._value.get()

    case = await an_accepted_case(desk, company)

    (event,) = await told(desk, RELIED, case)
    counted = (await desk.get("/reuse/uploads-avoided", admin)).json()
    assert (event["identifier"], len(event["materials"])) == (identifier, 1)
    assert counted["uploads"] == before + 1
    assert "E02" in {one["item_id"] for one in counted["items"]}
    assert uploads_avoided.labels("E02")._value.get() == measured + 1


async def test_nothing_is_recorded_before_acceptance(desk: Desk) -> None:
    company = a_company()
    identifier = await desk.holds(company, BUSINESS_LICENCE, "RELY2")

    await desk.submitted("E02", number=company, name="好味餐饮", reuse="auto")

    async with desk.database.read() as connection:
        found = await connection.scalar(
            text("SELECT count(*) FROM relied_upon WHERE identifier = :i"), {"i": identifier}
        )
    assert found == 0


@pytest.mark.parametrize("status", [CertificateStatus.ANNULLED, CertificateStatus.RESCINDED, CertificateStatus.REVOKED])
async def test_open_and_concluded_cases_are_found_through_chains_and_handed_over_once(
    desk: Desk, status: CertificateStatus
) -> None:
    """The deed of the premises opens a company; with its licence it asks for a food licence."""
    company = a_company()
    root = await desk.holds(company, DEED, f"ROOT{status.value}")
    first = await desk.decided(await an_accepted_case(desk, company, "E01"))
    licence = await desk.holds(company, BUSINESS_LICENCE, f"CHAIN{status.value}", case_id=str(first["application_id"]))
    second = await an_accepted_case(desk, company)

    await take_away(desk, root, status)
    await take_away(desk, root, status)
    await take_away(desk, licence, status)

    (direct,) = await told(desk, RECALLED, first)
    (through,) = await told(desk, RECALLED, second)
    assert (direct["concluded"], direct["issued"], direct["through"]) == (True, [licence], [root])
    assert (through["concluded"], through["through"]) == (False, [root, licence])
    assert through["department"]["uscc"] == "11431202006100029C"


async def test_a_chain_of_three_certificates_is_followed_to_its_end(desk: Desk) -> None:
    """The deed opens the company, its licence the use of the land, and that the plan of the building."""
    company = a_company()
    way = [await desk.holds(company, DEED, "LINK1")]
    for number, (item, leads_to) in enumerate((("E01", BUSINESS_LICENCE), ("C02", LAND_USE)), start=2):
        case = await desk.decided(await an_accepted_case(desk, company, item))
        way.append(await desk.holds(company, leads_to, f"LINK{number}", case_id=str(case["application_id"])))
    last = await an_accepted_case(desk, company, "C03")

    await take_away(desk, way[0])

    (recalled,) = await told(desk, RECALLED, last)
    assert (recalled["identifier"], recalled["through"], recalled["concluded"]) == (way[0], way, False)


async def a_chain(desk: Desk, company: str, serial: str) -> tuple[str, str, dict[str, Any]]:
    """The deed opens the company; its licence; and a food licence that is asked for with it, received and complete."""
    root = await desk.holds(company, DEED, f"{serial}ROOT")
    first = await desk.decided(await an_accepted_case(desk, company, "E01"))
    licence = await desk.holds(company, BUSINESS_LICENCE, f"{serial}LINK", case_id=str(first["application_id"]))
    application = await desk.submitted("E02", number=company, name="好味餐饮", reuse="auto")
    papers = [
        {"material_no": m["material_no"], "source": "PAPER_ORIGINAL"}
        for m in application["materials"]
        if m["coverage"] == "MISSING"
    ]
    return root, licence, await desk.done(application, "receipt", {"materials": papers})


async def test_a_case_that_is_just_being_accepted_is_found_through_the_chain(desk: Desk) -> None:
    """Its own certificate is not touched, so no lock of that one holds the recall up."""
    root, licence, received = await a_chain(desk, a_company(), "RACE")
    items, application_id = Items(), UUID(received["application_id"])

    async with desk.database.transaction() as uow:
        case = (await repository.load_for_update(uow.connection, [application_id]))[application_id]
        item = await items.pinned(uow.connection, case.item_code, case.item_version)
        await reliance.record(uow, case, item, items, datetime.now(UTC))
        recalling = asyncio.create_task(take_away(desk, root))
        async with asyncio.timeout(60):
            while not recalling.done() and not await waits_for_acceptances(desk):
                await asyncio.sleep(0.02)
    await recalling

    (recalled,) = await told(desk, RECALLED, received)
    assert recalled["through"] == [root, licence]


async def waits_for_acceptances(desk: Desk) -> bool:
    """In this database, and for this lock: others of the server wait for theirs meanwhile."""
    waiting = """
        SELECT EXISTS (
            SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
            WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()
            AND objid::bigint = hashtext('intake.reliance')::bigint & 4294967295
        )"""
    async with desk.database.read() as connection:
        return bool(await connection.scalar(text(waiting)))


@pytest.mark.parametrize(("outcome", "times"), [(RecallOutcome.STANDS, 2), (RecallOutcome.TO_BE_ANNULLED, 1)])
async def test_what_its_department_let_stand_is_handed_over_again_when_the_next_certificate_falls(
    desk: Desk, outcome: RecallOutcome, times: int
) -> None:
    root, licence, received = await a_chain(desk, a_company(), outcome.value.replace("_", ""))
    case = await desk.done(received, "acceptance")
    await take_away(desk, root)
    (first,) = await told(desk, RECALLED, case)
    answered = RecallConcluded(
        recall_id=first["recall_id"],
        case_id=first["case_id"],
        case_no=first["case_no"],
        outcome=outcome,
        reasons="营业执照仍然有效",
        concluded_at=datetime.now(UTC),
        concluded_by=Actor(account_id="chief", name="首席代表", role="CHIEF_REPRESENTATIVE"),
    )
    await desk.hear(answered)

    await take_away(desk, licence)
    await take_away(desk, licence)

    found = await told(desk, RECALLED, case)
    assert [one["through"] for one in found] == [[root, licence], [licence]][:times]


async def test_a_later_version_taken_away_reaches_who_used_the_earlier_one(desk: Desk) -> None:
    company = a_company()
    first_version = await desk.holds(company, BUSINESS_LICENCE, "VERSIONS")
    case = await an_accepted_case(desk, company)

    await take_away(desk, first_version.replace(".001.A", ".002.B"))

    assert len(await told(desk, RECALLED, case)) == 1
    shown = (await desk.get(f"/applications/{case['application_id']}", desk.clerk)).json()
    assert [notice["kind"] for notice in shown["notices"]] == ["RECALLED"]


async def test_a_withdrawn_case_is_not_handed_over(desk: Desk) -> None:
    company = a_company()
    identifier = await desk.holds(company, BUSINESS_LICENCE, "GONE")
    case = await an_accepted_case(desk, company)
    await desk.done(case, "withdrawal", {"reason": "不再办理"})

    await take_away(desk, identifier)

    assert await told(desk, RECALLED, case) == []


@pytest.mark.parametrize("status", [CertificateStatus.DEREGISTERED, CertificateStatus.EXPIRED])
async def test_what_merely_ends_recalls_nothing(desk: Desk, status: CertificateStatus) -> None:
    company = a_company()
    identifier = await desk.holds(company, BUSINESS_LICENCE, f"ENDS{status.value}")
    case = await an_accepted_case(desk, company)

    await take_away(desk, identifier, status)

    assert await told(desk, RECALLED, case) == []


async def test_a_certificate_taken_away_before_acceptance_covers_nothing(desk: Desk) -> None:
    company = a_company()
    identifier = await desk.holds(company, BUSINESS_LICENCE, "TOOLATE")
    application = await desk.submitted("E02", number=company, name="好味餐饮", reuse="auto")
    papers = [
        {"material_no": m["material_no"], "source": "PAPER_ORIGINAL"}
        for m in application["materials"]
        if m["coverage"] == "MISSING"
    ]
    received = await desk.done(application, "receipt", {"materials": papers})

    await take_away(desk, identifier)
    refused = await desk.act(received, "acceptance")

    assert refused.status_code == 409


async def test_another_regions_certificate_is_counted_on_while_it_is_trusted_and_recalled_like_one_of_ours(
    desk: Desk,
) -> None:
    company, today = a_company(), local_date(datetime.now(UTC))
    of = {"origin": CertificateOrigin.FOREIGN, "region": "431102000000", "region_name": "永州市零陵区"}
    identifier = await desk.holds(company, BUSINESS_LICENCE, "FAR1", **of, trusted_until=today - timedelta(days=1))
    too_old = await desk.submitted("E02", number=company, name="好味餐饮", reuse="auto")
    confirmed = CertificateConfirmed(
        certificate_id=uuid7(),
        identifier=identifier,
        type_code=BUSINESS_LICENCE,
        region="431102000000",
        trusted_until=today + timedelta(days=1),
        confirmed_at=datetime.now(UTC),
    )
    await desk.hear(confirmed)

    case = await an_accepted_case(desk, company)
    await take_away(desk, identifier, CertificateStatus.REVOKED)

    assert identifier not in {material["certificate_identifier"] for material in too_old["materials"]}
    (relied,) = await told(desk, RELIED, case)
    (recalled,) = await told(desk, RECALLED, case)
    shown = {material["certificate_identifier"]: material["issued_in"] for material in case["materials"]}
    assert shown[identifier] == "永州市零陵区"
    assert (relied["identifier"], recalled["identifier"], recalled["status"]) == (identifier, identifier, "REVOKED")
