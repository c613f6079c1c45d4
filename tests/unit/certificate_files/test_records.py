"""The signed record: anyone with the public keys can check it, and nothing else passes."""

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OctKey

from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.files.records import RecordSigner, canonical, record_sha256, verify_record

RECORD: dict[str, Any] = {
    "certificate_identifier": "1.2.156.3005.2.11431202006100029C002.11431202006100029C.JY24312020000001.001.I",
    "certificate_holder_name": "吴𠮷",
    "extend_info": {"b": 2, "a": [1, "二"]},
}


@pytest.fixture
def signer(tmp_path: Path) -> RecordSigner:
    return RecordSigner.load(tmp_path)


def test_a_record_is_verified_with_the_public_keys_alone(signer: RecordSigner) -> None:
    token = signer.sign(RECORD)

    assert verify_record(token, json.loads(json.dumps(signer.jwks()))) == RECORD
    assert signer.verify(token) == RECORD


def test_the_payload_is_the_canonical_record(signer: RecordSigner) -> None:
    payload = signer.sign(RECORD).split(".")[1]

    assert base64.urlsafe_b64decode(payload + "==") == canonical(RECORD)
    assert canonical(dict(reversed(RECORD.items()))) == canonical(RECORD)
    assert len(record_sha256(RECORD)) == 64


def test_the_public_keys_hold_nothing_private(signer: RecordSigner) -> None:
    [key] = signer.jwks()["keys"]

    assert key.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}


def test_any_changed_character_is_found(signer: RecordSigner) -> None:
    token = signer.sign(RECORD)

    for place in range(0, len(token), 7):
        changed = token[:place] + ("A" if token[place] != "A" else "Q") + token[place + 1 :]
        with pytest.raises(RecordNotAuthentic):
            signer.verify(changed)


def test_another_key_or_another_algorithm_does_not_pass(signer: RecordSigner, tmp_path: Path) -> None:
    other = RecordSigner.load(tmp_path / "other")
    public = json.dumps(signer.jwks()["keys"][0]).encode()
    mixed = jws.serialize_compact(
        {"alg": "HS256", "kid": signer.jwks()["keys"][0]["kid"]}, canonical(RECORD), OctKey.import_key(public)
    )
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    bare = f"{head}.{signer.sign(RECORD).split('.')[1]}."

    for token in (other.sign(RECORD), mixed, bare, "", "a.b", "a.b.c", "甲.乙.丙"):
        with pytest.raises(RecordNotAuthentic):
            signer.verify(token)


def test_after_rotation_old_records_are_recognised_and_new_ones_use_the_new_key(tmp_path: Path) -> None:
    first = RecordSigner.load(tmp_path)
    old = first.sign(RECORD)
    spare = RecordSigner.load(tmp_path / "spare")
    (tmp_path / "records" / "record-002.pem").write_bytes((tmp_path / "spare/records/record-001.pem").read_bytes())

    rotated = RecordSigner.load(tmp_path)

    assert rotated.verify(old) == RECORD
    assert spare.verify(rotated.sign(RECORD)) == RECORD
    assert len(rotated.jwks()["keys"]) == 2


def test_the_key_file_is_for_its_owner_only_and_stays(tmp_path: Path, signer: RecordSigner) -> None:
    [path] = (tmp_path / "records").iterdir()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert RecordSigner.load(tmp_path).jwks() == signer.jwks()


def test_without_the_right_to_make_keys_a_missing_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        RecordSigner.load(tmp_path / "none", may_create=False)
