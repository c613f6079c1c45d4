"""Sealed cookies: a small JSON value only this gateway can read or write, the same on every replica."""

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from gateway.asgi import Header, Request
from services.chassis.sealing import Sealer
from services.chassis.settings import Profile

_PART = 3500  # browsers drop a cookie above 4096 bytes
_MAX_PARTS = 8


def load_sealer(folder: Path, profile: Profile) -> Sealer:
    """Keys `<id>.key` (32 bytes, base64) in `folder`; the last id seals, all open: rotate by adding a file.

    In development a missing key is made. In production it must be there: replicas with different keys would log
    people out at random.

    Raises:
        FileNotFoundError: no key, profile production.
    """
    if not any(folder.glob("*.key")):
        if profile is Profile.PRODUCTION:
            raise FileNotFoundError(f"no session key in {folder}: 生产环境须预先放置会话密钥, 各副本一致")
        _make_key(folder / "1.key")
    keys = {path.stem: base64.b64decode(path.read_text()) for path in folder.glob("*.key")}
    return Sealer(keys, index_key=b"")


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Linked into place complete: a second process starting now must never read half a key.
    fresh = path.with_suffix(f".{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(os.urandom(32)))
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass  # another process was first; its key is used
    finally:
        fresh.unlink()


class SealedCookie:
    """One named value. HttpOnly, SameSite=Lax, and `__Host-` (Secure, no Domain) when the platform is on https."""

    def __init__(self, name: str, sealer: Sealer, *, secure: bool, max_age: int | None = None) -> None:
        self.name = f"__Host-{name}" if secure else name
        self._context = f"gateway-cookie-{name}"
        self._sealer = sealer
        self._attributes = "; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")
        self._max_age = max_age

    def read(self, request: Request) -> Mapping[str, Any] | None:
        """The value, or None when there is none, or it was made or changed by somebody else."""
        cookies = request.cookies()
        count, _, text = cookies.get(self.name, "").partition(".")
        if not count.isdecimal() or not 1 <= int(count) <= _MAX_PARTS:
            return None
        text += "".join(cookies.get(f"{self.name}_{part}", "") for part in range(1, int(count)))
        try:
            value = orjson.loads(self._sealer.open(text, self._context))
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    def present(self, request: Request) -> bool:
        return self.name in request.cookies()

    def write(self, value: Mapping[str, Any]) -> list[Header]:
        text = self._sealer.seal(orjson.dumps(value).decode(), self._context)
        parts = [text[at : at + _PART] for at in range(0, len(text), _PART)]
        if len(parts) > _MAX_PARTS:
            raise ValueError("the sealed value does not fit into cookies")
        age = f"; Max-Age={self._max_age}" if self._max_age is not None else ""
        first = [self._header(self.name, f"{len(parts)}.{parts[0]}", age)]
        return first + [self._header(f"{self.name}_{n}", part, age) for n, part in enumerate(parts[1:], 1)]

    def clear(self, request: Request) -> list[Header]:
        held = [name for name in request.cookies() if name == self.name or name.startswith(f"{self.name}_")]
        return [self._header(name, "", "; Max-Age=0") for name in held]

    def _header(self, name: str, value: str, age: str) -> Header:
        return b"set-cookie", f"{name}={value}{age}{self._attributes}".encode()
