"""Our side of the fork server: start, end and wait for service processes from any thread."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.process import spawn, stop, tail

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 60.0


class LauncherFailed(RuntimeError):
    """The fork server did not come up, or a command run through it failed."""


@dataclass(eq=False, slots=True)
class Child:
    """One running or ended process."""

    name: str
    pid: int
    log: Path
    started_at: float
    ended: threading.Event = field(default_factory=threading.Event)
    status: int | None = None

    def signal(self, number: signal.Signals) -> None:
        """Signal it unless it has ended."""
        if not self.ended.is_set():
            os.kill(self.pid, number)


class Launcher:
    """Start it from the main thread; its children end with it."""

    def __init__(self, log: Path, *, on_end: Callable[[Child], None] | None = None) -> None:
        """`on_end` is called, in the reading thread, for every child that has ended."""
        self._log = log
        self._on_end = on_end
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._answers: dict[int, Child] = {}
        self._arrived = threading.Condition()
        self._orders: dict[int, tuple[str, Path]] = {}
        self._children: dict[int, Child] = {}
        self._ready = threading.Event()
        self._gone = False

    def start(self) -> None:
        """Launch the fork server; it imports in the background. `wait_ready` waits for that."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "MALLOC_ARENA_MAX": "2", "PYTHONFAULTHANDLER": "1"}
        command = [sys.executable, "-m", "deploy.local.zygote"]
        self._process = spawn(
            command, log=self._log, cwd=ROOT, env=environment, pipes=True, death_signal=signal.SIGKILL
        )
        threading.Thread(target=self._read, name="launcher", daemon=True).start()

    @property
    def pid(self) -> int:
        """Of the fork server."""
        return self._process.pid if self._process else 0

    def wait_ready(self) -> None:
        """Until the imports are done."""
        if not self._ready.wait(READY_SECONDS) or self._gone:
            raise LauncherFailed(f"启动器未就绪 / the fork server did not come up:\n{tail(self._log)}")

    def fork(self, name: str, module: str, args: list[str], env: Mapping[str, str], log: Path) -> Child:
        """Start `python -m module args` as a child called `name`."""
        self.wait_ready()
        with self._lock:
            number = len(self._orders) + 1
            self._orders[number] = (name, log)
            order = {"id": number, "name": name, "module": module, "args": args, "env": dict(env), "log": str(log)}
            self._send(order)
        with self._arrived:
            if not self._arrived.wait_for(lambda: number in self._answers or self._gone, READY_SECONDS):
                raise LauncherFailed(f"no answer from the fork server for {name}")
            if number not in self._answers:
                raise LauncherFailed(f"the fork server has ended:\n{tail(self._log)}")
            return self._answers.pop(number)

    def run(self, name: str, module: str, args: list[str], env: Mapping[str, str], log: Path, seconds: float) -> None:
        """Run a command to its end; raise with the end of its log when it fails."""
        child = self.fork(name, module, args, env, log)
        if not child.ended.wait(seconds):
            child.signal(signal.SIGKILL)
            raise LauncherFailed(f"{name} 未在 {seconds:.0f} 秒内完成 / did not finish:\n{tail(log)}")
        if child.status != 0:
            raise LauncherFailed(f"{name} 失败 / failed ({child.status}):\n{tail(log)}")

    def stop(self) -> None:
        """End of input: the fork server stops its children and leaves."""
        if self._process is None or self._process.stdin is None:
            return
        self._process.stdin.close()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            stop(self._process, ())

    def _send(self, order: dict[str, Any]) -> None:
        if self._process is None or self._process.stdin is None:
            raise LauncherFailed("the fork server is not running")
        try:
            self._process.stdin.write((json.dumps(order) + "\n").encode())
            self._process.stdin.flush()
        except BrokenPipeError as broken:
            raise LauncherFailed(f"the fork server has ended:\n{tail(self._log)}") from broken

    def _read(self) -> None:
        if self._process is None or self._process.stdout is None:
            return
        with self._process.stdout as answers:
            for line in answers:
                self._take(json.loads(line))
        self._gone = True
        self._ready.set()
        with self._arrived:
            self._arrived.notify_all()
        for child in list(self._children.values()):
            self._end(child, -int(signal.SIGKILL))

    def _take(self, answer: dict[str, Any]) -> None:
        if "ready" in answer:
            self._ready.set()
        elif "ended" in answer:
            self._end(self._children[answer["ended"]], answer["status"])
        else:
            name, log = self._orders[answer["id"]]
            child = Child(name, answer["pid"], log, time.time())
            self._children[child.pid] = child
            with self._arrived:
                self._answers[answer["id"]] = child
                self._arrived.notify_all()

    def _end(self, child: Child, status: int) -> None:
        self._children.pop(child.pid, None)
        child.status = status
        child.ended.set()
        if self._on_end is not None:
            self._on_end(child)
