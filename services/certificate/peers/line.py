"""The line to other libraries: short deadlines, one more try when nobody was reached, and a rest after failures.

Only registered addresses are called, nothing is followed elsewhere, and an answer beyond a megabyte is none.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from services.certificate.domain.errors import PeerAway, PeerRefusesUs
from services.certificate.domain.peering import Peer
from services.kernel.codes import mask_citizen_ids

QUERIES = "/api/v1/certificate-peers/queries"
NOTICES = "/api/v1/certificate-peers/notices"
_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
_ALTOGETHER_SECONDS = 8.0  # the desk waits no longer, however slowly an answer trickles in
_MOST_BYTES = 2**20
_FAILURES, _REST_SECONDS = 3, 30.0
_RETRY_SECONDS = 30
_LONGEST_TITLE, _SHOWN = 1000, 100


@dataclass
class _Circuit:
    """After some failures in a row nobody waits for that peer until the rest is over; then one tries."""

    failures: int = 0
    closed_until: float = 0.0

    def resting(self) -> bool:
        return time.monotonic() < self.closed_until

    def failed(self) -> None:
        self.failures += 1
        if self.failures >= _FAILURES:
            self.closed_until = time.monotonic() + _REST_SECONDS

    def answered(self) -> None:
        self.failures = 0
        self.closed_until = 0.0


@dataclass
class Line:
    """One per process. `transport` is for tests."""

    transport: httpx.AsyncBaseTransport | None = None
    _client: httpx.AsyncClient | None = field(default=None, repr=False)
    _circuits: dict[str, _Circuit] = field(default_factory=dict, repr=False)

    async def send(self, peer: Peer, path: str, body: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The answer's body. `body` is made anew for a second try, because a request is answered once.

        Raises:
            PeerAway: nobody answered in time, or the other side has a fault of its own.
            PeerRefusesUs: it says why.
        """
        circuit = self._circuits.setdefault(peer.base_url, _Circuit())
        if circuit.resting():
            raise PeerAway(f"{peer.name}的证照库暂时无法连接", retry_after_seconds=_RETRY_SECONDS)
        try:
            async with asyncio.timeout(_ALTOGETHER_SECONDS):
                status, content = await self._posted(f"{peer.base_url}{path}", body)
        except (httpx.HTTPError, TimeoutError, _TooLong) as fault:
            circuit.failed()
            raise PeerAway(f"{peer.name}的证照库暂时无法连接", retry_after_seconds=_RETRY_SECONDS) from fault
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            circuit.failed()
            raise PeerAway(f"{peer.name}的证照库暂时不能答复", retry_after_seconds=_RETRY_SECONDS)
        circuit.answered()
        return _read(status, content, peer)

    async def _posted(self, url: str, body: Callable[[], dict[str, Any]]) -> tuple[int, httpx.Response]:
        try:
            return await self._post(url, body())
        except (httpx.ConnectError, httpx.ConnectTimeout):  # nothing was sent
            return await self._post(url, body())

    async def _post(self, url: str, body: dict[str, Any]) -> tuple[int, httpx.Response]:
        async with self._http().stream("POST", url, json=body) as response:
            read = bytearray()
            async for part in response.aiter_bytes():
                read += part
                if len(read) > _MOST_BYTES:
                    raise _TooLong
            return response.status_code, httpx.Response(response.status_code, content=bytes(read))

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=_TIMEOUT, transport=self.transport, follow_redirects=False)
        return self._client

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None


class _TooLong(Exception):
    """More than an answer can be."""


def _read(status: int, response: httpx.Response, peer: Peer) -> dict[str, Any]:
    try:
        said = response.json()
    except (ValueError, RecursionError):  # no JSON, or lists in lists without end
        said = {}
    said = said if isinstance(said, dict) else {}
    if status == httpx.codes.OK:
        return said
    raise PeerRefusesUs(f"{peer.name}答复：{_text(said, 'title')}（{_text(said, 'code') or status}）")


def _text(said: dict[str, Any], name: str) -> str:
    """What a stranger wrote is shown short, in one line, and without the number that it may repeat to us."""
    value = said.get(name, "")
    plain = "".join(sign for sign in value if sign.isprintable()) if isinstance(value, str) else ""
    return mask_citizen_ids(plain[:_LONGEST_TITLE])[:_SHOWN]
