"""The private PostgreSQL and NATS: roles, clean copies, recovery after SIGKILL, busy ports, no survivors."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from deploy.local.nats import Nats
from deploy.local.postgres import Postgres, PostgresFailed, ServiceDatabase
from deploy.local.process import LOOPBACK
from tests.support.stack import Databases, free_port

ROOT = Path(__file__).resolve().parents[3]


def test_the_application_role_uses_what_the_migrator_creates_and_cannot_create(
    postgres: Postgres, service_database: Callable[[str], ServiceDatabase]
) -> None:
    name = service_database("intake").name
    postgres.execute("CREATE TABLE note (text text)", role="intake_migrator", database=name)

    written = postgres.execute("INSERT INTO note VALUES ('x') RETURNING text", role="intake_app", database=name)

    assert written == ["x"]
    with pytest.raises(PostgresFailed, match="permission denied"):
        postgres.execute("CREATE TABLE other (text text)", role="intake_app", database=name)


def test_a_service_cannot_enter_another_services_database(
    postgres: Postgres, service_database: Callable[[str], ServiceDatabase]
) -> None:
    service_database("approval")
    name = service_database("intake").name

    with pytest.raises(PostgresFailed, match="permission denied"):
        postgres.execute("SELECT 1", role="approval_app", database=name)


def test_every_fresh_database_is_empty(databases: Databases) -> None:
    first = databases.fresh("supervision")
    databases.server.execute("CREATE TABLE mark (x int)", role="supervision_migrator", database=first.name)

    second = databases.fresh("supervision")

    found = databases.server.execute("SELECT to_regclass('mark') IS NULL", database=second.name)
    assert found == ["t"]


def test_a_killed_postgres_starts_again_with_what_was_committed(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "pg")
    server.start()
    server.execute("CREATE TABLE kept AS SELECT 1 AS x")

    server.kill()
    server.start()

    assert server.execute("SELECT x FROM kept") == ["1"]
    server.stop()


def test_a_pid_file_that_now_names_a_stranger_does_not_stop_the_start(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "pg", fast=True)
    server.start()
    server.kill()
    pid_file = server.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    server.start()

    assert server.execute("SELECT 1") == ["1"]
    server.stop()


def test_a_busy_port_is_avoided(tmp_path: Path) -> None:
    wanted = free_port()
    with socket.socket() as occupant:
        occupant.bind((LOOPBACK, wanted))
        occupant.listen()
        server = Nats(tmp_path / "nats", fast=True)

        server.start(port=wanted)

        assert server.port != wanted
        server.stop()


def test_servers_end_with_the_process_that_started_them_even_by_sigkill(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from deploy.local.postgres import Postgres;"
        "from deploy.local.nats import Nats; p = Postgres(Path(sys.argv[1]) / 'pg', fast=True); p.start();"
        "n = Nats(Path(sys.argv[1]) / 'nats'); n.start(); print(p.process.pid, n.process.pid, flush=True);"
        "time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as starter:
        assert starter.stdout is not None
        pids = [int(word) for word in starter.stdout.readline().split()]
        starter.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 10
    while any(_runs(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert len(pids) == 2
    assert not any(_runs(pid) for pid in pids)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
