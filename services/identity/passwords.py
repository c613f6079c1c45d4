"""Passwords (argon2id) and other secrets (random, 256 bits): made, hashed and checked here."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from services.identity.domain.errors import TooBusy

LONGEST = 128
_READABLE = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

# OWASP Password Storage Cheat Sheet, second choice of argon2id: 19 MiB, 2 passes, 1 lane (about 25 ms on one core).
# Memory counts twice: it is what slows a thief down, and what a burst of log-ins takes from this process.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def verify_password(password: str, stored: str | None) -> bool:
    """Takes the same time for an account that does not exist (`stored` None)."""
    try:
        right = _hasher.verify(stored or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return right and stored is not None


def needs_rehash(stored: str) -> bool:
    """Whether `stored` was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def random_password() -> str:
    """16 characters without look-alikes (93 bits), all three classes in it."""
    while True:
        made = "".join(secrets.choice(_READABLE) for _ in range(16))
        if any(c.islower() for c in made) and any(c.isupper() for c in made) and any(c.isdigit() for c in made):
            return made


def random_secret() -> str:
    """256 random bits, base64url: client secrets, codes, refresh tokens, cookies."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """SHA-256 is enough for a secret of 256 random bits: there is nothing to guess, so nothing to slow down."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same_secret(secret: str, stored_hash: str) -> bool:
    return bool(stored_hash) and hmac.compare_digest(hash_secret(secret), stored_hash)


class Gate:
    """Bounds how many passwords are checked at once, and how many requests may wait for that."""

    def __init__(self, at_once: int = 2, waiting: int = 200) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._room = at_once + waiting
        self._inside = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Raises TooBusy when the queue is full: better said at once than after the caller has given up."""
        if self._inside >= self._room:
            raise TooBusy(retry_after_seconds=2)
        self._inside += 1
        try:
            async with self._slots:
                yield
        finally:
            self._inside -= 1
