"""Fixtures of certificate: one running app per test module."""

from collections.abc import AsyncIterator, Callable

import pytest

from tests.support.certificate import Library, environment, running


@pytest.fixture(scope="module")
def certificate_environment(
    database_url: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    return environment(tmp_path_factory.mktemp("certificate"), database_url("certificate"))


@pytest.fixture(scope="module")
async def library(certificate_environment: dict[str, str]) -> AsyncIterator[Library]:
    async with running(certificate_environment) as service:
        yield service
