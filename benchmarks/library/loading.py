"""Fills a library by COPY with what `import` would write: certificates, sealed records, leaves and tree nodes.

Rows come out of the product's own functions, each with its own numbers, keys, salt, seal and hashes: nothing is a copy
of a pattern. Two things differ from an import: events are left out (their size is measured with the real import), and
indexes are dropped while many rows enter and made again afterwards, so they are packed.
"""

import asyncio
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from uuid import UUID

from sqlalchemy import text

from benchmarks.library.people import import_line
from benchmarks.library.place import Place
from benchmarks.library.stages import Stages
from deploy.local.postgres import ServiceDatabase
from services.certificate import repository, settings
from services.certificate.commands import import_certificates, import_file, log_heads
from services.certificate.commands.issue_certificates import row_of
from services.certificate.domain import merkle
from services.certificate.domain.certificate import Certificate, CertificateType, record
from services.certificate.domain.transparency import Act, Leaf
from services.certificate.files.records import content_hash, drafted
from services.certificate.kit import Kit
from services.certificate.log.queries import Head
from services.certificate.tables import log_leaf
from services.chassis.clock import now
from services.chassis.database import Database
from services.chassis.direct import DirectConnection

PART = 5_000
MANY = 100_000  # from here on indexes are made afterwards
_AHEAD = 3  # parts for each process that are under way at once
_UNIQUE = {"certificate_source_key": "source_key", "certificate_identifier": "identifier"}
_DROPPED = ("certificate_holder", "certificate_running_out", "log_leaf_certificate")
_STATE = text("UPDATE log_state SET size = :size, frontier = :frontier WHERE id = 1")
Submit = Callable[[int, int], "Future[Rows]"]


@dataclass(frozen=True)
class Rows:
    """What the log needs of the certificates that a process has stored."""

    ids: list[bytes]
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
        drafts = [drafted(record(one)) for one in made]
        rows = [row_of(one, self.kit.seal_record(*said)) for one, said in zip(made, drafts, strict=True)]
        self.runner.run(self._store(rows))
        hashes = [content_hash(said) for said, _ in drafts]
        leaves = [Leaf(Act.IMPORT, one.identifier, of).hash() for one, of in zip(made, hashes, strict=True)]
        return Rows([one.id.bytes for one in made], hashes, leaves)

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
    frontier: Sequence[bytes] = field(default=(), repr=False)

    def grow(self, size: int, stages: Stages, is_enough: Callable[[], bool]) -> None:
        """Up to `size` certificates, or until it is enough, with a signed head over all of them."""
        dropped = self._drop_indexes() if size - self.size >= MANY else []
        kit = self.place.kit(self.address)
        with _workers(self.address.app_url, size - self.size) as submit, asyncio.Runner() as runner:
            database = Database(self.address.app_url)
            with stages.stage(f"装入 / loading {size:,}", size - self.size) as tell:
                for rows in self._parts(size, submit, is_enough):
                    runner.run(self._log(database, rows))
                    tell(len(rows.ids))
            if dropped:
                with stages.stage("建索引 / indexes", len(dropped)) as tell:
                    self._make_indexes(dropped, tell)
            self._run("ANALYZE")
            runner.run(self._sign_head(database, kit))
            runner.run(database.close())

    def _parts(self, size: int, submit: Submit, is_enough: Callable[[], bool]) -> Iterator[Rows]:
        """In order; what has been begun is also finished, so that no certificate is left without its leaf."""
        under_way: deque[Future[Rows]] = deque()
        begin = self.size
        while begin < size and not is_enough():
            under_way.append(submit(begin, min(begin + PART, size)))
            begin = min(begin + PART, size)
            if len(under_way) > _AHEAD * _cores():
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()

    async def _log(self, database: Database, rows: Rows) -> None:
        self.frontier, completed = merkle.grow(self.size, self.frontier, rows.leaves)
        parts = zip(rows.ids, rows.records, completed, strict=True)
        leaves = [
            {
                "leaf_index": index,
                "certificate_id": UUID(bytes=of),
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
        """Gives the statements that make them again."""
        made = []
        for name, column in _UNIQUE.items():
            made.append(f"CREATE UNIQUE INDEX {name} ON certificate ({column})")
            self._run(f"ALTER TABLE certificate DROP CONSTRAINT {name}")
        for name in _DROPPED:
            made.append(self.place.value(f"SELECT pg_get_indexdef('{name}'::regclass)", self.address.name))
            self._run(f"DROP INDEX {name}")
        return made

    def _make_indexes(self, statements: Sequence[str], tell: Callable[[int], None]) -> None:
        """One for each core at a time: those over one table share the reading of it."""
        with ThreadPoolExecutor(_cores()) as threads:
            for _ in threads.map(self._run, statements):
                tell(1)
        for name in _UNIQUE:
            self._run(f"ALTER TABLE certificate ADD CONSTRAINT {name} UNIQUE USING INDEX {name}")

    def _run(self, statement: str) -> None:
        serial = "SET max_parallel_maintenance_workers = 0"
        self.place.postgres.execute(f"{serial}; {statement};", database=self.address.name, role="certificate_migrator")


def _cores() -> int:
    return len(os.sched_getaffinity(0))


async def _heads(database: Database) -> int:
    async with database.read() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM log_head")) or 0)


def _at_once(url: str, begin: int, end: int) -> "Future[Rows]":
    done: Future[Rows] = Future()
    done.set_result(_load(url, begin, end))
    return done


@contextmanager
def _workers(url: str, rows: int) -> Iterator[Submit]:
    """This process for a few rows, or one process for each core."""
    if rows <= 2 * PART:
        try:
            yield partial(_at_once, url)
        finally:
            _loader(url).close()
            _loader.cache_clear()
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(_cores(), mp_context=context, initializer=import_file.begin) as pool:
        try:
            yield lambda begin, end: pool.submit(_load, url, begin, end)
        finally:
            pool.shutdown(cancel_futures=True)
