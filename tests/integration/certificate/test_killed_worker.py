"""The worker killed (SIGKILL) again and again while it issues: no gap in the log, no number twice, no leaf missing."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from tests.support.certificate import COMPANY, MARKER, Case, Library
from tests.support.certificate_bus import connected, eventually, tell_life
from tests.support.stack import free_port

KILLS = 10
# Loads the program once and forks a worker for each line: dying is all these lives are for, and starting is slow. Most
# only issue and make no files, because the processes that make them cost more than everything else here.
NURSERY = """
import os, sys
from services.certificate import settings
from services.certificate.consumers import Consumers
from services.certificate.kit import Kit
from services.certificate.worker import create_worker
from services.chassis.cli import serve
from services.chassis.worker import Worker
def issues():
    loaded = settings.load()
    return Worker(loaded, consumers=Consumers(Kit.open(loaded)).all())
for line in sys.stdin:
    port, kind = line.split()
    child = os.fork()
    if child == 0:
        worker = issues() if kind == "issues" else create_worker()
        serve(worker.app(), "127.0.0.1", int(port))
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
"""


class Nursery:
    """Workers one after another, each until it is killed."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        command = [sys.executable, "-c", NURSERY]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command,
                env=os.environ | environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                text=True,
            )

    def born(self, kind: str = "makes-files-too") -> int:
        """The process id of a new worker."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{free_port()} {kind}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


@pytest.fixture
def nursery(certificate_environment: dict[str, str], nats_url: str, tmp_path: Path) -> Iterator[Nursery]:
    extra = {"YICHUANG_NATS_URL": nats_url, "YICHUANG_FILE_LEASE_SECONDS": "3", "YICHUANG_FILE_PROCESSES": "1"}
    nursery = Nursery(certificate_environment | extra, tmp_path / "worker.log")
    try:
        yield nursery
    finally:
        nursery.close()


async def test_a_worker_killed_at_any_moment_of_issuing_leaves_no_gap_no_double_and_no_certificate_without_a_leaf(
    library: Library, nursery: Nursery, nats_url: str
) -> None:
    chance = random.Random()  # other moments in every run: a seed would try the same ones for ever
    cases: list[Case] = []

    async with connected(nats_url) as client:
        for life in range(KILLS):
            before = await acts(library)
            cases.append(library.a_case(*((MARKER, "王小明") if life % 2 else (COMPANY, "鹤城餐饮有限公司"))))
            await tell_life(client, cases[-1])
            worker = nursery.born("makes-files-too" if life % 5 == 4 else "issues")
            await until_it_works(library, before, chance)
            os.kill(worker, signal.SIGKILL)
        last = nursery.born()
        await eventually(lambda: all_made(library, len(cases)), "every case with its certificate, papers and files")
        await eventually(lambda: all_signed(library), "a head over every leaf")
        os.kill(last, signal.SIGKILL)

    await assert_log_is_whole(library, len(cases))
    await assert_numbers_are_whole(library, len(cases))
    assert await library.rows("SELECT reason FROM dead_letter") == []


async def acts(library: Library) -> int:
    (row,) = await library.rows("SELECT count(*) AS many FROM outbox")
    return int(row.many)


async def until_it_works(library: Library, before: int, chance: random.Random) -> None:
    """Some lives end right after their first commit, others a moment later: in the next one, or in a file."""
    try:
        async with asyncio.timeout(20):
            while await acts(library) == before:
                await asyncio.sleep(0.002)
    except TimeoutError:
        return  # what the last one held comes back ten seconds after its death; killed while it waits is killed, too
    await asyncio.sleep(chance.choice((0, chance.uniform(0, 0.05), chance.uniform(0, 0.4))))


async def all_made(library: Library, count: int) -> bool:
    certificates = await library.rows("SELECT 1 FROM certificate WHERE file_sha256 IS NOT NULL")
    papers = await library.rows("SELECT 1 FROM paper WHERE file_sha256 IS NOT NULL")
    return (len(certificates), len(papers)) == (count, 3 * count)


async def all_signed(library: Library) -> bool:
    return bool(await library.rows("SELECT 1 FROM log_head WHERE size = (SELECT size FROM log_state)"))


async def assert_log_is_whole(library: Library, count: int) -> None:
    """One leaf for each act of each certificate, in one row without gaps, and every signed head is their root."""
    leaves = await library.rows(
        "SELECT l.leaf_index, l.act, encode(l.record_sha256, 'hex') AS record, c.identifier "
        "FROM log_leaf l LEFT JOIN certificate c ON c.id = l.certificate_id ORDER BY l.leaf_index"
    )
    certificates = await library.rows("SELECT identifier, number_shown, case_id FROM certificate")
    assert [row.leaf_index for row in leaves] == list(range(count))
    assert sorted((row.identifier, row.act) for row in leaves) == sorted(
        (row.identifier, "ISSUE") for row in certificates
    )
    data = [f'{{"act":"{row.act}","identifier":"{row.identifier}","record":"{row.record}"}}'.encode() for row in leaves]
    heads = await library.rows("SELECT size, encode(root, 'hex') AS root FROM log_head ORDER BY size")
    assert heads[-1].size == count
    assert [head.root for head in heads] == [root_of(data[: head.size]).hex() for head in heads]


def root_of(data: list[bytes]) -> bytes:
    """RFC 9162 2.1.1, word for word, and nothing of ours."""
    if len(data) == 1:
        return sha256(b"\0" + data[0]).digest()
    half = 1 << (len(data) - 1).bit_length() - 1
    return sha256(b"\1" + root_of(data[:half]) + root_of(data[half:])).digest()


async def assert_numbers_are_whole(library: Library, count: int) -> None:
    """Certificates: one for each case, numbered 1 to n. Papers: one of each kind for each case, 1 to n per series."""
    certificates = await library.rows("SELECT identifier, number_shown, case_id FROM certificate")
    assert len({row.identifier for row in certificates}) == len({row.case_id for row in certificates}) == count
    assert sorted(int(row.number_shown[10:]) for row in certificates) == list(range(1, count + 1))
    series: dict[str, list[int]] = defaultdict(list)
    for row in await library.rows("SELECT number FROM paper"):
        name, _, number = row.number.partition("〕")
        series[name].append(int(number.strip("第号")))
    assert {name: sorted(numbers) for name, numbers in series.items()} == {
        name: list(range(1, len(numbers) + 1)) for name, numbers in series.items()
    }
    assert sum(len(numbers) for numbers in series.values()) == 3 * count
