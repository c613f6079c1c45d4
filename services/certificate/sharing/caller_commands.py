"""Commands for registered callers: import-callers, list-callers, suspend-caller, resume-caller."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console

from services.certificate import settings, terminal
from services.certificate.commands.register_callers import import_callers, suspend_by_command
from services.certificate.domain.errors import CallerUnknown, ImportFaulty
from services.certificate.sharing import callers
from services.chassis import clock
from services.chassis.database import Database

_screen = Console(soft_wrap=True)


def add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="调用方登记 (YAML)")
    parser.add_argument("--catalogue", type=Path, metavar="catalogue.yaml", help="事项目录：部门和窗口按事项所需登记")


def add_close(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("caller", help="client:<应用标识> 或 organisation:<统一社会信用代码>")
    parser.add_argument("--reason", required=True, help="原因，记入变更记录")


def _run(act: Callable[[Database], Awaitable[int]]) -> int:
    async def with_database() -> int:
        loaded = settings.load()
        clock.use_test_clock(loaded.test_clock)
        database = Database(loaded.database_url)
        try:
            return await act(database)
        finally:
            await database.close()

    return asyncio.run(with_database())


def run_import(given: argparse.Namespace) -> int:
    async def act(database: Database) -> int:
        try:
            count = await import_callers(database, given.file, given.catalogue, now=clock.now())
        except ImportFaulty as faulty:
            return terminal.faults(faulty)
        return terminal.done(f"新登记或变更 {count} 个调用方")

    return _run(act)


def run_list(_: argparse.Namespace) -> int:
    return _run(_list)


async def _list(database: Database) -> int:
    async with database.read() as connection:
        rows = await callers.all_callers(connection)
    if not rows:
        terminal.console.print("尚未登记调用方，请先执行 import-callers", markup=False)
    for row in rows:
        until = row.valid_until or "长期"
        state = "已停用" if row.closed else f"{row.valid_from} 至 {until}"
        limits = f"证照类型 {len(row.types)} 种，字段 {'、'.join(row.fields_shown)}，每日 {row.daily_limit} 次"
        _screen.print(f"{row.caller}  {row.name}  {state}  {limits}", markup=False, highlight=False)
    return 0


def run_suspend(given: argparse.Namespace) -> int:
    return _run_close(given, closed=True)


def run_resume(given: argparse.Namespace) -> int:
    return _run_close(given, closed=False)


def _run_close(given: argparse.Namespace, *, closed: bool) -> int:
    async def act(database: Database) -> int:
        try:
            await suspend_by_command(database, given.caller, given.reason, now=clock.now(), closed=closed)
        except CallerUnknown as unknown:
            return terminal.wrong(f"{unknown.title_zh}：{given.caller}")
        return terminal.done(f"{given.caller} {'已停用' if closed else '已恢复'}")

    return _run(act)
