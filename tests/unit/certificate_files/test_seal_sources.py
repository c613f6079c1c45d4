"""Seals change: what was sealed before stays valid. (Keys in a token: test_token_keys.py.)"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.certificate.files import seal_keys as seal_keys_module
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


def test_a_file_that_waited_for_a_new_seal_is_sealed_within_its_term(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begins = datetime(2026, 6, 1, tzinfo=UTC)  # the certificate was issued in March
    monkeypatch.setattr(seal_keys_module, "_BEGIN", begins)

    made = make_file(JOB, FileSealKeys(tmp_path))

    found = verify_pdf(made, Trust.load(tmp_path))
    assert (found.verdict, found.sealed_at) == (Verdict.VALID, begins)


def test_a_seal_whose_certificate_has_run_out_seals_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal_keys_module, "_SEAL_END", datetime(2026, 6, 1, tzinfo=UTC))

    with pytest.raises(SealUnavailable, match="已于 2026-06-01 到期"):
        make_file(JOB, FileSealKeys(tmp_path))


def test_with_seals_of_another_ca_its_public_files_are_enough(tmp_path: Path) -> None:
    made = FileSealKeys(tmp_path)
    made.signer_for(JOB.seal)
    expected = [one.dump() for one in made.chain()]
    (tmp_path / "ca" / "root.pem").unlink()  # the key of the root is not where files are sealed

    keys = FileSealKeys(tmp_path)

    assert [one.dump() for one in keys.chain()] == expected
    assert verify_pdf(make_file(JOB, keys), Trust.load(tmp_path)).verdict is Verdict.VALID


def test_without_the_key_of_the_root_no_second_root_is_made(tmp_path: Path) -> None:
    FileSealKeys(tmp_path).root()
    (tmp_path / "ca" / "root.pem").unlink()

    keys = FileSealKeys(tmp_path)

    with pytest.raises(SealUnavailable, match="外部 CA"):
        keys.signer_for(JOB.seal)
    with pytest.raises(SealUnavailable, match="外部 CA"):
        keys.chain()
    assert not (tmp_path / "ca" / "root.pem").exists()
