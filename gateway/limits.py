"""How much a caller may send: a token bucket per client, and a request body counted while it streams."""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from gateway.asgi import Receive
from gateway.problems import too_large

WINDOW_SECONDS = 60
_KEPT_CLIENTS = 100_000
_IDLE_SECONDS = 30.0


@dataclass(frozen=True)
class Policy:
    """`quota` requests a minute; the name appears in the RateLimit headers (IETF draft -11)."""

    name: str
    quota: int

    @property
    def header(self) -> bytes:
        return f'"{self.name}";q={self.quota};w={WINDOW_SECONDS}'.encode()


@dataclass(frozen=True)
class Verdict:
    policy: Policy
    allowed: bool
    remaining: int
    full_in_seconds: int
    retry_after_seconds: int

    @property
    def header(self) -> bytes:
        return f'"{self.policy.name}";r={self.remaining};t={self.full_in_seconds}'.encode()


class Buckets:
    """One bucket per client, in this process. With N replicas a client gets up to N times its quota: the limit is
    there to keep one caller from starving the others, not to count exactly. The least recently seen are dropped."""

    def __init__(self, now: Callable[[], float] = time.monotonic, kept: int = _KEPT_CLIENTS) -> None:
        self._now = now
        self._kept = kept
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, policy: Policy) -> Verdict:
        """Take one from the client's bucket if it is there."""
        now = self._now()
        rate = policy.quota / WINDOW_SECONDS
        key = f"{policy.name}:{client}"
        level, seen = self._levels.get(key, (float(policy.quota), now))
        level = min(float(policy.quota), level + (now - seen) * rate)
        allowed = level >= 1.0
        if allowed:
            level -= 1.0
        self._levels[key] = (level, now)
        self._levels.move_to_end(key)
        if len(self._levels) > self._kept:
            self._levels.popitem(last=False)
        wait = 0 if allowed else max(1, math.ceil((1.0 - level) / rate))
        return Verdict(policy, allowed, int(level), math.ceil((policy.quota - level) / rate), wait)

    def give_back(self, client: str, policy: Policy) -> None:
        """One that was taken in advance turned out to cost nothing."""
        key = f"{policy.name}:{client}"
        if key in self._levels:
            level, seen = self._levels[key]
            self._levels[key] = (min(float(policy.quota), level + 1.0), seen)


@lru_cache(maxsize=4096)
def client_address(peer: str, forwarded_for: str, trusted: tuple[IPv4Network | IPv6Network, ...] = ()) -> str:
    """The nearest address that is not one of our own proxies; an IPv6 client is the first address of its /64.

    X-Forwarded-For is believed only from the right and only as long as trusted proxies wrote it.
    """
    address = peer
    for hop in reversed([part.strip() for part in forwarded_for.split(",") if part.strip()]):
        if not _within(address, trusted):
            break
        address = hop
    try:
        parsed = ip_address(address)
    except ValueError:
        return peer
    return str(ip_network(f"{parsed}/64", strict=False).network_address) if parsed.version == 6 else str(parsed)


def _within(address: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks if network.version == parsed.version)


class ClientGone(Exception):
    """The caller hung up before the body was complete."""


class BodyTooLarge(Exception):
    """More than the limit has come in."""


class BodyTooSlow(Exception):
    """Nothing came for half a minute."""


class Body:
    """The request body, read once, counted as it comes. What stopped it is kept in `fault`, because an exception
    raised inside an HTTP client's upload comes back wrapped."""

    def __init__(self, receive: Receive, limit: int, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._receive = receive
        self._limit = limit
        self._idle = idle_seconds
        self.size = 0
        self.complete = False
        self.fault: Exception | None = None

    async def chunks(self) -> AsyncIterator[bytes]:
        while not self.complete:
            try:
                chunk = await self._next()
            except (ClientGone, BodyTooLarge, BodyTooSlow) as fault:
                self.fault = fault
                raise
            if chunk:
                yield chunk

    async def read(self) -> bytes:
        return b"".join([chunk async for chunk in self.chunks()])

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(self._idle):
                message = await self._receive()
        except TimeoutError:
            raise BodyTooSlow from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        self.size += len(chunk)
        if self.size > self._limit:
            raise BodyTooLarge
        self.complete = not message.get("more_body", False)
        return chunk

    async def drain(self, seconds: float = 2.0) -> None:
        """Throw away what still comes for a moment, so that the caller reads our answer instead of a reset."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    message = await self._receive()
                    if message["type"] == "http.disconnect" or not message.get("more_body", False):
                        return
        except TimeoutError:
            return


def check_declared_length(value: str, limit: int) -> None:
    """Refuse before reading when the caller already says it is too much."""
    if value.isdigit() and int(value) > limit:
        raise too_large(limit)
