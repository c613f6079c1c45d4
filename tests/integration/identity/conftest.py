"""Fixtures of identity: demo accounts are made once per session, each test module gets a copy of its own."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.postgres import ServiceDatabase
from services.identity.bootstrap.command import bootstrap
from tests.support.identity import CATALOGUE, Identity, running, settings_over
from tests.support.stack import Databases


@pytest.fixture(scope="session")
async def first_start(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> tuple[ServiceDatabase, Path]:
    """Database and folder (keys, accounts.json) as the first start leaves them. Only to be copied."""
    database, folder = databases.fresh("identity"), tmp_path_factory.mktemp("first-start")
    await bootstrap(settings_over(folder, database.app_url), folder / "accounts.json", CATALOGUE)
    return database, folder


@pytest.fixture(scope="module")
def place(
    databases: Databases, first_start: tuple[ServiceDatabase, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ServiceDatabase, Path]]:
    """This module's copy of the first start."""
    template, source = first_start
    folder = tmp_path_factory.mktemp("identity")
    shutil.copytree(source, folder, dirs_exist_ok=True)
    name = f"{template.name}_{folder.name.replace('-', '_')}"
    database = databases.server.copy_database("identity", template=template.name, name=name)
    yield database, folder
    databases.server.drop_database(database.name)


@pytest.fixture(scope="module")
async def identity(place: tuple[ServiceDatabase, Path]) -> AsyncIterator[Identity]:
    database, folder = place
    async with running(settings_over(folder, database.app_url), folder / "accounts.json") as service:
        yield service
