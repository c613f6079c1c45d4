"""The database goes away in the middle of an upload: what was stored is kept, and the same key tells of it."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from services.chassis.database import Database
from services.chassis.sealing import Sealer
from services.intake.main import create_app
from tests.integration.intake.desk import PDF, Desk
from tests.support.cutting_proxy import cutting


async def test_a_file_whose_row_was_committed_stays_though_the_answer_was_lost(
    environment: Path,
    database: Database,
    sealer: Sealer,
    database_url: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with cutting(database_url("intake")) as (proxy, through):
        monkeypatch.setenv("YICHUANG_DATABASE_URL_INTAKE", through)
        app = create_app()
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://intake.test") as http:
                desk = Desk(http, database, sealer)
                application = await desk.submitted("P10")
                path = f"/applications/{application['application_id']}/materials/1/file"
                key = str(uuid4())

                proxy.arm(nth=2)  # the first one ends the look before the file is stored
                lost = await desk.upload(application, 1, key=key)
                again = await desk.upload(application, 1, key=key)
                back = await desk.get(path, desk.clerk)

    assert proxy.cuts == 1
    assert lost.status_code == 503
    assert again.status_code == 201
    assert again.headers["idempotency-replayed"] == "true"
    assert back.content == PDF
