"""What each process is told through its environment; external servers named by the user take precedence."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from deploy.local.layout import DataFolder
from deploy.local.postgres import PostgresFailed, ServiceDatabase, binary_folder

SERVICES = ("identity", "intake", "approval", "certificate", "supervision")


@dataclass(frozen=True, slots=True)
class External:
    """Servers of the user's own; where one is named the embedded one is not started."""

    databases: dict[str, ServiceDatabase] = field(default_factory=dict)
    base: str = ""
    nats_url: str = ""

    @property
    def covers_all_databases(self) -> bool:
        """Whether no embedded PostgreSQL is needed."""
        return len(self.databases) == len(SERVICES)


def external(environ: Mapping[str, str] = os.environ) -> External:
    """Read YICHUANG_DATABASE_URL (a base for all), YICHUANG_[MIGRATION_]DATABASE_URL_<SVC> and YICHUANG_NATS_URL."""
    base = environ.get("YICHUANG_DATABASE_URL", "")
    databases = {}
    for service in SERVICES:
        fallback = at_database(base, service) if base else ""
        app = environ.get(f"YICHUANG_DATABASE_URL_{service.upper()}", fallback)
        migrator = environ.get(f"YICHUANG_MIGRATION_DATABASE_URL_{service.upper()}", app)
        if app:
            databases[service] = ServiceDatabase(service, app, migrator)
    return External(databases, base, environ.get("YICHUANG_NATS_URL", ""))


def at_database(base: str, database: str) -> str:
    """The base address with another database name."""
    parts = urlsplit(base)
    return urlunsplit((parts.scheme, parts.netloc, f"/{database}", parts.query, ""))


def create_missing_databases(base: str) -> None:
    """On the server of YICHUANG_DATABASE_URL: make the databases that are not there yet."""
    maintenance = at_database(base, "postgres")
    known = set(_psql(maintenance, "SELECT datname FROM pg_database"))
    for service in SERVICES:
        if service not in known:
            _psql(maintenance, f'CREATE DATABASE "{service}"')


def _psql(url: str, sql: str) -> list[str]:
    command = [str(binary_folder() / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", url]
    environment = {**os.environ, "PGCONNECT_TIMEOUT": "10"}
    done = subprocess.run(command, input=sql, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PostgresFailed(f"YICHUANG_DATABASE_URL: {done.stderr.strip()}")
    return done.stdout.splitlines()


@dataclass(frozen=True, slots=True)
class Addresses:
    """Everything processes must know of each other."""

    public_url: str
    nats_url: str
    services: dict[str, str]
    databases: dict[str, ServiceDatabase]
    tsa_url: str = ""


def environment_of(member: str, addresses: Addresses, folder: DataFolder) -> dict[str, str]:
    """Variables for one process; only its own database is named, and what the user has set himself stays."""
    values = {
        "YICHUANG_PROFILE": "development",
        "YICHUANG_NATS_URL": addresses.nats_url,
        "YICHUANG_ISSUER": addresses.public_url,
        "YICHUANG_PUBLIC_URL": addresses.public_url,
        "YICHUANG_JWKS_URL": f"{addresses.services['identity']}/.well-known/jwks.json",
        "YICHUANG_KEYS_DIR": str(folder.keys),
        "YICHUANG_FILES_URL": f"file://{folder.files / member}",
        "YICHUANG_TEST_CLOCK": str(folder.clock),
        "YICHUANG_LOG_HEAD_SECONDS": "1",  # a certificate's file waits for the head that covers it
    }
    if addresses.tsa_url:
        values["YICHUANG_TSA_URL"] = f"{addresses.tsa_url}/"
        values["YICHUANG_TSA_CHAIN"] = str(folder.keys / "tsa" / "chain.pem")
    for service, url in addresses.services.items():
        values[f"YICHUANG_URL_{service.upper()}"] = url
    if member in addresses.databases:
        database = addresses.databases[member]
        values[f"YICHUANG_DATABASE_URL_{member.upper()}"] = database.app_url
        values[f"YICHUANG_MIGRATION_DATABASE_URL_{member.upper()}"] = database.migrator_url
    return {name: os.environ.get(name, value) for name, value in values.items()}
