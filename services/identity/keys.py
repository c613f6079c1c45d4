"""Signing keys: PEM files below keys_dir/signing/identity. The last by name signs, all verify until removed."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

ALGORITHM = "ES256"


class KeyMissing(RuntimeError):
    """There is no signing key, and none may be made here."""


def folder_of(keys_dir: Path) -> Path:
    return keys_dir / "signing" / "identity"


def add_key(folder: Path) -> Path:
    """Make a key with the next number (0001.pem, 0002.pem ...), mode 0600, complete or not at all.

    Two processes at once make two keys, never one broken file: the number is claimed by a hard link.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    handle, draft = tempfile.mkstemp(dir=folder, suffix=".draft")  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        return _claim_number(folder, draft)
    finally:
        os.unlink(draft)


def _claim_number(folder: Path, draft: str) -> Path:
    number = max((int(path.stem) for path in folder.glob("*.pem") if path.stem.isdigit()), default=0)
    while True:
        number += 1
        path = folder / f"{number:04}.pem"
        try:
            os.link(draft, path)
        except FileExistsError:
            continue
        return path


def ensure_key(folder: Path) -> None:
    """First start: make the first key. A second process at the same moment finds it, because the number is fixed."""
    if any(folder.glob("*.pem")):
        return
    add_key(folder)


class Keyring:
    """Signs and verifies. Sees added and removed files without a restart."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: tuple[str, ...] = ()
        self._keys: list[ECKey] = []
        self._refresh()

    def _refresh(self) -> None:
        """One directory listing; files are read only when the list changed. A folder that is gone or empty for a
        moment (a mount being replaced) leaves the keys as they were."""
        names = tuple(sorted(path.name for path in self._folder.glob("*.pem")))
        if not names and not self._keys:
            raise KeyMissing(f"no signing key in {self._folder}: 没有签名密钥，请先运行 add-key")
        if names and names != self._names:
            self._keys = [_read(self._folder / name) for name in names]
            self._names = names

    def jwks(self) -> dict[str, Any]:
        self._refresh()
        return {"keys": list(KeySet(list(self._keys)).as_dict(private=False)["keys"])}

    def sign(self, claims: Mapping[str, Any], *, typ: str) -> str:
        self._refresh()
        key = self._keys[-1]
        return jwt.encode({"typ": typ, "alg": ALGORITHM, "kid": key.kid}, dict(claims), key, algorithms=[ALGORITHM])

    def read(self, token: str, *, typ: str) -> dict[str, Any] | None:
        """Claims of a token this provider signed, whatever its age; None when it is not one."""
        self._refresh()
        try:
            decoded = jwt.decode(token, KeySet(list(self._keys)), algorithms=[ALGORITHM])
        except (JoseError, ValueError):
            return None
        return dict(decoded.claims) if decoded.header.get("typ") == typ else None


def _read(path: Path) -> ECKey:
    key = ECKey.import_key(path.read_bytes(), {"alg": ALGORITHM, "use": "sig"})
    key.ensure_kid()  # RFC 7638 thumbprint: the same in every replica
    return key
