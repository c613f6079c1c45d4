"""Verification of what another region issued: by its registered keys and seals, as its library confirmed it last."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.certificate.commands import log_proofs, verify
from services.certificate.commands.log import later_act, log
from services.certificate.domain.qr_proof import pack
from services.certificate.domain.transparency import Act
from services.certificate.files.jose import decode, encode
from services.certificate.life import copy_queries
from services.certificate.peers import standing
from services.certificate.peers.wire import MOST_HEADS
from services.certificate.verification.offline import Known, Outcome, check
from services.chassis import clock
from services.chassis.clock import today
from services.kernel.certificate_identifier import build_certificate_identifier
from tests.support import tokens
from tests.support.certificate import COMPANY, DISTRICT, FOOD_LICENCE, MARKET, OTHER
from tests.support.pages import qr_codes
from tests.support.regions import PURPOSE, THEIR_MARKET, Region, a_business_licence, two_regions
from tests.support.stack import Databases

NAME = "湘味轩餐饮有限公司"


@dataclass
class Shown:
    """A certificate of another region with its file and its code, adopted here."""

    there: Region
    here: Region
    identifier: str
    pdf: bytes
    proof: str
    copied: bytes
    copied_until: date
    paper: bytes
    their_keys: dict[str, Any]

    async def verified(self, what: str, *, now: datetime | None = None, code: str = "") -> dict[str, Any]:
        moment, kit, db = now or clock.now(), self.here.library.kit, self.here.library.database
        if what == "file":
            told = await verify.file(db, self.pdf, kit, now=moment, code=code)
        elif what == "code":
            told = await verify.qr_code(db, self.identifier, self.proof, kit, now=moment)
        else:
            told = await verify.identifier(db, self.identifier, kit, now=moment)
        return told.model_dump(mode="json")


@pytest.fixture(scope="module")
async def shown(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shown]:
    async with two_regions(tmp_path_factory.mktemp("regions"), databases.fresh) as (there, here):
        await a_business_licence(there, OTHER, "李小红")
        row = await a_business_licence(there, COMPANY, NAME)
        until = today()
        body, owner = {"purpose": PURPOSE, "expires_on": until.isoformat()}, an_agent_of(there)
        copy = (await there.post(f"certificates/{row['identifier']}/copies", owner, body)).json()
        async with there.library.file_maker() as maker:
            while await maker.make_due():
                pass
        pdf = (await there.library.get(f"/api/v1/certificates/{row['identifier']}/file", owner)).content
        copied = (await there.library.get(copy["file_url"], owner)).content
        published = (await there.library.http.get("/.well-known/certificate-jwks.json")).json()
        await here.registers(there, keys=published)
        (paper,) = await there.library.rows(
            "SELECT id FROM paper WHERE case_id = :id AND kind = 'GRANT_DECISION'", id=row["case_id"]
        )
        decision = await there.library.get(f"/api/v1/papers/{paper.id}/file", owner)
        await a_business_licence(there, OTHER, "李小红")  # the answers come with a later head than the code's
        proof = qr_codes(pdf)[0].partition("?")[2]
        yield Shown(there, here, row["identifier"], pdf, proof, copied, until, decision.content, published)


def an_agent_of(region: Region) -> dict[str, str]:
    key = region.library.kit.holder_key("ORGANISATION", COMPANY)
    return tokens.headers(["ENTERPRISE_AGENT"], acts_for=[key], channel="ONLINE")


async def adopted(shown: Shown) -> None:
    answer = await shown.here.asks(an_agent_of(shown.here), identifier=shown.identifier, number=COMPANY)
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

    file = await replace(shown, pdf=bytes(changed)).verified("file")
    code = await replace(shown, proof=shown.proof[:30] + other + shown.proof[31:]).verified("code")

    assert (file["verdict"], file["reason"]) == ("ALTERED", "FILE_ALTERED")
    assert (code["verdict"], code["reason"]) == ("ALTERED", "PROOF_FALSE")


async def test_a_code_with_a_byte_changed_cut_off_or_added_is_told(shown: Shown) -> None:
    """Act, index, size, record and path: each leads to the head that the region signed for that size, or to none."""
    await adopted(shown)
    packed = decode(shown.proof)
    places = (0, 1, 2, 3, 18, 34, 35, 50, 66)  # first, middle and last byte of each part
    changed = [packed[:place] + bytes([packed[place] ^ 1]) + packed[place + 1 :] for place in places]
    changed += [bytes([packed[0] ^ 0x20]) + packed[1:], packed[:-32], packed[:-1], packed + bytes(32)]

    told = [await replace(shown, proof=encode(one)).verified("code") for one in changed]

    assert len(packed) == 1 + 1 + 1 + 32 + 32
    assert {(one["verdict"], one["reason"]) for one in told} == {("ALTERED", "PROOF_FALSE")}
    assert (await shown.verified("code"))["verdict"] == "VALID"


async def test_a_copy_made_elsewhere_is_told_by_its_file_and_its_code_says_no_more_than_it_knows(shown: Shown) -> None:
    await adopted(shown)
    copy = replace(shown, pdf=shown.copied, proof=qr_codes(shown.copied)[0].partition("?")[2])
    packed = decode(copy.proof)
    false = [replace(copy, proof=encode(packed[:place] + b"\0" + packed[place + 1 :])) for place in (1, 20, 40)]

    noon = datetime.combine(shown.copied_until, time(4), UTC)
    file = await copy.verified("file", now=noon)
    over = await copy.verified("file", now=noon + timedelta(days=1))
    code = await copy.verified("code")
    damaged = {(await one.verified("code"))["reason"] for one in false}

    assert (file["verdict"], file["stamped"]["purpose"]) == ("VALID", PURPOSE)
    assert (over["verdict"], over["reason"]) == ("NO_LONGER_VALID", "COPY_EXPIRED")
    assert (code["verdict"], code["label"]) == ("UNKNOWN", "外地证照的副本或加注件")
    assert damaged == {"PROOF_FALSE"}


async def test_the_code_of_a_copy_from_before_all_that_an_answer_tells_is_not_called_false(shown: Shown) -> None:
    """An answer has room for so many heads: beyond the newest copies it cannot tell, and must not judge."""
    codes = await codes_of_copies(shown.there, MOST_HEADS + 1)
    await adopted(shown)
    packed = decode(codes[-1])
    damaged = encode(packed[:-1] + bytes([packed[-1] ^ 1]))

    oldest, newest, false, own = [
        await replace(shown, proof=proof).verified("code") for proof in (codes[0], codes[-1], damaged, shown.proof)
    ]

    assert (oldest["verdict"], oldest["reason"]) == ("UNKNOWN", "REGION_NOT_ASKED")
    assert (newest["verdict"], newest["label"]) == ("UNKNOWN", "外地证照的副本或加注件")
    assert (false["reason"], own["verdict"]) == ("PROOF_FALSE", "VALID")


async def codes_of_copies(there: Region, many: int) -> list[str]:
    """The proofs of that many copies more of the certificate that was copied, the oldest first, each under a head."""
    library = there.library
    (row,) = await library.rows(
        "SELECT id, identifier FROM certificate WHERE id = (SELECT certificate_id FROM certificate_copy)"
    )
    for _ in range(many):
        async with library.database.transaction() as uow:
            log(uow, [later_act(Act.COPY, row, library.kit)])
        await there.sign_head()
    async with library.database.read() as connection:
        leaves = reversed((await copy_queries.acts(connection, row.id))[:many])
        return [pack(await log_proofs.inclusion(connection, leaf, leaf.leaf_index + 1)) for leaf in leaves]


async def test_an_answer_without_the_head_of_the_code_leaves_the_code_open(shown: Shown) -> None:
    """Of a library that does not tell it yet: then the code's path is not known to be right."""
    await adopted(shown)
    without = text("UPDATE foreign_certificate SET proof = proof - 'code_heads'")
    async with shown.here.library.database.transaction() as uow:
        await uow.connection.execute(without)

    told = await shown.verified("code")
    await adopted(shown)

    assert (told["verdict"], told["reason"]) == ("UNKNOWN", "REGION_NOT_ASKED")
    assert (await shown.verified("code"))["verdict"] == "VALID"


async def test_the_code_seen_on_a_file_of_another_region_must_be_its_own(shown: Shown) -> None:
    await adopted(shown)
    own = f"https://x.test/c/{shown.identifier}?{shown.proof}"
    seen = {
        "own": own,
        "damaged": own[:-1] + ("A" if own[-1] != "A" else "Q"),
        "another's": own.replace(shown.identifier, build_certificate_identifier(FOOD_LICENCE, MARKET.uscc, "JY1")),
    }

    told = {name: await shown.verified("file", code=code) for name, code in seen.items()}

    assert {name: (one["verdict"], one["reason"]) for name, one in told.items()} == {
        "own": ("VALID", None),
        "damaged": ("ALTERED", "PROOF_FALSE"),
        "another's": ("ALTERED", "QR_SWAPPED"),
    }


async def test_a_paper_of_another_region_is_verified_by_its_registered_seal_else_told_whose_it_is(
    shown: Shown,
) -> None:
    damaged = bytearray(shown.paper)
    damaged[len(damaged) // 3] ^= 1
    peers = "UPDATE peer SET closed = {}"

    genuine = await replace(shown, pdf=shown.paper).verified("file")
    swapped = await replace(shown, pdf=shown.paper).verified("file", code="https://x.test/v?paper=another")
    changed = await replace(shown, pdf=bytes(damaged)).verified("file")
    async with shown.here.library.database.transaction() as uow:
        await uow.connection.exec_driver_sql(peers.format("true"))
    unknown = await replace(shown, pdf=shown.paper).verified("file")
    async with shown.here.library.database.transaction() as uow:
        await uow.connection.exec_driver_sql(peers.format("false"))

    assert (genuine["verdict"], genuine["issued_in"]["name"]) == ("VALID", "永州市零陵区")
    assert THEIR_MARKET.name in genuine["message"]
    assert (swapped["verdict"], swapped["reason"]) == ("ALTERED", "QR_SWAPPED")
    assert (changed["verdict"], changed["reason"]) == ("ALTERED", "FILE_ALTERED")
    assert (unknown["verdict"], unknown["reason"], unknown["region"]) == ("UNKNOWN", "OTHER_REGION", "431102")
    assert unknown["label"] == "外地文书"
    assert "扫描文书上的二维码" in unknown["advice"]


async def test_a_paper_of_another_region_is_told_offline_too(shown: Shown) -> None:
    ours = (await shown.here.library.http.get("/.well-known/certificate-jwks.json")).json()

    told = {
        name: check(shown.paper, Known(keys, {}, today()))
        for name, keys in {"ours": ours, "theirs": shown.their_keys}.items()
    }

    assert (told["ours"].outcome, told["ours"].reason) == (Outcome.UNDECIDED, "OTHER_REGION")
    assert told["theirs"].outcome is Outcome.GENUINE


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
