"""A running gateway before tiny services of our own, all on loopback: what passed through is kept to be looked at."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import uvicorn

from gateway.main import create_app
from gateway.routes import TABLE, Route
from gateway.server import config
from gateway.settings import GatewaySettings
from tests.support import tokens

SERVICES = ("identity", "intake", "approval", "certificate", "supervision")
App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


@dataclass
class Seen:
    """One request as the service got it."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Service:
    """A service that notes every complete request and answers JSON; `acts` replace the answer of a path."""

    name: str
    seen: list[Seen] = field(default_factory=list)
    begun: int = 0
    acts: dict[str, App] = field(default_factory=dict)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        self.begun += 1
        if act := self.acts.get(scope["path"]):
            await act(scope, receive, send)
            return
        body = b""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {k.decode(): v.decode("latin-1") for k, v in scope["headers"]}
        self.seen.append(
            Seen(scope["method"], scope["raw_path"].decode(), scope["query_string"].decode(), headers, body)
        )
        await reply(send, {"service": self.name})

    def answers(self, path: str, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        async def act(scope: dict[str, Any], receive: Any, send: Any) -> None:
            await reply(send, value, status, headers)

        self.acts[path] = act


async def reply(send: Any, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
    head = [(b"content-type", b"application/json")]
    head += [(k.encode(), v.encode()) for k, v in (headers or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": orjson.dumps(value)})


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the test process keeps its own


@contextlib.asynccontextmanager
async def servers() -> AsyncIterator[Callable[..., Awaitable[None]]]:
    """Starts servers on given sockets; all of them stop together at the end, which is much quicker than in turn."""
    started: list[tuple[_Server, asyncio.Task[None]]] = []

    async def start(app: Any, listener: socket.socket, settings: uvicorn.Config | None = None) -> None:
        settings = settings or uvicorn.Config(app, log_config=None, lifespan="off", ws="none", proxy_headers=False)
        settings.timeout_graceful_shutdown = 1
        server = _Server(settings)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        started.append((server, task))
        while not server.started:
            assert not task.done()
            await asyncio.sleep(0.005)

    try:
        yield start
    finally:
        for server, _ in started:
            server.should_exit = True
        await asyncio.gather(*(task for _, task in started))


def listening() -> tuple[socket.socket, str]:
    listener = socket.create_server(("127.0.0.1", 0))
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


def free_address() -> str:
    """An address nobody listens on."""
    listener, address = listening()
    listener.close()
    return address


@dataclass
class Stack:
    """The gateway's address and the services behind it."""

    url: str
    services: dict[str, Service]
    settings: GatewaySettings

    def __getattr__(self, name: str) -> Service:
        return self.services[name]


@contextlib.asynccontextmanager
async def running(
    folder: Path, *, away: tuple[str, ...] = (), deadline: float | None = None, **overrides: Any
) -> AsyncIterator[Stack]:
    """A gateway with its own settings; services in `away` are not listening."""
    services = {name: Service(name) for name in SERVICES}
    async with servers() as start:
        urls = {}
        for name, service in services.items():
            listener, urls[f"url_{name}"] = listening()
            if name in away:
                listener.close()
            else:
                await start(service, listener)
        listener, address = listening()
        settings = GatewaySettings(
            **{
                "service": "gateway",
                "issuer": tokens.ISSUER,
                "public_url": address,
                "jwks_url": tokens.jwks_url(folder),
                "keys_dir": folder / "keys",
                **urls,
                **overrides,
            }
        )
        app = create_app(settings, table(deadline))
        await start(app, listener, config(app, "127.0.0.1", 0))
        yield Stack(address, services, settings)


def table(deadline: float | None) -> tuple[Route, ...]:
    return TABLE if deadline is None else tuple(replace(route, deadline=deadline) for route in TABLE)
