"""A time stamp authority by setting: files wait for it, certificates are issued without it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from services.certificate.files.verification import verify_pdf
from tests.support import authorities
from tests.support.certificate import Library, running

VERIFY = "/api/v1/certificates/verify"
NOBODY = "http://127.0.0.1:9/"


@pytest.fixture(scope="module")
async def library(
    certificate_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Library]:
    chain = str(tmp_path_factory.mktemp("tsa") / "chain.pem")
    told = {"YICHUANG_TSA_URL": NOBODY, "YICHUANG_TSA_CHAIN": chain}
    async with running(certificate_environment | told) as service:
        yield service


async def test_files_wait_for_an_authority_that_is_away_and_records_do_not(library: Library) -> None:
    row = await library.issued()
    await _only(library, row["id"])
    address = f"/api/v1/certificates/{row['identifier']}/file"

    async with library.file_maker() as maker:
        await maker.make_due()
    (waiting,) = await library.rows("SELECT * FROM file_job WHERE target_id = :id", id=row["id"])
    being_made = await library.get(address, library.citizen())
    record = (await library.get(VERIFY, identifier=row["identifier"])).json()
    chain = library.kit.settings.tsa_chain
    assert chain is not None
    with authorities.embedded(Path(chain).parent) as authority:
        settings = library.kit.settings.model_copy(update={"tsa_url": authority.url})
        async with library.database.transaction() as uow:
            await uow.connection.execute(text("UPDATE file_job SET ready_at = now()"))
        kit = type(library.kit)(settings, library.kit.sealer, library.kit.signing, library.kit.files)
        async with library.file_maker(kit) as maker:
            await maker.make_due()
    made = await library.get(address, library.citizen())
    uploaded = await library.http.post(VERIFY, files={"file": ("x.pdf", made.content, "application/pdf")})

    assert (waiting.last_error, waiting.failed_reason) == ("TimeStampAway", None)
    assert (being_made.status_code, record["verdict"]) == (202, "VALID")
    assert (made.status_code, uploaded.json()["verdict"]) == (200, "VALID")
    assert verify_pdf(made.content, library.kit.trust()).time_stamped_at is not None


async def _only(library: Library, target: object) -> None:
    """Leave exactly this job."""
    async with library.database.transaction() as uow:
        await uow.connection.execute(text("DELETE FROM file_job WHERE target_id <> :id"), {"id": target})
