"""Signed records: JWS in general form (ES256 and SM2 with SM3) or compact (ES256), their keys, and the public JWKS."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.files.jose import (
    ALGORITHMS,
    ES256,
    NotSigned,
    PrivateKey,
    PublicKey,
    canonical,
    decode,
    encode,
)
from services.certificate.files.record_keys import FOLDER, keys_of, next_key

if TYPE_CHECKING:
    from services.certificate.files.token_keys import TokenSession

RECORD_TYPE = "certificate-record+jws"
RECEIPT_TYPE = "receipt+jws"  # what a receipt says; checked by `python -m services.intake verify-receipt`
HEAD_TYPE = "log-head+jws"
ACT_TYPE = "certificate-act+jws"  # a later act on a certificate
SALT = "salt"  # member of a record that was logged before it was signed
_PAYLOAD = '{"payload":"'
_UNSIGNED = '"signatures":[]}'


@dataclass(frozen=True)
class RecordSigner:
    """Signs with the newest key of each algorithm, recognises all of them."""

    keys: tuple[PrivateKey, ...]  # ES256, the one that signs last
    sm2_keys: tuple[PrivateKey, ...]

    @classmethod
    def load(
        cls, signing_dir: Path, *, may_create: bool = True, session: "TokenSession | None" = None
    ) -> "RecordSigner":
        """Makes the first keys when there are none (two processes at once agree on one).

        Args:
            session: of the token that has the ES256 keys; None when they are in files.

        Raises:
            FileNotFoundError: there is no key and none may be made.
            KeysUnavailable: the token cannot be used to make one.
        """
        folder = signing_dir / FOLDER
        return cls(*(keys_of(folder, alg, may_create=may_create, session=session) for alg in ALGORITHMS))

    def sign(self, record: Mapping[str, Any], *, typ: str = RECORD_TYPE) -> str:
        """The record as JWS in general form, ES256 first, as canonical JSON. Its payload is `canonical(record)`."""
        return self._sign(encode(canonical(record)), typ)

    def complete(self, draft: str) -> str:
        """A record that was stored unsigned (`draft`), signed: its payload is the one that was logged."""
        return self._sign(str(json.loads(draft)["payload"]), RECORD_TYPE)

    def _sign(self, payload: str, typ: str) -> str:
        signatures = []
        for key in (self.keys[-1], self.sm2_keys[-1]):
            protected = _protected(key, typ)
            signed = key.sign(f"{protected}.{payload}".encode())
            signatures.append({"protected": protected, "signature": encode(signed)})
        return canonical({"payload": payload, "signatures": signatures}).decode()

    def sign_compact(self, record: Mapping[str, Any], *, typ: str) -> str:
        """As compact JWS (ES256). `typ` keeps kinds of records apart."""
        key = self.keys[-1]
        content = f"{_protected(key, typ)}.{encode(canonical(record))}"
        return f"{content}.{encode(key.sign(content.encode()))}"

    def verify(self, signed: str, *, typ: str = RECORD_TYPE) -> dict[str, Any]:
        """The record of a JWS that we signed.

        Raises:
            RecordNotAuthentic: another key, another algorithm, a changed byte, or no JWS at all.
        """
        return _verify(signed, {key.public.kid: key.public for key in (*self.keys, *self.sm2_keys)}, typ)

    def jwks(self) -> dict[str, Any]:
        """The public keys, for `/.well-known/certificate-jwks.json`."""
        return {"keys": [key.public.jwk() for key in (*self.keys, *self.sm2_keys)]}


@dataclass
class SigningFolder:
    """The signer of a folder, read again when a key was added: rotation needs no restart."""

    signing_dir: Path
    session: "TokenSession | None" = None
    _read_at: int = field(default=-1, repr=False)
    _signer: RecordSigner | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.current()  # missing keys are made, or told, at the start

    def current(self) -> RecordSigner:
        folder = self.signing_dir / FOLDER
        changed_at = folder.stat().st_mtime_ns if folder.exists() else 0
        if self._signer is None or changed_at != self._read_at:
            self._signer = RecordSigner.load(self.signing_dir, session=self.session)
            self._read_at = changed_at  # as it was before reading: a key added meanwhile is read next time
        return self._signer


def rotate(signing_dir: Path, session: "TokenSession | None" = None) -> list[str]:
    """The next key of each algorithm; gives their names. The old ones stay: they verify what they signed.

    Raises:
        KeysUnavailable.
    """
    return [next_key(signing_dir / FOLDER, alg, session) for alg in ALGORITHMS]


def verify_record(signed: str, jwks: Mapping[str, Any], *, typ: str = RECORD_TYPE) -> dict[str, Any]:
    """As `RecordSigner.verify`, for those who have only the public keys."""
    try:
        found = [PublicKey.of_jwk(jwk) for jwk in jwks["keys"]]
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise RecordNotAuthentic("公钥文件无法读取") from fault
    return _verify(signed, {key.kid: key for key in found if key is not None}, typ)


def draft(record: Mapping[str, Any]) -> str:
    """A record as JWS in general form without signatures yet. Raises as `drafted`."""
    return drafted(record)[0]


def drafted(record: Mapping[str, Any]) -> tuple[str, bytes]:
    """A draft, and its payload before it was encoded. The record must be salted: see `content_hash`.

    Raises:
        ValueError: it is not.
    """
    if not record.get(SALT):
        raise ValueError("a record that is logged before it is signed needs a salt")
    payload = canonical(record)
    return f'{_PAYLOAD}{encode(payload)}",{_UNSIGNED}', payload


def is_draft(stored: str) -> bool:
    """Whether a stored record still lacks its signatures."""
    return stored.endswith(_UNSIGNED)


def new_salt() -> str:
    return encode(secrets.token_bytes(16))


def signed_by(signed: str, jwks: Mapping[str, Any]) -> bool | None:
    """Of a record that did not verify: None when no key of these signed it, True when one did and somebody else too,
    False when only these keys are named and something was changed.
    """
    try:
        _, signatures = _parts(signed)
        named = {json.loads(decode(protected))["kid"] for protected, _ in signatures}
        ours = {str(jwk.get("kid")) for jwk in jwks["keys"]}
    except (NotSigned, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    if not named & ours:
        return None
    return bool(named - ours)


def general_form(signed: str) -> str:
    """A stored record as JWS in general form, canonical; older records are compact, with one signature."""
    if signed.startswith("{"):
        return signed
    protected, payload, signature = signed.split(".")
    return canonical({"payload": payload, "signatures": [{"protected": protected, "signature": signature}]}).decode()


def compact_form(signed: str) -> str:
    """A stored record with its first signature (ES256) alone, for those who read only compact JWS."""
    if not signed.startswith("{"):
        return signed
    given = json.loads(signed)
    first = given["signatures"][0]
    return f"{first['protected']}.{given['payload']}.{first['signature']}"


def content_hash(signed: str) -> bytes:
    """What the transparency log and the QR code carry of a record.

    SHA-256 of its signed general form; of a salted record (imported ones) of its payload part, so that it can be logged
    before it is signed. Signatures, or else the salt, differ each time: nobody finds out contents by trying. The two
    cannot be mistaken for each other: one begins with `{`, which base64url has not.
    """
    if is_draft(signed):  # never without a salt
        return sha256(signed[len(_PAYLOAD) : -len(_UNSIGNED) - 2].encode()).digest()
    form = general_form(signed)
    payload = str(orjson.loads(form)["payload"])
    return sha256((payload if _is_salted(payload) else form).encode()).digest()


def _is_salted(payload: str) -> bool:
    try:
        said = orjson.loads(decode(payload))
    except ValueError:
        return False
    return isinstance(said, dict) and SALT in said


def payload_of(signed: str) -> dict[str, Any]:
    """What a record says, unchecked: for records out of our own sealed store.

    Raises:
        ValueError: it is no JWS with a JSON object.
    """
    payload = json.loads(signed)["payload"] if signed.startswith("{") else signed.split(".")[1]
    said = json.loads(decode(payload))
    if not isinstance(said, dict):
        raise ValueError("no record")
    return said


def record_sha256(record: Mapping[str, Any]) -> str:
    """Ties a certificate's file to its record."""
    return sha256(canonical(record)).hexdigest()


def _verify(signed: str, keys: Mapping[str, PublicKey], typ: str) -> dict[str, Any]:
    try:
        payload, signatures = _parts(signed)
        algorithms = [_check(protected, payload, signature, keys, typ) for protected, signature in signatures]
        if algorithms not in ([ES256], list(ALGORITHMS)):
            raise NotSigned
        record = json.loads(decode(payload))
    except (NotSigned, ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise RecordNotAuthentic("证照元数据的签名无法通过验证") from fault
    if not isinstance(record, dict):
        raise RecordNotAuthentic("不是证照元数据签名")
    return record


def _parts(signed: str) -> tuple[str, Sequence[tuple[str, str]]]:
    """Payload and signatures of either form, which must be written exactly as we write it."""
    if not signed.startswith("{"):
        protected, payload, signature = signed.split(".")
        return payload, [(protected, signature)]
    given = json.loads(signed)
    signatures = [(one["protected"], one["signature"]) for one in given["signatures"]]
    written = [{"protected": protected, "signature": signature} for protected, signature in signatures]
    if canonical({"payload": given["payload"], "signatures": written}).decode() != signed:
        raise NotSigned
    return given["payload"], signatures


def _check(protected: str, payload: str, signature: str, keys: Mapping[str, PublicKey], typ: str) -> str:
    """The algorithm of a sound signature. The key decides the algorithm, and the header must agree.

    Raises:
        NotSigned, KeyError, ValueError.
    """
    header = json.loads(decode(protected))
    key = keys[header["kid"]]
    if header != {"alg": key.alg, "kid": key.kid, "typ": typ}:
        raise NotSigned
    key.verify(decode(signature), f"{protected}.{payload}".encode())
    return key.alg


def _protected(key: PrivateKey, typ: str) -> str:
    return encode(canonical({"alg": key.public.alg, "kid": key.public.kid, "typ": typ}))
