"""Two libraries as processes of their own: one asks the other over HTTP, verifies, reuses, and hears of its end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.certificate.commands.life import Cause, change
from services.certificate.peers import again
from services.certificate.repository import lock_certificate
from services.chassis import clock
from services.kernel.certificate_life import LifeAct
from tests.support import tokens
from tests.support.certificate import BUSINESS_LICENCE, COMPANY
from tests.support.regions import PURPOSE, Instance, a_business_licence, two_instances
from tests.support.stack import Databases


@pytest.fixture
async def instances(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Instance, Instance]]:
    async with two_instances(tmp_path_factory.mktemp("instances"), databases.fresh) as both:
        yield both


async def ask(here: Instance, **wanted: str) -> httpx.Response:
    key = here.region.library.kit.holder_key("ORGANISATION", COMPANY)
    agent = tokens.headers(["ENTERPRISE_AGENT"], acts_for=[key], channel="ONLINE")
    async with httpx.AsyncClient(base_url=here.url, timeout=30) as http:
        headers = agent | {"Idempotency-Key": str(uuid4())}
        body = {"number": COMPANY, "purpose": PURPOSE} | wanted
        return await http.post("/api/v1/certificates/elsewhere", headers=headers, json=body)


async def answered(here: Instance, **wanted: str) -> httpx.Response:
    """As soon as the other one answers in time: the first answer of a young process takes longer."""
    async with asyncio.timeout(120):
        while (answer := await ask(here, **wanted)).status_code == httpx.codes.SERVICE_UNAVAILABLE:
            await asyncio.sleep(0.5)
        return answer


async def verified(here: Instance, identifier: str) -> tuple[str, str | None, str]:
    async with httpx.AsyncClient(base_url=here.url, timeout=30) as http:
        told = (await http.get("/api/v1/certificates/verify", params={"identifier": identifier})).json()
    return told["verdict"], told["reason"], told["issued_in"]["name"]


async def annul(there: Instance, identifier: str) -> None:
    library = there.region.library
    async with library.database.transaction() as uow:
        locked = await lock_certificate(uow.connection, identifier)
        await change(uow, locked, LifeAct.ANNUL, library.kit, now=clock.now(), cause=Cause(ground="FRAUD"))


async def told_of(here: Instance) -> list[tuple[str, Any]]:
    rows = await here.region.library.rows(
        "SELECT o.subject, convert_from(o.payload, 'UTF8')::jsonb AS said FROM outbox o "
        "JOIN foreign_certificate f ON f.id = o.aggregate_id ORDER BY o.aggregate_version"
    )
    return [(row.subject.split(".")[2], row.said.get("status")) for row in rows]


async def test_a_certificate_of_another_instance_is_asked_for_verified_reused_and_taken_away_over_http(
    instances: tuple[Instance, Instance],
) -> None:
    there, here = instances
    identifier = (await a_business_licence(there.region, COMPANY, "湘味轩餐饮有限公司"))["identifier"]

    before = await verified(here, identifier)
    searched = await answered(here, region=there.region.division, type_code=BUSINESS_LICENCE)
    asked = await ask(here, identifier=identifier)
    adopted = await verified(here, identifier)
    await annul(there, identifier)
    issuing, asking = there.region.library, here.region.library
    noticed = await again.tell_peers(issuing.database, issuing.kit, issuing.app.state.line, now=clock.now())
    once = await again.tell_peers(issuing.database, issuing.kit, issuing.app.state.line, now=clock.now())
    followed = await again.ask_again(asking.database, asking.kit, asking.app.state.line, now=clock.now())
    annulled = await verified(here, identifier)
    await there.stop()
    away = await ask(here, identifier=identifier)

    name = "永州市零陵区"
    assert before == ("UNKNOWN", "REGION_NOT_ASKED", name)
    assert (searched.status_code, asked.status_code) == (200, 200), searched.text + asked.text
    (found,), (shown,) = searched.json()["items"], asked.json()["items"]
    assert found["identifier"] == identifier
    assert (shown["identifier"], shown["status"], shown["origin"]) == (identifier, "VALID", "FOREIGN")
    assert adopted == ("VALID", None, name)
    assert (noticed, once, followed) == (1, 0, 1)
    assert annulled == ("NO_LONGER_VALID", "ANNULLED", name)
    assert await told_of(here) == [("issued", "VALID"), ("annulled", "ANNULLED")]
    assert (away.status_code, away.json()["code"]) == (503, "certificate.peer-away")
    assert name in away.json()["detail"]
    assert away.headers["retry-after"]
    assert await verified(here, identifier) == annulled
