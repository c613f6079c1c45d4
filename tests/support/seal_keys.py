"""Fixtures: seal keys made once for all tests of files."""

import pytest

from services.certificate.files.seal_keys import FileSealKeys
from services.certificate.files.trust import Trust


@pytest.fixture(scope="session")
def seal_keys(tmp_path_factory: pytest.TempPathFactory) -> FileSealKeys:
    return FileSealKeys(tmp_path_factory.mktemp("signing"))


@pytest.fixture(scope="session")
def trust(seal_keys: FileSealKeys) -> Trust:
    seal_keys.root()
    return Trust.load(seal_keys.signing_dir)
