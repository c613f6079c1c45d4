"""What it costs to issue, sign, seal a file, import: processor time of the service and its server."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.library.cases import decided
from benchmarks.library.people import import_line
from benchmarks.library.place import Place, cpu_of
from contracts.events.approval import CaseDecided
from deploy.local.postgres import ServiceDatabase
from services.certificate.commands import log_heads, sign_records
from services.certificate.commands.issue_certificates import issue_certificates
from services.certificate.file_maker import FileMaker
from services.certificate.kit import Kit
from services.certificate.life.terms import terms_of
from services.chassis.clock import now
from services.chassis.database import Database

Figures = dict[str, Any]
BATCH = 200  # decisions that the consumer takes in one transaction


@dataclass
class Spent:
    """Seconds, filled at the end."""

    wall: float = 0
    service: float = 0
    server: float = 0

    def of(self, count: int) -> Figures:
        """A core is what service and server use of processors together; its rate is what counts."""
        return {
            "count": count,
            "cpu_ms": 1000 * (self.service + self.server) / count,
            "cpu_ms_service": 1000 * self.service / count,
            "cpu_ms_server": 1000 * self.server / count,
            "per_second_and_core": count / (self.service + self.server),
            "per_second": count / self.wall,
        }


@contextmanager
def spending(place: Place) -> Iterator[Spent]:
    """Of this process with all it started, and of PostgreSQL."""
    own, spent = psutil.Process(), Spent()
    server = place.postgres.process
    assert server is not None
    began, used, served = time.perf_counter(), _used(own, server.pid), place.server_cpu()
    yield spent
    spent.wall = time.perf_counter() - began
    spent.service, spent.server = _used(own, server.pid) - used, place.server_cpu() - served


def _used(own: psutil.Process, server: int) -> float:
    """Without the servers that are our children as well."""
    times = own.cpu_times()
    used = float(times.user + times.system + times.children_user + times.children_system)
    return used + sum(cpu_of(child) for child in own.children() if child.pid != server and not _is_authority(child))


def _is_authority(child: psutil.Process) -> bool:
    return "deploy.local.tsa" in child.cmdline()


async def issue(place: Place, kit: Kit, database: Database, many: int) -> Figures:
    """Decisions become certificates with two signatures, number, leaf and event, as the consumer does it."""
    facts = [decided(kit, ordinal) for ordinal in range(many + BATCH)]
    await _issue(kit, database, facts[many:])  # keys are read and statements are known
    with spending(place) as spent:
        for begin in range(0, many, BATCH):
            await _issue(kit, database, facts[begin : min(begin + BATCH, many)])
    return spent.of(many)


async def _issue(kit: Kit, database: Database, batch: Sequence[CaseDecided]) -> None:
    async with database.transaction() as uow:
        await issue_certificates(uow, batch, await terms_of(uow.connection, batch), kit, now=now())


async def sign(place: Place, kit: Kit, database: Database, many: int) -> Figures:
    """Imported records get their signatures, as the worker does it."""
    signed = 0
    with spending(place) as spent:
        while signed < many and (done := await sign_records.sign_due(database, kit)) is not None:
            signed += done
    return spent.of(max(signed, 1))


async def files(place: Place, kit: Kit, database: Database, many: int, folder: Path) -> Figures:
    """Issued certificates get their files: proof, page, seal with time stamp, stored sealed; by the worker's maker."""
    await log_heads.sign_heads(database, kit, now=now())
    maker = FileMaker.open(database, kit)
    try:
        await maker.make_due()  # the processes have started and loaded their font
        before, made = _bytes(folder), 0
        with spending(place) as spent:
            while made < many and (done := await maker.make_due()):
                made += done
    finally:
        await maker.stop()
    if not made:
        raise RuntimeError("no file was made")
    return spent.of(made) | {"bytes_each": (_bytes(folder) - before) / made}


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def import_(place: Place, address: ServiceDatabase, begin: int, many: int) -> Figures:
    """The command `import` on a file of new certificates, its checking and the start of Python included."""
    file = place.folder / "import.ndjson"
    with file.open("wb") as stream:
        stream.writelines(map(import_line, range(begin, begin + many)))
    told = "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'outbox'::regclass"
    before, served = int(place.value(told, address.name)), place.server_cpu()
    used = place.command(address, "import", str(file))
    server = place.server_cpu() - served
    file.unlink()
    grown = int(place.value(told, address.name)) - before
    return {
        "count": many,
        "seconds": used.seconds,
        "per_second": many / used.seconds,
        "cores": len(os.sched_getaffinity(0)),
        "cpu_ms": 1000 * (used.cpu + server) / many,
        "cpu_ms_server": 1000 * server / many,
        "event_bytes_each": grown / many,
    }


def stored(place: Place, address: ServiceDatabase, size: int) -> Figures:
    """Bytes for each certificate, by table, with its share of the indexes."""
    found: Figures = {}
    for table in ("certificate", "log_leaf"):
        sizes = place.value(f"SELECT pg_table_size('{table}') || ',' || pg_indexes_size('{table}')", address.name)
        rows, indexes = (int(part) / size for part in sizes.split(","))
        found |= {table: rows, f"{table} indexes": indexes}
    return found
