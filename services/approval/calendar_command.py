"""`preview-calendar FILE`: the days of steps a year would move, before it is loaded. Writes nothing."""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from contracts.calendars import read_file
from contracts.events.days import DayClock
from services.approval.calendar_preview import LABELS, SHOWN, Ahead, look_ahead, read_year
from services.approval.calendars import calendars
from services.approval.domain.errors import FaultyYear
from services.approval.settings import settings
from services.chassis.database import Database
from services.kernel.errors import FieldError
from services.kernel.time_limit import DueDate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="该年度节假日安排 (JSON: year, papers, days)")


def run(arguments: argparse.Namespace) -> int:
    """Exit status: 0 shown, 1 faults in the file, 2 the file cannot be read."""
    console = Console(width=None if sys.stdout.isatty() else 150)
    try:
        document = json.loads(arguments.file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as unreadable:
        console.print(f"无法读取文件：{type(unreadable).__name__}", style="bold red")
        return 2
    try:
        asyncio.run(_run(console, document))
    except FaultyYear as faulty:
        for error in faulty.errors:
            console.print(f"{error.pointer}：{error.detail}  [{error.code}]", markup=False)
        return 1
    return 0


async def _run(console: Console, document: Any) -> None:
    """Raises FaultyYear."""
    try:
        number, body = read_file(document)
    except ValueError as broken:
        raise FaultyYear(errors=[FieldError("#", "calendar.file", "文件不是节假日安排")]) from broken
    db = Database(settings().database_url)
    try:
        async with db.read() as connection:
            calendar = await calendars().current(connection)
            later = read_year(number, body, calendar).on(calendar)
            console.print(_table(number, await look_ahead(connection, later)))
    finally:
        await db.close()


def _table(year: int, ahead: Ahead) -> Table:
    counts = f"{len(ahead.cases)} 件办件的步骤期限、{len(ahead.holders)} 项证照后续处理的陈述申辩期限会变动"
    table = Table(title=f"{year} 年节假日安排：{counts}")
    for heading in ("办件编号 / 证照", "期限", "序号", "原日期", "新日期"):
        table.add_column(heading, overflow="fold")
    for loaded, moves in ahead.cases[:SHOWN]:
        for moved in moves:
            days = _day(moved.earlier), _day(moved.now)
            table.add_row(loaded.case.case_no, LABELS[DayClock(moved.clock)], moved.about, *days)
    for decision, now in ahead.holders[:SHOWN]:
        table.add_row(decision.certificate.identifier, "持证人陈述申辩", "", _day(decision.speak_by), _day(now))
    return table


def _day(due: DueDate | None) -> str:
    return f"{due.on}{'（暂定）' if due.provisional else ''}" if due else ""
