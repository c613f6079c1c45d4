"""Fork server: imports the heavy libraries once, then forks each service from there on request.

Twelve Python processes that each import FastAPI, SQLAlchemy and the rest take half a minute on two cores and a
gigabyte; forked from here they start in milliseconds and share those pages. Single-threaded by design.

Orders come as JSON lines on standard input: {"id", "name", "module", "args", "env", "log"}; each starts
`python -m module args` in a child. Answers are JSON lines on standard output: {"id", "pid"} and, when a child ends,
{"ended": pid, "status": exit code, negative for a signal}. At the end of input all children are stopped.
"""

import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from deploy.local.exec_as import die_with_parent, set_name

HEAVY = (
    "aiohttp",
    "alembic.command",
    "asyncpg",
    "cel",
    "cryptography.hazmat.primitives.ciphers.aead",
    "cryptography.hazmat.primitives.asymmetric.ec",
    "fastapi",
    "fastapi.openapi.utils",
    "httpx",
    "jinja2",
    "joserfc.jwt",
    "multipart",
    "nats",
    "nats.js",
    "obstore",
    "opentelemetry.sdk.trace.export",
    "orjson",
    "prometheus_client",
    "pydantic_settings",
    "pyhanko.sign.signers",
    "pyhanko.sign.validation",
    "rich.console",
    "rich.table",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.ext.asyncio",
    "sqlmodel",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "yaml",
    "zoneinfo",
    "contracts.events",
    "services.chassis.app",
    "services.chassis.cli",
    "services.chassis.worker",
)
STOP_SECONDS = 12.0


def _preload() -> None:
    for name in HEAVY:
        importlib.import_module(name)
    if threading.active_count() != 1:
        raise RuntimeError(f"a library started threads at import, forking is unsafe: {threading.enumerate()}")
    gc.collect()
    gc.freeze()  # the collector must not write into the shared pages


def _say(**answer: Any) -> None:
    os.write(1, (json.dumps(answer) + "\n").encode())


def _become(order: dict[str, Any], parent: int) -> None:
    """In the child: its own session, log, environment and name; nothing left of the fork server."""
    signal.set_wakeup_fd(-1)
    for reset in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
        signal.signal(reset, signal.default_int_handler if reset == signal.SIGINT else signal.SIG_DFL)
    os.setsid()
    die_with_parent(signal.SIGKILL, parent)
    null = os.open(os.devnull, os.O_RDONLY)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(null)
    os.close(log)
    os.environ.update(order["env"])
    sys.argv = [order["module"], *order["args"]]
    set_name(order["name"])


class ForkServer:
    """The loop; `serve` returns an order only in a freshly forked child, and None in the server at its end."""

    def __init__(self) -> None:
        self._children: set[int] = set()
        self._selector = selectors.DefaultSelector()
        self._wake, self._waker = os.pipe()
        for end in (self._wake, self._waker):
            os.set_blocking(end, False)
        self._pending = b""

    def serve(self) -> dict[str, Any] | None:
        """Take orders until the input ends, then stop the children."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        self._selector.register(0, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)
        while True:
            ready = [key.fd for key, _ in self._selector.select()]
            if self._wake in ready:
                os.read(self._wake, 4096)
                self._reap()
            if 0 not in ready:
                continue
            received = os.read(0, 65536)
            if not received:
                self._stop_all()
                return None
            if order := self._take(received):
                return order

    def _take(self, received: bytes) -> dict[str, Any] | None:
        *lines, self._pending = (self._pending + received).split(b"\n")
        for line in lines:
            order: dict[str, Any] = json.loads(line)
            if self._fork(order):
                return order
        return None

    def _fork(self, order: dict[str, Any]) -> bool:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._selector.close()
            os.close(self._wake)
            os.close(self._waker)
            _become(order, parent)
            return True
        self._children.add(pid)
        _say(id=order["id"], pid=pid)
        return False

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._children.discard(pid)
            _say(ended=pid, status=os.waitstatus_to_exitcode(status))

    def _stop_all(self) -> None:
        """Ask all at once, wait, then insist. Nobody reads our answers any more."""
        signal.set_wakeup_fd(-1)
        self._signal_all(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while self._children and time.monotonic() < deadline:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            self._children.discard(pid)
            if pid == 0:
                time.sleep(0.02)
        self._signal_all(signal.SIGKILL)

    def _signal_all(self, number: signal.Signals) -> None:
        for pid in self._children:
            os.kill(pid, number)


def main() -> None:
    """Preload, report, serve; a child leaves here into its own program."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.path.insert(0, str(Path.cwd()))
    _preload()
    _say(ready=os.getpid())
    order = ForkServer().serve()
    if order is not None:
        runpy.run_module(order["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
