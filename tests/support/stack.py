"""Real servers for tests: one PostgreSQL per pytest session, migrated template databases, cheap clean copies."""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from deploy.local.nats import Nats
from deploy.local.postgres import Postgres, ServiceDatabase
from deploy.local.process import free_port
from services.chassis import migrations

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("identity", "intake", "approval", "certificate", "supervision")

__all__ = ["SERVICES", "Databases", "free_port", "running_nats", "running_postgres"]


@contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    """A temporary folder that the account of PostgreSQL may enter, removed at the end."""
    path = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """An empty server without durability; it dies with this process even when that is killed."""
    with _folder("yichuang-pg-") as folder, Postgres(folder / "pg", fast=True) as server:
        yield server


@contextmanager
def running_nats() -> Iterator[Nats]:
    """An empty server with JetStream."""
    with _folder("yichuang-nats-") as folder, Nats(folder / "nats", fast=True) as server:
        yield server


def _migrate(service: str, database: ServiceDatabase) -> None:
    if not (ROOT / "services" / service / "migrations" / "env.py").exists():
        return
    with ThreadPoolExecutor(1) as thread:  # migrations run an event loop of their own
        thread.submit(migrations.upgrade, service, database.migrator_url).result()


class Databases:
    """Gives out databases on one server; the migrations of a service run once, later databases are copies."""

    def __init__(self, server: Postgres) -> None:
        self.server = server
        self._migrated: set[str] = set()
        self._numbers = itertools.count(1)

    def fresh(self, service: str) -> ServiceDatabase:
        """A new database of the service, migrated and without rows."""
        template = f"{service}_template"
        if service not in self._migrated:
            _migrate(service, self.server.create_service_database(service, name=template))
            self._migrated.add(service)
        return self.server.copy_database(service, template=template, name=f"{service}_{next(self._numbers)}")
