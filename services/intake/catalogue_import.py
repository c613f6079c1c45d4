"""`import-catalogue FILE`: checks everything first, then stores a new catalogue version, all or nothing."""

import argparse
import asyncio
import hashlib
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
import yaml
from rich.console import Console
from rich.table import Table
from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.chassis import clock
from services.chassis.database import Database
from services.intake.bundles.conditions import condition_faults
from services.intake.domain.catalogue import Catalogue
from services.intake.domain.catalogue_reading import FaultyCatalogue, read_catalogue
from services.intake.domain.catalogue_shape import Fault
from services.intake.items import ITEM_JSON
from services.intake.settings import settings
from services.intake.tables import CatalogueVersionRow, ItemRow, ItemVersionRow
from services.intake.yaml_places import lines_of, load_yaml

MAX_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Imported:
    """What an import changed. `version` is the catalogue version now in force."""

    version: int
    is_new: bool
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0


async def store(db: Database, catalogue: Catalogue, sha256: str) -> Imported:
    """Store a checked catalogue; unchanged items keep their version; a file imported before is not a new version."""
    async with db.transaction() as uow:
        await uow.connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('import-catalogue'))"))
        last = await _last_version(uow.connection)
        if last is not None and last.sha256 == sha256:
            return Imported(last.version, is_new=False, unchanged=len(catalogue.items))
        version = (last.version if last else 0) + 1
        imported = await _store_items(uow.connection, catalogue, version)
        await uow.connection.execute(
            insert(CatalogueVersionRow).values(
                version=version,
                sha256=sha256,
                imported_at=clock.now(),
                departments=[asdict(d) for d in catalogue.departments],
                certificate_types=[asdict(t) for t in catalogue.certificate_types],
                bundles=[b.content for b in catalogue.bundles],
            )
        )
        return imported


async def _last_version(connection: AsyncConnection) -> Any:
    statement = select(col(CatalogueVersionRow.version), col(CatalogueVersionRow.sha256))
    return (await connection.execute(statement.order_by(col(CatalogueVersionRow.version).desc()).limit(1))).first()


async def _store_items(connection: AsyncConnection, catalogue: Catalogue, version: int) -> Imported:
    statement = select(col(ItemVersionRow.item_code), col(ItemVersionRow.version), col(ItemVersionRow.content_hash))
    newest_first = (col(ItemVersionRow.item_code), col(ItemVersionRow.version).desc())
    statement = statement.ext(distinct_on(col(ItemVersionRow.item_code))).order_by(*newest_first)
    known = {row.item_code: (row.version, row.content_hash) for row in await connection.execute(statement)}
    fresh, in_force = [], []
    for item in catalogue.items:
        content = ITEM_JSON.dump_python(item, mode="json")
        content_hash = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
        item_version, old_hash = known.get(item.item_code, (0, ""))
        if content_hash != old_hash:
            item_version += 1
            fresh.append(
                {
                    "item_code": item.item_code,
                    "version": item_version,
                    "catalogue_version": version,
                    "content_hash": content_hash,
                    "content": content,
                }
            )
        in_force.append({"item_code": item.item_code, "item_id": item.item_id, "version": item_version, "active": True})
    if fresh:
        await connection.execute(insert(ItemVersionRow), fresh)
    withdrawn = await _put_in_force(connection, in_force)
    added = sum(1 for row in fresh if row["version"] == 1)
    return Imported(version, True, added, len(fresh) - added, len(in_force) - len(fresh), withdrawn)


async def _put_in_force(connection: AsyncConnection, rows: list[dict[str, Any]]) -> int:
    """Replace what is in force; the number of items that the new catalogue no longer has."""
    codes = [row["item_code"] for row in rows]
    gone = update(ItemRow).where(col(ItemRow.active), col(ItemRow.item_code).not_in(codes)).values(active=False)
    withdrawn = (await connection.execute(gone)).rowcount
    statement = upsert(ItemRow)
    changing = {name: getattr(statement.excluded, name) for name in ("item_id", "version", "active")}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=[col(ItemRow.item_code)], set_=changing), rows
    )
    return withdrawn


def read_file(path: Path) -> tuple[Catalogue, str]:
    """The checked catalogue and the SHA-256 of the file. Raises FaultyCatalogue, OSError."""
    content = path.read_bytes()
    if len(content) > MAX_BYTES:
        raise FaultyCatalogue((Fault("", "file.size", f"文件超过 {MAX_BYTES // 2**20} MiB"),))
    try:
        raw, repeated = load_yaml(content)
    except yaml.YAMLError as broken:
        mark = getattr(broken, "problem_mark", None)
        place = f"第 {mark.line + 1} 行第 {mark.column + 1} 列" if mark else ""
        raise FaultyCatalogue((Fault(place, "file.yaml", "不是有效的 YAML 文件"),)) from broken
    if repeated:
        raise FaultyCatalogue(tuple(Fault(place, "file.repeated", "同一字段写了两次") for place in repeated))
    return _checked(raw), hashlib.sha256(content).hexdigest()


def _checked(raw: object) -> Catalogue:
    """Raises FaultyCatalogue with every fault, those of conditions included."""
    conditions = tuple(condition_faults(raw))
    try:
        catalogue = read_catalogue(raw)
    except FaultyCatalogue as faulty:
        raise FaultyCatalogue((*faulty.faults, *conditions)) from faulty
    if conditions:
        raise FaultyCatalogue(conditions)
    return catalogue


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="事项目录文件 (YAML)")
    parser.add_argument("--check", action="store_true", help="只检查，不导入")


def run(arguments: argparse.Namespace) -> int:
    """Exit status: 0 imported (or nothing new), 1 faults in the file, 2 the file cannot be read."""
    console = Console(width=None if sys.stdout.isatty() else 150)
    try:
        catalogue, sha256 = read_file(arguments.file)
    except OSError as unreadable:
        console.print(f"无法读取文件：{unreadable.strerror}", style="bold red")
        return 2
    except FaultyCatalogue as faulty:
        _print_faults(console, arguments.file, faulty.faults)
        return 1
    _print_catalogue(console, catalogue)
    if not arguments.check:
        _print_imported(console, asyncio.run(_import(catalogue, sha256)))
    return 0


async def _import(catalogue: Catalogue, sha256: str) -> Imported:
    db = Database(settings().database_url)
    try:
        return await store(db, catalogue, sha256)
    finally:
        await db.close()


def _print_faults(console: Console, path: Path, faults: tuple[Fault, ...]) -> None:
    """One line per fault, so that it can be searched and counted by other tools."""
    lines = lines_of(path.read_bytes())
    console.print(f"目录检查未通过：{len(faults)} 处错误，未导入任何内容", style="bold red")
    for fault in faults:
        line = lines.get(fault.place) or lines.get(fault.place.rpartition(".")[0])
        where = f"{fault.place}（第 {line} 行）" if line else fault.place
        console.print(f"  {where}：{fault.message}  [{fault.rule}]", markup=False, highlight=False, soft_wrap=True)


def _print_catalogue(console: Console, catalogue: Catalogue) -> None:
    table = Table(title="目录检查通过")
    for heading in ("编号", "事项", "类型", "部门", "办件类型", "法定", "承诺", "材料"):
        table.add_column(heading, overflow="fold")
    for item in catalogue.items:
        legal, promised = item.legal_limit, item.promised_limit
        table.add_row(
            item.item_id,
            item.name,
            item.type_name,
            item.department.name,
            "即办件" if promised.value == 0 else "承诺件",
            f"{legal.value}{_UNIT_NAMES[legal.unit]}",
            f"{promised.value}{_UNIT_NAMES[promised.unit]}",
            str(len(item.materials)),
        )
    console.print(table)
    console.print(f"部门 {len(catalogue.departments)}，证照类型 {len(catalogue.certificate_types)}，")
    console.print(f"事项 {len(catalogue.items)}，一件事 {len(catalogue.bundles)}")
    if catalogue.derived:
        console.print("按材料名称认定须为何人的证照（目录可用 whose 写明）：")
    for line in catalogue.derived:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)


_UNIT_NAMES = {"WORKDAY": "工作日", "CALENDAR_DAY": "自然日", "MONTH": "月"}


def _print_imported(console: Console, done: Imported) -> None:
    if not done.is_new:
        console.print(f"内容与当前第 {done.version} 版目录相同，无需导入", style="green")
        return
    console.print(
        f"已导入为第 {done.version} 版目录：新增 {done.added}，变更 {done.changed}，"
        f"未变 {done.unchanged}，停用 {done.withdrawn}",
        style="bold green",
    )
