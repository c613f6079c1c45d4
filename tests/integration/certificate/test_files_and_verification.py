"""Files made in the background and verified: valid, altered, unknown, no longer valid — without a single number."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from sqlalchemy import text

from services.certificate import stored_files
from services.certificate.commands import log_heads, make_files
from services.certificate.domain.transparency import Act
from services.certificate.file_maker import FileMaker
from services.certificate.files.contents import Job, SealBody
from services.certificate.files.seal_keys import FileSealKeys
from services.certificate.files.sealing import make_file
from services.chassis.clock import real_now
from services.chassis.files import Files
from tests.support import certificate_files as samples
from tests.support.certificate import MARKER, NOON, POLICE, Library, an_item
from tests.support.hostile_files import SCRIPT, a_pdf

NOWHERE = "1.2.156.3005.2.11431202006100029C002.11431202006100029C.JY24312020000001.001."
Sealed = tuple[dict[str, Any], Response, Response]
VERIFY = "/api/v1/certificates/verify"


@pytest.fixture(scope="module")
async def maker(library: Library) -> AsyncIterator[FileMaker]:
    async with library.file_maker() as running:
        yield running


async def make_all(maker: FileMaker) -> None:
    while await maker.make_due():
        pass


async def upload(library: Library, content: bytes, **headers: str) -> Response:
    return await library.http.post(VERIFY, files={"file": ("x.pdf", content, "application/pdf")}, headers=headers)


@pytest.fixture(scope="module")
async def sealed(library: Library, maker: FileMaker) -> Sealed:
    """A certificate and its receipt, with their files."""
    case = library.a_case()
    row = await library.issued(case)
    await make_all(maker)
    certificate = await library.get(f"/api/v1/certificates/{row['identifier']}/file", library.citizen())
    (paper,) = await library.rows("SELECT * FROM paper WHERE case_id = :id AND kind = 'RECEIPT'", id=case.id)
    receipt = await library.get(f"/api/v1/papers/{paper.id}/file", library.citizen())
    assert (certificate.status_code, receipt.status_code) == (200, 200), certificate.text[:200]
    return row, certificate, receipt


async def test_a_made_file_is_recorded_told_and_stored_sealed(library: Library, sealed: Sealed):
    row, answer, _ = sealed

    stored = await library.rows("SELECT * FROM certificate WHERE id = :id", id=row["id"])
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert (stored[0].version, stored[0].file_sha256) == (2, sha256(answer.content).hexdigest())
    assert await library.events_of(row["id"]) == [
        (1, "certificate.certificate.issued.v1"),
        (2, "certificate.certificate.sealed.v1"),
    ]
    assert await library.rows("SELECT 1 FROM file_job WHERE target_id = :id", id=row["id"]) == []
    (on_disk,) = [path for path in library.folder.rglob(stored[0].file_name.split("/")[-1])]
    assert b"%PDF" not in on_disk.read_bytes()


async def test_a_genuine_certificate_is_valid_by_identifier_and_by_file(library: Library, sealed: Sealed):
    row, answer, _ = sealed

    by_identifier = await library.get(VERIFY, identifier=row["identifier"])
    by_file = await upload(library, answer.content)

    for result in (by_identifier, by_file):
        assert result.json()["verdict"] == "VALID", result.text
        assert result.json()["certificate"]["holder_name"] == "王**"
        assert MARKER not in result.text
        assert "masked" not in result.text
    assert by_identifier.json()["certificate"] == by_file.json()["certificate"]


async def test_a_paper_is_genuine_by_its_code_and_by_its_file(library: Library, sealed: Sealed):
    row, _, receipt = sealed
    (paper,) = await library.rows(
        "SELECT id, number FROM paper WHERE case_id = :id AND kind = 'RECEIPT'", id=row["case_id"]
    )

    by_code = await library.get(VERIFY, paper=str(paper.id))
    by_file = await upload(library, receipt.content)

    assert by_code.json()["verdict"] == by_file.json()["verdict"] == "VALID"
    assert by_file.json()["paper"]["number"] == paper.number


async def test_a_paper_under_the_seal_of_another_body_is_not_genuine(library: Library, sealed: Sealed):
    row, _, _ = sealed
    (paper,) = await library.rows("SELECT id FROM paper WHERE case_id = :id AND kind = 'RECEIPT'", id=row["case_id"])
    false = replace(samples.receipt(), reference=str(paper.id))
    job = Job(contents=false, seal=SealBody(name=POLICE.name, uscc=POLICE.uscc), at=samples.AT)
    pdf = await asyncio.to_thread(make_file, job, FileSealKeys(library.kit.settings.signing_dir))

    told = (await upload(library, pdf)).json()

    assert (told["verdict"], told["reason"], told["paper"]) == ("ALTERED", "RE_SIGNED", None)


async def test_one_changed_byte_or_one_added_makes_it_altered(library: Library, sealed: Sealed):
    _, answer, _ = sealed
    changed = bytearray(answer.content)
    changed[len(changed) // 2] ^= 1

    for content in (bytes(changed), answer.content + b"\n", answer.content[:-1]):
        result = (await upload(library, content)).json()
        assert (result["verdict"], result["certificate"]) == ("ALTERED", None)


async def test_a_pdf_that_is_not_ours_is_unknown(library: Library):
    result = await upload(library, b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n")

    assert (result.json()["verdict"], result.json()["reason"]) == ("UNKNOWN", "NOT_OURS")


@pytest.mark.parametrize(
    ("identifier", "reason"),
    [
        pytest.param(f"{NOWHERE}I", "NOT_IN_LIBRARY", id="sound but not ours"),
        pytest.param(f"{NOWHERE}J", "IDENTIFIER_MALFORMED", id="wrong check character"),
        pytest.param("", "IDENTIFIER_MALFORMED", id="empty"),
        pytest.param("' OR 1=1 --", "IDENTIFIER_MALFORMED", id="no identifier"),
    ],
)
async def test_a_false_identifier_is_unknown(library: Library, identifier: str, reason: str):
    result = (await library.get(VERIFY, identifier=identifier)).json()

    assert (result["verdict"], result["reason"], result["certificate"]) == ("UNKNOWN", reason, None)


@pytest.mark.parametrize(
    ("column", "value", "verdict", "reason"),
    [
        pytest.param("status", "ANNULLED", "ALTERED", "RECORD_ALTERED", id="a status without an act"),
        pytest.param("holder_name", "王大明", "ALTERED", "RECORD_ALTERED", id="a row with another name"),
        pytest.param("valid_until", date(2099, 1, 1), "ALTERED", "RECORD_ALTERED", id="a row that lives longer"),
        pytest.param("jws_sealed", b"x", "ALTERED", "RECORD_ALTERED", id="another record"),
    ],
)
async def test_the_row_is_held_against_its_signed_record(
    library: Library, column: str, value: object, verdict: str, reason: str
):
    row = await library.issued()
    async with library.database.transaction() as uow:
        change = text(f"UPDATE certificate SET {column} = :value WHERE id = :id")
        await uow.connection.execute(change, {"value": value, "id": row["id"]})

    result = (await library.get(VERIFY, identifier=row["identifier"])).json()

    assert (result["verdict"], result["reason"]) == (verdict, reason)
    async with library.database.transaction() as uow:  # nothing is signed over a broken library
        await uow.connection.execute(change, {"value": row[column], "id": row["id"]})


@pytest.mark.parametrize(("act", "status"), [(Act.ANNUL, "ANNULLED"), (Act.REPORT_LOSS, "LOST")])
async def test_an_act_is_told_at_once_and_cannot_be_undone_in_the_row(library: Library, act: Act, status: str):
    row = await library.issued()

    await library.act(row, act, status)
    told = (await library.get(VERIFY, identifier=row["identifier"])).json()
    async with library.database.transaction() as uow:
        await uow.connection.execute(text("UPDATE certificate SET status = 'VALID' WHERE id = :id"), {"id": row["id"]})
    undone = (await library.get(VERIFY, identifier=row["identifier"])).json()

    assert (told["verdict"], told["reason"]) == ("NO_LONGER_VALID", status)
    assert (undone["verdict"], undone["reason"]) == ("ALTERED", "RECORD_ALTERED")


async def test_an_expired_certificate_is_no_longer_valid(library: Library):
    case = library.a_case(item=an_item(certificate_validity="按决定"))
    await library.hear(case.decided(valid_until=NOON.date() + timedelta(days=1), valid_from=NOON.date()))
    (row,) = await library.rows("SELECT identifier FROM certificate WHERE case_id = :id", id=case.id)

    result = (await library.get(VERIFY, identifier=row.identifier)).json()

    assert (result["verdict"], result["reason"]) == ("NO_LONGER_VALID", "EXPIRED")


async def test_a_browser_gets_a_chinese_page_that_loads_nothing_from_elsewhere(library: Library, sealed: Sealed):
    row, answer, _ = sealed

    page = await library.get(VERIFY, {"Accept": "text/html,*/*;q=0.8"}, identifier=row["identifier"])
    uploaded = await upload(library, answer.content, Accept="text/html")
    form = await library.get(VERIFY, {"Accept": "text/html"})

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "真实有效" in page.text
    assert "王**" in page.text
    assert "真实有效" in uploaded.text
    assert 'type="file"' in form.text
    for text_ in (page.text, uploaded.text, form.text):
        assert "http" not in text_
        assert "<script" not in text_
        assert MARKER not in text_


async def test_what_is_typed_into_the_page_goes_into_no_address(library: Library, sealed: Sealed):
    row, _, _ = sealed
    form = await library.get(VERIFY, {"Accept": "text/html"})

    found = await library.http.post(VERIFY, data={"identifier": row["identifier"]}, headers={"Accept": "text/html"})
    typed = await library.http.post(VERIFY, data={"identifier": MARKER}, headers={"Accept": "text/html"})
    told = await library.http.post(VERIFY, data={"identifier": f" {row['identifier']} "})

    assert 'method="get"' not in form.text
    assert "真实有效" in found.text
    assert (typed.status_code, MARKER in typed.text) == (200, False)
    assert told.json()["verdict"] == "VALID"


async def test_a_page_never_repeats_what_was_asked_as_markup(library: Library):
    page = await library.get(VERIFY, {"Accept": "text/html"}, identifier="<script>alert(1)</script>")

    assert "<script" not in page.text


async def test_a_foreign_file_with_a_script_is_refused_and_an_altered_one_of_ours_is_told_as_altered(
    library: Library, sealed: Sealed
):
    script = a_pdf(SCRIPT, catalog=b"/OpenAction 4 0 R")
    _, answer, _ = sealed

    foreign = await upload(library, script)
    page = await upload(library, script, Accept="text/html")
    ours = await upload(library, answer.content + b"9 0 obj" + SCRIPT + b"endobj")

    assert (foreign.status_code, foreign.json()["errors"][0]["code"]) == (422, "pdf.script")
    assert (page.status_code, "含有脚本" in page.text) == (400, True)
    assert (ours.status_code, ours.json()["reason"]) == (200, "FILE_ALTERED")


async def test_anybody_can_check_a_record_with_the_published_keys(library: Library):
    first = await library.get("/.well-known/certificate-jwks.json")
    second = await library.get("/api/v1/certificates/jwks.json")

    keys = first.json()["keys"]
    assert first.json() == second.json()
    assert [(key["alg"], key["crv"]) for key in keys] == [("ES256", "P-256"), ("SM2SM3", "SM2")]
    assert all("d" not in key for key in keys)


# --- the making


async def test_a_character_the_font_lacks_is_told_by_name_and_not_tried_again(library: Library, maker: FileMaker):
    case = library.a_case(name="王\U0001f600")
    row = await library.issued(case)

    await make_all(maker)
    answer = await library.get(f"/api/v1/certificates/{row['identifier']}/file", library.citizen())

    assert answer.status_code == 409
    assert answer.json()["code"] == "certificate.file-failed"
    assert "\U0001f600" in answer.json()["detail"] or "1F600" in answer.json()["detail"]
    assert (await library.get(VERIFY, identifier=row["identifier"])).json()["verdict"] == "VALID"


async def test_a_job_of_a_killed_maker_comes_back_when_its_lease_ends(library: Library):
    await library.issued()
    now = real_now()
    await _release(library, now)

    taken = await make_files.claim(library.database, 100, now=now, lease_seconds=60)
    meanwhile = await make_files.claim(library.database, 100, now=now + timedelta(seconds=59), lease_seconds=60)
    later = await make_files.claim(library.database, 100, now=now + timedelta(seconds=61), lease_seconds=60)

    assert taken
    assert meanwhile == []
    assert {job.id for job in later} == {job.id for job in taken}
    await _release(library, now)


async def test_two_makers_never_take_the_same_job(library: Library):
    await library.issued()
    now = real_now()
    await _release(library, now)

    first, second = await asyncio.gather(
        *(make_files.claim(library.database, 2, now=now, lease_seconds=60) for _ in range(2))
    )

    assert not {job.id for job in first} & {job.id for job in second}
    await _release(library, now)


async def test_a_maker_that_lost_its_lease_cannot_finish(library: Library):
    row = await library.issued()
    now = real_now()
    await log_heads.sign_head(library.database, library.kit, now=now)
    old = await make_files.claim(library.database, 100, now=now, lease_seconds=1)
    new = await make_files.claim(library.database, 100, now=now + timedelta(seconds=2), lease_seconds=1)
    made = make_files.MadeFile("certificate/x", "0" * 64)
    mine = {job.target_id: job for job in old}[row["id"]], {job.target_id: job for job in new}[row["id"]]

    finished = [await make_files.finish(library.database, job, made, now=NOON) for job in mine]

    assert finished == [False, True]
    await _release(library, now)


async def test_a_store_that_is_away_loses_nothing(library: Library, tmp_path: Path):
    row = await library.issued()
    await _only(library, row["id"])
    kit = replace(library.kit, files=Files.open(f"file://{tmp_path}/store", library.kit.sealer))
    (tmp_path / "store").rmdir()
    (tmp_path / "store").write_text("no folder any more")

    async with library.file_maker(kit) as maker:
        taken = await maker.make_due()
        (waiting,) = await library.rows("SELECT * FROM file_job WHERE target_id = :id", id=row["id"])
        (tmp_path / "store").unlink()
        await _release(library, real_now())
        await maker.make_due()

    assert (taken, waiting.last_error, waiting.failed_reason) == (1, "FilesAway", None)
    assert await library.rows("SELECT 1 FROM file_job WHERE target_id = :id", id=row["id"]) == []
    assert (await library.events_of(row["id"]))[-1] == (2, "certificate.certificate.sealed.v1")


async def test_a_file_that_lost_its_row_is_swept_and_the_made_ones_stay(
    library: Library, maker: FileMaker, sealed: Sealed
):
    row, _, _ = sealed
    await make_all(maker)
    (lost := library.folder / "files" / "certificate" / str(row["id"]) / "lost-by-a-kill").write_bytes(b"sealed")
    files = {file for file in (library.folder / "files").rglob("*") if file.is_file()}
    for file in files:
        os.utime(file, (0, 0))

    await stored_files.orphans(library.kit)(library.database, NOON)

    assert {file for file in files if not file.exists()} == {lost}


async def _only(library: Library, target: UUID) -> None:
    """Leave exactly this job."""
    async with library.database.transaction() as uow:
        await uow.connection.execute(text("DELETE FROM file_job WHERE target_id <> :id"), {"id": target})


async def _release(library: Library, now: datetime) -> None:
    """Claimed jobs are due again, so that tests do not see each other's leases."""
    async with library.database.transaction() as uow:
        await uow.connection.execute(text("UPDATE file_job SET ready_at = :now"), {"now": now})
