"""Fixtures of the integration tests: a PostgreSQL for the session, clean databases and a NATS for each module."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta

import pytest

from deploy.local.nats import Nats
from deploy.local.postgres import Postgres, ServiceDatabase
from services.chassis import database as chassis_database
from tests.support.bucket import Bucket, running_bucket
from tests.support.stack import Databases, running_nats, running_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server per pytest session."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def databases(postgres: Postgres) -> Databases:
    """Gives as many clean databases as a test asks for: `databases.fresh("intake").app_url`."""
    return Databases(postgres)


@pytest.fixture(scope="module")
def service_database(databases: Databases) -> Iterator[Callable[[str], ServiceDatabase]]:
    """`service_database("intake")`: one clean, migrated database per service and test module, dropped after it."""
    given: dict[str, ServiceDatabase] = {}

    def of(service: str) -> ServiceDatabase:
        if service not in given:
            given[service] = databases.fresh(service)
        return given[service]

    yield of
    for database in given.values():
        databases.server.drop_database(database.name)


@pytest.fixture(scope="module")
def database_url(service_database: Callable[[str], ServiceDatabase]) -> Callable[[str], str]:
    """`database_url("intake")`: the address for the role `intake_app` of the module's database."""
    return lambda service: service_database(service).app_url


@pytest.fixture(scope="module")
def nats_server() -> Iterator[Nats]:
    """One server per test module (it starts in some 50 ms): streams and consumers of others are not there."""
    with running_nats() as server:
        yield server


@pytest.fixture(scope="module")
def nats_url(nats_server: Nats) -> str:
    """Address of the module's NATS."""
    return nats_server.url


@pytest.fixture(scope="module")
async def bucket() -> AsyncIterator[Bucket]:
    """An S3 bucket of the module's own, its door open."""
    with running_bucket() as running:
        await running.open()
        yield running
        await running.shut()


@pytest.fixture
def read_long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks within the moment after an act: a version that is old was read before, not overtaken."""
    monkeypatch.setattr(chassis_database, "A_MOMENT", timedelta())
