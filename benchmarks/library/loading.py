"""Fills a library by COPY with what `import` would write: certificates, sealed records, leaves and tree nodes.

Rows come out of the product's own functions, each with its own numbers, keys, salt, seal and hashes: nothing is a copy
of a pattern. Two things differ from an import: events are left out (their size is measured with the real import), and
indexes are dropped while many rows enter and made again afterwards, so they are packed.
"""

import asyncio
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import repeat

from sqlalchemy import text

from benchmarks.library.people import import_line
from benchmarks.library.place import Place
from deploy.local.postgres import ServiceDatabase
from services.certificate import repository, settings
from services.certificate.commands import import_certificates, log_heads
from services.certificate.commands.issue_certificates import row_of
from services.certificate.domain import merkle
from services.certificate.domain.certificate import Certificate, CertificateType, record
from services.certificate.domain.transparency import Act, Leaf
from services.certificate.files.records import content_hash, draft
from services.certificate.kit import Kit
from services.certificate.log_queries import Head
from services.certificate.tables import log_leaf
from services.chassis.clock import now
from services.chassis.database import Database
from services.chassis.direct import DirectConnection

PART = 5_000
MANY = 100_000  # from here on indexes are made afterwards
_KEPT = ("certificate_source_key", "certificate_identifier")
_DROPPED = ("certificate_holder", "certificate_running_out", "log_leaf_certificate")
_STATE = text("UPDATE log_state SET size = :size, frontier = :frontier WHERE id = 1")
Tell = Callable[[int], None]


@dataclass(frozen=True)
class Rows:
    """What the log needs of the certificates that a process has stored."""

    ids: list[object]
    records: list[bytes]
    leaves: list[bytes]


class _Loader:
    """Of one process: its connection and its keys, opened with the first part."""

    def __init__(self, url: str) -> None:
        os.environ["YICHUANG_DATABASE_URL_CERTIFICATE"] = url
        self.kit = Kit.open(settings.load())
        self.database = Database(url)
        self.runner = asyncio.Runner()
        self.types = self.runner.run(import_certificates.types(self.database))

    def load(self, begin: int, end: int) -> Rows:
        made = [made_of(ordinal, self.types, self.kit) for ordinal in range(begin, end)]
        drafts = [draft(record(one)) for one in made]
        rows = [row_of(one, self.kit.seal_record(said)) for one, said in zip(made, drafts, strict=True)]
        self.runner.run(self._store(rows))
        hashes = [content_hash(said) for said in drafts]
        leaves = [Leaf(Act.IMPORT, one.identifier, of).hash() for one, of in zip(made, hashes, strict=True)]
        return Rows([one.id for one in made], hashes, leaves)

    def close(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()

    async def _store(self, rows: Sequence[Mapping[str, object]]) -> None:
        async with self.database.transaction() as uow:
            await repository.add_certificates(uow.connection, rows)


_loader = cache(_Loader)


def _load(url: str, begin: int, end: int) -> Rows:
    return _loader(url).load(begin, end)


def made_of(ordinal: int, types: Mapping[str, CertificateType], kit: Kit) -> Certificate:
    line, faults = import_certificates.read(1, import_line(ordinal), types, kit.settings.division)
    if line is None:
        raise ValueError("; ".join(str(fault) for fault in faults))
    return import_certificates.certificate_of(kit.sealer.index_key("import", line.identity), line, kit, now())


@dataclass
class Library:
    """A library that grows; its tree is kept here meanwhile."""

    place: Place
    address: ServiceDatabase
    size: int = 0
    frontier: Sequence[bytes] = ()

    def grow(self, size: int, tell: Tell) -> None:
        """Up to `size` certificates, with a signed head over all of them; `tell` gets how many were added."""
        dropped = self._drop_indexes() if size - self.size >= MANY else []
        kit = self.place.kit(self.address)
        begins = range(self.size, size, PART)
        ends = [min(begin + PART, size) for begin in begins]
        with _workers(self.address.app_url, size - self.size) as each, asyncio.Runner() as runner:
            database = Database(self.address.app_url)
            for rows in each(_load, repeat(self.address.app_url), begins, ends):
                runner.run(self._log(database, rows))
                tell(len(rows.ids))
            self._make_indexes(dropped)
            runner.run(self._sign_head(database, kit))
            runner.run(database.close())

    async def _log(self, database: Database, rows: Rows) -> None:
        self.frontier, completed = merkle.grow(self.size, self.frontier, rows.leaves)
        parts = zip(rows.ids, rows.records, completed, strict=True)
        leaves = [
            {
                "leaf_index": index,
                "certificate_id": of,
                "act": Act.IMPORT.value,
                "record_sha256": said,
                "hashes": b"".join(nodes),
                "record_sealed": None,
            }
            for index, (of, said, nodes) in enumerate(parts, start=self.size)
        ]
        self.size += len(leaves)
        async with database.transaction() as uow:
            assert isinstance(uow.connection, DirectConnection)
            await uow.connection.copy(log_leaf, leaves)
            await uow.connection.execute(_STATE, {"size": self.size, "frontier": b"".join(self.frontier)})

    async def _sign_head(self, database: Database, kit: Kit) -> None:
        """Without building every leaf once more from its record, as the worker does: they have just been built."""
        ordinal = await _heads(database) + 1
        async with database.transaction() as uow:
            root = merkle.root_of(self.frontier)
            await log_heads.publish(uow, kit, Head(self.size, root, now(), ""), ordinal)

    def _drop_indexes(self) -> list[str]:
        name = self.address.name
        made = []
        for index in _KEPT:
            found = f"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = '{index}'"
            made.append(f"ALTER TABLE certificate ADD CONSTRAINT {index} {self.place.value(found, name)}")
            self.place.postgres.execute(f"ALTER TABLE certificate DROP CONSTRAINT {index}", database=name)
        for index in _DROPPED:
            made.append(self.place.value(f"SELECT pg_get_indexdef('{index}'::regclass)", name))
            self.place.postgres.execute(f"DROP INDEX {index}", database=name)
        return made

    def _make_indexes(self, statements: Sequence[str]) -> None:
        role = "certificate_migrator"
        for statement in [*statements, "ANALYZE"]:
            self.place.postgres.execute(
                f"SET maintenance_work_mem = '512MB'; SET max_parallel_maintenance_workers = 0; {statement};",
                database=self.address.name,
                role=role,
            )


async def _heads(database: Database) -> int:
    async with database.read() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM log_head")) or 0)


@contextmanager
def _workers(url: str, rows: int) -> Iterator[Callable[..., Iterable[Rows]]]:
    """`map` in this process for a few rows, or over one process for each core."""
    if rows <= 2 * PART:
        try:
            yield map
        finally:
            _loader(url).close()
            _loader.cache_clear()
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), mp_context=context) as pool:
        try:
            yield pool.map
        finally:
            pool.shutdown(cancel_futures=True)
