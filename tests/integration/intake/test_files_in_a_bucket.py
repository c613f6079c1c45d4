"""Materials in an S3 bucket by setting: uploaded, sealed at rest, read back, deleted; the bucket away and back."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from services.chassis.database import Database
from services.chassis.sealing import Sealer
from services.intake.main import create_app
from tests.integration.intake.desk import PDF, ZHANG, Desk
from tests.support.bucket import Bucket

PERSONAL = PDF + f"% {ZHANG}\n".encode()


@pytest.fixture(scope="module")
async def desk(environment: Path, database: Database, sealer: Sealer, bucket: Bucket) -> AsyncIterator[Desk]:
    """The desk of a service that keeps its files in the bucket; nothing but settings says so."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in bucket.environment.items():
            patch.setenv(name, value)
        app = create_app()
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://intake.test") as http:
                yield Desk(http, database, sealer)


def file_of(application_id: str) -> str:
    return f"/applications/{application_id}/materials/1/file"


async def test_a_material_goes_into_the_bucket_sealed_and_comes_back(desk: Desk, bucket: Bucket) -> None:
    application = await desk.submitted("P10")
    before = await bucket.names()

    uploaded = await desk.upload(application, 1, PERSONAL)
    back = await desk.get(file_of(application["application_id"]), desk.clerk)

    (name,) = await bucket.names() - before
    assert uploaded.status_code == 201, uploaded.text
    assert back.content == PERSONAL
    assert name.startswith(f"of-a-service/materials/{application['application_id']}/")
    at_rest = await bucket.content(name)
    assert ZHANG.encode() not in at_rest
    assert b"%PDF" not in at_rest


async def test_a_replaced_material_leaves_the_bucket(desk: Desk, bucket: Bucket) -> None:
    application = await desk.submitted("P10")
    before = await bucket.names()
    await desk.upload(application, 1)
    first = await bucket.names() - before

    await desk.upload(application, 1, PERSONAL)

    after = await bucket.names() - before
    assert len(first) == len(after) == 1
    assert first.isdisjoint(after)


async def test_a_bucket_that_is_away_takes_nothing_loses_nothing_and_is_used_again(desk: Desk, bucket: Bucket) -> None:
    application = await desk.submitted("P10")
    await desk.upload(application, 1, PERSONAL)
    key = str(uuid4())

    await bucket.shut()
    refused = await desk.upload(application, 2, key=key)
    unread = await desk.get(file_of(application["application_id"]), desk.clerk)
    await bucket.open()
    taken = await desk.upload(application, 2, key=key)
    back = await desk.get(file_of(application["application_id"]), desk.clerk)

    for away in (refused, unread):
        assert (away.status_code, away.json()["code"], away.headers["retry-after"]) == (503, "platform.files-away", "5")
    assert taken.status_code == 201, taken.text
    assert "idempotency-replayed" not in taken.headers
    assert back.content == PERSONAL
