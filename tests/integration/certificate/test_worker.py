"""The worker as its own process on a real bus: killed in the middle, told twice, out of order: all exactly once."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nats.aio.client import Client

from services.certificate.commands import import_certificates, log_check
from services.certificate.domain import merkle
from services.chassis.clock import real_now
from tests.support.certificate import COMPANY, MARKER, Case, Library, an_id_card, ndjson
from tests.support.certificate_bus import connected, eventually, tell_life
from tests.support.stack import free_port

CASES = 10


@pytest.fixture
async def bus_client(nats_url: str) -> AsyncIterator[Client]:
    async with connected(nats_url) as client:
        yield client


class WorkerProcess:
    """`python -m services.certificate worker` with its log in a file."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._environment = os.environ | environment
        self._log = log

    def start(self) -> None:
        command = [sys.executable, "-m", "services.certificate", "worker", "--port", str(free_port())]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)

    def kill(self, how: int = signal.SIGKILL) -> None:
        self._process.send_signal(how)
        self._process.wait(30)


@pytest.fixture
def worker(certificate_environment: dict[str, str], nats_url: str, tmp_path: Path) -> WorkerProcess:
    extra = {"YICHUANG_NATS_URL": nats_url, "YICHUANG_FILE_LEASE_SECONDS": "5", "YICHUANG_FILE_PROCESSES": "1"}
    return WorkerProcess(certificate_environment | extra, tmp_path / "worker.log")


async def test_a_worker_killed_in_the_middle_ends_every_case_exactly_once_and_leaks_no_number(
    library: Library, bus_client: Client, worker: WorkerProcess, tmp_path: Path
):
    cases = [library.a_case(*((MARKER, "王小明") if n % 2 else (COMPANY, "鹤城餐饮有限公司"))) for n in range(CASES)]
    worker.start()
    for case in cases:
        await tell_life(bus_client, case)

    await eventually(lambda: library.rows("SELECT 1 FROM paper WHERE file_sha256 IS NOT NULL"), "a first file")
    worker.kill()
    await tell_life(bus_client, cases[0])
    worker.start()
    await eventually(lambda: all_done(library, cases), "every case with its certificate, papers and files")
    await eventually(lambda: none_unsent(library), "the outbox drained")
    worker.kill(signal.SIGTERM)

    await assert_exactly_once(library, cases)
    assert await library.rows("SELECT reason FROM dead_letter") == []
    await assert_nowhere(library, bus_client, tmp_path / "worker.log")


async def all_done(library: Library, cases: list[Case]) -> bool:
    ids = [case.id for case in cases]
    made = "WHERE case_id = ANY(:ids) AND file_sha256 IS NOT NULL"
    certificates = await library.rows(f"SELECT 1 FROM certificate {made}", ids=ids)
    papers = await library.rows(f"SELECT 1 FROM paper {made}", ids=ids)
    return (len(certificates), len(papers)) == (len(cases), 3 * len(cases))


async def none_unsent(library: Library) -> bool:
    return not await library.rows("SELECT 1 FROM outbox WHERE published_at IS NULL LIMIT 1")


async def assert_exactly_once(library: Library, cases: list[Case]) -> None:
    rows = await library.rows("SELECT case_id, number_shown, version FROM certificate")
    assert sorted(row.case_id for row in rows) == sorted(case.id for case in cases)
    assert sorted(int(row.number_shown[10:]) for row in rows) == list(range(1, len(cases) + 1))
    assert {row.version for row in rows} == {2}
    await assert_logged(library, len(cases))
    unlogged = "subject <> 'certificate.log_head.signed.v1'"
    counted = await library.rows(f"SELECT subject, count(*) AS many FROM outbox WHERE {unlogged} GROUP BY subject")
    assert {row.subject: row.many for row in counted} == {
        "certificate.certificate.issued.v1": len(cases),
        "certificate.certificate.sealed.v1": len(cases),
        "certificate.paper.issued.v1": 3 * len(cases),
        "certificate.paper.sealed.v1": 3 * len(cases),
    }


async def assert_logged(library: Library, count: int) -> None:
    """Each certificate has its leaf, the leaves have no gap, and they are the tree that was signed."""
    leaves = await library.rows("SELECT leaf_index, certificate_id FROM log_leaf ORDER BY leaf_index")
    certificates = await library.rows("SELECT id FROM certificate")
    assert [row.leaf_index for row in leaves] == list(range(count))
    assert sorted(row.certificate_id for row in leaves) == sorted(row.id for row in certificates)
    (head,) = await library.rows("SELECT size, root FROM log_head ORDER BY size DESC LIMIT 1")
    assert head.size == count
    async with library.database.read() as connection:
        live = await log_check.live_leaves(connection, library.kit, 0, count)
    frontier, _ = merkle.grow(0, [], [leaf or b"" for leaf in live])
    assert merkle.root_of(frontier) == head.root


async def assert_nowhere(library: Library, client: Client, log: Path) -> None:
    """The marker is in no table, no event, no log, no stored file and no file name."""
    await library.search(library.citizen(), number=MARKER)
    assert MARKER.encode() not in log.read_bytes()
    tables = await library.rows(
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    for table in tables:
        for row in await library.rows(f'SELECT t.*::text AS all FROM "{table.name}" t'):
            assert MARKER not in row.all, table.name
            assert MARKER.encode().hex() not in row.all, table.name
    for path in library.folder.rglob("*"):
        assert MARKER not in path.name
        assert not path.is_file() or MARKER.encode() not in path.read_bytes(), path
    info = await client.jetstream().stream_info("CERTIFICATE")
    for sequence in range(info.state.first_seq, info.state.last_seq + 1):
        message = await client.jetstream().get_msg("CERTIFICATE", sequence)
        assert MARKER.encode() not in (message.data or b"")
        assert MARKER not in str(message.headers)


async def test_an_imported_file_leaves_the_number_nowhere_either(library: Library, tmp_path: Path):
    file = ndjson(tmp_path / "cards.ndjson", an_id_card())
    known = await import_certificates.types(library.database)

    await import_certificates.load(library.database, file, known, library.kit, now=real_now())

    for table in ("certificate", "outbox", "file_job", "access"):
        for row in await library.rows(f"SELECT t.*::text AS all FROM {table} t"):
            assert MARKER not in row.all
            assert MARKER.encode().hex() not in row.all
