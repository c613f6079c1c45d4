"""The gateway's only wiring: from an ASGI scope to a route, its caller, and its answer."""

import logging
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterable

import aiohttp
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from gateway import calendar_preview, pages
from gateway.access import AccessControl, is_probe_allowed
from gateway.asgi import Answer, Exchange, Receive, Request, Scope, Send
from gateway.calendar_preview import CalendarPreviews
from gateway.compose import Journeys
from gateway.cookies import load_sealer
from gateway.docs import Docs
from gateway.limits import Body, Buckets
from gateway.oidc import Provider
from gateway.openapi import Documents
from gateway.problems import Refused, internal, not_found, service_away, unauthenticated
from gateway.proxy import Proxy
from gateway.routes import GATEWAY, TABLE, Route, Router
from gateway.session import Sessions
from gateway.settings import GatewaySettings, load
from services.chassis import garbage, telemetry
from services.chassis.auth import KeysAway, Verifier
from services.chassis.errors import Unauthenticated
from services.chassis.problems import where_raised

log = logging.getLogger(__name__)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Only an identifier by its shape: a caller's own request id could hold a personal number, and would be logged.
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
Handler = Callable[[Exchange, Route, list[str]], Awaitable[Answer]]


class Gateway:
    """The ASGI application. Everything that needs the event loop is made when it starts."""

    def __init__(self, settings: GatewaySettings, table: Iterable[Route] = TABLE) -> None:
        self._settings = settings
        self._router = Router(table)
        self._sealer = load_sealer(settings.keys_dir / "gateway" / "session", settings.profile)
        self._verifier = Verifier(settings.issuer, settings.jwks_url or _default_jwks(settings))
        self._secure = settings.secure
        self._ready = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http_request(Request(scope, receive), send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        connector = aiohttp.TCPConnector(limit=400, limit_per_host=128, keepalive_timeout=60, ttl_dns_cache=30)
        # DummyCookieJar: a real jar would hand one person's cookies to the next.
        self._http = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, max_line_size=32_768
        )
        self._assemble()
        garbage.settle()
        self._ready = True
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._ready = False
        await self._http.close()
        await send({"type": "lifespan.shutdown.complete"})

    def _assemble(self) -> None:
        settings, upstreams = self._settings, self._settings.upstreams()
        origin = settings.public_origin
        provider = Provider(settings, self._http)
        self._sessions = Sessions(self._sealer, provider, self._verifier, origin=origin, secure=settings.secure)
        self._access = AccessControl(settings, self._sessions, self._verifier, Buckets())
        self._proxy = Proxy(self._http, upstreams, origin)
        self._journeys = Journeys(self._http, upstreams)
        self._previews = CalendarPreviews(self._http, upstreams)
        documents = Documents(self._http, upstreams, origin)
        docs = Docs(documents)
        self._own: dict[str, Handler] = {
            "/": _page(pages.start),
            "/docs": lambda exchange, route, path: docs.page(exchange.request),
            "/docs/problems": lambda exchange, route, path: docs.problems(exchange.request),
            "/assets/{name}": _asset,
            "/favicon.ico": _asset,
            "/api/v1/openapi.json": lambda exchange, route, path: documents.answer(exchange.request),
            "/session": lambda exchange, route, path: self._sessions.who(exchange),
            "/session/login": lambda exchange, route, path: self._sessions.login(exchange.request),
            "/session/callback": lambda exchange, route, path: self._sessions.callback(exchange.request),
            "/session/logout": self._logout,
        }

    async def _http_request(self, request: Request, send: Send) -> None:
        exchange = Exchange(request, send)
        method = request.method if request.method in _METHODS else "OTHER"
        try:
            route, path = self._router.find(request.method, request.path)
        except Refused as refused:
            exchange.common.append((b"x-content-type-options", b"nosniff"))
            await self._refuse(exchange, refused)
            telemetry.http_seconds.labels(method, "unmatched", str(refused.status)).observe(0)
            return
        if route.template in ("/livez", "/readyz", "/metrics"):
            await exchange.answer(self._probe(request, route))
            return
        started = time.perf_counter()
        with telemetry.server_span(f"{method} {route.template}", request.headers) as span:
            await self._answered(exchange, route, path)
            span.set_attribute("http.response.status_code", exchange.status)
            seconds = time.perf_counter() - started
            telemetry.http_seconds.labels(method, route.template, str(exchange.status)).observe(seconds)
            extra = {"route": route.template, "status": exchange.status, "ms": round(seconds * 1000, 1)}
            log.log(_level(method, exchange), "%s %s", method, route.service, extra=extra)

    async def _answered(self, exchange: Exchange, route: Route, path: list[str]) -> None:
        """Exactly one answer, whatever happens."""
        request_id = exchange.request.headers.get("x-request-id", "").lower()
        request_id = request_id if request_id and _UUID.fullmatch(request_id) else os.urandom(16).hex()
        exchange.common += [(b"x-request-id", request_id.encode()), (b"x-content-type-options", b"nosniff")]
        if self._secure:
            exchange.common.append(_HSTS)
        try:
            await self._serve(exchange, route, path, request_id)
        except Refused as refused:
            await self._refuse(exchange, refused)
        except KeysAway:
            await self._refuse(exchange, service_away("identity"))
        except Unauthenticated:
            await self._refuse(exchange, unauthenticated("invalid_token"))
        except Exception as error:
            # The message may quote what the caller sent: log the type and the places, never the text.
            log.error("unexpected %s", type(error).__name__, extra={"where": where_raised(error)})
            await self._refuse(exchange, internal())

    async def _serve(self, exchange: Exchange, route: Route, path: list[str], request_id: str) -> None:
        caller = await self._access.admit(exchange, route)
        if route.service == GATEWAY and route.template in self._own:
            await exchange.answer(await self._own[route.template](exchange, route, path))
            return
        request = exchange.request
        headers = self._proxy.request_headers(request, route, caller, request_id, self._sessions.cookie_names)
        if calendar_preview.is_asked_for(request, route, path):
            await exchange.answer(await self._previews.answer(request, route, path, headers))
            return
        if route.service == GATEWAY:
            await exchange.answer(await self._journeys.journey(_case_no(path), headers))
            return
        try:
            await self._proxy.forward(exchange, route, headers)
        finally:
            self._access.answered(exchange, route, caller)

    async def _refuse(self, exchange: Exchange, refused: Refused) -> None:
        if exchange.started:
            return
        request = exchange.request
        if "text/html" in request.headers.get("accept", ""):
            page = pages.problem(request, refused)
            await exchange.answer(Answer(page.status, page.body, page.content_type, [*page.headers, *refused.headers]))
            return
        document = refused.document(english=request.english)
        head = [*refused.head(), (b"content-length", str(len(document)).encode())]
        if refused.status not in (408, 413) or not request.has_body:
            await exchange.start(refused.status, head)
            await exchange.body(b"" if request.method == "HEAD" else document, more=False)
            return
        # The caller is still sending: answer at once, swallow for a moment what is under way, then close.
        await exchange.start(refused.status, [*head, (b"connection", b"close")])
        await exchange.body(document, more=True)
        await Body(request.receive, 0).drain()
        await exchange.body(b"", more=False)

    async def _logout(self, exchange: Exchange, route: Route, path: list[str]) -> Answer:
        if exchange.request.method != "POST":
            return pages.logout(exchange.request)
        return await self._sessions.logout(exchange.request)

    def _probe(self, request: Request, route: Route) -> Answer:
        if route.template == "/livez":
            return Answer.json({"status": "ok"})
        if route.template == "/readyz":
            # Services that are away are no reason to take the gateway out: it still says which part is missing.
            return Answer.json({"status": "ok"} if self._ready else {"status": "starting"}, 200 if self._ready else 503)
        if not is_probe_allowed(request):
            return Answer(404, not_found().document(english=request.english), "application/problem+json")
        return Answer(200, generate_latest(), CONTENT_TYPE_LATEST)


def _page(render: Callable[[Request], Answer]) -> Handler:
    async def handler(exchange: Exchange, route: Route, path: list[str]) -> Answer:
        return render(exchange.request)

    return handler


async def _asset(exchange: Exchange, route: Route, path: list[str]) -> Answer:
    return pages.asset(exchange.request, path[-1])


def _level(method: str, exchange: Exchange) -> int:
    """Reads that went well are in metrics and traces; a line for each would be most of a log and of its cost."""
    if exchange.broken:
        return logging.WARNING
    return logging.DEBUG if method in ("GET", "HEAD") and exchange.status < 400 else logging.INFO


_CASE_NO = re.compile(r"[0-9A-Za-z-]{1,64}")


def _case_no(path: list[str]) -> str:
    if not _CASE_NO.fullmatch(path[-1]):
        raise not_found()
    return path[-1]


def _default_jwks(settings: GatewaySettings) -> str:
    return f"{settings.upstreams()['identity']}/.well-known/jwks.json"


def create_app(settings: GatewaySettings | None = None, table: Iterable[Route] = TABLE) -> Gateway:
    settings = settings or load()
    telemetry.set_up(settings)
    return Gateway(settings, table)
