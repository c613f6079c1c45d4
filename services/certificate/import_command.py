"""The command `import`: existing certificates out of a file of NDJSON."""

import argparse
import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from services.certificate import settings
from services.certificate.commands import import_certificates, import_file
from services.certificate.domain.errors import ImportFaulty
from services.chassis import clock
from services.chassis.database import Database

FAULTY = 1
_console = Console(stderr=True, soft_wrap=True)


def run(arguments: argparse.Namespace) -> int:
    with import_file.hands(arguments.file) as each:
        return _certificates(arguments.file, each)


def _certificates(file: Path, each: import_file.Map) -> int:
    """Two readings of the file: all faults first, then the loading; nothing is loaded when there is a fault."""
    loaded = settings.load()
    clock.use_test_clock(loaded.test_clock)
    size = file.stat().st_size
    known = asyncio.run(_types_known(loaded.database_url))
    with _progress() as progress:
        faults = import_file.check(file, known, loaded.division, _bar(progress, "检查", size), each)
    if faults:
        for fault in faults:
            _console.print(str(fault), style="red", markup=False)
        _console.print(f"共 {len(faults)} 处错误，未导入任何证照", markup=False)
        return FAULTY
    try:
        with _progress() as progress:
            done = import_file.load(file, known, clock.now(), _bar(progress, "导入", size), each)
    except ImportFaulty as clash:
        for error in clash.errors:
            _console.print(f"{error.pointer}: {error.detail}", style="red", markup=False)
        return FAULTY
    _console.print(f"新导入 {done.added} 张，已存在 {done.there_already} 张", markup=False)
    return 0


async def _types_known(url: str) -> import_file.Types:
    database = Database(url)
    try:
        return await import_certificates.types(database)
    finally:
        await database.close()


def _progress() -> AbstractContextManager[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=_console)


def _bar(progress: Progress, label: str, size: int) -> Callable[[int], None]:
    task = progress.add_task(label, total=size)
    return lambda read: progress.advance(task, read)
