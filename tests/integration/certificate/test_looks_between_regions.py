"""Looks between two regions: each is seen by its holder, refused ones too; what is not registered is not told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts.events.common import AgentRef, Outcome
from contracts.events.intake import CaseConcluded
from services.certificate.files.records import rotate
from services.certificate.peers import again, wire
from services.certificate.peers.line import QUERIES
from services.chassis import clock
from services.chassis.clock import local_date
from tests.support import tokens
from tests.support.certificate import (
    BUSINESS_LICENCE,
    COMPANY,
    DISTRICT,
    FOOD_LICENCE,
    MARKET,
    OTHER,
    Case,
    Library,
)
from tests.support.regions import ELSEWHERE, PURPOSE, Region, a_business_licence, two_regions
from tests.support.stack import Databases

NAME = "湘味轩餐饮有限公司"
ANOTHER_COMPANY = "92431202MA0000031L"
CLERK = tokens.headers(["COUNTER_CLERK"], org=MARKET.uscc, org_name=MARKET.name, division=DISTRICT)


@pytest.fixture(scope="module")
async def regions(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Region, Region]]:
    async with two_regions(tmp_path_factory.mktemp("regions"), databases.fresh) as both:
        yield both


@pytest.fixture(scope="module")
async def licence(regions: tuple[Region, Region]) -> dict[str, Any]:
    return await a_business_licence(regions[0], COMPANY, NAME)


def an_agent(region: Region) -> dict[str, str]:
    key = region.library.kit.holder_key("ORGANISATION", COMPANY)
    return tokens.headers(["ENTERPRISE_AGENT"], acts_for=[key], channel="ONLINE")


async def asked_by_peer(there: Region, here: Region, **of: Any) -> httpx.Response:
    question = wire.Question(purpose=PURPOSE, **of)
    signed, _ = wire.request(here.library.kit.signer, DISTRICT, ELSEWHERE, question, now=clock.real_now())
    return await there.library.http.post(QUERIES, json={"request": signed})


def of_holder(number: str, type_code: str = BUSINESS_LICENCE) -> dict[str, Any]:
    return {"holder": wire.HolderAsked(party_type="ORGANISATION", number=number), "type_code": type_code}


async def looks_at(library: Library, number: str, act: str) -> list[Any]:
    """The newest first."""
    key = library.kit.holder_key("ORGANISATION", number)
    query = "SELECT * FROM access WHERE holder_key = :key AND act = :act ORDER BY id DESC"
    return list(await library.rows(query, key=key, act=act))


async def ended(library: Library, case: Case) -> None:
    told = {"application_id": case.id, "case_no": case.case_no, "outcome": Outcome.GRANTED}
    await library.hear(case.submitted(), case.received(), CaseConcluded(**told, concluded_at=clock.now()))


async def test_whether_somebody_holds_a_type_that_a_peer_may_not_ask_for_is_not_told(
    regions: tuple[Region, Region], licence: dict[str, Any]
) -> None:
    there, here = regions
    await there.registers(here, may_ask={"daily_limit": 99, "types": [FOOD_LICENCE]})

    has = await asked_by_peer(there, here, **of_holder(COMPANY))
    has_none = await asked_by_peer(there, here, **of_holder(ANOTHER_COMPANY))

    await there.registers(here)
    told = [(one.status_code, one.json()["code"], one.json()["errors"]) for one in (has, has_none)]
    assert told[0] == told[1]
    assert told[0][:2] == (403, "certificate.caller-refused")
    for number in (COMPANY, ANOTHER_COMPANY):
        (look,) = await looks_at(there.library, number, "PEER")
        assert (look.refused, look.organisation_name) == ("certificate.caller-refused", "怀化市鹤城区")


async def test_a_refused_question_by_identifier_and_one_that_finds_nothing_are_seen_by_the_holder(
    regions: tuple[Region, Region], licence: dict[str, Any]
) -> None:
    there, here = regions
    await there.registers(here, may_ask={"daily_limit": 0})
    refused = await asked_by_peer(there, here, identifier=licence["identifier"])
    await there.registers(here)

    answer = await asked_by_peer(there, here, **of_holder(ANOTHER_COMPANY))

    assert (refused.status_code, answer.status_code) == (429, 200)
    by_identifier = (await looks_at(there.library, COMPANY, "PEER"))[0]
    assert (by_identifier.refused, by_identifier.certificate_id) == ("certificate.daily-limit", licence["id"])
    nothing = (await looks_at(there.library, ANOTHER_COMPANY, "PEER"))[0]
    assert (nothing.refused, nothing.found, nothing.purpose) == ("", 0, PURPOSE)


async def test_a_case_number_that_a_peer_names_is_never_taken_for_one_of_ours(
    regions: tuple[Region, Region], licence: dict[str, Any]
) -> None:
    there, here = regions
    strangers = there.library.a_case(OTHER, "李小红")
    await there.library.hear(strangers.submitted(), strangers.received())

    await asked_by_peer(there, here, identifier=licence["identifier"], case_no=strangers.case_no)

    log = await there.library.get("/api/v1/certificates/access-log", an_agent(there), organisations="true", limit=1)
    (shown,) = log.json()["items"]
    assert (shown["act"], shown["case_no"], shown["item_name"]) == ("PEER", strangers.case_no, None)


async def test_asking_elsewhere_by_a_case_that_has_ended_is_seen_and_told_to_supervision(
    regions: tuple[Region, Region], licence: dict[str, Any]
) -> None:
    _, here = regions
    case = here.library.a_case(COMPANY, NAME)
    await ended(here.library, case)
    wanted = {"region": ELSEWHERE, "type_code": BUSINESS_LICENCE}

    by_ended = await here.asks(CLERK, case_no=case.case_no, **wanted)
    by_none = await here.asks(CLERK, **wanted)

    assert {(one.status_code, one.json()["code"]) for one in (by_ended, by_none)} == {
        (422, "certificate.case-required")
    }
    (look,) = await looks_at(here.library, COMPANY, "ASKED")
    assert (look.refused, look.case_no, look.organisation_name) == (
        "certificate.case-required",
        case.case_no,
        MARKET.name,
    )
    told = await here.library.rows(
        "SELECT convert_from(payload, 'UTF8')::jsonb AS said FROM outbox "
        "WHERE subject = 'certificate.access.unfounded.v1' ORDER BY seq"
    )
    assert [(one.said["act"], one.said["case_no"]) for one in told] == [("ASKED", case.case_no), ("ASKED", "")]


async def test_who_once_applied_for_another_sees_only_what_was_adopted_for_that_case(
    regions: tuple[Region, Region], licence: dict[str, Any]
) -> None:
    _, here = regions
    agent = AgentRef(name="李小红", subject_key=here.library.kit.holder_key("PERSON", OTHER), masked_number="4*0")
    first, second = (replace(here.library.a_case(COMPANY, NAME), agent=agent) for _ in range(2))
    for case in (first, second):
        await here.library.hear(case.submitted(), case.received())
    await here.asks(CLERK, identifier=licence["identifier"], case_no=second.case_no)

    shown = {
        case.case_no: await here.library.get(
            f"/api/v1/cases/{case.case_no}/certificates-elsewhere", here.library.citizen(OTHER)
        )
        for case in (first, second)
    }

    assert shown[first.case_no].json() == []
    assert [one["identifier"] for one in shown[second.case_no].json()] == [licence["identifier"]]


async def test_what_was_adopted_counts_no_longer_once_the_registration_of_its_region_is_over(
    regions: tuple[Region, Region], licence: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    there, here = regions
    monkeypatch.setattr(again, "BATCH", 1)
    for one in (licence, await a_business_licence(there, COMPANY, NAME)):
        await here.asks(an_agent(here), identifier=one["identifier"], number=COMPANY)
    await here.registers(there, closed=True)

    lapsed = [await again.lapse(here.library.database, here.library.kit, now=clock.now()) for _ in range(2)]

    await here.registers(there)
    assert lapsed == [2, 0]
    (told, *_) = await here.library.rows(
        "SELECT convert_from(payload, 'UTF8')::jsonb AS said FROM outbox "
        "WHERE subject = 'certificate.certificate.confirmed.v1' ORDER BY seq DESC"
    )
    assert told.said["trusted_until"] == str(local_date(clock.now()) - timedelta(days=1))
    verified = await here.library.http.get("/api/v1/certificates/verify", params={"identifier": licence["identifier"]})
    assert verified.json()["reason"] == "REGION_NOT_ASKED"  # registered again, and not yet asked again
    asked = await here.asks(an_agent(here), identifier=licence["identifier"], number=COMPANY)
    assert asked.json()["items"][0]["trusted_until"] > told.said["trusted_until"]


async def test_a_peer_with_new_keys_is_believed_once_they_are_registered_and_what_was_adopted_stays(
    regions: tuple[Region, Region], licence: dict[str, Any]
) -> None:
    there, here = regions
    wanted = {"identifier": licence["identifier"], "number": COMPANY}
    await here.asks(an_agent(here), **wanted)

    rotate(there.library.kit.settings.signing_dir)
    unknown = await here.asks(an_agent(here), **wanted)
    verified = await here.library.http.get("/api/v1/certificates/verify", params={"identifier": licence["identifier"]})
    await here.registers(there)
    known = await here.asks(an_agent(here), **wanted)
    newer = await a_business_licence(there, COMPANY, NAME)
    under_the_new = await here.asks(an_agent(here), identifier=newer["identifier"], number=COMPANY)

    assert (unknown.status_code, unknown.json()["errors"][0]["code"]) == (409, "answer-signature")
    assert verified.json()["verdict"] == "VALID"
    assert [one["status"] for answer in (known, under_the_new) for one in answer.json()["items"]] == ["VALID", "VALID"]
