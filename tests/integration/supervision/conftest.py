"""Fixtures of supervision: one running app per test module, empty before each test."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support import tokens
from tests.support.supervision import Supervision, keys, running


@pytest.fixture(scope="module")
def supervision_environment(
    database_url: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    folder: Path = tmp_path_factory.mktemp("supervision")
    return {
        "YICHUANG_DATABASE_URL_SUPERVISION": database_url("supervision"),
        "YICHUANG_JWKS_URL": tokens.jwks_url(folder),
        "YICHUANG_ISSUER": tokens.ISSUER,
        "YICHUANG_KEYS_DIR": str(keys(folder / "keys")),
    }


@pytest.fixture(scope="module")
async def _supervision(supervision_environment: dict[str, str]) -> AsyncIterator[Supervision]:
    async with running(supervision_environment) as service:
        yield service


@pytest.fixture
async def supervision(_supervision: Supervision) -> Supervision:
    await _supervision.clear()
    return _supervision
