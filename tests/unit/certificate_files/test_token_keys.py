"""Keys of seals, records and heads in a PKCS#11 token (SoftHSM2): never in a file, and what they sign is as before."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jws
from joserfc.jwk import ECKey

from services.certificate.files.errors import KeysUnavailable
from services.certificate.files.jose import canonical, decode
from services.certificate.files.records import HEAD_TYPE, RecordSigner, SigningFolder, rotate, verify_record
from services.certificate.files.seal_keys import FileSealKeys, retire, seal_name
from services.certificate.files.seal_sources import open_seal_keys
from services.certificate.files.sealing import make_file
from services.certificate.files.token_keys import TokenSession
from services.certificate.files.tokens import Token
from services.certificate.files.trust import Trust
from services.certificate.files.verification import Verdict, verify_pdf
from services.certificate.settings import CertificateSettings
from tests.support.certificate_files import a_certificate

JOB = a_certificate()
RECORD = {"certificate_holder_name": "吴𠮷"}
MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
MODULE = next((path for path in MODULES if Path(path).exists()), "")


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Token]:
    """One for all tests of a process: the driver reads its configuration once."""
    if not MODULE or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM2 is not installed: keys in a PKCS#11 token are not tested here")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\n")
    (folder / "pin").write_text("1234\n")
    command = ["softhsm2-util", "--init-token", "--free", "--label", "office", "--pin", "1234", "--so-pin", "5678"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        subprocess.run(command, check=True, capture_output=True, env=dict(os.environ))
        pkcs11.unload(MODULE)
        pkcs11.lib(MODULE)
        yield Token(MODULE, "office", folder / "pin")


@pytest.fixture
def session(token: Token) -> TokenSession:
    return TokenSession(token)


def test_a_seal_in_a_token_seals_as_one_in_a_file(token: Token, tmp_path: Path) -> None:
    keys = open_seal_keys("pkcs11", tmp_path, token=token)

    verdict = verify_pdf(make_file(JOB, keys), Trust.load(tmp_path))

    assert (verdict.verdict, verdict.sealed_by) == (Verdict.VALID, JOB.seal.name)
    assert b"PRIVATE KEY" not in b"".join(path.read_bytes() for path in (tmp_path / "seals").iterdir())


def test_a_seal_that_a_ca_elsewhere_certified_needs_the_token_and_public_files_alone(
    token: Token, session: TokenSession, tmp_path: Path
) -> None:
    office, here = FileSealKeys(tmp_path / "ca office"), tmp_path / "here"
    label, key = session.new_key("seal")
    certificate = office.certificate_for(JOB.seal, key).public_bytes(Encoding.PEM)
    (here / "seals").mkdir(parents=True)
    (here / "ca").mkdir()
    (here / "seals" / f"{seal_name(JOB.seal)}.token.pem").write_bytes(f"{label}\n".encode() + certificate)
    (here / "ca" / "ca.pem").write_bytes((office.signing_dir / "ca" / "ca.pem").read_bytes())

    made = make_file(JOB, open_seal_keys("pkcs11", here, may_create=False, token=token))

    assert verify_pdf(made, Trust.load(here)).verdict is Verdict.VALID


def test_a_rotated_seal_of_a_token_is_another_key_and_the_old_file_stays_valid(token: Token, tmp_path: Path) -> None:
    keys = open_seal_keys("pkcs11", tmp_path, token=token)
    old = make_file(JOB, keys)

    retired = retire(tmp_path, JOB.seal)

    trust = Trust.load(tmp_path)
    assert retired
    assert [verify_pdf(file, trust).verdict for file in (old, make_file(JOB, keys))] == [Verdict.VALID] * 2


def test_a_record_signed_by_a_token_verifies_with_a_jose_library(session: TokenSession, tmp_path: Path) -> None:
    signer = RecordSigner.load(tmp_path, session=session)

    signed = signer.sign(RECORD)

    told = json.loads(signed)
    key = ECKey.import_key(signer.jwks()["keys"][0])
    flattened = {"payload": told["payload"]} | told["signatures"][0]
    assert jws.deserialize_json(flattened, key, algorithms=["ES256"]).payload == canonical(RECORD)
    assert verify_record(signed, signer.jwks()) == signer.verify(signed) == RECORD
    private = [path.name for path in (tmp_path / "records").iterdir() if b"PRIVATE KEY" in path.read_bytes()]
    assert private == ["sm2-001.pem"]


def test_a_head_of_the_log_is_signed_by_the_token_too(session: TokenSession, tmp_path: Path) -> None:
    signer = RecordSigner.load(tmp_path, session=session)

    head = signer.sign_compact({"size": 1}, typ=HEAD_TYPE)

    assert json.loads(decode(head.split(".")[0]))["kid"] == signer.jwks()["keys"][-2]["kid"]
    assert verify_record(head, signer.jwks(), typ=HEAD_TYPE) == {"size": 1}


def test_keys_move_into_the_token_and_back_and_everything_stays_verifiable(
    session: TokenSession, tmp_path: Path
) -> None:
    signed = [RecordSigner.load(tmp_path).sign(RECORD)]
    in_token = SigningFolder(tmp_path, session)
    signed.append(in_token.current().sign(RECORD))
    rotated = rotate(tmp_path, session)
    signed.append(in_token.current().sign(RECORD))
    signed.append(RecordSigner.load(tmp_path).sign(RECORD))

    kids = [json.loads(decode(json.loads(one)["signatures"][0]["protected"]))["kid"] for one in signed]

    assert rotated == ["record-003", "sm2-002"]
    assert kids[0] == kids[3]
    assert len(set(kids)) == 3
    for signer in (RecordSigner.load(tmp_path), in_token.current()):
        assert [verify_record(one, signer.jwks()) for one in signed] == [RECORD] * 4


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the driver's, of the lost session
def test_a_token_that_was_restarted_signs_again(token: Token, session: TokenSession, tmp_path: Path) -> None:
    signer = RecordSigner.load(tmp_path, session=session)
    seals = open_seal_keys("pkcs11", tmp_path, token=token)
    first = signer.sign(RECORD)
    make_file(JOB, seals)

    pkcs11.lib(MODULE).reinitialize()

    assert signer.verify(signer.sign(RECORD)) == signer.verify(first)
    assert verify_pdf(make_file(JOB, seals), Trust.load(tmp_path)).verdict is Verdict.VALID


def test_a_token_without_the_key_is_told_and_signs_nothing(session: TokenSession, tmp_path: Path) -> None:
    RecordSigner.load(tmp_path, session=session)
    path = tmp_path / "records" / "record-001.token.pem"
    path.write_bytes(b"another-label\n" + path.read_bytes().split(b"\n", 1)[1])

    with pytest.raises(KeysUnavailable, match="没有该密钥"):
        RecordSigner.load(tmp_path, session=session).sign(RECORD)


def test_a_wrong_pin_is_tried_once_so_that_the_token_does_not_lock_itself(token: Token, tmp_path: Path) -> None:
    pin = tmp_path / "pin"
    pin.write_text("9999\n")
    pkcs11.lib(MODULE).reinitialize()  # nobody of this process is logged in
    session = TokenSession(Token(token.module, token.label, pin))
    with pytest.raises(KeysUnavailable, match="PinIncorrect"):
        RecordSigner.load(tmp_path, session=session)
    with pytest.raises(KeysUnavailable, match="改正后自动重试"):
        RecordSigner.load(tmp_path, session=session)

    pin.write_text("1234\n")

    assert RecordSigner.load(tmp_path, session=session).verify(
        RecordSigner.load(tmp_path, session=session).sign(RECORD)
    )


def test_a_key_whose_token_is_no_longer_set_does_not_sign(session: TokenSession, tmp_path: Path) -> None:
    with_token = RecordSigner.load(tmp_path, session=session)

    without = RecordSigner.load(tmp_path)

    assert without.verify(with_token.sign(RECORD)) == RECORD
    with pytest.raises(KeysUnavailable, match="RECORD_KEYS"):
        without.keys[0].sign(b"")


def test_a_token_that_is_not_there_is_told(tmp_path: Path) -> None:
    away = TokenSession(Token("/nowhere/libnothing.so", "office", tmp_path / "pin"))
    (tmp_path / "pin").write_text("1234\n")

    with pytest.raises(KeysUnavailable):
        RecordSigner.load(tmp_path, session=away)


def test_the_token_is_taken_by_setting_and_a_setting_without_it_is_refused(tmp_path: Path) -> None:
    where: dict[str, Any] = {"pkcs11_module": "/x.so", "pkcs11_token": "office", "pkcs11_pin_file": tmp_path / "pin"}

    settings = CertificateSettings(service="certificate", record_keys="pkcs11", **where)

    assert settings.record_session is not None
    assert CertificateSettings(service="certificate", **where).record_session is None
    with pytest.raises(ValueError, match="PKCS11_MODULE"):
        CertificateSettings(service="certificate", record_keys="pkcs11")
