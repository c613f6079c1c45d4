"""Builds the HTTP side of a service: problem documents, tokens, traces, metrics, health, OpenAPI."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

from services.chassis import clock, garbage, problems, telemetry
from services.chassis.auth import AuthMiddleware, Verifier
from services.chassis.bus import Kicker
from services.chassis.database import Database, Replay
from services.chassis.ending import end
from services.chassis.settings import ServiceSettings

log = logging.getLogger(__name__)
Hook = Callable[[FastAPI], Awaitable[None]]


_READ = (b"traceparent", b"x-request-start")


class _Observe:
    """Outermost layer: a span and a duration per request, labelled by the route template, never by the path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in {"/livez", "/readyz", "/metrics"}:
            await self._app(scope, receive, send)
            return
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"] if k in _READ}
        clock.request_arrives(headers.pop("x-request-start", ""))
        watch = telemetry.Stopwatch()
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with telemetry.server_span(scope["method"], headers) as span:
            try:
                await self._app(scope, receive, watched)
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                seconds = watch.seconds()
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.response.status_code", status)
                telemetry.http_seconds.labels(scope["method"], route, str(status)).observe(seconds)
                if status >= 500:
                    log.warning("failed request", extra={"route": route, "status": status})


def build_app(
    settings: ServiceSettings,
    *,
    title: str,
    routers: Sequence[APIRouter],
    on_start: Sequence[Hook] = (),
    on_stop: Sequence[Hook] = (),
) -> FastAPI:
    """The app of one service. `app.state` holds settings, database and verifier; hooks add what is its own."""
    telemetry.set_up(settings)
    clock.use_test_clock(settings.test_clock)
    database = Database(settings.database_url, pool_size=settings.database_pool)
    verifier = Verifier(settings.issuer, settings.jwks_url)

    app = FastAPI(
        title=title,
        version="1",
        lifespan=_lifespan(settings, database, on_start, on_stop),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # Our own span and metrics are enough (`_Observe`), and they never hold a path or a message.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.state.settings, app.state.database, app.state.verifier = settings, database, verifier
    app.add_middleware(AuthMiddleware, verifier=verifier)
    app.add_middleware(_Observe)
    problems.install(app)
    app.add_exception_handler(Replay, _replay)
    for router in routers:
        app.include_router(router)
    app.include_router(_operations(database))
    plain = app.openapi
    app.openapi = lambda: _mark_roles(plain())  # type: ignore[method-assign]
    return app


def _lifespan(
    settings: ServiceSettings, database: Database, on_start: Sequence[Hook], on_stop: Sequence[Hook]
) -> Lifespan[FastAPI]:
    kicker = Kicker(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database.when_events_committed(kicker.kick)
        background = asyncio.create_task(kicker.connect())
        for hook in on_start:
            await hook(app)
        garbage.settle()
        yield
        for hook in on_stop:
            await hook(app)
        await end([background])
        await kicker.close()
        await database.close()

    return lifespan


async def _replay(_: Request, known: Exception) -> Response:
    assert isinstance(known, Replay)
    return known.answer.response()


def _operations(database: Database) -> APIRouter:
    """Probes and metrics: reachable inside the cluster only, so they carry no rule and stay out of the document."""
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> Response:
        try:
            async with asyncio.timeout(3):
                await database.connect()
        except (SQLAlchemyError, OSError, TimeoutError):
            return Response('{"status":"database away"}', 503, media_type="application/json")
        return Response('{"status":"ok"}', media_type="application/json")

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @router.get("/openapi.json")
    async def openapi(request: Request) -> dict[str, Any]:
        document: dict[str, Any] = request.app.openapi()
        return document

    return router


def _mark_roles(document: dict[str, Any]) -> dict[str, Any]:
    """Turn the security entries into `x-roles` (who may call) or `x-public`, and drop the marker scheme."""
    document.get("components", {}).get("securitySchemes", {}).pop("public", None)
    for operations in document.get("paths", {}).values():
        for operation in operations.values():
            entries = operation.get("security") or []
            if any("public" in entry for entry in entries):
                operation["security"], operation["x-public"] = [], True
                continue
            roles = sorted({role for entry in entries for role in entry.get("bearer", [])})
            if entries:
                operation["x-roles"] = roles or ["*"]
    return document
