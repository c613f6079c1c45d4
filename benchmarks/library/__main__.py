"""`make bench-library`: the library of certificates at ten million, as ratios in one run; a table and a JSON file.

python -m benchmarks.library [--size 10000000] [--minutes 90] [--quick] [--folder FOLDER] [--out FILE]

Everything is on this machine alone and is removed at the end. Stopped before (Ctrl-C, SIGTERM, time or disk run out),
it tells what it has measured by then.
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console

from benchmarks.library import making, reading, report
from benchmarks.library.loading import Library
from benchmarks.library.place import ROOT, WAL_MOST, Place
from benchmarks.library.stages import Stages, TimeOver
from deploy.local.postgres import ServiceDatabase
from services.chassis.database import Database

OUT = ROOT / "out" / "bench-library.json"
SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
LARGEST = 50_000_000
_DISK_EACH = 2_600  # bytes: rows, indexes, a tenth more for the smaller libraries, and what building indexes needs
_DISK_MORE, _MEMORY = WAL_MOST + 2 * 2**30, 2 * 2**30
_LOADING = 0.65  # of the time: a library that grows too slowly is measured at the size it has by then
_ENDED = 3


@dataclass(frozen=True)
class Effort:
    """How much of each part."""

    rounds: int
    known: int
    writers_seconds: float
    issued: int
    files: int
    signed: int
    imported: int

    @classmethod
    def of(cls, size: int, *, quick: bool) -> "Effort":
        if quick:
            return cls(rounds=10, known=10, writers_seconds=0.2, issued=40, files=3, signed=20, imported=500)
        return cls(300, 200, 3, 2_000, 60, 1_000, min(max(size // 4, 20_000), 1_000_000))


class Refused(Exception):
    """This machine cannot do it; says why."""


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=SIZES[-1], help="certificates (default 10,000,000)")
    parser.add_argument("--quick", action="store_true", help="hardly any of each measurement: a smoke test")
    parser.add_argument("--minutes", type=float, default=90, help="come to an end after so long (default 90)")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "out", help="where the data lies meanwhile (default out/)"
    )
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args(given)
    console = Console(width=None if sys.stdout.isatty() else 120)
    try:
        check_machine(arguments.size, arguments.folder)
    except Refused as refused:
        console.print(str(refused), style="red", markup=False)
        return 1
    run = Run(arguments, Stages(console, 60 * arguments.minutes))
    ended = run.to_its_end()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(run.figures, ensure_ascii=False, indent=1) + "\n", "utf-8")
    report.show(run.figures, console)
    console.print(f"数字文件：{arguments.out}", markup=False)
    if ended:
        console.print(f"提前结束，未测部分没有数字 / ended early: {ended}", style="red", markup=False)
    return _ENDED if ended else 0


def check_machine(size: int, folder: Path) -> None:
    """Raises Refused."""
    if not SIZES[0] <= size <= LARGEST:
        raise Refused(f"--size 须在 {SIZES[0]:,} 至 {LARGEST:,} 之间")
    folder.mkdir(parents=True, exist_ok=True)
    wanted, free = size * _DISK_EACH + _DISK_MORE, shutil.disk_usage(folder).free
    if free < wanted:
        raise Refused(
            f"磁盘空间不足：{size:,} 张约需 {wanted / 2**30:.1f} GiB，{folder} 只剩 {free / 2**30:.1f} GiB；"
            "可用 --size 减少张数，或用 --folder 换到别的磁盘"
        )
    memory = psutil.virtual_memory().available
    if memory < _MEMORY:
        raise Refused(f"内存不足：约需 {_MEMORY / 2**30:.0f} GiB，可用 {memory / 2**30:.1f} GiB")


@dataclass
class Run:
    """One run; its figures are there as far as it came."""

    arguments: argparse.Namespace
    stages: Stages
    figures: dict[str, Any] = field(default_factory=dict)

    def to_its_end(self) -> str:
        """Gives why it ended early, or nothing."""
        load, ended = os.getloadavg()[0], ""
        try:
            with Place.opened(self.arguments.folder) as place:
                self._measure(place)
        except KeyboardInterrupt:
            ended = "已中断"
        except TimeOver as over:
            ended = f"超出规定时间（{over}）"
        except Exception as fault:  # whatever it is, what was measured before is told
            ended = f"{type(fault).__name__}: {str(fault)[:500]}"
        ended = ended or report.came_short(self.figures)
        self.figures["goals"] = report.goals(self.figures)
        self.figures["machine"] = {
            "cores": len(os.sched_getaffinity(0)),
            "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
            "python": platform.python_version(),
            "load_before": round(load, 2),
            "seconds": round(self.stages.spent, 1),
            "quick": self.arguments.quick,
            "ended_early": ended,
        }
        return ended

    def _measure(self, place: Place) -> None:
        libraries = self._loaded(place)
        size = self.figures["size"]
        effort = Effort.of(size, quick=self.arguments.quick)
        largest = libraries[size]
        self.figures["stored"] = making.stored(place, largest, size)
        asyncio.run(self._ask(place, libraries, effort))
        with place.time_stamps():
            asyncio.run(self._make(place, largest, effort))
        with self.stages.stage(f"导入 / import {effort.imported:,}", 1) as tell:
            self.figures["import"] = making.import_(place, largest, size, effort.imported)
            tell(1)

    def _loaded(self, place: Place) -> dict[int, ServiceDatabase]:
        """One library that grows, and a copy of it at each power of ten on the way."""
        library, libraries = Library(place, place.new_library("certificate")), {}
        wanted = self.arguments.size
        began = self.stages.spent
        try:
            for step in [*(one for one in SIZES if one < wanted), wanted]:
                library.grow(step, self.stages, self._is_enough)
                if library.size < step:
                    break
                if step < wanted:
                    libraries[step] = place.copy("certificate", f"certificate_{step}", large=step >= 100_000)
        finally:
            seconds, self.figures["size"] = self.stages.spent - began, library.size
            self.figures["loading"] = {"seconds": seconds, "per_second": library.size / seconds, "wanted": wanted}
        return libraries | {library.size: library.address}

    def _is_enough(self) -> bool:
        """Time, or room for indexes and for the measurements, is needed for what comes after loading."""
        return self.stages.is_over(_LOADING) or shutil.disk_usage(self.arguments.folder).free < _DISK_MORE

    async def _ask(self, place: Place, libraries: dict[int, ServiceDatabase], effort: Effort) -> None:
        readers = [reading.Reader.open(place, address, size, effort.known) for size, address in libraries.items()]
        asking = reading.Asking(readers)
        try:
            with self.stages.stage("预热 / warming", len(readers)) as tell:
                await asking.prepare(tell)
            with self.stages.stage("检索、核验、证明、追加 / search, verify, proof, append", effort.rounds) as tell:
                await asking.run(effort.rounds, tell)
            self.figures["writers"] = await reading.writers(readers[-1], effort.writers_seconds)
        finally:
            self.figures["asked"] = asking.figures()
            for reader in readers:
                await reader.database.close()

    async def _make(self, place: Place, address: ServiceDatabase, effort: Effort) -> None:
        kit, database = place.kit(address), Database(address.app_url)
        try:
            with self.stages.stage("签发、补签、盖章文件 / issue, sign, seal files", 3) as tell:
                self.figures["issue"] = await making.issue(place, kit, database, effort.issued)
                tell(1)
                self.figures["sign"] = await making.sign(place, kit, database, effort.signed)
                tell(1)
                self.figures["files"] = await making.files(place, kit, database, effort.files, place.folder / "files")
                tell(1)
        finally:
            await database.close()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended from outside, it tells and cleans up as well
    sys.exit(main())
