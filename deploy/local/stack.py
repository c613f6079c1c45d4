"""The whole embedded stack as one object: servers, service processes, gateway; start, stop, kill, restart."""

import hashlib
import json
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from deploy.local import travel
from deploy.local.environment import (
    SERVICES,
    Addresses,
    create_missing_databases,
    environment_of,
    external,
)
from deploy.local.launcher import ROOT, Child, Launcher, LauncherFailed
from deploy.local.layout import DataFolder, process_record
from deploy.local.nats import Nats
from deploy.local.postgres import Postgres
from deploy.local.process import LOOPBACK, find, free_port, free_ports, proportional_memory, stop_foreign, tail

CATALOGUE = ROOT / "demo" / "catalogue.yaml"
PREFERRED_PORT = 8080
READY_SECONDS = 60.0
COMMAND_SECONDS = 120.0


def _nothing(_: str) -> None:
    """Report to nobody."""


@dataclass(slots=True)
class Member:
    """One process of ours: a service's API or worker, or the gateway."""

    name: str
    service: str
    module: str
    role: str
    port: int
    child: Child | None = None

    @property
    def url(self) -> str:
        """Its address on the loopback interface."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def runs(self) -> bool:
        """Whether its process lives."""
        return self.child is not None and not self.child.ended.is_set()


class Stack:
    """Start it from the main thread. Everything it starts ends with this process, SIGKILL included."""

    def __init__(
        self,
        data: Path = ROOT / ".data",
        *,
        catalogue: Path | None = CATALOGUE,
        preferred_port: int | None = PREFERRED_PORT,
        fast: bool = False,
        env: Mapping[str, str] | None = None,
        report: Callable[[str], None] = _nothing,
        on_end: Callable[[Member], None] | None = None,
        begin_at: datetime | None = None,
    ) -> None:
        """`fast` gives up durability of the servers (tests); `env` is added to every process.

        `begin_at` sets the time of an empty stack, so that a demonstration tells the same dates whenever it is run.
        `report` hears of each step; `on_end` hears, in another thread, of members that end unasked.
        """
        self.folder = DataFolder(data)
        self.members: dict[str, Member] = {}
        self.postgres: Postgres | None = None
        self.nats: Nats | None = None
        self.seconds_to_ready = 0.0
        self._catalogue = catalogue
        self._preferred_port = preferred_port
        self._fast = fast
        self._env = dict(env or {})
        self._report = report
        self._on_end = on_end
        self._begin_at = begin_at
        self._stopping = False
        self._state_lock = threading.Lock()
        self._external = external()
        self._launcher = Launcher(self.folder.log("launcher"), on_end=self._ended)
        self._addresses = Addresses("", "", {}, {})

    @property
    def gateway_url(self) -> str:
        """The public address."""
        return self._addresses.public_url

    @property
    def nats_url(self) -> str:
        """Of the embedded NATS or the external one."""
        return self._addresses.nats_url

    @property
    def accounts(self) -> dict[str, Any]:
        """Content of demo-accounts.json."""
        content: dict[str, Any] = json.loads(self.folder.accounts.read_text("utf-8"))
        return content

    def database_url(self, service: str) -> str:
        """The address the service itself uses."""
        return self._addresses.databases[service].app_url

    def environment(self, service: str) -> dict[str, str]:
        """The variables of a service's processes, to run its other commands with."""
        return environment_of(service, self._addresses, self.folder) | self._env

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Everything, from an empty folder or over existing data; returns when the gateway is ready."""
        began = time.monotonic()
        self.folder.lock()
        try:
            self.folder.prepare()
            if self._begin_at is not None:
                travel.begin(self.folder, self._begin_at)
            self._end_leftovers()
            self._launcher.start()
            self._start_servers()
            self._report("加载程序 / loading")
            self._launcher.wait_ready()
            self._migrate()
            self._start_members()
            self._seed()
            self._wait_members()
        except BaseException:
            self.stop()
            raise
        self.seconds_to_ready = time.monotonic() - began

    def stop(self) -> None:
        """All at once: services first, so that they finish what they have begun, then the servers."""
        self._stopping = True
        self._launcher.stop()
        if self.nats is not None:
            self.nats.stop()
        if self.postgres is not None:
            self.postgres.stop()
        self.folder.state.unlink(missing_ok=True)
        self.folder.unlock()

    def kill(self, name: str) -> None:
        """SIGKILL one member; it stays away until `start_member`, unless `on_end` starts it."""
        child = self.members[name].child
        if child is not None:
            child.signal(signal.SIGKILL)
            child.ended.wait(10)

    def start_member(self, name: str, *, wait: bool = True) -> None:
        """Start a member that is not running, on its old port."""
        member = self.members[name]
        if member.runs or self._stopping:
            return
        arguments = [member.role, "--host", LOOPBACK, "--port", str(member.port)]
        env, log = self.environment(member.service), self.folder.log(name)
        member.child = self._launcher.fork(name, member.module, arguments, env, log)
        self._write_state()
        if wait:
            self._wait_member(member)

    def run(self, service: str, *arguments: str) -> None:
        """Run a command of a service (`python -m services.<service> ...`) to its end; raise when it fails."""
        name = f"{service}-{arguments[0]}"
        env, log = self.environment(service), self.folder.log(name)
        self._launcher.run(name, f"services.{service}", list(arguments), env, log, COMMAND_SECONDS)

    def travel(self, by: timedelta) -> datetime:
        """Move the time of all processes forward; answers the new time (Asia/Shanghai)."""
        return travel.forward(self.folder, by)

    def memory(self) -> dict[str, int]:
        """Bytes by process, shared pages in proportion; servers with their own children."""
        pids = {name: [m.child.pid] for name, m in self.members.items() if m.child is not None and m.runs}
        pids["launcher"] = [self._launcher.pid]
        for name, server in (("postgres", self.postgres), ("nats", self.nats)):
            if server is not None and server.process is not None:
                found = find(server.process.pid, process_record(server.process.pid)["created_at"])
                family = found.children(recursive=True) if found else []
                pids[name] = [server.process.pid, *(child.pid for child in family)]
        return {name: sum(proportional_memory(pid) for pid in several) for name, several in pids.items()}

    def _end_leftovers(self) -> None:
        """What a run that was killed may have left: normally the kernel has ended it already."""
        for record in self.folder.read_state().get("processes", {}).values():
            leftover = find(record["pid"], record["created_at"])
            if leftover is not None:
                self._report(f"结束上次遗留的进程 {leftover.pid} / ending a process of a dead run")
                stop_foreign(leftover, ((signal.SIGINT, 10.0),))

    def _start_servers(self) -> None:
        databases = dict(self._external.databases)
        if not self._external.covers_all_databases:
            self._report("启动 PostgreSQL / starting PostgreSQL")
            self.postgres = Postgres(self.folder.postgres, fast=self._fast, log=self.folder.log("postgres"))
            self.postgres.start()
            missing = [service for service in SERVICES if service not in databases]
            databases |= {service: self.postgres.create_service_database(service) for service in missing}
        elif self._external.base:
            create_missing_databases(self._external.base)
        nats_url = self._external.nats_url
        if not nats_url:
            self._report("启动 NATS / starting NATS")
            self.nats = Nats(self.folder.nats, fast=self._fast, log=self.folder.log("nats"))
            self.nats.start()
            nats_url = self.nats.url
        self._plan_members(nats_url, databases)

    def _plan_members(self, nats_url: str, databases: dict[str, Any]) -> None:
        ports = iter(free_ports(2 * len(SERVICES) + 1))
        for service in SERVICES:
            for role in ("api", "worker"):
                name = f"{service}-{role}"
                self.members[name] = Member(name, service, f"services.{service}", role, next(ports))
        tsa = self.members["tsa"] = Member("tsa", "tsa", "deploy.local.tsa", "api", next(ports))
        gateway = Member("gateway", "gateway", "gateway", "api", free_port(self._preferred_port))
        self.members["gateway"] = gateway
        urls = {service: self.members[f"{service}-api"].url for service in SERVICES}
        self._addresses = Addresses(gateway.url, nats_url, urls, databases, tsa.url)
        for service in SERVICES:
            self.folder.write_environment(service, self.environment(service))
        self._write_state()

    def _migrate(self) -> None:
        self._report("升级数据库结构 / migrating databases")
        with ThreadPoolExecutor(len(SERVICES)) as threads:
            list(threads.map(lambda service: self.run(service, "migrate"), SERVICES))

    def _seed(self) -> None:
        """Accounts at every start (the gateway's address may have changed); the catalogue when it has changed.

        Runs while the members start: one of the two cores would be idle otherwise.
        """
        if self._catalogue is None:
            return
        catalogue = self._catalogue.resolve()
        file, callers = str(catalogue), catalogue.with_name("callers.yaml")
        templates = sorted(catalogue.parent.glob("templates/*.typ"))
        seeded = json.loads(self.folder.seeded.read_text("ascii")) if self.folder.seeded.exists() else {}
        present = {"catalogue": _digest(catalogue, *templates), "callers": _digest(catalogue, callers)}
        commands: list[tuple[str, ...]] = [
            ("identity", "bootstrap", "--accounts", str(self.folder.accounts), "--departments", file)
        ]
        if seeded.get("catalogue") != present["catalogue"]:
            commands += [("intake", "import-catalogue", file), ("certificate", "import-types", file)]
        if callers.exists() and seeded.get("callers") != present["callers"]:
            commands.append(("certificate", "import-callers", str(callers), "--catalogue", file))
        self._report("导入事项目录、证照类型，创建演示账户 / importing the catalogue, making demo accounts")
        with ThreadPoolExecutor(len(commands)) as threads:
            list(threads.map(lambda command: self.run(*command), commands))
        self.folder.seeded.write_text(json.dumps(present), "ascii")

    def _start_members(self) -> None:
        self._report("启动各服务 / starting the services")
        for name in self.members:
            self.start_member(name, wait=False)

    def _wait_members(self) -> None:
        for member in self.members.values():
            self._wait_member(member)

    def _wait_member(self, member: Member) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if not member.runs:
                raise LauncherFailed(f"{member.name} 启动失败 / ended at start:\n{tail(self.folder.log(member.name))}")
            if _is_ready(member.url):
                return
            time.sleep(0.05)
        raise LauncherFailed(f"{member.name} 未就绪 / not ready:\n{tail(self.folder.log(member.name))}")

    def _ended(self, child: Child) -> None:
        member = self.members.get(child.name)
        if member is not None and member.child is child and not self._stopping and self._on_end is not None:
            self._on_end(member)

    def _write_state(self) -> None:
        processes = {"launcher": process_record(self._launcher.pid)}
        for name, member in self.members.items():
            if member.child is not None and member.runs:
                processes[name] = process_record(member.child.pid) | {"url": member.url}
        for name, server in (("postgres", self.postgres), ("nats", self.nats)):
            if server is not None and server.process is not None:
                processes[name] = process_record(server.process.pid) | {"port": server.port}
        with self._state_lock:
            self.folder.write_state({"gateway": self.gateway_url, "processes": processes})


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as response:  # noqa: S310 - loopback
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _digest(*files: Path) -> str:
    """Of what is in those files that there are."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files if file.exists())).hexdigest()
