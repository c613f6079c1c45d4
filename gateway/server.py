"""How the gateway listens: uvicorn with limits for callers who send endless or slow request heads."""

import asyncio
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD_BYTES = 48 * 1024  # a session cookie may take 28 KiB
_HEAD_SECONDS = 15.0


class GuardedProtocol(HttpToolsProtocol):
    """Closes a connection whose request head is too long or does not become complete; uvicorn has no such limit."""

    _head_bytes = 0
    _in_head = True
    _watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def _expect_head(self) -> None:
        self._in_head, self._head_bytes = True, 0
        self._stop_watch()
        self._watch = self.loop.call_later(_HEAD_SECONDS, self._head_too_slow)

    def on_message_begin(self) -> None:
        self._expect_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._stop_watch()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > _HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("Request head too large.")

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watch()
        super().connection_lost(exc)

    def _stop_watch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _head_too_slow(self) -> None:
        if self._in_head and not self.transport.is_closing():
            self.transport.close()


def config(app: Any, host: str, port: int) -> uvicorn.Config:
    """One process per port and pod; more capacity is more replicas. Keep-alive is longer than an ingress keeps its
    own connections, so that it never meets one we just closed."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=GuardedProtocol,
        loop="uvloop",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        # Whom to believe about forwarded addresses is our own setting (trusted_proxies).
        proxy_headers=False,
        server_header=False,
        limit_concurrency=1024,
        backlog=2048,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=20,
    )
