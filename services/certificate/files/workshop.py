"""The workshop: a pool of processes that make files, so that the event loop stays free and a crash costs one retry."""

import asyncio
import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path

from services.certificate.files import rendering, sealing
from services.certificate.files.contents import Job
from services.certificate.files.errors import WorkshopUnavailable
from services.certificate.files.seal_keys import SealKeys
from services.certificate.files.seal_sources import open_seal_keys
from services.certificate.files.time_stamping import Authority, Stamper
from services.certificate.files.tokens import Token
from services.chassis.child_process import end_with_parent, seldom_collect
from services.kernel.errors import DomainError

_ATTEMPTS = 3
# of a worker process, set once when it starts
_keys: SealKeys | None = None
_stamper: Stamper | None = None


@dataclass(frozen=True)
class WorkshopSettings:
    signing_dir: Path
    processes: int = 1
    seal_keys: str = "file"
    may_create_keys: bool = True
    token: Token | None = None
    authority: Authority | None = None  # of time stamps
    files_per_process: int = 2000  # then the processes are replaced, so that nothing can pile up in them
    seconds_per_file: int = 30


@dataclass
class _Crew:
    """One generation of processes."""

    pool: ProcessPoolExecutor
    left: int


@dataclass
class Workshop:
    """Makes files in other processes, which start with the first job. Used from one event loop; close it at the end."""

    settings: WorkshopSettings
    _crew: _Crew | None = field(default=None, repr=False)
    _leaving: set[asyncio.Task[None]] = field(default_factory=set, repr=False)

    async def make(self, job: Job) -> bytes:
        """The rendered and sealed file.

        Raises:
            UnprintableCharacter: a text holds a character that the font lacks.
            SealUnavailable: there is no usable seal for this body.
            WorkshopUnavailable: processes died, or took longer than allowed, three times on this job.
        """
        for _ in range(_ATTEMPTS):
            crew = self._at_work()
            try:
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(crew.pool, _make, job, self.settings.seconds_per_file)
            except BrokenProcessPool:
                self._dismiss(crew)
        raise WorkshopUnavailable("制作文件的进程连续异常终止")

    async def close(self) -> None:
        """Lets the files in the making be finished, then ends the processes."""
        if self._crew:
            self._dismiss(self._crew)
        await asyncio.gather(*self._leaving)

    def _at_work(self) -> _Crew:
        if self._crew is not None and self._crew.left <= 0:
            self._dismiss(self._crew)
        if self._crew is None:
            self._crew = self._hire()
        self._crew.left -= 1
        return self._crew

    def _hire(self) -> _Crew:
        # spawn: a copy of this process would inherit its threads' locks and its sockets
        pool = ProcessPoolExecutor(
            self.settings.processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(self.settings,),
        )
        return _Crew(pool, self.settings.files_per_process * self.settings.processes)

    def _dismiss(self, crew: _Crew) -> None:
        """No new jobs for this crew; those under way are finished. Several failed jobs may dismiss the same crew."""
        if self._crew is not crew:
            return
        self._crew = None
        leaving = asyncio.create_task(asyncio.to_thread(crew.pool.shutdown))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)


def _begin(settings: WorkshopSettings) -> None:
    """First thing in a worker process."""
    global _keys, _stamper
    os.nice(10)  # files can wait: people and events come first
    os.environ.setdefault("RAYON_NUM_THREADS", "1")  # the renderer's threads only wait for each other on one page
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us in order
    end_with_parent()
    _keys = open_seal_keys(
        settings.seal_keys, settings.signing_dir, may_create=settings.may_create_keys, token=settings.token
    )
    _stamper = Stamper(settings.authority) if settings.authority else None
    rendering.warm_up()
    seldom_collect()


def _make(job: Job, seconds: int) -> bytes:
    """In a worker process. A file that takes too long ends the process (SIGALRM), which the pool reports."""
    if _keys is None:
        raise RuntimeError("the worker process was not set up")
    signal.alarm(seconds)
    try:
        return sealing.make_file(job, _keys, _stamper)
    except DomainError:
        raise
    except Exception as fault:  # an error of a library may not survive the way back, and would break the pool there
        raise RuntimeError(f"{type(fault).__name__}: {fault}") from fault
    finally:
        signal.alarm(0)
