"""Fixtures of identity: one running provider with demo accounts per test module."""

from collections.abc import AsyncIterator, Callable

import pytest

from tests.support.identity import Identity, running, settings_over


@pytest.fixture(scope="module")
async def identity(
    database_url: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Identity]:
    folder = tmp_path_factory.mktemp("identity")
    async with running(settings_over(folder, database_url("identity")), folder / "accounts.json") as service:
        yield service
