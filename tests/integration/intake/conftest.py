"""Fixtures of intake's integration tests: the real app over a migrated database with the real catalogue imported."""

import base64
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, event

from services.chassis.database import Database
from services.chassis.sealing import Sealer
from services.intake import catalogue_import
from services.intake.main import create_app
from tests.integration.intake.bundle_desk import BundleDesk
from tests.integration.intake.desk import Desk
from tests.support import tokens

CATALOGUE = Path(__file__).parents[3] / "demo" / "catalogue.yaml"


@pytest.fixture(scope="module")
def environment(
    database_url: Callable[[str], str], nats_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The environment of the service; gives its folder."""
    folder = tmp_path_factory.mktemp("intake")
    for kind in ("seal", "index"):
        (folder / "keys" / kind).mkdir(parents=True)
        (folder / "keys" / kind / "k1.key").write_text(base64.b64encode(os.urandom(32)).decode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YICHUANG_DATABASE_URL_INTAKE", database_url("intake"))
        patch.setenv("YICHUANG_NATS_URL", nats_url)
        patch.setenv("YICHUANG_ISSUER", tokens.ISSUER)
        patch.setenv("YICHUANG_JWKS_URL", tokens.jwks_url(folder))
        patch.setenv("YICHUANG_KEYS_DIR", str(folder / "keys"))
        patch.setenv("YICHUANG_FILES_URL", f"file://{folder / 'files'}")
        patch.setenv("YICHUANG_DATABASE_POOL", "10")
        yield folder


@pytest.fixture(scope="module")
def sealer(environment: Path) -> Sealer:
    return Sealer.load(environment / "keys")


@pytest.fixture(scope="module")
async def database(environment: Path, database_url: Callable[[str], str]) -> AsyncIterator[Database]:
    db = Database(database_url("intake"))
    await catalogue_import.store(db, *catalogue_import.read_file(CATALOGUE))
    yield db
    await db.close()


@pytest.fixture(scope="module")
async def client(environment: Path, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """The whole app, behind no gateway."""
    app = create_app()
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://intake.test") as http:
            yield http


@pytest.fixture(scope="module")
def desk(client: httpx.AsyncClient, database: Database, sealer: Sealer) -> Desk:
    return Desk(client, database, sealer)


@pytest.fixture(scope="module")
def bundles(desk: Desk) -> BundleDesk:
    return BundleDesk.at(desk)


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """SQL statements of this process while the test runs, one entry per round trip."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement.split("\n")[0])

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)
