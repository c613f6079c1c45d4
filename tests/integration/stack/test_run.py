"""`make run` as a person meets it: busy port, second start, a dying service, time travel, SIGKILL, Ctrl-C."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.layout import DataFolder
from deploy.local.process import LOOPBACK, find, proportional_memory
from tests.support.stack import free_port

ROOT = Path(__file__).resolve().parents[3]
READY_WITHIN_SECONDS = 20
MEMORY_LIMIT = 1.2 * 2**30


class Run:
    """One `python -m deploy.local up` and what it has printed."""

    def __init__(self, data: Path, port: int) -> None:
        self.folder = DataFolder(data)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("YICHUANG_")}
        command = [sys.executable, "-m", "deploy.local", "--data", str(data), "up", "--port", str(port)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.printed: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        with self.process.stdout or open(os.devnull) as output:
            self.printed.extend(output)

    def wait_for(self, pattern: str, seconds: float = 90) -> str:
        _until(lambda: self._found(pattern) is not None or self.process.poll() is not None, seconds)
        found = self._found(pattern)
        assert found is not None, f"never printed {pattern}:\n{''.join(self.printed)}"
        return found

    def _found(self, pattern: str) -> str | None:
        return next((line for line in self.printed if re.search(pattern, line)), None)

    def processes(self) -> dict[str, psutil.Process]:
        records = self.folder.read_state()["processes"]
        found = {name: find(record["pid"], record["created_at"]) for name, record in records.items()}
        return {name: process for name, process in found.items() if process is not None}

    def end(self, number: signal.Signals) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(40)
        self._reader.join()
        return code


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Run]:
    with socket.socket() as occupant:
        occupant.bind((LOOPBACK, port))
        occupant.listen()
        running = Run(tmp_path_factory.mktemp("run") / "data", port)
        try:
            running.wait_for("已就绪")
        except AssertionError:
            running.end(signal.SIGKILL)
            raise
    yield running
    running.end(signal.SIGKILL)


def test_a_busy_port_is_replaced_by_a_free_one_and_said(run: Run, port: int) -> None:
    address = run.folder.read_state()["gateway"]

    run.wait_for(f"端口 {port} 被占用")

    assert address != f"http://{LOOPBACK}:{port}"
    assert _status(f"{address}/readyz") == 200
    assert _status(f"{address}/api/v1/items") == 200


def test_the_idle_stack_is_ready_soon_and_small(run: Run) -> None:
    ready = float(run.wait_for("已就绪").split("ready, ")[1].split(" s")[0])

    busy = os.getloadavg()[0] / (os.cpu_count() or 1)  # above 1: others compete for the cores
    processes = run.processes()
    families = [one for process in processes.values() for one in (process, *process.children(recursive=True))]
    used = sum(proportional_memory(pid) for pid in {process.pid for process in families})

    assert set(processes) >= {"launcher", "postgres", "nats", "gateway", "intake-api", "supervision-worker"}
    assert ready < READY_WITHIN_SECONDS * max(1.0, busy)
    assert 0 < used < MEMORY_LIMIT


def test_demo_accounts_are_printed_and_kept_for_the_owner_only(run: Run) -> None:
    accounts = json.loads(run.folder.accounts.read_text())

    assert run.folder.accounts.stat().st_mode & 0o777 == 0o600
    run.wait_for(str(accounts["accounts"][0]["username"]))


def test_a_second_run_in_the_same_folder_is_refused(run: Run) -> None:
    second = Run(run.folder.root, free_port())

    assert second.end(signal.SIGCONT) == 1
    assert "".join(second.printed).startswith(f"此目录已有一个正在运行的系统（进程号 {run.process.pid}")


def test_a_service_that_dies_is_started_again(run: Run) -> None:
    before = run.processes()["approval-api"]
    before.kill()

    run.wait_for("approval-api 意外结束")
    _until(lambda: run.processes().get("approval-api", before).pid != before.pid, 20)

    address = run.folder.read_state()["processes"]["approval-api"]["url"]
    _until(lambda: _status(f"{address}/readyz") == 200, 20)


def test_postgres_and_nats_that_die_are_started_again(run: Run) -> None:
    for name in ("postgres", "nats"):
        run.processes()[name].kill()
        run.wait_for(f"{name} 意外结束")

    address = run.folder.read_state()["gateway"]
    _until(lambda: _status(f"{address}/api/v1/items") == 200, 30)


def test_the_clock_is_moved_from_outside(run: Run) -> None:
    command = [sys.executable, "-m", "deploy.local", "--data", str(run.folder.root), "travel", "--days", "10"]

    moved = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert "系统时间" in moved.stdout
    assert float(run.folder.clock.read_text()) == 10 * 86400


def test_killed_it_leaves_nothing_and_starts_again_on_the_same_data(run: Run) -> None:
    accounts = json.loads(run.folder.accounts.read_text())["accounts"]
    items = _read(f"{run.folder.read_state()['gateway']}/api/v1/items")
    processes = list(run.processes().values())

    run.end(signal.SIGKILL)
    again = Run(run.folder.root, free_port())
    try:
        again.wait_for("已就绪")
        left = [process.pid for process in processes if find(process.pid, process.create_time())]
        same_items = _read(f"{again.folder.read_state()['gateway']}/api/v1/items")
        started = list(again.processes().values())
    finally:
        code = again.end(signal.SIGINT)

    assert left == []
    assert json.loads(again.folder.accounts.read_text())["accounts"] == accounts
    assert same_items == items
    assert code == 0
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in started)


def _until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return int(response.status)
    except OSError:
        return 0


def _read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=5) as response:
        content: bytes = response.read()
        return content
