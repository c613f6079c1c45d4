"""Passes a request on to its service and the answer back, streaming both ways."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection
from functools import lru_cache

import aiohttp
from opentelemetry import trace
from yarl import URL

from gateway.access import Caller
from gateway.asgi import Exchange, Header, Request
from gateway.limits import Body, BodyTooLarge, BodyTooSlow, ClientGone, check_declared_length
from gateway.problems import Refused, bad_answer, malformed, service_away, service_slow, slow_client, too_large
from gateway.routes import Access, Route
from services.chassis.telemetry import client_span, current_traceparent

log = logging.getLogger(__name__)

# Only these pass. What a service must never believe (X-User, X-Roles, Forwarded ...) needs no list of its own.
_PASSED = (
    *("accept", "accept-language", "accept-encoding", "content-type", "user-agent", "range", "if-range"),
    *("idempotency-key", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "tracestate"),
)
_PASSED_TO_IDENTITY = ("authorization", "origin", "referer", "sec-fetch-site", "dpop")
_HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te"}
    | {b"trailer", b"transfer-encoding", b"upgrade", b"server", b"date", b"x-request-id", b"x-content-type-options"}
)
_CLOSED = b"default-src 'none'; frame-ancestors 'none'"
_POLICIES = {
    "application/json": _CLOSED,
    "application/problem+json": _CLOSED,
    "text/html": b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; "
    b"frame-ancestors 'none'",
}
_NOTHING: frozenset[bytes] = frozenset()
_IN_MEMORY = 64 * 1024
_SEND_SECONDS = 60.0
_NO_AUTO_HEADERS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class Proxy:
    def __init__(self, http: aiohttp.ClientSession, upstreams: dict[str, str], origin: str) -> None:
        self._http = http
        self._upstreams = upstreams
        scheme, _, host = origin.partition("://")
        self._forwarded = {"x-forwarded-proto": scheme, "x-forwarded-host": host}

    def request_headers(
        self, request: Request, route: Route, caller: Caller, request_id: str, own_cookies: Collection[str] = ()
    ) -> dict[str, str]:
        """What the service gets: listed headers, our token, and where the request comes from."""
        held = request.headers
        own = route.access is Access.OWN
        passed = (*_PASSED, *_PASSED_TO_IDENTITY) if own else _PASSED
        headers = {name: held[name] for name in passed if name in held and held[name].isascii()}
        if own and (cookies := _without(request, own_cookies)):
            headers["cookie"] = cookies
        if caller.token:
            headers["authorization"] = f"Bearer {caller.token}"
        headers.update(self._forwarded)
        headers["x-forwarded-for"] = caller.address
        headers["x-request-id"] = request_id
        headers["x-request-start"] = f"{request.arrived:.6f}"
        if traceparent := current_traceparent():
            headers["traceparent"] = traceparent
        return headers

    async def forward(self, exchange: Exchange, route: Route, headers: dict[str, str]) -> None:
        """Send the request on and the answer back.

        Raises:
            Refused: nothing was sent to the caller yet, and the service is away, slow or talks nonsense, or the body
                is too large or too slow.
        """
        request = exchange.request
        check_declared_length(request.headers.get("content-length", ""), route.body_limit)
        body = Body(request.receive, route.body_limit)
        if not trace.get_current_span().is_recording():
            await self._pass(exchange, route, headers, body)
            return
        with client_span(f"{request.method} {route.service}"):
            headers["traceparent"] = current_traceparent() or headers.get("traceparent", "")
            await self._pass(exchange, route, headers, body)

    async def _pass(self, exchange: Exchange, route: Route, headers: dict[str, str], body: Body) -> None:
        try:
            answer = await self._head(exchange.request, route, headers, body)
        except ClientGone:
            return
        try:
            await self._relay(exchange, answer, route)
        finally:
            # Complete answers have already gone back to the pool; anything else must not be reused.
            answer.close()

    async def _head(
        self, request: Request, route: Route, headers: dict[str, str], body: Body
    ) -> aiohttp.ClientResponse:
        try:
            return await self._ask(request, route, headers, body)
        except Exception as error:
            if isinstance(body.fault or error, ClientGone):
                raise ClientGone from None
            raise _refusal(body.fault or error, route, body) from None

    async def _ask(self, request: Request, route: Route, headers: dict[str, str], body: Body) -> aiohttp.ClientResponse:
        loop = asyncio.get_running_loop()
        payload: bytes | AsyncIterator[bytes] | None = None
        if request.has_body:
            declared = request.headers.get("content-length")
            if declared is not None and declared.isdigit() and int(declared) <= _IN_MEMORY:
                payload = await body.read()
            elif declared is not None:
                headers["content-length"] = declared
        streams = request.has_body and payload is None
        async with asyncio.timeout(route.upload + route.deadline if streams else route.deadline) as limit:
            if streams:
                payload = _until_sent(body, limit, lambda: loop.time() + route.deadline)
            return await self._http.request(
                "GET" if request.method == "HEAD" else request.method,
                _target(self._upstreams[route.service], request),
                data=payload,
                headers=headers,
                skip_auto_headers=_NO_AUTO_HEADERS,
                allow_redirects=False,
                timeout=_timeout(route),
            )

    async def _relay(self, exchange: Exchange, answer: aiohttp.ClientResponse, route: Route) -> None:
        headers = _answer_headers(answer, cookies=route.access is Access.OWN)
        if exchange.request.method == "HEAD" or answer.status in (204, 304):
            await exchange.start(answer.status, headers)
            await exchange.body(b"", more=False)
            return
        if (answer.content_length or _IN_MEMORY) < _IN_MEMORY:
            await self._relay_small(exchange, answer, route, headers)
            return
        await exchange.start(answer.status, headers)
        try:
            async for chunk in answer.content.iter_any():
                async with asyncio.timeout(_SEND_SECONDS):
                    await exchange.body(chunk, more=True)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # The head is out: the only honest sign left is a connection that ends too early.
            log.warning("answer of %s broke off: %s", route.service, type(error).__name__)
            exchange.broken = True
            return
        await exchange.body(b"", more=False)

    async def _relay_small(
        self, exchange: Exchange, answer: aiohttp.ClientResponse, route: Route, headers: list[Header]
    ) -> None:
        """A short answer is read first: fewer steps, and if it breaks off the caller still gets a clear problem."""
        try:
            content = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("answer of %s broke off: %s", route.service, type(error).__name__)
            raise service_away(route.service) from None
        await exchange.start(answer.status, headers)
        await exchange.body(content, more=False)


async def _until_sent(body: Body, limit: asyncio.Timeout, deadline: Callable[[], float]) -> AsyncIterator[bytes]:
    """The body; when it is complete the service's own time begins to run."""
    async for chunk in body.chunks():
        yield chunk
    if not limit.expired():
        limit.reschedule(deadline())


def _refusal(error: Exception, route: Route, body: Body) -> Refused:
    if isinstance(error, BodyTooLarge):
        return too_large(route.body_limit)
    if isinstance(error, BodyTooSlow):
        return slow_client()
    if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ServerTimeoutError):
        return slow_client() if body.size and not body.complete else service_slow(route.service)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return service_away(route.service)
    if isinstance(error, aiohttp.ServerTimeoutError):
        return service_slow(route.service)
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return service_away(route.service)
    if isinstance(error, aiohttp.ClientError):
        return bad_answer(route.service)
    raise error


def _target(base: str, request: Request) -> URL:
    """The path exactly as it came; a path that two readers could read differently is refused."""
    raw = request.raw_path
    lowered = raw.lower()
    dots = any(part in (".", "..") for part in request.path.split("/"))
    if dots or "%2f" in lowered or "%5c" in lowered or "\\" in raw or not request.path.isprintable():
        raise malformed("地址中含有不允许的字符", "The address holds characters that are not allowed")
    return URL(f"{base}{raw}?{request.query}" if request.query else f"{base}{raw}", encoded=True)


@lru_cache(maxsize=64)
def _timeout(route: Route) -> aiohttp.ClientTimeout:
    # The head is watched by our own deadline; sock_read catches an answer that stalls half way.
    return aiohttp.ClientTimeout(total=None, connect=3.0, sock_connect=2.0, sock_read=route.deadline + 5.0)


def _answer_headers(answer: aiohttp.ClientResponse, *, cookies: bool) -> list[Header]:
    connection = answer.headers.get("connection")
    named = {part.strip().lower().encode() for part in connection.split(",")} if connection else _NOTHING
    headers = []
    seen = set()
    for name, value in answer.raw_headers:
        lowered = name.lower()
        if lowered in _HOP_BY_HOP or lowered in named or (lowered == b"set-cookie" and not cookies):
            continue
        seen.add(lowered)
        headers.append((lowered, value))
    if b"cache-control" not in seen:
        headers.append((b"cache-control", b"no-store"))
    if b"content-security-policy" not in seen and (policy := _POLICIES.get(answer.content_type)):
        headers.append((b"content-security-policy", policy))
    return headers


def _without(request: Request, own: Collection[str]) -> str:
    """The caller's cookies without the gateway's sealed ones, which are nobody else's business."""
    kept = []
    for part in request.headers.get("cookie", "").split(";"):
        name = part.partition("=")[0].strip()
        if name and not any(name == mine or name.startswith(f"{mine}_") for mine in own):
            kept.append(part.strip())
    return "; ".join(kept)
