"""Fixtures of approval: one running app per test module."""

from collections.abc import AsyncIterator, Callable

import pytest

from tests.support import tokens
from tests.support.approval import Approval, keys, running


@pytest.fixture(scope="module")
def approval_environment(
    database_url: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("approval")
    return {
        "YICHUANG_DATABASE_URL_APPROVAL": database_url("approval"),
        "YICHUANG_JWKS_URL": tokens.jwks_url(folder),
        "YICHUANG_ISSUER": tokens.ISSUER,
        "YICHUANG_KEYS_DIR": str(keys(folder / "keys")),
    }


@pytest.fixture(scope="module")
async def approval(approval_environment: dict[str, str]) -> AsyncIterator[Approval]:
    async with running(approval_environment) as service:
        yield service
