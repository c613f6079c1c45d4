"""What keeps the library: its types, its log and signatures, its keys, files that could not be made."""

import argparse
import asyncio
from pathlib import Path

from services.certificate import settings, terminal
from services.certificate.commands import log_copies, log_heads, make_files, sign_records
from services.certificate.commands.import_types import import_types
from services.certificate.domain.errors import ImportFaulty
from services.certificate.files.contents import SealBody
from services.certificate.files.errors import KeysUnavailable
from services.certificate.files.records import rotate
from services.certificate.files.seal_keys import retire
from services.certificate.kit import Kit
from services.chassis import clock
from services.chassis.database import Database


def run_types(arguments: argparse.Namespace) -> int:
    return asyncio.run(_types(arguments.file))


def run_retry(_: argparse.Namespace) -> int:
    return asyncio.run(_retry())


def run_rotate_keys(_: argparse.Namespace) -> int:
    loaded = settings.load()
    try:
        names = rotate(loaded.signing_dir, loaded.record_session)
    except KeysUnavailable as away:
        return terminal.wrong(f"{away.title_zh}：{away.detail}")
    return terminal.done(f"已启用新密钥：{'、'.join(names)}")


def run_rotate_seal(arguments: argparse.Namespace) -> int:
    seal = SealBody(name=arguments.name, uscc=arguments.uscc)
    if not retire(settings.load().signing_dir, seal):
        return terminal.wrong(f"“{arguments.name}”还没有电子印章")
    return terminal.done(f"“{arguments.name}”的印章已停用，下一份文件起使用新印章")


def run_backfill(_: argparse.Namespace) -> int:
    return asyncio.run(_backfill())


async def _backfill() -> int:
    loaded = settings.load()
    database = Database(loaded.database_url)
    try:
        kit = Kit.open(loaded)
        count, copies = await log_heads.fill(database, kit), await log_copies.fill(database, kit)
    finally:
        await database.close()
    return terminal.done(f"已补记 {count} 张证照、{copies} 份加注件")


def run_signing(_: argparse.Namespace) -> int:
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
    return terminal.done(f"已签名 {count} 张证照")


async def _retry() -> int:
    database = Database(settings.load().database_url)
    try:
        count = await make_files.retry_given_up(database, now=clock.real_now())
    finally:
        await database.close()
    return terminal.done(f"已重新排队 {count} 个文件")


async def _types(file: Path) -> int:
    loaded = settings.load()
    clock.use_test_clock(loaded.test_clock)
    database = Database(loaded.database_url)
    try:
        loaded_types = await import_types(database, file, now=clock.now())
    except ImportFaulty as faulty:
        return terminal.faults(faulty)
    finally:
        await database.close()
    return terminal.done(f"已导入 {loaded_types.types} 种证照类型，其中 {loaded_types.changed} 种有新版本")
