"""The services' OpenAPI documents: fetched, kept for a while, the committed ones when a service is away."""

import asyncio
import hashlib
import logging
import time
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from gateway.asgi import Answer, Header, Request
from gateway.merge import SERVICES, Document, merge

log = logging.getLogger(__name__)

COMMITTED = Path(__file__).parent.parent / "contracts" / "generated" / "openapi"
_FRESH_SECONDS = 300.0
_RETRY_SECONDS = 15.0
_LIMIT = 8 * 2**20
_TIMEOUT = aiohttp.ClientTimeout(total=4, sock_connect=1)


class Documents:
    """The merged document. Renewed every few minutes, sooner while a service's own document is missing."""

    def __init__(
        self, http: aiohttp.ClientSession, upstreams: dict[str, str], server: str, committed: Path | None = None
    ) -> None:
        self._http = http
        self._upstreams = upstreams
        self._server = server
        self._committed = committed or COMMITTED
        self._live: dict[str, Document] = {}
        self._renew_at = 0.0
        self._lock = asyncio.Lock()
        self._body = b""
        self.merged: Document = {}
        self.etag = ""

    async def current(self) -> Document:
        if time.monotonic() >= self._renew_at:
            async with self._lock:
                if time.monotonic() >= self._renew_at:
                    await self._renew()
        return self.merged

    async def answer(self, request: Request) -> Answer:
        await self.current()
        tag = self.etag.encode()
        headers: list[Header] = [(b"etag", tag), (b"cache-control", b"public, max-age=60")]
        if self.etag in request.headers.get("if-none-match", ""):
            return Answer(304, b"", "application/json", headers)
        return Answer(200, self._body, "application/json", headers)

    async def _renew(self) -> None:
        found = await asyncio.gather(*(self._fetch(service) for service in SERVICES))
        self._live |= {service: doc for service, doc in zip(SERVICES, found, strict=True) if doc is not None}
        documents = {service: self._live.get(service) or self._kept(service) for service in SERVICES}
        held = {service: doc for service, doc in documents.items() if doc}
        missing = tuple(service for service in SERVICES if service not in held)
        self.merged = merge(held, server=self._server, missing=missing)
        self._body = orjson.dumps(self.merged)
        self.etag = f'"{hashlib.sha256(self._body).hexdigest()[:32]}"'
        self._renew_at = time.monotonic() + (_RETRY_SECONDS if None in found else _FRESH_SECONDS)

    async def _fetch(self, service: str) -> Document | None:
        try:
            async with self._http.get(f"{self._upstreams[service]}/openapi.json", timeout=_TIMEOUT) as answer:
                answer.raise_for_status()
                body = bytearray()
                async for chunk in answer.content.iter_any():
                    body += chunk
                    if len(body) > _LIMIT:
                        raise ValueError("the document is too large")
            return _document(orjson.loads(body))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            log.warning("OpenAPI document of %s cannot be fetched: %s", service, type(error).__name__)
            return None

    def _kept(self, service: str) -> Document | None:
        path = self._committed / f"{service}.json"
        return _document(orjson.loads(path.read_bytes())) if path.is_file() else None


def _document(value: Any) -> Document:
    if not isinstance(value, dict) or not isinstance(value.get("paths"), dict):
        raise ValueError("not an OpenAPI document")
    return value
