"""The command `import`: existing certificates out of a file of NDJSON."""

import argparse
import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from services.certificate import settings, terminal
from services.certificate.commands import import_certificates, import_file
from services.certificate.domain.errors import ImportFaulty
from services.chassis import clock
from services.chassis.database import Database


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
            terminal.console.print(str(fault), style="red", markup=False)
        terminal.console.print(f"共 {len(faults)} 处错误，未导入任何证照", markup=False)
        return terminal.FAULTY
    try:
        with _progress() as progress:
            done = import_file.load(file, known, clock.now(), _bar(progress, "导入", size), each)
    except ImportFaulty as clash:
        return terminal.faults(clash)
    return terminal.done(f"新导入 {done.added} 张，已存在 {done.there_already} 张")


async def _types_known(url: str) -> import_file.Types:
    database = Database(url)
    try:
        return await import_certificates.types(database)
    finally:
        await database.close()


def _progress() -> AbstractContextManager[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=terminal.console)


def _bar(progress: Progress, label: str, size: int) -> Callable[[int], None]:
    task = progress.add_task(label, total=size)
    return lambda read: progress.advance(task, read)
