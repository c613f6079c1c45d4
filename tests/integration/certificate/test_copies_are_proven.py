"""Duplicates and purpose-stamped copies as proven things: by their code, their file, their number; without us, too."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.certificate.commands import copy_acts, verify
from services.certificate.commands.log import later_act, log
from services.certificate.domain.copies import CopyKind, Stamp
from services.certificate.domain.transparency import Act
from services.certificate.files.records import ACT_TYPE, RecordSigner, payload_of
from services.certificate.life import copy_queries
from services.certificate.verification.offline import Known, Outcome, check, read_heads
from services.chassis import clock
from services.chassis.clock import today
from services.chassis.ids import uuid7
from tests.support import tokens
from tests.support.certificate import Library
from tests.support.pages import qr_codes

PURPOSE = "办理银行开户"
UNTIL = timedelta(days=30)
LOG = "/api/v1/certificates/log"
VERIFY = "/api/v1/certificates/verify"


@dataclass(frozen=True)
class Copy:
    """One copy: its number here, its file, the text of its code."""

    copy_id: str
    pdf: bytes
    code: str


@dataclass(frozen=True)
class Copies:
    """A certificate's own code, a duplicate and a stamped copy of it, and what an outside holder has saved."""

    library: Library
    identifier: str
    original: Copy
    duplicate: Copy
    stamped: Copy
    known: Known

    async def online(self, what: str, copy: Copy, day: date | None = None) -> tuple[str, str | None, str | None]:
        """Verdict, reason and purpose that are told of a copy."""
        moment = clock.now() + (day - today() if day else timedelta())
        db, kit = self.library.database, self.library.kit
        if what == "file":
            told = await verify.file(db, copy.pdf, kit, now=moment)
        elif what == "code":
            proof = copy.code.partition("?")[2]
            told = await verify.qr_code(db, self.identifier, proof, kit, now=moment)
        else:
            told = await verify.copy(db, UUID(copy.copy_id), kit, now=moment)
        reason = told.reason.value if told.reason else None
        return told.verdict.value, reason, told.stamped.purpose if told.stamped else None


@pytest.fixture(scope="module")
async def copies(library: Library) -> Copies:
    row = await library.issued()
    path = f"/api/v1/certificates/{row['identifier']}"
    clerk = tokens.headers(["HANDOVER_CLERK"], sub=tokens.account("producer"), channel="COUNTER")
    until = today() + UNTIL
    wanted: list[tuple[str, dict[str, str], dict[str, Any]]] = [
        ("prints", clerk, {}),
        ("prints", clerk, {"reason": "纸质证件污损"}),
        ("copies", library.citizen(), {"purpose": PURPOSE, "expires_on": until.isoformat()}),
    ]
    made = []
    for act, who, body in wanted:
        headers = who | {"Idempotency-Key": str(uuid7())}
        made.append((await library.http.post(f"{path}/{act}", headers=headers, json=body)).json())
    async with library.file_maker() as maker:
        while await maker.make_due():
            pass
    found = []
    for one in made:
        pdf = (await library.get(one["file_url"], library.citizen())).content
        found.append(Copy(one["copy_id"], pdf, qr_codes(pdf)[0]))
    keys = (await library.get("/.well-known/certificate-jwks.json")).json()
    heads = read_heads((await library.get(f"{LOG}/heads")).text, keys)
    original, duplicate, stamped = found
    return Copies(library, row["identifier"], original, duplicate, stamped, Known(keys, heads, today()))


async def test_a_copy_is_told_with_its_purpose_by_its_code_its_file_and_its_number(copies: Copies) -> None:
    ways = ("code", "file", "number")

    stamped = {await copies.online(way, copies.stamped) for way in ways}
    duplicate = {await copies.online(way, copies.duplicate) for way in ways}
    over = {await copies.online(way, copies.stamped, today() + UNTIL + timedelta(days=1)) for way in ways}

    assert stamped == {("VALID", None, PURPOSE)}
    assert duplicate == {("VALID", None, None)}
    assert over == {("NO_LONGER_VALID", "COPY_EXPIRED", PURPOSE)}
    assert len(copies.stamped.code) < 1024


def test_a_copy_is_checked_without_us(copies: Copies) -> None:
    later = replace(copies.known, today=today() + UNTIL + timedelta(days=1))
    changed = copies.stamped.code[:-9] + ("A" if copies.stamped.code[-9] != "A" else "B") + copies.stamped.code[-8:]

    stamped, duplicate = (check(one.pdf, copies.known) for one in (copies.stamped, copies.duplicate))
    codes = [check(one.code.encode(), copies.known) for one in (copies.stamped, copies.duplicate)]
    over = check(copies.stamped.pdf, later)

    assert (stamped.outcome, duplicate.outcome) == (Outcome.GENUINE, Outcome.GENUINE)
    assert any(PURPOSE in line and "有效至" in line for line in stamped.lines)
    assert any("副本　第1号" in line for line in duplicate.lines)
    assert [one.outcome for one in codes] == [Outcome.RECORDED, Outcome.RECORDED]
    assert all("二维码属于副本或加注件" in "".join(one.lines) for one in codes)
    assert (over.outcome, over.reason) == (Outcome.NO_LONGER_VALID, "COPY_EXPIRED")
    assert (check(changed.encode(), copies.known).reason) == "PROOF_FALSE"


async def test_the_code_of_the_original_or_of_another_copy_on_a_copy_is_told(copies: Copies) -> None:
    library = copies.library

    async def seen(on: Copy, code: str) -> tuple[str | None, str | None]:
        told = await verify.file(library.database, on.pdf, library.kit, now=clock.now(), code=code)
        return told.reason, check(on.pdf, replace(copies.known, code=code)).reason

    on_the_original = f"{copies.original.code.partition('?')[0]}?{copies.stamped.code.partition('?')[2]}"

    own = await seen(copies.stamped, copies.stamped.code)
    others = {
        await seen(copies.stamped, copies.original.code),
        await seen(copies.stamped, copies.duplicate.code),
        await seen(copies.original, on_the_original),
    }

    assert own == (None, None)
    assert others == {("QR_SWAPPED", "QR_SWAPPED")}


@asynccontextmanager
async def changed(copies: Copies, column: str) -> AsyncIterator[None]:
    """The row of the stamped copy says something else for a while."""
    name, of = column.partition(" ")[0], {"id": copies.stamped.copy_id}
    (before,) = await copies.library.rows("SELECT * FROM certificate_copy WHERE id = :id", **of)
    statement = "UPDATE certificate_copy SET {} WHERE id = :id"
    async with copies.library.database.transaction() as uow:
        await uow.connection.execute(text(statement.format(column)), of)
    yield
    async with copies.library.database.transaction() as uow:
        await uow.connection.execute(text(statement.format(f"{name} = :was")), of | {"was": getattr(before, name)})


@pytest.mark.parametrize("column", ["purpose = '办理贷款'", "expires_on = '2999-01-01'"])
async def test_a_row_that_says_something_else_than_was_signed_is_told(copies: Copies, column: str) -> None:
    async with changed(copies, column):
        told = {await copies.online(way, copies.stamped) for way in ("code", "file", "number")}

    assert told == {("ALTERED", "RECORD_ALTERED", None)}


async def test_a_row_of_a_copy_that_nobody_made_proves_nothing(copies: Copies) -> None:
    invented = uuid7()
    insert = (
        "INSERT INTO certificate_copy (id, certificate_id, kind, ordinal, purpose, expires_on, made_at, made_by) "
        "SELECT :invented, certificate_id, kind, 7, '抵押贷款', expires_on, made_at, made_by FROM certificate_copy "
        "WHERE id = :id"
    )
    async with copies.library.database.transaction() as uow:
        await uow.connection.execute(text(insert), {"invented": invented, "id": copies.stamped.copy_id})

    told = (await copies.library.get(VERIFY, copy=str(invented))).json()

    assert (told["verdict"], told["reason"], told["stamped"]) == ("UNKNOWN", "NOT_IN_LIBRARY", None)


@pytest.mark.parametrize("fault", ["signed by a stranger", "another record than was logged"])
async def test_a_leaf_proves_a_copy_by_a_record_of_ours_that_is_the_one_logged_alone(
    copies: Copies, fault: str, tmp_path: Path
) -> None:
    """Whoever writes to the tables adds a leaf beside his row of a copy."""
    library, kit, invented = copies.library, copies.library.kit, uuid7()
    stamp = Stamp(CopyKind.PURPOSE, invented.int % 10**6 + 10, "抵押贷款", today() + UNTIL)
    (row,) = await library.rows("SELECT id, identifier FROM certificate WHERE identifier = :of", of=copies.identifier)
    act, other = (copy_acts.entry(row, invented, stamp, kit, clock.now()) for _ in range(2))
    if fault == "signed by a stranger":
        forged = RecordSigner.load(tmp_path).sign(payload_of(act.signed_record), typ=ACT_TYPE)
        act = replace(act, signed_record=forged, sealed=kit.seal_record(forged))
    else:
        act = replace(act, signed_record=other.signed_record)
    async with library.database.transaction() as uow:
        await copy_queries.add(uow.connection, invented, row.id, stamp, "nobody", clock.now())
        log(uow, [act])

    told = (await library.get(VERIFY, copy=str(invented))).json()

    assert (told["verdict"], told["stamped"]) == ("UNKNOWN", None)


async def test_a_duplicate_from_before_acts_named_their_copies_is_found_by_its_number(copies: Copies) -> None:
    library, old = copies.library, uuid7()
    of = {"old": old, "id": copies.duplicate.copy_id}
    insert = (
        "INSERT INTO certificate_copy (id, certificate_id, kind, ordinal, purpose, expires_on, made_at, made_by) "
        "SELECT :old, certificate_id, kind, 9, '', NULL, made_at, made_by FROM certificate_copy WHERE id = :id"
    )
    (row,) = await library.rows("SELECT id, identifier FROM certificate WHERE identifier = :of", of=copies.identifier)
    async with library.database.transaction() as uow:
        await uow.connection.execute(text(insert), of)
        log(uow, [later_act(Act.REPRINT, row, library.kit, at=clock.now().isoformat(), duplicate="9")])

    told = (await library.get(VERIFY, copy=str(old))).json()

    assert (told["verdict"], told["stamped"]["number"]) == ("VALID", 9)


async def test_which_copies_a_holder_had_made_is_not_told_by_the_log(copies: Copies) -> None:
    library = copies.library
    of_stamped = "SELECT leaf_index FROM certificate_copy WHERE id = :id"
    (leaf,) = await library.rows(of_stamped, id=copies.stamped.copy_id)

    by_place = await library.get(f"{LOG}/inclusion", index=leaf.leaf_index)
    by_identifier = (await library.get(f"{LOG}/inclusion", identifier=copies.identifier)).json()

    assert (by_place.status_code, by_place.json()["code"]) == (404, "certificate.no-such-leaf")
    assert by_identifier["leaf"]["act"] == "REPRINT"
