"""Uploads: recognised by content, counted while they stream, never half stored, never named by the user."""

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.chassis.clock import real_now
from services.intake import stored_files
from services.intake.settings import settings
from tests.integration.intake.desk import LI, PDF, ZHANG, Desk, coverage
from tests.support import hostile_files as hostile
from tests.support.hostile_files import a_pdf, a_png

PNG = a_png()
LIMIT = 20 * 2**20


def stored(environment: Path) -> list[Path]:
    return [path for path in (environment / "files").rglob("*") if path.is_file()]


async def test_a_file_is_stored_sealed_and_comes_back_whole(desk: Desk, environment: Path) -> None:
    application = await desk.submitted("P10", who=desk.citizen())

    uploaded = await desk.upload(application, 1, who=desk.citizen(), name=f"{ZHANG}.pdf")

    assert uploaded.status_code == 201, uploaded.text
    material = uploaded.json()["materials"][0]
    assert material["coverage"] == "UPLOADED"
    assert material["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert material["media_type"] == "application/pdf"
    path = f"/applications/{application['application_id']}/materials/1/file"
    back = await desk.get(path, desk.citizen())
    assert back.content == PDF
    assert back.headers["content-disposition"] == 'attachment; filename="material-1.pdf"'
    assert back.headers["x-content-type-options"] == "nosniff"
    files = stored(environment)
    assert files
    assert all(ZHANG not in str(file) for file in files)
    assert all(PDF not in file.read_bytes() for file in files)


async def test_before_receipt_the_newest_file_replaces_the_older(desk: Desk, environment: Path) -> None:
    application = await desk.submitted("P10")
    await desk.upload(application, 1)
    before = len(stored(environment))

    again = await desk.upload(application, 1, PNG)

    assert again.json()["materials"][0]["media_type"] == "image/png"
    assert again.json()["version"] == 3
    assert len(stored(environment)) == before


async def test_what_stood_there_at_receipt_stays_as_evidence(desk: Desk, environment: Path) -> None:
    uploaded = await desk.upload(await desk.submitted("P10"), 1)
    received = await desk.done(uploaded.json(), "receipt")
    before = len(stored(environment))

    await desk.upload(received, 1, PNG)
    await desk.upload(received, 1)

    assert len(stored(environment)) == before + 2
    async with desk.database.read() as connection:
        materials = await connection.scalar(
            text("SELECT materials FROM application WHERE application_id = :id"),
            {"id": UUID(received["application_id"])},
        )
    assert len(materials[0]["earlier_file_keys"]) == 2


async def test_several_files_at_once_are_all_kept(desk: Desk) -> None:
    application = await desk.submitted("P05")

    answers = await asyncio.gather(*(desk.upload(application, no) for no in range(1, 7)))

    assert [a.status_code for a in answers] == [201] * 6
    detail = (await desk.get(f"/applications/{application['application_id']}", desk.clerk)).json()
    assert set(coverage(detail).values()) == {"UPLOADED"}


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        pytest.param(b"<html></html>", 415, "intake.file-type", id="html called pdf"),
        pytest.param(PDF[:9], 415, "intake.file-type", id="cut off"),
        pytest.param(b"%PDF-" + b"0" * LIMIT + b"%%EOF", 413, "intake.file-too-large", id="a little over 20 MiB"),
    ],
)
async def test_what_is_refused_leaves_nothing(
    desk: Desk, environment: Path, content: bytes, status: int, code: str
) -> None:
    application = await desk.submitted("P10")
    before = len(stored(environment))

    refused = await desk.upload(application, 1, content)

    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert len(stored(environment)) == before


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        pytest.param(a_pdf(hostile.SCRIPT, catalog=b"/OpenAction 4 0 R"), "pdf.script", id="script"),
        pytest.param(a_pdf(hostile.an_object_stream(hostile.SCRIPT)), "pdf.script", id="packed script"),
        pytest.param(a_pdf(hostile.a_stream(b"MZ", b"/Type/EmbeddedFile")), "pdf.embedded-file", id="embedded file"),
        pytest.param(a_pdf(hostile.a_stream(hostile.zeros(100))), "file.bomb", id="100 MiB of zeros, packed"),
        pytest.param(a_png(10**6, 10**6), "image.too-many-pixels", id="picture that unpacks to a tebibyte"),
        pytest.param(hostile.an_ofd(("Doc_0/a.js", b"x")), "ofd.script", id="ofd with a program"),
    ],
)
async def test_what_does_more_than_show_is_refused_with_field_and_rule(
    desk: Desk, environment: Path, content: bytes, rule: str
) -> None:
    application = await desk.submitted("P10")
    before = len(stored(environment))

    refused = await desk.upload(application, 1, content)

    assert (refused.status_code, refused.json()["code"]) == (422, "platform.file-unsafe")
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [("#/file", rule)]
    assert refused.json()["errors"][0]["detail"].endswith("上传")
    assert len(stored(environment)) == before


async def test_a_file_of_exactly_the_limit_is_taken(desk: Desk) -> None:
    application = await desk.submitted("P10")
    content = b"%PDF-" + b"0" * (LIMIT - 10) + b"%%EOF"

    taken = await desk.upload(application, 1, content)

    assert len(content) == LIMIT
    assert taken.status_code == 201
    assert taken.json()["materials"][0]["size_bytes"] == LIMIT


async def test_an_endless_body_is_cut_off_while_it_streams(desk: Desk) -> None:
    application = await desk.submitted("P10")
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        """100 MiB of zeros."""
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        for _ in range(100):
            sent += 2**20
            yield bytes(2**20)

    refused = await desk.http.post(
        f"/api/v1/applications/{application['application_id']}/materials",
        content=endless(),
        headers=desk.clerk | {"content-type": "multipart/form-data; boundary=b", "idempotency-key": str(uuid4())},
    )

    assert (refused.status_code, refused.json()["code"]) == (413, "intake.file-too-large")
    assert sent <= 21 * 2**20


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(b"{}", "application/json", id="json"),
        pytest.param(b"nonsense", "multipart/form-data; boundary=b", id="no parts"),
        pytest.param(b"nonsense", "multipart/form-data", id="no boundary"),
    ],
)
async def test_a_body_that_is_no_upload_is_a_problem_document(desk: Desk, body: bytes, content_type: str) -> None:
    application = await desk.submitted("P10")

    refused = await desk.http.post(
        f"/api/v1/applications/{application['application_id']}/materials",
        content=body,
        headers=desk.clerk | {"content-type": content_type, "idempotency-key": str(uuid4())},
    )

    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"


async def test_materials_outside_the_list_or_after_acceptance_are_refused(desk: Desk) -> None:
    unlisted = await desk.upload(await desk.submitted("P10"), 9)
    too_late = await desk.upload(await desk.accepted("P07"), 1)

    assert unlisted.json()["errors"][0]["code"] == "material.unlisted"
    assert too_late.json()["code"] == "intake.wrong-state"


async def test_an_upload_repeated_with_its_key_is_one_upload(desk: Desk, environment: Path) -> None:
    application = await desk.submitted("P10")
    key = str(uuid4())
    first = await desk.upload(application, 1, key=key)
    before = len(stored(environment))

    second = await desk.upload(application, 1, key=key)
    other = await desk.upload(application, 1, PNG, key=key)

    assert second.json() == first.json()
    assert len(stored(environment)) == before
    assert other.status_code == 422


async def test_a_store_that_fails_loses_nothing_and_stores_nothing(desk: Desk, environment: Path) -> None:
    application = await desk.submitted("P10")
    kept = await desk.upload(application, 1)
    folder = environment / "files" / "materials"
    away = environment / "away"
    shutil.move(folder, away)
    folder.write_text("not a folder")

    refused = await desk.upload(application, 2)

    folder.unlink()
    shutil.move(away, folder)
    assert refused.status_code == 503
    assert "retry-after" in refused.headers
    detail = (await desk.get(f"/applications/{application['application_id']}", desk.clerk)).json()
    assert detail["version"] == kept.json()["version"]
    path = f"/applications/{application['application_id']}/materials/1/file"
    assert (await desk.get(path, desk.clerk)).content == PDF


async def test_a_stranger_neither_uploads_nor_downloads(desk: Desk) -> None:
    application = await desk.submitted("P10", who=desk.citizen())
    await desk.upload(application, 1, who=desk.citizen())
    path = f"/applications/{application['application_id']}/materials/1/file"

    uploaded = await desk.upload(application, 1, who=desk.citizen(LI))
    downloaded = await desk.get(path, desk.citizen(LI))
    nothing_there = await desk.get(path.replace("/1/", "/2/"), desk.citizen())

    assert [uploaded.status_code, downloaded.status_code, nothing_there.status_code] == [404, 404, 404]


async def test_a_file_that_lost_its_row_is_swept_and_every_told_one_stays(desk: Desk, environment: Path) -> None:
    application = await desk.submitted("P10")
    first = (await desk.upload(application, 1)).json()
    await desk.done(first, "receipt")
    await desk.upload(application, 1, PDF + b"% newer")
    folder = environment / "files" / "materials" / application["application_id"]
    (folder / "lost-by-a-kill").write_bytes(b"sealed")
    for file in folder.iterdir():
        os.utime(file, (0, 0))
    before = {file.name for file in folder.iterdir()}

    await stored_files.orphans(settings())(desk.database, real_now())

    assert len(before) == 3
    assert before - {file.name for file in folder.iterdir()} == {"lost-by-a-kill"}
