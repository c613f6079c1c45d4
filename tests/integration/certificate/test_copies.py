"""Prints of the production counter and purpose-stamped copies: numbered, stamped, verified as what they are."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import httpx
import pytest
from pypdf import PdfReader

from services.certificate import repository
from services.certificate.commands import log_copies, log_heads, make_files, verify
from services.certificate.commands.issue_certificates import file_job
from services.certificate.domain.copies import COPIES_A_DAY, CopyKind, Stamp
from services.certificate.kit import Kit
from services.certificate.life import copy_queries
from services.chassis import clock
from services.chassis.clock import SHANGHAI, local_date
from services.chassis.http import Now
from services.chassis.ids import uuid7
from tests.support import tokens
from tests.support.certificate import MARKET, OTHER, Library

Row = dict[str, Any]


def counter(division: str = "431202000000") -> dict[str, str]:
    body = {"org": MARKET.uscc, "org_name": MARKET.name, "division": division}
    return tokens.headers(["HANDOVER_CLERK"], sub=tokens.account("producer"), channel="COUNTER", **body)


async def post(library: Library, row: Row, path: str, who: dict[str, str], **body: Any) -> httpx.Response:
    headers = who | {"Idempotency-Key": str(uuid7())}
    return await library.http.post(f"/api/v1/certificates/{row['identifier']}/{path}", headers=headers, json=body)


async def a_copy(library: Library, row: Row, days: int = 30, **body: Any) -> httpx.Response:
    until = local_date(clock.now()) + timedelta(days=days)
    said = {"purpose": "办理银行开户", "expires_on": until.isoformat()} | body
    return await post(library, row, "copies", library.citizen(), **said)


@contextmanager
def at(library: Library, instant: datetime) -> Iterator[None]:
    """Requests inside are answered as of this instant."""
    given, overrides = Now.__metadata__[0].dependency, library.app.dependency_overrides  # type: ignore[attr-defined]
    overrides[given] = lambda: instant
    try:
        yield
    finally:
        del overrides[given]


async def made(library: Library, url: str, who: dict[str, str]) -> bytes:
    async with library.file_maker() as maker:
        while (await library.get(url, who)).status_code == 202:
            await maker.make_due()
    return (await library.get(url, who)).content


def text_of(pdf: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


async def test_the_first_print_is_the_original_and_the_others_are_numbered_duplicates(library: Library) -> None:
    row = await library.issued()

    first = await post(library, row, "prints", counter())
    without = await post(library, row, "prints", counter())
    second = await post(library, row, "prints", counter(), reason="纸质证件污损")
    third = await post(library, row, "prints", counter(), reason="纸质证件遗失后找回又损坏")

    assert [(one.status_code, one.json().get("number")) for one in (first, second, third)] == [
        (201, 0),
        (201, 1),
        (201, 2),
    ]
    assert (without.status_code, without.json()["code"]) == (422, "certificate.copy-impossible")
    assert first.json()["file_url"] == f"/api/v1/certificates/{row['identifier']}/file"
    assert second.json()["mark"] == "副本　第1号（补证）"
    leaves = await library.rows("SELECT act FROM log_leaf WHERE certificate_id = :id ORDER BY leaf_index", id=row["id"])
    assert [leaf.act for leaf in leaves] == ["ISSUE", "REPRINT", "REPRINT"]
    told = [subject for _, subject in await library.events_of(row["id"])]
    assert told.count("certificate.certificate.printed.v1") == 3


async def test_prints_at_once_get_each_a_number_of_their_own(library: Library) -> None:
    row = await library.issued()

    answers = await asyncio.gather(*(post(library, row, "prints", counter(), reason="补证") for _ in range(5)))

    assert sorted(answer.json()["number"] for answer in answers) == [0, 1, 2, 3, 4]


async def test_a_duplicate_carries_its_number_and_verifies(library: Library) -> None:
    row = await library.issued()
    await post(library, row, "prints", counter())
    copy = (await post(library, row, "prints", counter(), reason="补证")).json()

    pdf = await made(library, copy["file_url"], counter())

    assert "第1号" in text_of(pdf)
    told = await verify.file(library.database, pdf, library.kit, now=clock.now())
    assert (told.verdict, told.stamped and told.stamped.number) == ("VALID", 1)


async def test_a_stamped_copy_tells_its_purpose_and_ends_before_its_certificate(library: Library) -> None:
    row = await library.issued()
    copy = (await a_copy(library, row)).json()

    pdf = await made(library, copy["file_url"], library.citizen())

    assert "办理银行开户" in text_of(pdf)
    path = "/api/v1/certificates/verify"
    by_code = (await library.get(path, copy=copy["copy_id"])).json()
    assert (by_code["verdict"], by_code["stamped"]["purpose"]) == ("VALID", "办理银行开户")
    assert by_code["stamped"]["expires_on"] == copy["expires_on"]
    later = clock.now() + timedelta(days=31)
    told = await verify.file(library.database, pdf, library.kit, now=later)
    assert (told.verdict, told.reason) == ("NO_LONGER_VALID", "COPY_EXPIRED")
    assert told.certificate is not None
    whole = await verify.identifier(library.database, row["identifier"], library.kit, now=later)
    assert whole.verdict == "VALID"


async def test_a_certificate_has_so_many_copies_a_day_and_no_more(library: Library) -> None:
    row = await library.issued()
    noon = clock.now().astimezone(SHANGHAI).replace(hour=12, minute=0, second=0, microsecond=0)
    with at(library, noon):
        made_today = [(await a_copy(library, row)).status_code for _ in range(COPIES_A_DAY)]
        refused = await a_copy(library, row)
        printed = await post(library, row, "prints", counter())
    with at(library, noon + timedelta(hours=12)):
        on_the_next_day = await a_copy(library, row)

    assert (set(made_today), refused.status_code, printed.status_code) == ({201}, 429, 201)
    assert refused.json()["code"] == "certificate.copy-limit"
    assert int(refused.headers["Retry-After"]) == 12 * 3600 + 1
    assert on_the_next_day.status_code == 201


async def test_a_copy_of_what_was_lost_is_worth_nothing(library: Library) -> None:
    row = await library.issued()
    copy = (await a_copy(library, row)).json()
    version = (await library.rows("SELECT version FROM certificate WHERE id = :id", id=row["id"]))[0].version
    headers = library.citizen() | {"Idempotency-Key": str(uuid7()), "If-Match": f'"v{version}"'}
    lost = await library.http.post(f"/api/v1/certificates/{row['identifier']}/loss", headers=headers)

    told = (await library.get("/api/v1/certificates/verify", copy=copy["copy_id"])).json()

    assert lost.status_code == 201
    assert (told["verdict"], told["reason"]) == ("NO_LONGER_VALID", "LOST")
    assert (await a_copy(library, row)).status_code == 409
    assert (await post(library, row, "prints", counter())).status_code == 409


@pytest.mark.parametrize("days", [-1, 367, 365 * 6], ids=["over already", "longer than a year", "past the certificate"])
async def test_a_copy_that_would_not_end_in_time_is_not_made(library: Library, days: int) -> None:
    answer = await a_copy(library, await library.issued(), days=days)

    assert (answer.status_code, answer.json()["code"]) == (422, "certificate.copy-impossible")


async def test_a_purpose_holds_no_citizens_number(library: Library) -> None:
    answer = await a_copy(library, await library.issued(), purpose=f"给{OTHER}看")

    assert answer.status_code == 422


async def test_copies_are_for_the_holder_and_his_window_only(library: Library) -> None:
    row = await library.issued()
    copy = (await a_copy(library, row)).json()
    of, listed = copy["file_url"], f"/api/v1/certificates/{row['identifier']}/copies"

    assert [one["copy_id"] for one in (await library.get(listed, library.citizen())).json()["items"]] == [
        copy["copy_id"]
    ]
    for stranger in (library.citizen(OTHER), counter("431221000000")):
        assert (await library.get(listed, stranger)).status_code == 404
        assert (await library.get(of, stranger)).status_code == 404
    assert (
        await post(library, row, "copies", library.citizen(OTHER), purpose="看看", expires_on="2026-12-01")
    ).status_code == 404
    other = await library.issued()
    assert (await library.get(of.replace(row["identifier"], other["identifier"]), library.citizen())).status_code == 404


async def test_a_stamped_copy_from_before_its_act_was_logged_gets_its_leaf_once(library: Library) -> None:
    row, old, invented = await library.issued(), uuid7(), uuid7()
    await as_before(library, row, old)
    url = f"/api/v1/certificates/{row['identifier']}/copies/{old}/file"
    path = "/api/v1/certificates/verify"
    await log_heads.sign_heads(library.database, library.kit, now=clock.now())
    waited = not await claimed(library, old)

    filled = [await log_copies.fill(library.database, library.kit)]
    await as_before(library, row, invented, ordinal=2, to_fill=False)
    filled.append(await log_copies.fill(library.database, library.kit))

    told, unproven = [(await library.get(path, copy=str(one))).json() for one in (old, invented)]
    by_file = await verify.file(
        library.database, await made(library, url, library.citizen()), library.kit, now=clock.now()
    )
    assert (waited, filled) == (True, [1, 0])
    assert (told["verdict"], told["stamped"]["purpose"]) == ("VALID", "办理银行开户")
    assert by_file.verdict == "VALID"
    assert unproven["verdict"] == "UNKNOWN"


async def as_before(library: Library, row: Row, copy_id: UUID, *, ordinal: int = 1, to_fill: bool = True) -> None:
    """A stamped copy as it was kept when no act of it was logged, in a library that was upgraded since."""
    stamp = Stamp(CopyKind.PURPOSE, ordinal, "办理银行开户", local_date(clock.now()) + timedelta(days=30))
    async with library.database.transaction() as uow:
        await copy_queries.add(uow.connection, copy_id, row["id"], stamp, "holder", clock.now())
        if to_fill:
            await repository.add_jobs(uow.connection, [file_job("COPY", copy_id)])
            await uow.connection.exec_driver_sql("UPDATE log_state SET copies_to_fill = true")


async def test_what_was_logged_of_a_copy_already_is_only_noted_at_it(library: Library) -> None:
    row = await library.issued()
    copy = (await a_copy(library, row)).json()
    of = "SELECT c.leaf_index, l.leaf_index AS logged FROM certificate_copy c JOIN log_leaf l USING (certificate_id) "
    of += "WHERE c.id = :id AND l.act = 'COPY'"
    before = await library.rows(of, id=copy["copy_id"])
    async with library.database.transaction() as uow:
        await uow.connection.exec_driver_sql("UPDATE certificate_copy SET leaf_index = NULL")
        await uow.connection.exec_driver_sql("UPDATE log_state SET copies_to_fill = true")

    await log_copies.fill(library.database, library.kit)

    after = await library.rows(of, id=copy["copy_id"])
    assert len(after) == 1
    assert before == after
    assert after[0].leaf_index == after[0].logged


async def test_checking_one_of_many_copies_reads_the_record_of_its_own_act_alone(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await library.issued()
    copies = [(await a_copy(library, row)).json() for _ in range(3)]
    opened: list[object] = []
    usual = Kit.open_record

    def counted(kit: Kit, sealed: bytes) -> str:
        opened.append(sealed)
        return usual(kit, sealed)

    monkeypatch.setattr(Kit, "open_record", counted)
    path = "/api/v1/certificates/verify"

    told = [((await library.get(path, copy=one["copy_id"])).json()["stamped"]["number"], len(opened)) for one in copies]

    assert told == [(1, 2), (2, 4), (3, 6)]  # the act of the copy and the record of its certificate


async def test_the_file_of_a_copy_waits_for_a_head_over_the_act_that_made_it(library: Library) -> None:
    row = await library.issued()
    await log_heads.sign_heads(library.database, library.kit, now=clock.now())
    copy = (await a_copy(library, row)).json()

    before = await claimed(library, UUID(copy["copy_id"]))
    await log_heads.sign_heads(library.database, library.kit, now=clock.now())

    assert (before, await claimed(library, UUID(copy["copy_id"]))) == (False, True)


async def claimed(library: Library, copy_id: UUID) -> bool:
    """Whether its file may be made now; nobody's lease is lengthened."""
    jobs = await make_files.claim(library.database, 100, now=clock.real_now(), lease_seconds=0)
    return copy_id in [job.target_id for job in jobs]


async def test_an_unknown_copy_is_unknown(library: Library) -> None:
    told = (await library.get("/api/v1/certificates/verify", copy=str(uuid7()))).json()

    assert (told["verdict"], told["stamped"]) == ("UNKNOWN", None)


async def test_what_has_expired_is_neither_printed_nor_copied(library: Library) -> None:
    row = await library.issued()
    async with library.database.transaction() as uow:
        await uow.connection.exec_driver_sql(
            f"UPDATE certificate SET valid_until = '{date(2020, 1, 1)}' WHERE id = '{row['id']}'"
        )

    assert (await post(library, row, "prints", counter())).status_code == 409
