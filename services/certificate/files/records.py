"""The signed metadata record: JWS (ES256) over canonical JSON, its keys as files, and the public JWKS."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.files.key_files import read_or_create

ALGORITHM = "ES256"
_ALLOWED = [ALGORITHM]
_TYPE = "certificate-record+jws"
RECEIPT_TYPE = "receipt+jws"  # what a receipt says; checked by `python -m services.intake verify-receipt`


@dataclass(frozen=True)
class RecordSigner:
    """Signs with the newest key, recognises all of them. To rotate, add the next `records/record-<nnn>.pem`."""

    keys: tuple[ECKey, ...]  # oldest first

    @classmethod
    def load(cls, signing_dir: Path, *, may_create: bool = True) -> "RecordSigner":
        """Makes the first key when there is none (two processes at once agree on one).

        Raises:
            FileNotFoundError: there is no key and none may be made.
        """
        folder = signing_dir / "records"
        if not list(folder.glob("record-*.pem")):
            read_or_create(folder / "record-001.pem", _new_key, may_create=may_create)
        return cls(tuple(_load(path) for path in sorted(folder.glob("record-*.pem"))))

    def sign(self, record: Mapping[str, Any], *, typ: str = _TYPE) -> str:
        """The compact JWS of the record. Its payload is `canonical(record)`; `typ` keeps kinds of records apart."""
        key = self.keys[-1]
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": typ}
        return jws.serialize_compact(header, canonical(record), key, algorithms=_ALLOWED)

    def verify(self, token: str) -> dict[str, Any]:
        """The record of a JWS that we signed.

        Raises:
            RecordNotAuthentic: another key, another algorithm, a changed byte, or no JWS at all.
        """
        return verify_record(token, self.jwks())

    def jwks(self) -> dict[str, Any]:
        """The public keys, for `/.well-known/certificate-jwks.json`."""
        public = [dict(key.as_dict(private=False)) | {"use": "sig", "alg": ALGORITHM} for key in self.keys]
        return {"keys": public}


def verify_record(token: str, jwks: Mapping[str, Any]) -> dict[str, Any]:
    """As `RecordSigner.verify`, for those who have only the public keys."""
    try:
        keys = KeySet.import_key_set({"keys": list(jwks["keys"])})
        signed = jws.deserialize_compact(token, keys, algorithms=_ALLOWED)
        record = json.loads(signed.payload)
    except (JoseError, ValueError, KeyError, TypeError) as fault:
        raise RecordNotAuthentic("证照元数据的签名无法通过验证") from fault
    if signed.headers().get("typ") != _TYPE or not isinstance(record, dict):
        raise RecordNotAuthentic("不是证照元数据签名")
    return record


def canonical(record: Mapping[str, Any]) -> bytes:
    """One text for one record: keys sorted, no blanks, UTF-8 (RFC 8785 for the strings and integers we use)."""
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def record_sha256(record: Mapping[str, Any]) -> str:
    """Ties a certificate's file to its record."""
    return sha256(canonical(record)).hexdigest()


def _new_key() -> bytes:
    return ECKey.generate_key("P-256").as_pem(private=True)


def _load(path: Path) -> ECKey:
    bare = ECKey.import_key(path.read_bytes())
    return ECKey.import_key(path.read_bytes(), {"kid": bare.thumbprint()})
