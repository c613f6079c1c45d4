"""A private PostgreSQL with the library's own tables, keys and settings; several libraries of different sizes on it."""

import asyncio
import base64
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from deploy.local.postgres import Postgres, ServiceDatabase
from deploy.local.process import LOOPBACK, free_port
from services.certificate.commands.import_types import import_types
from services.certificate.kit import Kit
from services.certificate.settings import load
from services.chassis import migrations
from services.chassis.clock import now
from services.chassis.database import Database

ROOT = Path(__file__).resolve().parents[2]
WAL_MOST = 4 * 2**30
_FOLDER = "bench-library-"
CATALOGUE = {
    "departments": [
        {"id": "gaj", "name": "区公安分局", "uscc": "114312020061000377", "area_code": "431202000000"},
        {"id": "scjg", "name": "区市场监督管理局", "uscc": "11431202006100029C", "area_code": "431202000000"},
    ],
    "cert_types": [
        {
            "id": "idcard",
            "name": "居民身份证",
            "definer": "gaj",
            "type_code": "114312020061000377001",
            "holder": "自然人",
            "validity": "长期",
        },
        {
            "id": "foodlic",
            "name": "食品经营许可证",
            "definer": "scjg",
            "type_code": "11431202006100029C002",
            "holder": "自然人或法人",
            "validity": "5年",
        },
    ],
}


@dataclass(frozen=True)
class Used:
    """By a command: seconds, and seconds of processors of it with all it started."""

    seconds: float
    cpu: float


@dataclass
class Place:
    """The folder, its server and what the service's processes are told."""

    folder: Path
    postgres: Postgres
    environment: dict[str, str]

    @classmethod
    @contextmanager
    def opened(cls, within: Path) -> Iterator["Place"]:
        """Starts the server (durable, as in operation), stops it and removes the folder, whatever happens."""
        remove_leftovers(within)
        folder = within / f"{_FOLDER}{os.getpid()}"
        folder.mkdir(parents=True)
        folder.chmod(0o755)  # the server runs as another user when we are root
        try:
            with Postgres(folder / "postgres", settings=server_settings()) as postgres:
                yield cls(folder, postgres, _environment(folder))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def new_library(self, name: str) -> ServiceDatabase:
        """An empty library: every migration, then the catalogue of types."""
        address = self.postgres.create_service_database("certificate", name=name)
        migrations.upgrade("certificate", address.migrator_url)
        catalogue = self.folder / "catalogue.yaml"
        catalogue.write_text(json.dumps(CATALOGUE, ensure_ascii=False), "utf-8")
        asyncio.run(_import_types(address.app_url, catalogue))
        return address

    def copy(self, template: str, name: str, *, large: bool) -> ServiceDatabase:
        return self.postgres.copy_database("certificate", template=template, name=name, large=large)

    def kit(self, address: ServiceDatabase) -> Kit:
        """As a process of the service opens it."""
        os.environ |= self.environment | {"YICHUANG_DATABASE_URL_CERTIFICATE": address.app_url}
        return Kit.open(load())

    def command(self, address: ServiceDatabase, *arguments: str) -> "Used":
        """Run a command of the service as a person does. Raises RuntimeError with what it said."""
        told = os.environ | self.environment | {"YICHUANG_DATABASE_URL_CERTIFICATE": address.app_url}
        argv = [sys.executable, "-m", "services.certificate", *arguments]
        said = self.folder / "command.log"
        began = time.perf_counter()
        with said.open("wb") as errors:
            command = subprocess.Popen(argv, cwd=ROOT, env=told, stdout=subprocess.DEVNULL, stderr=errors)
            try:
                cpu = _watched(command)
            finally:
                command.kill()
                command.wait()
        if command.returncode != 0:
            raise RuntimeError(said.read_text("utf-8", "replace")[-1500:])
        return Used(time.perf_counter() - began, cpu)

    @contextmanager
    def time_stamps(self) -> Iterator[None]:
        """The embedded stack's time stamp authority, in a process of its own."""
        port = free_port(None)
        argv = [sys.executable, "-m", "deploy.local.tsa", "api", "--host", LOOPBACK, "--port", str(port)]
        server = subprocess.Popen(argv, cwd=ROOT, env=os.environ | self.environment)
        chain = self.folder / "keys" / "tsa" / "chain.pem"
        self.environment |= {"YICHUANG_TSA_URL": f"http://{LOOPBACK}:{port}/", "YICHUANG_TSA_CHAIN": str(chain)}
        try:
            _wait_for(chain)
            yield
        finally:
            server.terminate()
            server.wait()

    def server_cpu(self) -> float:
        """Seconds of processor time PostgreSQL has used so far, backends that ended included."""
        assert self.postgres.process is not None
        return cpu_of(psutil.Process(self.postgres.process.pid))

    def value(self, sql: str, name: str) -> str:
        return self.postgres.execute(sql, database=name)[0]


def remove_leftovers(within: Path) -> None:
    """Folders of runs that were killed before they could remove them."""
    for folder in within.glob(f"{_FOLDER}[0-9]*"):
        if not psutil.pid_exists(int(folder.name.removeprefix(_FOLDER))):
            shutil.rmtree(folder, ignore_errors=True)


def server_settings() -> dict[str, str]:
    """Of a server that a large library is given: memory for its indexes, few checkpoints, nothing that replicates.

    Cleaning is left out because it would begin in the middle of a measurement; statistics are made by the loading.
    """
    memory = psutil.virtual_memory().available // 2**20
    buffers = max(128, min(memory // 6, 4096))
    return {
        "shared_buffers": f"{buffers}MB",
        "effective_cache_size": f"{max(buffers, memory // 2)}MB",
        "maintenance_work_mem": "512MB",
        "wal_level": "minimal",
        "max_wal_size": f"{WAL_MOST // 2**20}MB",
        "checkpoint_timeout": "30min",
        "autovacuum": "off",
    }


async def _import_types(url: str, catalogue: Path) -> None:
    database = Database(url)
    try:
        await import_types(database, catalogue, now=now())
    finally:
        await database.close()


def cpu_of(process: psutil.Process) -> float:
    """Of a process and all it started."""
    times = process.cpu_times()
    used = times.user + times.system + times.children_user + times.children_system
    for child in process.children(recursive=True):
        try:
            own = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        used += own.user + own.system
    return float(used)


def _watched(command: "subprocess.Popen[bytes]") -> float:
    """Waits for its end; the processor time of all its processes, as last seen: nobody is told what they used."""
    seen: dict[int, float] = {}
    process = psutil.Process(command.pid)
    while command.poll() is None:
        with suppress(psutil.NoSuchProcess):
            for one in (process, *process.children(recursive=True)):
                times = one.cpu_times()
                seen[one.pid] = times.user + times.system
        time.sleep(0.05)
    return sum(seen.values())


def _wait_for(path: Path) -> None:
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.05)
    raise RuntimeError("the time stamp authority did not start")


def _environment(folder: Path) -> dict[str, str]:
    for kind in ("seal", "index"):
        keys = folder / "keys" / kind
        keys.mkdir(parents=True)
        (keys / "2026.key").write_text(base64.b64encode(os.urandom(32)).decode())
    told: dict[str, Any] = {
        "PROFILE": "development",
        "JWKS_URL": "http://identity.invalid/jwks.json",
        "ISSUER": "http://gateway.invalid",
        "PUBLIC_URL": "https://fw.example.gov.cn",
        "KEYS_DIR": folder / "keys",
        "FILES_URL": f"file://{folder / 'files'}",
        "LOG_HEAD_SECONDS": "0",
    }
    return {f"YICHUANG_{name}": str(value) for name, value in told.items()}
