"""The little of HTTP over ASGI the gateway needs: a request, an answer, and the exchange that holds both."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

import orjson

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

# Coming twice, two readers could believe two different values.
_ONCE = frozenset({"authorization", "host", "content-length", "origin", "content-type", "idempotency-key", "if-match"})


class Request:
    """Method, path and headers of an HTTP scope. Header names are lower case; repeated ones are joined."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.receive = receive
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.raw_path: str = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        self.query: str = scope.get("query_string", b"").decode("latin-1")
        self.arrived = time.time()
        self.headers: dict[str, str] = {}
        self.repeated = False
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            if name in self.headers:
                self.repeated = self.repeated or name in _ONCE
                value = f"{self.headers[name]}{'; ' if name == 'cookie' else ', '}{value}"
            self.headers[name] = value

    @property
    def peer(self) -> str:
        client = self.scope.get("client")
        return client[0] if client else ""

    @property
    def english(self) -> bool:
        return self.headers.get("accept-language", "").strip().lower().startswith("en")

    @property
    def has_body(self) -> bool:
        length = self.headers.get("content-length", "")
        return "transfer-encoding" in self.headers or (length != "" and length != "0")

    @property
    def parameters(self) -> dict[str, str]:
        """First value of each query parameter."""
        return {name: values[0] for name, values in parse_qs(self.query, max_num_fields=50).items()}

    def cookies(self) -> dict[str, str]:
        jar: SimpleCookie = SimpleCookie()
        try:
            jar.load(self.headers.get("cookie", ""))
        except CookieError:
            return {}
        return {name: morsel.value for name, morsel in jar.items()}


@dataclass(frozen=True)
class Answer:
    """An answer of the gateway itself, complete in memory."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: list[Header] = field(default_factory=list)

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: list[Header] | None = None) -> "Answer":
        return cls(status, orjson.dumps(value), "application/json", headers or [])

    @classmethod
    def redirect(cls, location: str, headers: list[Header] | None = None) -> "Answer":
        moved = [(b"location", location.encode()), (b"cache-control", b"no-store"), *(headers or [])]
        return cls(303, b"", "text/plain; charset=utf-8", moved)


class Exchange:
    """One request and its answer. Adds the headers every answer carries, and remembers what was sent."""

    def __init__(self, request: Request, send: Send) -> None:
        self.request = request
        self._send = send
        self.status = 0
        self.broken = False
        self.common: list[Header] = []

    @property
    def started(self) -> bool:
        return self.status != 0

    async def start(self, status: int, headers: list[Header]) -> None:
        self.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": headers + self.common})

    async def body(self, chunk: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": chunk, "more_body": more})

    async def answer(self, answer: Answer) -> None:
        headers = [
            (b"content-type", answer.content_type.encode()),
            (b"content-length", str(len(answer.body)).encode()),
            *answer.headers,
        ]
        await self.start(answer.status, headers)
        await self.body(b"" if self.request.method == "HEAD" else answer.body, more=False)
