"""Sealed values (AES-256-GCM) and index keys (HMAC-SHA-256). Generic: knows no meaning of what it seals."""

import base64
import hmac
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

_NONCE_BYTES = 12


class SealBroken(ValueError):
    """The sealed value was changed, belongs to another context, or its key is missing."""


class Sealer:
    """Seals with the newest key, opens with any. Keys are files `seal/<id>.key`, `index/<id>.key` (32 bytes, base64).

    "Newest" is the last id in sorting order: rotate by adding a file with a later name. The index key must not
    change without a re-index; the last one is used.
    """

    def __init__(self, seal_keys: Mapping[str, bytes], index_key: bytes) -> None:
        self._keys = {key_id: AESGCM(key) for key_id, key in seal_keys.items()}
        self._newest = max(seal_keys)
        self._index_key = index_key
        self._index = HMAC(index_key, SHA256())  # set up once: copying it costs less than setting it up

    @classmethod
    def load(cls, keys_dir: Path) -> "Sealer":
        """Raises FileNotFoundError when a key folder is missing or empty."""
        seal_keys = _read_keys(keys_dir / "seal")
        index_keys = _read_keys(keys_dir / "index")
        return cls(seal_keys, index_keys[max(index_keys)])

    def seal_bytes(self, plain: bytes, context: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._keys[self._newest].encrypt(nonce, plain, context.encode())
        return self._newest.encode() + b"\0" + nonce + sealed

    def open_bytes(self, sealed: bytes, context: str) -> bytes:
        """Raises SealBroken."""
        key_id, _, rest = sealed.partition(b"\0")
        key = self._keys.get(key_id.decode("ascii", "replace"))
        if key is None:
            raise SealBroken("the value is sealed with a key that is not here")
        try:
            return key.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], context.encode())
        except (InvalidTag, ValueError) as broken:
            raise SealBroken("the sealed value was changed or belongs to another context") from broken

    def seal(self, plain: str, context: str) -> str:
        return base64.urlsafe_b64encode(self.seal_bytes(plain.encode(), context)).decode()

    def open(self, sealed: str, context: str) -> str:
        """Raises SealBroken."""
        return self.open_bytes(base64.urlsafe_b64decode(sealed), context).decode()

    def index_key(self, kind: str, value: str) -> str:
        """64 hex digits by which an equal value is found without being stored in clear."""
        index = self._index.copy()
        index.update(f"{kind}|{value}".encode())
        return index.finalize().hex()

    def derived_key(self, purpose: str) -> bytes:
        """32 bytes for another use (e.g. cursor signatures), separated by purpose."""
        return hmac.digest(self._index_key, f"derive|{purpose}".encode(), "sha256")


def _read_keys(folder: Path) -> dict[str, bytes]:
    keys = {path.stem: base64.b64decode(path.read_text()) for path in sorted(folder.glob("*.key"))}
    if not keys:
        raise FileNotFoundError(f"no key file in {folder}: 密钥目录为空, 请先生成密钥")
    return keys
