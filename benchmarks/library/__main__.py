"""`make bench-library`: the library of certificates at ten million, as ratios in one run; a table and a JSON file.

python -m benchmarks.library [--size 10000000] [--quick] [--out FILE]
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.library import making, reading, report
from benchmarks.library.loading import Library
from benchmarks.library.place import ROOT, Place
from deploy.local.postgres import ServiceDatabase
from services.certificate.kit import Kit
from services.chassis.database import Database

OUT = ROOT / "out" / "bench-library.json"
SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
LARGEST = 50_000_000
_DISK_EACH = 4_200  # bytes: rows, indexes, a tenth more for the smaller libraries, and what building indexes needs
_DISK_MORE, _MEMORY = 3 * 2**30, 2 * 2**30
_HOUR = 3600


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
        return cls(300, 200, 3, 2_000, 60, 1_000, min(max(size // 10, 20_000), 200_000))


class Refused(Exception):
    """This machine cannot do it; says why."""


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=SIZES[-1], help="certificates (default 10,000,000)")
    parser.add_argument("--quick", action="store_true", help="hardly any of each measurement: a smoke test")
    parser.add_argument("--hours", type=float, default=3, help="give up after so long (default 3)")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args(given)
    console = Console(width=None if sys.stdout.isatty() else 120)
    folder = ROOT / "out" / f"bench-library-{os.getpid()}"
    try:
        _check_machine(arguments.size)
        figures = _measured(folder, arguments, console)
    except Refused as refused:
        console.print(str(refused), style="red", markup=False)
        return 1
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", "utf-8")
    report.show(figures, console)
    console.print(f"数字文件：{arguments.out}", markup=False)
    return 0


def _check_machine(size: int) -> None:
    """Raises Refused."""
    if not SIZES[0] <= size <= LARGEST:
        raise Refused(f"--size 须在 {SIZES[0]:,} 至 {LARGEST:,} 之间")
    (ROOT / "out").mkdir(exist_ok=True)
    wanted, free = size * _DISK_EACH + _DISK_MORE, shutil.disk_usage(ROOT / "out").free
    if free < wanted:
        raise Refused(
            f"磁盘空间不足：{size:,} 张约需 {wanted / 2**30:.1f} GiB，{ROOT / 'out'} 只剩 {free / 2**30:.1f} GiB；"
            "可用 --size 减少张数"
        )
    memory = psutil.virtual_memory().available
    if memory < _MEMORY:
        raise Refused(f"内存不足：约需 {_MEMORY / 2**30:.0f} GiB，可用 {memory / 2**30:.1f} GiB")


def _measured(folder: Path, arguments: argparse.Namespace, console: Console) -> dict[str, Any]:
    began, load = time.monotonic(), os.getloadavg()[0]
    effort = Effort.of(arguments.size, quick=arguments.quick)
    with Place.opened(folder) as place:
        libraries, loading = _loaded(place, arguments.size, console, began + arguments.hours * _HOUR)
        largest = libraries[arguments.size]
        figures: dict[str, Any] = {"size": arguments.size, "loading": loading}
        figures["stored"] = making.stored(place, largest, arguments.size)
        figures |= asyncio.run(_asked(place, libraries, effort, console))
        with place.time_stamps():
            figures |= asyncio.run(_made(place, largest, effort, console))
        console.print(f"· 导入 / import ({effort.imported:,})")
        figures["import"] = making.import_(place, largest, arguments.size, effort.imported)
    figures["goals"] = report.goals(figures)
    figures["machine"] = {
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "load_before": round(load, 2),
        "seconds": round(time.monotonic() - began, 1),
        "quick": arguments.quick,
    }
    return figures


def _loaded(
    place: Place, size: int, console: Console, deadline: float
) -> tuple[dict[int, ServiceDatabase], dict[str, float]]:
    """One library that grows, and a copy of it at each power of ten on the way."""
    began = time.monotonic()
    library = Library(place, place.new_library("certificate"))
    libraries = {}
    with _progress(console, size) as told:

        def tell(rows: int) -> None:
            told(rows)
            if time.monotonic() > deadline:
                raise Refused("超出规定时间，已停止；可用 --size 减少张数，或用 --hours 放宽")

        for step in [*(one for one in SIZES if one < size), size]:
            library.grow(step, tell)
            if step < size:
                libraries[step] = place.copy("certificate", f"certificate_{step}")
    seconds = time.monotonic() - began
    return libraries | {size: library.address}, {"seconds": seconds, "per_second": size / seconds}


@contextmanager
def _progress(console: Console, size: int) -> Iterator[Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("装入 / loading", total=size)
        yield lambda rows: progress.advance(task, rows)


async def _asked(
    place: Place, libraries: dict[int, ServiceDatabase], effort: Effort, console: Console
) -> dict[str, Any]:
    console.print("· 检索、核验、证明、追加 / search, verify, proof, append")
    readers = [reading.Reader.open(place, address, size, effort.known) for size, address in libraries.items()]
    try:
        asked = await reading.ask(readers, effort.rounds)
        writers = await reading.writers(readers[-1], effort.writers_seconds)
    finally:
        for reader in readers:
            await reader.database.close()
    return {"asked": {str(size): found for size, found in asked.items()}, "writers": writers}


async def _made(place: Place, address: ServiceDatabase, effort: Effort, console: Console) -> dict[str, Any]:
    console.print("· 签发、补签、盖章文件 / issue, sign, seal files")
    kit: Kit = place.kit(address)
    database = Database(address.app_url)
    try:
        return {
            "issue": await making.issue(place, kit, database, effort.issued),
            "sign": await making.sign(place, kit, database, effort.signed),
            "files": await making.files(place, kit, database, effort.files, place.folder / "files"),
        }
    finally:
        await database.close()


if __name__ == "__main__":
    # Ended from outside, the folder is removed as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
