"""How fast the gateway passes requests on, with its token check, against nginx doing only the passing.

python -m benchmarks.gateway_floor [--seconds 5] [--connections 32] [--json FILE]

One machine, one run: an upstream, a client, and in between nothing, the gateway, or nginx. The upstream is first one
that does next to nothing, so that only the passing counts, and then a service of the platform's own frame (token check,
routing, metrics, no database), as stands behind a gateway. Without nginx the floor is missing and said to be.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import uvloop
from fastapi import APIRouter, Response

from services.chassis.app import build_app
from services.chassis.auth import Authenticated
from services.chassis.cli import serve
from services.chassis.settings import ServiceSettings, load_settings
from tests.support import tokens

PATH = "/api/v1/tasks"
ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 26\r\n\r\n" + b'{"items":[],"next":null}  '
)
NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream service {{ server 127.0.0.1:{upstream}; keepalive 64; }}
  server {{ listen 127.0.0.1:{port}; keepalive_requests 1000000;
    location / {{ proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}
}}
"""


class Upstream(asyncio.Protocol):
    """Answers every request head with the same few bytes: as little work as possible."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.held = cast(asyncio.WriteTransport, transport), b""

    def data_received(self, data: bytes) -> None:
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            self.held = self.held[end + 4 :]
            self.transport.write(ANSWER)


class Client(asyncio.Protocol):
    """Sends the same request again as soon as its answer is complete."""

    def __init__(self, request: bytes, until: float) -> None:
        self.request, self.until = request, until
        self.done = 0
        self.failed = 0
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.held = cast(asyncio.WriteTransport, transport), b""
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.held += data
        if not self.held.endswith(b"}  ") and b"problem+json" not in self.held:
            return
        self.failed += not self.held.startswith(b"HTTP/1.1 200")
        self.done += 1
        self.held = b""
        if time.perf_counter() < self.until:
            self.transport.write(self.request)
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.failed += exc is not None
        self.closed.set_result(None)


async def measure(port: int, token: str, connections: int, seconds: float) -> float:
    """Requests per second that came back with 200."""
    request = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    clients = [Client(request, started + seconds) for _ in range(connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*(client.closed for client in clients))
    if failed := sum(client.failed for client in clients):
        raise SystemExit(f"{failed} requests failed")
    return sum(client.done for client in clients) / (time.perf_counter() - started)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def process(command: list[str], port: int, log: Path, **environment: str) -> Iterator[None]:
    with log.open("wb") as file:
        child = subprocess.Popen(command, env=os.environ | environment, stdout=file, stderr=file)
    try:
        wait_for(port, child, log)
        yield
    finally:
        child.terminate()
        child.wait(10)


def wait_for(port: int, child: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(200):
        if child.poll() is not None:
            raise SystemExit(f"{child.args!r} ended:\n{log.read_text()}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise SystemExit(f"{child.args!r} did not listen")


def run(folder: Path, connections: int, seconds: float) -> dict[str, float | None]:
    """Requests per second by what stands between; `service_...` with a real service behind instead of the tiny one."""
    token = tokens.token(["HANDLER"], lifetime_seconds=3600)
    environment = {
        "YICHUANG_ISSUER": tokens.ISSUER,
        "YICHUANG_JWKS_URL": tokens.jwks_url(folder),
        "YICHUANG_KEYS_DIR": str(folder / "keys"),
        "YICHUANG_DATABASE_URL_APPROVAL": "postgresql://nobody@127.0.0.1:1/none",
        "YICHUANG_NATS_URL": "nats://127.0.0.1:1",
        "YICHUANG_RATE_LIMIT_PERSON": "100000000",
    }

    def rate(port: int) -> float:
        uvloop.run(measure(port, token, connections, 1.0))  # connections and caches warm
        return uvloop.run(measure(port, token, connections, seconds))

    found = _through(folder, "--upstream", environment, rate)
    behind = _through(folder, "--service", environment, rate)
    return found | {f"service_{name}": value for name, value in behind.items()}


def _through(
    folder: Path, kind: str, environment: dict[str, str], rate: Callable[[int], float]
) -> dict[str, float | None]:
    upstream, gateway, port = free_port(), free_port(), free_port()
    me = [sys.executable, "-m", "benchmarks.gateway_floor", kind, str(upstream)]
    with process(me, upstream, folder / "upstream.log", **environment):
        found: dict[str, float | None] = {"upstream": rate(upstream), "nginx": None}
        command = [sys.executable, "-m", "gateway", "api", "--port", str(gateway)]
        behind = {"YICHUANG_URL_APPROVAL": f"http://127.0.0.1:{upstream}"}
        with process(command, gateway, folder / "gateway.log", **environment, **behind):
            found["gateway"] = rate(gateway)
        if (nginx := shutil.which("nginx")) is not None:
            config = folder / "nginx.conf"
            config.write_text(NGINX.format(folder=folder, upstream=upstream, port=port))
            with process([nginx, "-c", str(config)], port, folder / "nginx.log"):
                found["nginx"] = rate(port)
    return found


def serve_service(port: int) -> None:
    """A service of the platform's own frame with one route that needs a token and nothing else."""
    router = APIRouter()

    @router.get(PATH)
    async def tasks(_: Authenticated) -> Response:
        return Response(ANSWER.partition(b"\r\n\r\n")[2], media_type="application/json")

    serve(build_app(load_settings("approval", ServiceSettings), title="floor", routers=[router]), "127.0.0.1", port)


async def serve_upstream(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port)
    await server.serve_forever()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--upstream", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--service", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.upstream:
        uvloop.run(serve_upstream(arguments.upstream))
        return 0
    if arguments.service:
        serve_service(arguments.service)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        found = run(Path(folder), arguments.connections, arguments.seconds)
    for kind, goal in (("", " (goal 0.50)"), ("service_", "")):
        for name in ("upstream", "nginx", "gateway"):
            value = found[kind + name]
            shown = "missing: nginx is not installed" if value is None else f"{value:10.0f} req/s"
            print(f"{kind + name:18} {shown}")
        if (floor := found[f"{kind}nginx"]) and (passed := found[f"{kind}gateway"]):
            print(f"{kind}gateway / {kind}nginx = {passed / floor:.2f}{goal}")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
