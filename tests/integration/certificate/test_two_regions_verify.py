"""Verification of what another region issued: by its registered keys and seals, as its library confirmed it last."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.certificate.commands import verify
from services.certificate.peers import standing
from services.chassis import clock
from tests.support import tokens
from tests.support.certificate import COMPANY, DISTRICT
from tests.support.pages import qr_codes
from tests.support.regions import Region, a_business_licence, two_regions
from tests.support.stack import Databases

NAME = "湘味轩餐饮有限公司"


@dataclass
class Shown:
    """A certificate of another region with its file and its code, adopted here."""

    here: Region
    identifier: str
    pdf: bytes
    proof: str

    async def verified(self, what: str, *, now: datetime | None = None) -> dict[str, Any]:
        moment, kit, db = now or clock.now(), self.here.library.kit, self.here.library.database
        if what == "file":
            told = await verify.file(db, self.pdf, kit, now=moment)
        elif what == "code":
            told = await verify.qr_code(db, self.identifier, self.proof, kit, now=moment)
        else:
            told = await verify.identifier(db, self.identifier, kit, now=moment)
        return told.model_dump(mode="json")


@pytest.fixture(scope="module")
async def shown(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shown]:
    async with two_regions(tmp_path_factory.mktemp("regions"), databases.fresh) as (there, here):
        row = await a_business_licence(there, COMPANY, NAME)
        async with there.library.file_maker() as maker:
            while await maker.make_due():
                pass
        owner = {"acts_for": [there.library.kit.holder_key("ORGANISATION", COMPANY)], "channel": "ONLINE"}
        path = f"/api/v1/certificates/{row['identifier']}/file"
        pdf = (await there.library.get(path, tokens.headers(["ENTERPRISE_AGENT"], **owner))).content
        published = (await there.library.http.get("/.well-known/certificate-jwks.json")).json()
        await here.registers(there, keys=published)
        yield Shown(here, row["identifier"], pdf, qr_codes(pdf)[0].partition("?")[2])


async def adopted(shown: Shown) -> None:
    here = shown.here
    key = here.library.kit.holder_key("ORGANISATION", COMPANY)
    agent = tokens.headers(["ENTERPRISE_AGENT"], acts_for=[key], channel="ONLINE")
    answer = await here.asks(agent, identifier=shown.identifier, number=COMPANY)
    assert answer.status_code == 200, answer.text


async def test_before_anybody_asked_the_region_is_named_and_nothing_is_claimed(shown: Shown) -> None:
    told = {what: await shown.verified(what) for what in ("identifier", "code", "file")}

    assert {(one["verdict"], one["reason"]) for one in told.values()} == {("UNKNOWN", "REGION_NOT_ASKED")}
    assert {one["issued_in"]["name"] for one in told.values()} == {"永州市零陵区"}


async def test_what_was_adopted_is_verified_with_the_regions_keys_until_its_answer_is_too_old(shown: Shown) -> None:
    await adopted(shown)

    today = {what: await shown.verified(what) for what in ("identifier", "code", "file")}
    later = await shown.verified("identifier", now=clock.now() + timedelta(days=3))

    assert {one["verdict"] for one in today.values()} == {"VALID"}
    assert today["file"]["certificate"]["holder_name"] == NAME
    assert "永州市零陵区" in today["file"]["message"]
    assert (later["verdict"], later["reason"]) == ("UNKNOWN", "REGION_NOT_ASKED")


async def test_a_changed_file_and_a_code_of_another_record_are_told(shown: Shown) -> None:
    await adopted(shown)
    place = shown.pdf.rfind(b"/ByteRange") // 2
    changed = bytearray(shown.pdf)
    changed[place] ^= 1
    other = "A" if shown.proof[30] != "A" else "B"

    file = await Shown(shown.here, shown.identifier, bytes(changed), shown.proof).verified("file")
    proof = shown.proof[:30] + other + shown.proof[31:]
    code = await Shown(shown.here, shown.identifier, shown.pdf, proof).verified("code")

    assert (file["verdict"], file["reason"]) == ("ALTERED", "FILE_ALTERED")
    assert (code["verdict"], code["reason"]) == ("ALTERED", "PROOF_FALSE")


@pytest.mark.parametrize(
    "column",
    [
        "holder_name = '别人'",
        "valid_until = '2999-01-01'",
        "issuer_name = '别的机关'",
        "record_sha256 = ''",
        "status = 'LOST'",
        "type_code = ''",
        "confirmed_at = '2999-01-01'",
        "trusted_until = '2999-01-01'",
    ],
)
async def test_a_row_changed_in_the_database_is_told(shown: Shown, column: str) -> None:
    await adopted(shown)
    row = "SELECT * FROM foreign_certificate"
    (before,) = await shown.here.library.rows(row)
    name = column.partition(" ")[0]
    async with shown.here.library.database.transaction() as uow:
        await uow.connection.exec_driver_sql(f"UPDATE foreign_certificate SET {column}")

    told = await shown.verified("code" if name == "record_sha256" else "identifier")

    async with shown.here.library.database.transaction() as uow:
        undo = text(f"UPDATE foreign_certificate SET {name} = :was")
        await uow.connection.execute(undo, {"was": getattr(before, name)})
    assert told["verdict"] == "ALTERED"


async def test_one_taken_away_is_not_made_valid_in_the_database(shown: Shown) -> None:
    await adopted(shown)
    library = shown.here.library
    (row,) = await library.rows("SELECT * FROM foreign_certificate")
    agent = tokens.headers(["ENTERPRISE_AGENT"], acts_for=row.holder_keys, channel="ONLINE")
    annulled = dict(row._mapping) | {"status": "ANNULLED"}
    kept = text("UPDATE foreign_certificate SET status = :status, trusted_until = :until, standing_sealed = :sealed")

    async def stands(status: str, until: date, sealed: bytes) -> tuple[str, int]:
        async with library.database.transaction() as uow:
            await uow.connection.execute(kept, {"status": status, "until": until, "sealed": sealed})
        listed = await library.get("/api/v1/certificates/elsewhere", agent)
        return (await shown.verified("identifier"))["verdict"], len(listed.json())

    sealed = standing.sealed(annulled, library.kit)
    true = await stands("ANNULLED", row.trusted_until, sealed)
    changed = await stands("VALID", date(2999, 1, 1), sealed)
    unsealed = await stands("VALID", date(2999, 1, 1), b"")
    broken = await stands("VALID", row.trusted_until, row.standing_sealed[:-1])

    await stands(row.status, row.trusted_until, row.standing_sealed)
    assert true == ("NO_LONGER_VALID", 1)
    assert (changed, unsealed, broken) == (("ALTERED", 0), ("UNKNOWN", 0), ("ALTERED", 0))


async def test_a_region_that_is_not_registered_is_another_matter(shown: Shown) -> None:
    there = await shown.here.library.rows("SELECT region FROM peer")
    async with shown.here.library.database.transaction() as uow:
        await uow.connection.exec_driver_sql("UPDATE peer SET closed = true")

    told = await shown.verified("identifier")

    async with shown.here.library.database.transaction() as uow:
        await uow.connection.exec_driver_sql("UPDATE peer SET closed = false")
    assert (told["verdict"], told["reason"]) == ("UNKNOWN", "OTHER_REGION")
    assert DISTRICT not in {row.region for row in there}
