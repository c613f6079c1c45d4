"""`load-calendar FILE`: a year of the working-day calendar from a file; what moves is shown before anybody confirms."""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from contracts.calendars import read_file
from services.chassis import clock
from services.chassis.database import Database
from services.intake.bundles import moving as bundle_moving
from services.intake.commands import calendars
from services.intake.domain.errors import Invalid
from services.intake.domain.moving import ClockName
from services.intake.domain.records import Staff
from services.intake.domain.year import read_year
from services.intake.items import Items
from services.intake.office import work_calendars
from services.intake.settings import settings
from services.kernel.calendar_year import Year
from services.kernel.errors import FieldError
from services.kernel.time_limit import DueDate
from services.kernel.workdays import WorkCalendar

OPERATOR = Staff("operator", "运维人员", "OPERATOR")
_SHOWN = 50
_ELSEWHERE = (
    "本表不含审批各步骤（听证、特别程序、征求意见、陈述申辩、初审）和证照后续处理的期限，"
    "请另行查看 / Days of steps are shown by:\n  python -m services.approval preview-calendar {file}"
)
HELP = """载入前总是先显示哪些日期会变动。在终端中须确认后才载入；--yes 不询问即载入；
非终端且无 --yes 时只显示，不载入。审批各步骤的期限由 python -m services.approval preview-calendar FILE 显示。

退出状态 / exit status:
  0  已载入，或按 --preview 已显示 / loaded, or shown as asked for by --preview
  1  文件内容有误 / faults in the file
  2  无法读取文件 / the file cannot be read
  3  只显示，未经确认，没有载入 / shown only: nobody confirmed, nothing is loaded
"""
_NOT_LOADED = 3
_QUESTION = "确认载入并变更上列日期？输入 yes 载入，其他放弃 / Load? [yes/no] "
_YES = frozenset({"y", "yes", "是"})
_CLOCKS = {
    ClockName.NOTICE: "一次性告知",
    ClockName.LEGAL: "法定时限",
    ClockName.PROMISED: "承诺时限",
    ClockName.DELIVERY: "颁发送达",
    ClockName.SUPPLEMENT: "补正期限",
    ClockName.WAITING: "再次申请前的等待期",
    ClockName.CLAIM: "再次申请的期间",
}

_JOINT_CLOCKS = {
    bundle_moving.BundleClockName.JOINT: "联合办理法定时限",
    bundle_moving.BundleClockName.JOINT_PROMISED: "联合办理承诺时限",
    bundle_moving.BundleClockName.SUPPLEMENT: "补正期限",
    bundle_moving.BundleClockName.STEP: "步骤承诺时限",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="该年度节假日安排 (JSON: year, papers, days)")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--preview", action="store_true", help="只显示哪些日期会变动，不载入")
    how.add_argument("--yes", action="store_true", help="显示后不询问即载入")


def run(arguments: argparse.Namespace) -> int:
    """Exit status: see HELP."""
    console = Console(width=None if sys.stdout.isatty() else 150)
    try:
        document = json.loads(arguments.file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as unreadable:
        console.print(f"无法读取文件：{type(unreadable).__name__}", style="bold red")
        return 2
    try:
        return asyncio.run(_run(console, document, arguments))
    except Invalid as faulty:
        for error in faulty.errors:
            console.print(f"{error.pointer}：{error.detail}  [{error.code}]", markup=False)
        return 1


async def _run(console: Console, document: Any, arguments: argparse.Namespace) -> int:
    """Raises Invalid."""
    db = Database(settings().database_url)
    try:
        year = await _show(console, db, document, arguments.file)
        if arguments.preview:
            return 0
        if not arguments.yes and not _confirmed(console):
            console.print("没有载入 / Nothing was loaded", style="bold")
            return _NOT_LOADED
        async with db.transaction() as uow:
            revision = await bundle_moving.load_year(uow, Items(), year, by=OPERATOR, now=clock.now())
        console.print(f"已载入 {year.year} 年（第 {revision} 次），在办件的日期随即重新推算", style="bold green")
        return 0
    finally:
        await db.close()


async def _show(console: Console, db: Database, document: Any, file: Path) -> Year:
    """Print what the year would move. Raises Invalid."""
    async with db.read() as connection:
        calendar = await work_calendars().current(connection)
    year = _read(document, calendar)
    moving = await calendars.preview(db, Items(), year)
    _print(console, year, moving, await bundle_moving.preview(db, Items(), year, now=clock.now()))
    console.print(_ELSEWHERE.format(file=file), style="bold", markup=False, soft_wrap=True)
    return year


def _confirmed(console: Console) -> bool:
    """Asked of a person who reads it; nobody else is taken to have agreed."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        unseen = "非终端，无人确认：以上只是预览；载入请加 --yes / No terminal: this was a preview only, --yes loads it"
        console.print(unseen, style="bold", markup=False, soft_wrap=True)
        return False
    try:
        return console.input(_QUESTION, markup=False).strip().lower() in _YES
    except EOFError:
        return False


def _read(document: Any, calendar: WorkCalendar) -> Year:
    """Raises Invalid."""
    try:
        number, body = read_file(document)
    except ValueError as broken:
        raise Invalid(errors=[FieldError("#", "calendar.file", "文件不是节假日安排")]) from broken
    return read_year(number, body.sources, body.named(), calendar)


def _print(console: Console, year: Year, moving: list[calendars.Moved], joint: list[bundle_moving.BundleMoved]) -> None:
    cases = f"{len(moving)} 件在办件、{len(joint)} 件在办“一件事”的日期会变动"
    table = Table(title=f"{year.year} 年节假日安排：{len(year.days)} 天；{cases}")
    for heading in ("办件编号", "时限", "原日期", "新日期"):
        table.add_column(heading, overflow="fold")
    for moved in moving[:_SHOWN]:
        for move in moved.moves:
            table.add_row(moved.application.case_no or "", _CLOCKS[move.clock], _day(move.earlier), _day(move.now))
    for bundle in joint[:_SHOWN]:
        for of_bundle in bundle.moves:
            days = _day(of_bundle.earlier), _day(of_bundle.now)
            table.add_row(bundle.case.bundle_no, _JOINT_CLOCKS[of_bundle.clock], *days)
    console.print(table)


def _day(due: DueDate) -> str:
    return f"{due.on}{'（暂定）' if due.provisional else ''}"
