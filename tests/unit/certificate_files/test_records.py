"""The signed record: anyone with the public keys can check it, and nothing else passes."""

import json
import os
import re
import stat
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.files.jose import canonical, decode, encode
from services.certificate.files.records import (
    RECEIPT_TYPE,
    RECORD_TYPE,
    RecordSigner,
    SigningFolder,
    content_hash,
    draft,
    general_form,
    is_draft,
    new_salt,
    payload_of,
    record_sha256,
    rotate,
    verify_record,
)
from services.certificate.verification.offline import Known, Outcome, Refused, check, read_heads
from tests.support import openssl

RECORD: dict[str, Any] = {
    "certificate_identifier": "1.2.156.3005.2.11431202006100029C002.11431202006100029C.JY24312020000001.001.I",
    "certificate_holder_name": "吴𠮷",
    "extend_info": {"b": 2, "a": [1, "二"]},
}

README = Path(__file__).parents[3] / "services" / "certificate" / "README.md"
(OTHER_TOOLS,) = re.findall(r"^```sh\n(.*?)^```$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def signer(tmp_path: Path) -> RecordSigner:
    return RecordSigner.load(tmp_path)


def test_a_record_is_verified_with_the_public_keys_alone(signer: RecordSigner) -> None:
    token = signer.sign(RECORD)

    assert verify_record(token, json.loads(json.dumps(signer.jwks()))) == RECORD
    assert signer.verify(token) == RECORD


def test_the_record_is_canonical_json_with_both_signatures(signer: RecordSigner) -> None:
    signed = json.loads(signer.sign(RECORD))

    heads = [json.loads(decode(one["protected"])) for one in signed["signatures"]]
    assert decode(signed["payload"]) == canonical(RECORD)
    assert canonical(signed).decode() == canonical(dict(reversed(signed.items()))).decode()
    assert [(head["alg"], head["typ"]) for head in heads] == [
        ("ES256", "certificate-record+jws"),
        ("SM2SM3", "certificate-record+jws"),
    ]
    assert [head["kid"] for head in heads] == [key["kid"] for key in signer.jwks()["keys"]]
    assert canonical(dict(reversed(RECORD.items()))) == canonical(RECORD)
    assert len(record_sha256(RECORD)) == 64


def test_es256_verifies_with_a_jose_library(signer: RecordSigner) -> None:
    signed = json.loads(signer.sign(RECORD))
    key = ECKey.import_key(signer.jwks()["keys"][0])
    flattened = {"payload": signed["payload"]} | signed["signatures"][0]

    verified = jws.deserialize_json(flattened, key, algorithms=["ES256"])

    assert verified.payload == canonical(RECORD)
    assert key.thumbprint() == signer.jwks()["keys"][0]["kid"]


@pytest.mark.skipif(not openssl.has_sm2(), reason="the openssl command is missing, or built without SM2")
@pytest.mark.parametrize("changed", [False, True])
def test_sm2_verifies_with_openssl(signer: RecordSigner, tmp_path: Path, changed: bool) -> None:
    signed = json.loads(signer.sign(RECORD))
    key = signer.jwks()["keys"][1]
    [_, one] = signed["signatures"]
    content = f"{one['protected']}.{signed['payload']}".encode() + b"!" * changed

    assert openssl.verifies_sm2(key, decode(one["signature"]), content, tmp_path) is not changed


@pytest.mark.skipif(not openssl.has_sm2(), reason="the openssl command is missing, or built without SM2")
@pytest.mark.parametrize("place", [None, 0, 1], ids=["as signed", "ES256 changed", "SM2 changed"])
def test_a_record_is_checked_with_other_tools_as_the_readme_tells(
    signer: RecordSigner, tmp_path: Path, place: int | None
) -> None:
    rotate(tmp_path)
    record = json.loads(RecordSigner.load(tmp_path).sign(RECORD))
    if place is not None:
        signature = decode(record["signatures"][place]["signature"])
        record["signatures"][place]["signature"] = encode(bytes([signature[0] ^ 1]) + signature[1:])
    (tmp_path / "record.json").write_text(json.dumps(record, indent=1))
    (tmp_path / "jwks.json").write_text(json.dumps(RecordSigner.load(tmp_path).jwks()))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    done = subprocess.run(
        ["sh", "-ec", OTHER_TOOLS], cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True, check=False
    )

    assert (done.returncode == 0) is (place is None), done.stderr
    assert ("ES256 verified" in done.stdout) is (place != 0)
    assert ("Signature Verified Successfully" in done.stdout) is (place is None)


def test_a_receipt_is_a_compact_jws(signer: RecordSigner) -> None:
    token = signer.sign_compact(RECORD, typ=RECEIPT_TYPE)

    assert signer.verify(token, typ=RECEIPT_TYPE) == RECORD
    with pytest.raises(RecordNotAuthentic):
        signer.verify(token)


def test_an_older_compact_record_is_recognised_and_has_a_general_form(signer: RecordSigner) -> None:
    token = signer.sign_compact(RECORD, typ=RECORD_TYPE)

    assert signer.verify(token) == signer.verify(general_form(token)) == payload_of(token) == RECORD
    assert content_hash(token) == content_hash(general_form(token))


def test_the_public_keys_hold_nothing_private(signer: RecordSigner) -> None:
    for key in signer.jwks()["keys"]:
        assert key.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}


def test_any_changed_character_is_found(signer: RecordSigner) -> None:
    token = signer.sign(RECORD)

    for place in range(0, len(token), 7):
        changed = token[:place] + ("A" if token[place] != "A" else "Q") + token[place + 1 :]
        with pytest.raises(RecordNotAuthentic):
            signer.verify(changed)


def general(signed: dict[str, Any], *signatures: int, **more: Any) -> str:
    return canonical({**signed, "signatures": [signed["signatures"][one] for one in signatures], **more}).decode()


def test_a_signature_left_out_doubled_or_put_elsewhere_does_not_pass(signer: RecordSigner) -> None:
    signed = json.loads(signer.sign(RECORD))
    swapped = [
        {"protected": one["protected"], "signature": other["signature"]}
        for one, other in zip(signed["signatures"], reversed(signed["signatures"]), strict=True)
    ]

    for token in (
        general(signed, 1),
        general(signed, 1, 0),
        general(signed, 0, 0),
        general(signed),
        general(signed, 0, 1, header={"kid": "other"}),
        canonical(signed | {"signatures": swapped}).decode(),
        json.dumps(signed, indent=1),
    ):
        with pytest.raises(RecordNotAuthentic):
            signer.verify(token)


def test_another_key_or_another_algorithm_does_not_pass(signer: RecordSigner, tmp_path: Path) -> None:
    other = RecordSigner.load(tmp_path / "other")
    kid = signer.jwks()["keys"][0]["kid"]
    public = json.dumps(signer.jwks()["keys"][0]).encode()
    mixed = jws.serialize_compact({"alg": "HS256", "kid": kid}, canonical(RECORD), OctKey.import_key(public))
    bare = f"{encode(canonical({'alg': 'none', 'kid': kid}))}.{encode(canonical(RECORD))}."
    deep = "{" + '"payload":' + "[" * 100_000

    for token in (other.sign(RECORD), mixed, bare, deep, "", "{}", "[]", "a.b", "a.b.c", "甲.乙.丙", "\ud800.a.b"):
        with pytest.raises(RecordNotAuthentic):
            signer.verify(token)


def test_after_rotation_old_records_are_recognised_and_new_ones_use_the_new_keys(tmp_path: Path) -> None:
    folder = SigningFolder(tmp_path)
    old = folder.current().sign(RECORD)
    before = [key["kid"] for key in folder.current().jwks()["keys"]]

    rotate(tmp_path)

    rotated = folder.current()
    heads = [json.loads(decode(one["protected"])) for one in json.loads(rotated.sign(RECORD))["signatures"]]
    kids = [key["kid"] for key in rotated.jwks()["keys"]]
    assert rotated.verify(old) == RECORD
    assert verify_record(old, rotated.jwks()) == RECORD
    assert set(before) < set(kids)
    assert not {head["kid"] for head in heads} & set(before)


def test_the_key_file_is_for_its_owner_only_and_stays(tmp_path: Path, signer: RecordSigner) -> None:
    paths = list((tmp_path / "records").iterdir())

    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o600, 0o600]
    assert RecordSigner.load(tmp_path).jwks() == signer.jwks()


def test_without_the_right_to_make_keys_a_missing_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        RecordSigner.load(tmp_path / "none", may_create=False)


def test_a_salted_record_keeps_its_hash_when_it_is_signed(signer: RecordSigner) -> None:
    unsigned = draft(RECORD | {"salt": new_salt()})

    signed = signer.complete(unsigned)

    assert (is_draft(unsigned), is_draft(signed)) == (True, False)
    assert content_hash(signed) == content_hash(unsigned) == content_hash(signer.complete(unsigned))
    assert signer.verify(signed) == payload_of(unsigned)


def test_a_draft_is_no_signed_record(signer: RecordSigner) -> None:
    unsigned = draft(RECORD | {"salt": new_salt()})

    with pytest.raises(RecordNotAuthentic):
        signer.verify(unsigned)


def test_a_record_without_salt_is_never_a_draft() -> None:
    with pytest.raises(ValueError, match="salt"):
        draft(RECORD)


def test_two_drafts_of_the_same_record_have_different_hashes() -> None:
    first, second = (draft(RECORD | {"salt": new_salt()}) for _ in range(2))

    assert content_hash(first) != content_hash(second)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(_JSON)
def test_canonical_json_is_the_same_whichever_encoder_writes_it(value: object) -> None:
    slow = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)

    assert canonical(value) == slow.encode()


@pytest.mark.parametrize("levels", [2, 20, 22, 300, 600])
def test_what_is_nested_deeply_has_the_same_canonical_form(levels: int) -> None:
    text = '{"at":[' * (levels // 2) + '"甲"' + "]}" * (levels // 2)

    assert canonical(json.loads(text)) == text.encode()


@pytest.mark.parametrize("levels", [300, 5_000, 100_000])
def test_a_record_nested_however_deeply_is_refused_offline_in_words(levels: int) -> None:
    known = Known(keys={"keys": []}, heads={}, today=date(2026, 6, 1))
    text = '{"payload":' + "[" * levels + "]" * levels + "}"

    found = check(text.encode(), known)

    assert found.outcome in (Outcome.FALSE, Outcome.UNREADABLE)


def test_a_head_nested_too_deeply_is_refused_in_words() -> None:
    with pytest.raises(Refused) as refused:
        read_heads("[" * 100_000 + "]" * 100_000, {"keys": []})

    assert refused.value.result.outcome is Outcome.UNREADABLE


def test_what_is_no_json_has_no_canonical_form() -> None:
    for value in (float("nan"), {"at": b""}, {"half a character": "\ud800"}):
        with pytest.raises((ValueError, TypeError)):
            canonical(value)
