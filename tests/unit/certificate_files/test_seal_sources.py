"""Seals change: what was sealed before stays valid. (Keys in a token: test_token_keys.py.)"""

from pathlib import Path

import pytest

from services.certificate.files.contents import SealBody
from services.certificate.files.errors import SealUnavailable
from services.certificate.files.seal_keys import FileSealKeys, retire
from services.certificate.files.seal_sources import open_seal_keys
from services.certificate.files.sealing import make_file
from services.certificate.files.trust import Trust
from services.certificate.files.verification import Verdict, verify_pdf
from tests.support.certificate_files import a_certificate

JOB = a_certificate()


def test_a_rotated_seal_signs_anew_and_the_old_file_stays_valid(tmp_path: Path) -> None:
    keys = FileSealKeys(tmp_path)
    old, first = make_file(JOB, keys), keys.signer_for(JOB.seal).signing_cert

    retired = retire(tmp_path, JOB.seal)

    new = make_file(JOB, keys)
    assert retired
    assert keys.signer_for(JOB.seal).signing_cert != first
    assert [verify_pdf(file, Trust.load(tmp_path)).verdict for file in (old, new)] == [Verdict.VALID] * 2


def test_what_has_no_seal_cannot_be_rotated(tmp_path: Path) -> None:
    assert not retire(tmp_path, SealBody(name="区民政局", uscc=JOB.seal.uscc))


@pytest.mark.parametrize("kind", ["pkcs11", "paper"])
def test_a_source_that_is_not_there_is_told(tmp_path: Path, kind: str) -> None:
    with pytest.raises(SealUnavailable):
        open_seal_keys(kind, tmp_path)
