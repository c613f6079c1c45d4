"""Certificates and papers in an S3 bucket by setting: made, sealed at rest, downloaded; the bucket away and back."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from tests.support.bucket import Bucket
from tests.support.certificate import MARKER, Library, running


@pytest.fixture(scope="module")
async def library(certificate_environment: dict[str, str], bucket: Bucket) -> AsyncIterator[Library]:
    async with running(certificate_environment | bucket.environment) as service:
        yield service


async def test_a_certificate_and_a_paper_are_made_into_the_bucket_and_downloaded(
    library: Library, bucket: Bucket
) -> None:
    row = await library.issued()
    (paper,) = await library.rows(
        "SELECT id FROM paper WHERE case_id = :case AND kind = 'RECEIPT'", case=row["case_id"]
    )

    async with library.file_maker() as maker:
        while await maker.make_due():
            pass
    certificate = await library.get(f"/api/v1/certificates/{row['identifier']}/file", library.citizen())
    receipt = await library.get(f"/api/v1/papers/{paper.id}/file", library.citizen())

    assert (certificate.status_code, receipt.status_code) == (200, 200), certificate.text[:200]
    assert certificate.content.startswith(b"%PDF-")
    assert receipt.content.startswith(b"%PDF-")
    names = await bucket.names()
    assert {name.split("/")[1] for name in names} == {"certificate", "paper"}
    for name in names:
        assert b"%PDF" not in await bucket.content(name)
        assert MARKER not in name


async def test_a_file_waits_for_a_bucket_that_is_away(library: Library, bucket: Bucket) -> None:
    row = await library.issued()
    async with library.database.transaction() as uow:
        await uow.connection.execute(text("DELETE FROM file_job WHERE target_id <> :id"), {"id": row["id"]})
    address = f"/api/v1/certificates/{row['identifier']}/file"

    async with library.file_maker() as maker:
        await bucket.shut()
        await maker.make_due()
        (waiting,) = await library.rows("SELECT last_error FROM file_job WHERE target_id = :id", id=row["id"])
        being_made = await library.get(address, library.citizen())
        await bucket.open()
        async with library.database.transaction() as uow:
            await uow.connection.execute(text("UPDATE file_job SET ready_at = now()"))
        await maker.make_due()
    made = await library.get(address, library.citizen())

    assert waiting.last_error == "FilesAway"
    assert being_made.status_code == 202
    assert made.status_code == 200
    assert made.content.startswith(b"%PDF-")
