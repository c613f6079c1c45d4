"""The fork server: runs commands, reports how they ended, restarts, and takes its children with it."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.launcher import Child, Launcher, LauncherFailed


@pytest.fixture(scope="module")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    server = Launcher(tmp_path_factory.mktemp("launcher") / "launcher.log")
    server.start()
    server.wait_ready()
    yield server
    server.stop()


def test_a_command_sees_its_arguments_and_environment_and_writes_its_own_log(
    launcher: Launcher, tmp_path: Path
) -> None:
    source = tmp_path / "source.json"
    source.write_text('{"a": 1}')

    launcher.run("tool", "json.tool", ["--compact", str(source)], {}, tmp_path / "tool.log", 10)

    assert (tmp_path / "tool.log").read_text() == '{"a":1}\n'


def test_a_failing_command_is_an_error_that_shows_the_end_of_its_log(launcher: Launcher, tmp_path: Path) -> None:
    with pytest.raises(LauncherFailed, match="No such file"):
        launcher.run("tool", "json.tool", [str(tmp_path / "absent")], {}, tmp_path / "tool.log", 10)


def test_a_killed_child_is_reported_and_can_be_started_again(launcher: Launcher, tmp_path: Path) -> None:
    child = _server(launcher, tmp_path)

    child.signal(signal.SIGKILL)

    assert child.ended.wait(5)
    assert child.status == -signal.SIGKILL
    again = _server(launcher, tmp_path)
    assert not again.ended.wait(0.2)
    again.signal(signal.SIGTERM)
    assert again.ended.wait(5)


def test_children_die_with_a_fork_server_that_is_killed(tmp_path: Path) -> None:
    ended: list[str] = []
    server = Launcher(tmp_path / "launcher.log", on_end=lambda child: ended.append(child.name))
    server.start()
    child = _server(server, tmp_path)

    os.kill(server.pid, signal.SIGKILL)

    assert child.ended.wait(5)
    assert ended == ["http"]
    assert _gone(child.pid)
    server.stop()


def _server(launcher: Launcher, folder: Path) -> Child:
    return launcher.fork("http", "http.server", ["0", "--bind", "127.0.0.1"], {}, folder / "http.log")


def _gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False
