"""Commands: api, worker, migrate … of every service, import-types (catalogue) and import (existing certificates)."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from services.certificate import caller_commands, outside, settings
from services.certificate.commands import import_certificates, import_file, log_heads, make_files, sign_records
from services.certificate.commands.import_types import import_types
from services.certificate.domain.errors import ImportFaulty
from services.certificate.files.contents import SealBody
from services.certificate.files.errors import KeysUnavailable
from services.certificate.files.records import rotate
from services.certificate.files.seal_keys import retire
from services.certificate.kit import Kit
from services.certificate.peers import cli as peers
from services.chassis import clock
from services.chassis.cli import Command, run_cli
from services.chassis.database import Database

FAULTY = 1
_console = Console(stderr=True, soft_wrap=True)


def main(arguments: list[str] | None = None) -> int:
    extra = [
        Command("import-types", "导入证照类型 (catalogue.yaml)", _run_types, _add_file),
        Command("import", "导入存量证照 (NDJSON)", _run_certificates, _add_file),
        Command("log-backfill", "为日志启用之前的证照补记日志", _run_backfill),
        Command("sign-records", "为已导入、尚未签名的证照补上签名", _run_signing),
        *outside.commands(),
        *caller_commands.commands(),
        peers.command(),
        Command("rotate-keys", "换用新的证照签名密钥（旧公钥继续公布）", _run_rotate_keys),
        Command("rotate-seal", "为部门换用新的电子印章（旧文件仍可核验）", _run_rotate_seal, _add_seal),
        Command("retry-files", "重新制作失败的版式文件 (字库或模板修复之后)", _run_retry),
    ]
    return run_cli("certificate", settings.load, extra, arguments)


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="要导入的文件")


def _run_types(arguments: argparse.Namespace) -> int:
    return asyncio.run(_types(arguments.file))


def _run_retry(_: argparse.Namespace) -> int:
    return asyncio.run(_retry())


def _run_rotate_keys(_: argparse.Namespace) -> int:
    loaded = settings.load()
    try:
        names = rotate(loaded.signing_dir, loaded.record_session)
    except KeysUnavailable as away:
        _console.print(f"{away.title_zh}：{away.detail}", style="red", markup=False)
        return FAULTY
    _console.print(f"已启用新密钥：{'、'.join(names)}", markup=False)
    return 0


def _add_seal(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("uscc", help="部门的统一社会信用代码")
    parser.add_argument("name", help="部门名称，与印章上的一致")


def _run_rotate_seal(arguments: argparse.Namespace) -> int:
    seal = SealBody(name=arguments.name, uscc=arguments.uscc)
    if not retire(settings.load().signing_dir, seal):
        _console.print(f"“{arguments.name}”还没有电子印章", style="red", markup=False)
        return FAULTY
    _console.print(f"“{arguments.name}”的印章已停用，下一份文件起使用新印章", markup=False)
    return 0


def _run_backfill(_: argparse.Namespace) -> int:
    return asyncio.run(_backfill())


async def _backfill() -> int:
    loaded = settings.load()
    database = Database(loaded.database_url)
    try:
        count = await log_heads.fill(database, Kit.open(loaded))
    finally:
        await database.close()
    _console.print(f"已补记 {count} 张证照", markup=False)
    return 0


def _run_signing(_: argparse.Namespace) -> int:
    return asyncio.run(_signing())


async def _signing() -> int:
    """The worker does the same, more slowly, beside its other work."""
    loaded = settings.load()
    database, kit, count = Database(loaded.database_url), Kit.open(loaded), 0
    try:
        while (signed := await sign_records.sign_due(database, kit)) is not None:
            count += signed
    finally:
        await database.close()
    _console.print(f"已签名 {count} 张证照", markup=False)
    return 0


async def _retry() -> int:
    database = Database(settings.load().database_url)
    try:
        count = await make_files.retry_given_up(database, now=clock.real_now())
    finally:
        await database.close()
    _console.print(f"已重新排队 {count} 个文件", markup=False)
    return 0


async def _types(file: Path) -> int:
    loaded = settings.load()
    clock.use_test_clock(loaded.test_clock)
    database = Database(loaded.database_url)
    try:
        loaded_types = await import_types(database, file, now=clock.now())
    except ImportFaulty as faulty:
        for error in faulty.errors:
            _console.print(f"{error.pointer}: {error.detail}", style="red", markup=False)
        return FAULTY
    finally:
        await database.close()
    told = f"已导入 {loaded_types.types} 种证照类型，其中 {loaded_types.changed} 种有新版本"
    _console.print(told, markup=False)
    return 0


def _run_certificates(arguments: argparse.Namespace) -> int:
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


if __name__ == "__main__":
    sys.exit(main())
