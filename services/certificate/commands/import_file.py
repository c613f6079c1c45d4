"""A whole import file: its parts are checked, then loaded, by this process or by one for each core."""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from io import BytesIO
from itertools import repeat
from pathlib import Path
from typing import Any

from services.certificate import settings
from services.certificate.commands.import_certificates import Imported, load_lines, read
from services.certificate.domain.certificate import CertificateType
from services.certificate.domain.errors import ImportFaulty
from services.certificate.domain.import_line import Duplicates, Fault, Marks
from services.certificate.kit import Kit
from services.chassis import clock
from services.chassis.child_process import end_with_parent, seldom_collect
from services.chassis.database import Database
from services.kernel.errors import FieldError

PART_BYTES = 1 << 20
LARGE_BYTES = 16 * PART_BYTES  # a smaller file is done before other processes have started
Types = Mapping[str, CertificateType]
Progress = Callable[[int], None]
Map = Callable[..., Iterable[Any]]


@dataclass(frozen=True)
class Part:
    """Whole lines of a file."""

    file: Path
    begin: int
    end: int

    def lines(self) -> Iterator[bytes]:
        with self.file.open("rb") as stream:
            stream.seek(self.begin)
            content = BytesIO(stream.read(self.end - self.begin))
        yield from content


@dataclass(frozen=True)
class _Checked:
    """What reading a part found, with lines counted from 1 within it."""

    lines: int
    faults: Sequence[Fault]
    marks: Sequence[tuple[int, Marks]]


def parts_of(file: Path, size: int) -> list[Part]:
    parts, begin = [], 0
    with file.open("rb") as stream:
        length = os.fstat(stream.fileno()).st_size
        while begin < length:
            stream.seek(min(begin + size, length))
            stream.readline()
            parts.append(Part(file, begin, min(stream.tell(), length)))
            begin = stream.tell()
    return parts


def check(file: Path, known: Types, division: str, tell: Progress, each: Map = map) -> list[Fault]:
    """Read the whole file and list every fault; `tell` gets the bytes read since the last call."""
    faults: list[Fault] = []
    duplicates, before, parts = Duplicates(), 0, parts_of(file, PART_BYTES)
    for part, found in zip(parts, each(_check, parts, repeat(known), repeat(division)), strict=False):
        here = [replace(fault, line=before + fault.line) for fault in found.faults]
        for line, marks in found.marks:
            here += duplicates.check(before + line, marks)
        faults += sorted(here, key=lambda fault: fault.line)
        before += found.lines
        tell(part.end - part.begin)
    return faults


def load(file: Path, known: Types, now: datetime, tell: Progress, each: Map = map) -> Imported:
    """Load a file without faults. What an earlier run loaded is skipped.

    Raises:
        ImportFaulty: the library holds another holder's certificate under the same type and number.
    """
    added = there = 0
    parts = parts_of(file, PART_BYTES)
    try:
        for part, told in zip(parts, each(_load, parts, repeat(known), repeat(now)), strict=False):
            if not isinstance(told, Imported):
                raise ImportFaulty(errors=told)
            added, there = added + told.added, there + told.there_already
            tell(part.end - part.begin)
    finally:
        if _loader.cache_info().currsize:
            _loader().close()
            _loader.cache_clear()
    return Imported(added, there)


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


@contextmanager
def hands(file: Path) -> Iterator[Map]:
    """For `check` and `load`: this process, or one for each core and one more for while they wait for their commits."""
    cores = processors()
    if cores < 2 or file.stat().st_size < LARGE_BYTES:
        yield map
        return
    with ProcessPoolExecutor(cores + 1, mp_context=_context(), initializer=begin) as pool:
        try:
            pool.submit(int).result()  # all begin now, before the bar has a thread
            yield pool.map
        finally:
            pool.shutdown(cancel_futures=True)


def _context() -> multiprocessing.context.BaseContext:
    """Copies of this process, which has read every module; where other threads run, it would inherit their locks."""
    if threading.active_count() == 1:
        return multiprocessing.get_context("fork")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def begin() -> None:
    """First thing in a process of a pool."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us in order
    end_with_parent()
    seldom_collect()


def _check(part: Part, known: Types, division: str) -> _Checked:
    faults: list[Fault] = []
    marks, line = [], 0
    for line, raw in enumerate(part.lines(), start=1):
        sound, wrong = read(line, raw, known, division)
        faults += wrong
        if sound is not None:
            marks.append((line, sound.marks()))
    return _Checked(line, faults, marks)


def _load(part: Part, known: Types, now: datetime) -> Imported | Sequence[FieldError]:
    return _loader().load(part, known, now)


class _Loader:
    """What a process needs to load parts, opened with the first of them."""

    def __init__(self) -> None:
        loaded = settings.load()
        clock.use_test_clock(loaded.test_clock)
        self._kit = Kit.open(loaded)
        self._database = Database(loaded.database_url)
        self._runner = asyncio.Runner()

    def load(self, part: Part, known: Types, now: datetime) -> Imported | Sequence[FieldError]:
        try:
            return self._runner.run(load_lines(self._database, part.lines(), known, self._kit, now=now))
        except ImportFaulty as clash:  # errors of the platform do not survive the way between processes
            return clash.errors

    def close(self) -> None:
        self._runner.run(self._database.close())
        self._runner.close()


_loader = cache(_Loader)
