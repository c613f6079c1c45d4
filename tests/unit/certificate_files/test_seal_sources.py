"""Seals change, and their keys may live in a token: what was sealed before stays valid."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from services.certificate.files.contents import SealBody
from services.certificate.files.errors import SealUnavailable
from services.certificate.files.seal_keys import FileSealKeys, Trust, retire
from services.certificate.files.seal_sources import open_seal_keys
from services.certificate.files.sealing import make_file
from services.certificate.files.token_seals import Token
from services.certificate.files.verification import Verdict, verify_pdf
from tests.support.certificate_files import a_certificate

JOB = a_certificate()
MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
MODULE = next((path for path in MODULES if Path(path).exists()), None)


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


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Token:
    if MODULE is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM2 is not installed: seals in a PKCS#11 token are not tested here")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path}/tokens\nobjectstore.backend = file\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    (tmp_path / "pin").write_text("1234\n")
    command = ["softhsm2-util", "--init-token", "--free", "--label", "seals", "--pin", "1234", "--so-pin", "5678"]
    subprocess.run(command, check=True, capture_output=True, env=dict(os.environ))
    return Token(MODULE, "seals", tmp_path / "pin")


def test_a_seal_in_a_token_seals_as_one_in_a_file(token: Token, tmp_path: Path) -> None:
    keys = open_seal_keys("pkcs11", tmp_path, token=token)

    verdict = verify_pdf(make_file(JOB, keys), Trust.load(tmp_path))

    assert (verdict.verdict, verdict.sealed_by) == (Verdict.VALID, JOB.seal.name)
    assert b"PRIVATE KEY" not in b"".join(path.read_bytes() for path in (tmp_path / "seals").iterdir())
