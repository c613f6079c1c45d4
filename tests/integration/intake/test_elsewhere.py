"""From one region to the other and into a case: asked for, reused, counted on, taken away there, handed back here."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contracts.events import certificate as events
from contracts.events.common import Event
from services.certificate.commands.life import Cause, change
from services.certificate.peers import again
from services.certificate.repository import lock_certificate
from services.chassis import clock
from services.kernel.certificate_life import LifeAct
from tests.integration.intake.bundle_desk import a_company
from tests.integration.intake.desk import BUSINESS_LICENCE, Desk
from tests.integration.intake.test_recall import RECALLED, RELIED, an_accepted_case, told
from tests.support import tokens
from tests.support.regions import Region, a_business_licence, two_regions
from tests.support.stack import Databases

_TOLD: tuple[type[Event], ...] = (events.CertificateIssued, events.CertificateConfirmed, events.CertificateAnnulled)


@pytest.fixture(scope="module")
async def regions(
    desk: Desk, environment: Path, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Region, Region]]:
    folder = tmp_path_factory.mktemp("regions")
    async with two_regions(folder, databases.fresh, environment / "keys") as both:
        yield both


async def carried(region: Region, desk: Desk, seen: int) -> int:
    """What the library told since is heard by intake; gives how much it has told by now."""
    kinds = {kind.SUBJECT: kind for kind in _TOLD}
    rows = await region.library.rows("SELECT subject, payload FROM outbox ORDER BY seq")
    for row in rows[seen:]:
        await desk.hear(kinds[row.subject].model_validate_json(row.payload))
    return len(rows)


async def annulled(region: Region, identifier: str) -> None:
    library = region.library
    async with library.database.transaction() as uow:
        row = await lock_certificate(uow.connection, identifier)
        await change(uow, row, LifeAct.ANNUL, library.kit, now=clock.now(), cause=Cause(ground="FRAUD"))
    await again.tell_peers(library.database, library.kit, library.app.state.line, now=clock.now())


async def test_a_certificate_of_another_region_spares_the_paper_and_its_end_there_recalls_the_case(
    desk: Desk, regions: tuple[Region, Region]
) -> None:
    there, here = regions
    company, name = a_company(), "好味餐饮"
    licence: dict[str, Any] = await a_business_licence(there, company, name)
    agent = tokens.headers(["ENTERPRISE_AGENT"], acts_for=[desk.key(company)], channel="ONLINE")

    asked = await here.asks(agent, region=there.division, type_code=BUSINESS_LICENCE, number=company)
    heard = await carried(here, desk, 0)
    case = await an_accepted_case(desk, company)
    await annulled(there, licence["identifier"])
    await again.ask_again(here.library.database, here.library.kit, here.library.app.state.line, now=clock.now())
    await carried(here, desk, heard)

    assert asked.status_code == 200, asked.text
    spared = [one for one in case["materials"] if one["certificate_identifier"] == licence["identifier"]]
    assert [(one["coverage"], one["issued_in"]) for one in spared] == [("COVERED", "永州市零陵区")]
    (relied,), (recalled,) = await told(desk, RELIED, case), await told(desk, RECALLED, case)
    assert relied["identifier"] == licence["identifier"]
    assert (recalled["identifier"], recalled["status"]) == (licence["identifier"], "ANNULLED")
