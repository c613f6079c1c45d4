"""The transparency log in the database: every act a leaf, no gap, heads and proofs that anybody can check."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select, text

from services.certificate.commands import log_heads
from services.certificate.commands.log import Entry, later_act, log
from services.certificate.domain import merkle
from services.certificate.domain.errors import LogBroken
from services.certificate.domain.transparency import Act, Leaf
from services.certificate.files.records import HEAD_TYPE, content_hash, verify_record
from services.certificate.tables import certificate, log_head, log_leaf, log_state
from services.chassis.clock import now
from tests.support.certificate import Library

LOG = "/api/v1/certificates/log"


async def head_of(library: Library) -> dict[str, Any]:
    await log_heads.sign_head(library.database, library.kit, now=now())
    answer = await library.get(f"{LOG}/head")
    assert answer.status_code == 200
    return dict(answer.json())


async def test_an_issued_certificate_is_proven_by_what_anybody_can_fetch(library: Library):
    row = await library.issued()
    head = await head_of(library)

    proven = (await library.get(f"{LOG}/inclusion", identifier=row["identifier"])).json()
    record = (await library.get(f"/api/v1/certificates/{row['identifier']}", library.citizen())).json()["jws_general"]
    keys = (await library.get("/.well-known/certificate-jwks.json")).json()

    signed = verify_record(head["jws"], keys, typ=HEAD_TYPE)
    canonical = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    leaf = Leaf(Act.ISSUE, row["identifier"], content_hash(canonical)).hash()
    path = [bytes.fromhex(part) for part in proven["proof"]]
    assert (signed["size"], signed["root"], signed["log"]) == (head["size"], head["root"], "431202000000")
    assert merkle.verify_inclusion(proven["leaf"]["index"], head["size"], leaf, path, bytes.fromhex(head["root"]))
    assert proven["head"] == head
    assert row["holder_name"] not in json.dumps([head, proven], ensure_ascii=False)


async def test_every_size_continues_every_earlier_one(library: Library):
    heads = []
    for _ in range(3):
        await library.issued()
        heads.append(await head_of(library))

    for first, second in ((0, 1), (0, 2), (1, 2), (2, 2)):
        old, new = heads[first], heads[second]
        answer = (await library.get(f"{LOG}/consistency", first=old["size"], second=new["size"])).json()
        proof = [bytes.fromhex(part) for part in answer["proof"]]
        roots = (bytes.fromhex(old["root"]), bytes.fromhex(new["root"]))
        assert merkle.verify_consistency(old["size"], new["size"], *roots, proof)
    listed = (await library.get(f"{LOG}/heads", after=heads[0]["size"] - 1)).json()["items"]
    assert listed == heads
    assert (await library.get(f"{LOG}/heads/{heads[1]['size']}")).json() == heads[1]


async def test_nothing_new_needs_no_new_head(library: Library):
    await library.issued()
    await head_of(library)

    again = await log_heads.sign_head(library.database, library.kit, now=now())

    assert again is None


async def test_a_head_is_told_as_an_event(library: Library):
    await library.issued()
    head = await head_of(library)

    rows = await library.rows(
        "SELECT payload FROM outbox WHERE subject = 'certificate.log_head.signed.v1' ORDER BY seq DESC LIMIT 1"
    )

    told = json.loads(rows[0].payload)
    assert (told["size"], told["root"], told["jws"]) == (head["size"], head["root"], head["jws"])


async def test_later_acts_have_their_own_leaf(library: Library):
    row = await library.issued()
    await library.act(row, Act.ANNUL, "ANNULLED")
    head = await head_of(library)

    latest = (await library.get(f"{LOG}/inclusion", identifier=row["identifier"])).json()
    first = (await library.get(f"{LOG}/inclusion", index=latest["leaf"]["index"] - 1)).json()

    assert [first["leaf"]["act"], latest["leaf"]["act"]] == ["ISSUE", "ANNUL"]
    assert first["leaf"]["identifier"] == latest["leaf"]["identifier"] == row["identifier"]
    assert latest["root"] == head["root"]


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("inclusion", {}, 422),
        ("inclusion", {"identifier": "1.2.3"}, 404),
        ("inclusion", {"index": 10**9}, 404),
        ("inclusion", {"index": 0, "size": 10**9}, 404),
        ("consistency", {"first": 2, "second": 1}, 422),
        ("consistency", {"first": 1, "second": 10**9}, 422),
        ("heads/1000000", {}, 404),
        ("leaves", {"first": 10**12}, 200),
    ],
)
async def test_what_the_log_has_not_is_told(library: Library, path: str, query: dict[str, Any], status: int):
    await library.issued()
    await head_of(library)

    answer = await library.get(f"{LOG}/{path}", **query)

    assert answer.status_code == status


async def test_many_issuers_at_once_leave_no_gap_and_no_certificate_without_a_leaf(library: Library):
    before = await library.rows("SELECT size FROM log_state")

    await asyncio.gather(*(library.issued() for _ in range(24)))

    after = await library.rows("SELECT size FROM log_state")
    leaves = await library.rows("SELECT leaf_index FROM log_leaf ORDER BY leaf_index")
    assert after[0].size == before[0].size + 24
    assert [row.leaf_index for row in leaves] == list(range(after[0].size))
    assert (await library.get(f"{LOG}/strays")).json()["strays"] == 0
    assert (await head_of(library))["size"] == after[0].size


async def test_an_act_that_fails_gives_its_place_back(library: Library):
    before = await library.rows("SELECT size, frontier FROM log_state")

    with pytest.raises(RuntimeError):
        async with library.database.transaction() as uow:
            log(uow, [Entry(Act.ISSUE, uuid4(), "1.2.3", "a.b.c")])
            uow.at_the_end(_fail)

    assert await library.rows("SELECT size, frontier FROM log_state") == before


async def _fail(*_: object) -> None:
    raise RuntimeError("after the leaf, before the commit")


async def test_acts_of_one_transaction_are_leaves_in_their_order(library: Library):
    row = SimpleNamespace(**await library.issued())
    before = (await library.rows("SELECT size FROM log_state"))[0].size

    async with library.database.transaction() as uow:
        for act in (Act.REPORT_LOSS, Act.WITHDRAW_LOSS, Act.REPRINT):
            log(uow, [later_act(act, row, library.kit)])

    ordered = await library.rows("SELECT act FROM log_leaf WHERE leaf_index >= :b ORDER BY leaf_index", b=before)
    assert [one.act for one in ordered] == ["REPORT_LOSS", "WITHDRAW_LOSS", "REPRINT"]
    assert (await head_of(library))["size"] == before + 3


async def test_a_full_head_does_not_wait_for_the_next_minute(library: Library, monkeypatch: pytest.MonkeyPatch):
    await head_of(library)
    seldom = replace(library.kit, settings=library.kit.settings.model_copy(update={"log_head_seconds": 3600}))
    monkeypatch.setattr(log_heads, "_MOST", 2)
    for _ in range(5):
        await library.issued()

    signed = [await log_heads.sign_head(library.database, seldom, now=now()) for _ in range(3)]

    sizes = [head and head.size for head in signed]
    assert sizes == [sizes[0], (sizes[0] or 0) + 2, None]


async def test_a_library_from_before_the_log_gets_its_leaves_once(library: Library):
    row, annulled = await library.issued(), await library.issued()
    await library.act(annulled, Act.ANNUL, "ANNULLED")
    async with library.database.transaction() as uow:
        for table in ("log_leaf", "log_head"):
            await uow.connection.execute(text(f"DELETE FROM {table}"))
        await uow.connection.execute(text("UPDATE log_state SET size = 0, frontier = '', to_fill = true"))

    meanwhile = await library.get("/api/v1/certificates/verify", identifier=row["identifier"])
    filled = [await log_heads.fill(library.database, library.kit) for _ in range(2)]

    certificates = await library.rows("SELECT id FROM certificate")
    assert meanwhile.json()["verdict"] == "VALID"
    assert filled == [len(certificates), 0]
    assert (await head_of(library))["size"] > len(certificates)
    later = await library.get("/api/v1/certificates/verify", identifier=annulled["identifier"])
    assert (later.json()["verdict"], later.json()["reason"]) == ("NO_LONGER_VALID", "ANNULLED")


# --- nothing that came into the tables otherwise is ever signed


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("UPDATE certificate SET jws_sealed = 'x' WHERE id = :id", id="record rewritten"),
        pytest.param("UPDATE certificate SET identifier = '1.2.3' WHERE id = :id", id="another certificate's record"),
        pytest.param("DELETE FROM certificate WHERE id = :id", id="row removed"),
        pytest.param("DELETE FROM log_leaf WHERE certificate_id = :id", id="leaf removed"),
        pytest.param("UPDATE log_leaf SET act = 'RENEW' WHERE certificate_id = :id", id="act rewritten"),
        pytest.param(
            "UPDATE log_leaf SET hashes = decode(repeat('00', 32), 'hex') || substring(hashes FROM 33) "
            "WHERE certificate_id = :id",
            id="hash rewritten",
        ),
    ],
)
async def test_no_head_is_signed_over_what_was_changed(library: Library, change: str):
    async with undone(library) as broken:
        row = await broken.issued()
        async with broken.database.transaction() as uow:
            await uow.connection.execute(text(change), {"id": row["id"]})

        with pytest.raises(LogBroken):
            await log_heads.sign_head(broken.database, broken.kit, now=now())


async def test_no_head_is_signed_when_an_old_leaf_was_changed(library: Library):
    async with undone(library) as broken:
        await broken.issued()
        await head_of(broken)
        await broken.issued()
        async with broken.database.transaction() as uow:
            await uow.connection.execute(text("UPDATE log_leaf SET hashes = sha256(hashes) || sha256(hashes)"))

        with pytest.raises(LogBroken):
            await log_heads.sign_head(broken.database, broken.kit, now=now())


@asynccontextmanager
async def undone(library: Library) -> AsyncIterator[Library]:
    """The tables are as before when the test is over."""
    tables = (certificate, log_leaf, log_state, log_head)
    async with library.database.read() as connection:
        kept = {table: (await connection.execute(select(table))).mappings().all() for table in tables}
    try:
        yield library
    finally:
        async with library.database.transaction() as uow:
            for table, rows in kept.items():
                await uow.connection.execute(delete(table))
                if rows:
                    await uow.connection.execute(insert(table), [dict(row) for row in rows])
