"""`verify-receipt FILE`: is this receipt genuine, what does it say, and does the database still say the same?"""

import argparse
import asyncio
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from rich.console import Console
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from services.chassis.database import Database
from services.intake.receipt_file import Authentic, ReceiptNotAuthentic, read_receipt
from services.intake.settings import settings
from services.intake.tables import ApplicationRow
from services.kernel.time_limit import CHINA, Clock, StartRule, TimeLimit, Unit, due_date
from services.kernel.workdays import CalendarNotPublished, official_calendar

GENUINE, NOT_GENUINE, UNREADABLE, DIFFERS = 0, 1, 2, 3
EXAMPLES = """\
例：
  verify-receipt 收件凭证.pdf                              公钥从平台下载
  verify-receipt 收件凭证.pdf --jwks jwks.json             完全离线，公钥为事先保存的文件
  verify-receipt 收件凭证.pdf --jwks jwks.json --database  再与收件数据库比对（YICHUANG_DATABASE_URL_INTAKE）

退出码：0 真实（且与数据库一致）；1 不真实；2 文件、公钥或数据库无法读取；3 真实，但与现在的规则或数据库不一致
"""
_ON_PAPER = "纸质原件"
_KEYS_PATH = "/.well-known/certificate-jwks.json"
_STORED_DATES = {"NOTICE": "notice_due", "LEGAL": "legal_due", "PROMISED": "promised_due"}
_PROMISED = frozenset({"COMMITMENT", "DEFERRED"})  # not in hand, so not on the receipt
_COLUMNS = (
    *("case_no", "query_code", "received_at", "item_code", "item_version", "materials"),
    *("applicant_name", "applicant_masked", "co_applicants", "supplement", "earlier_supplements"),
)


@dataclass(frozen=True)
class Difference:
    """Something that is not as the receipt says. `explained` where a later act on file accounts for it."""

    what: str
    receipt: str
    now: str
    explained: str = ""

    def __str__(self) -> str:
        note = f"（{self.explained}）" if self.explained else "（没有可以解释的后续行为）"
        return f"{self.what}：凭证为 {self.receipt}，现为 {self.now}{note}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="收件凭证：PDF 或者 JWS")
    parser.add_argument("--jwks", metavar="FILE|URL", help=f"公钥（默认从平台 {_KEYS_PATH} 下载）")
    parser.add_argument(
        "--database", action="store_true", help="同时与收件数据库比对材料指纹、日期（地址取自环境变量）"
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit status: 0 genuine (and the same), 1 not genuine, 2 something cannot be read, 3 differs."""
    try:
        return _run(arguments)
    except _Unreadable as fault:
        _say(str(fault))
        return UNREADABLE


class _Unreadable(Exception):
    """Says in words what cannot be read, and what helps."""


def _run(arguments: argparse.Namespace) -> int:
    """Raises _Unreadable."""
    content, keys = _content(arguments.file), _keys(arguments.jwks or settings().public_url.rstrip("/") + _KEYS_PATH)
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # its traces say less than the answer does
    try:
        receipt = read_receipt(content, keys)
    except ReceiptNotAuthentic as fault:
        _say(f"核验不通过：{fault.detail}")
        return NOT_GENUINE
    _show(receipt)
    found = [*recomputed(receipt.record)]
    if arguments.database:
        found += _beside_database(receipt.record)
    for difference in found:
        _say(f"不一致  {difference}")
    if not found and arguments.database:
        _say("与数据库一致")
    return DIFFERS if found else GENUINE


def _content(file: Path) -> bytes:
    """Raises _Unreadable."""
    try:
        return file.read_bytes()
    except OSError as fault:
        raise _Unreadable(f"无法读取凭证 {file}：{_why(fault)}") from fault


def _why(fault: OSError) -> str:
    known = {FileNotFoundError: "没有这个文件", IsADirectoryError: "这是一个目录", PermissionError: "没有读取权限"}
    return known.get(type(fault)) or str(fault)


def _keys(where: str) -> Mapping[str, Any]:
    """Raises _Unreadable."""
    try:
        if where.startswith(("http://", "https://")):
            keys = httpx.get(where, timeout=10, follow_redirects=True).raise_for_status().json()
        else:
            keys = json.loads(Path(where).read_text(encoding="utf-8"))
    except httpx.HTTPError as fault:
        raise _Unreadable(f"无法从 {where} 取得公钥；离线核验请用 --jwks 指定事先保存的公钥文件") from fault
    except OSError as fault:
        raise _Unreadable(f"无法读取公钥文件 {where}：{_why(fault)}") from fault
    except ValueError as fault:
        raise _Unreadable(f"{where} 不是公钥文件（JWK Set）") from fault
    if not isinstance(keys, dict):
        raise _Unreadable(f"{where} 不是公钥文件（JWK Set）")
    return keys


def _beside_database(record: Mapping[str, Any]) -> list[Difference]:
    """Raises _Unreadable."""
    try:
        return asyncio.run(_in_database(record))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError) as fault:
        raise _Unreadable(
            "凭证真实，但无法连接收件数据库，没有比对；请用环境变量 YICHUANG_DATABASE_URL_INTAKE 给出地址"
            "（make run 运行时先执行：. .data/env/intake.env）"
        ) from fault


def _show(receipt: Authentic) -> None:
    record = receipt.record
    _say("核验通过：签名有效，内容未被改动")
    if receipt.sealed_by:
        _say(f"电子印章：{receipt.sealed_by}")
    _say(f"文号：{record['number']}\n办件编号：{record['case_no']}\n事项：{record['item']['name']}")
    people = [record["applicant"], *record.get("co_applicants", ())]
    _say(f"申请人：{'、'.join(_named(one) for one in people)}")
    _say(f"收件时间：{_local(record['received_at'])}　收件人员：{record['received_by']}")
    for material in record["materials"]:
        mark = material["sha256"] or material["certificate_identifier"] or _ON_PAPER
        _say(f"材料 {material['material_no']}：{material['name']}　{mark}")
    for due in record["due_dates"]:
        on = (due["on"] or "另行告知") + ("（暂定）" if due["provisional"] else "")
        _say(f"{due['name']}：{on}\n    {due['why']['zh']}")


def _say(words: str) -> None:
    Console(soft_wrap=True, markup=False, highlight=False, emoji=False).print(words)


def recomputed(record: Mapping[str, Any]) -> Iterator[Difference]:
    """Every final date once more, from the start and the limit that the receipt itself states."""
    started_at = datetime.fromisoformat(record["received_at"])
    for due in record["due_dates"]:
        limit = due["limit"]
        if due["on"] is None or due["provisional"] or limit["start"] != StartRule.RECEIVED:
            continue
        clock = Clock(TimeLimit(limit["value"], Unit(limit["unit"]), StartRule.RECEIVED), started_at)
        try:
            found = due_date(clock, official_calendar())
        except CalendarNotPublished:
            continue
        if not found.provisional and found.on.isoformat() != due["on"]:
            yield Difference(f"{due['name']}（按法定规则重算）", due["on"], found.on.isoformat())


async def _in_database(record: Mapping[str, Any]) -> list[Difference]:
    db = Database(settings().database_url)
    wanted = select(*(col(getattr(ApplicationRow, name)) for name in (*_COLUMNS, *_STORED_DATES.values())))
    try:
        async with db.read() as connection:
            found = await connection.execute(
                wanted.where(col(ApplicationRow.application_id) == UUID(record["application_id"]))
            )
            row = found.mappings().one_or_none()
    finally:
        await db.close()
    return list(compared(record, None if row is None else {str(name): value for name, value in row.items()}))


def compared(record: Mapping[str, Any], row: Mapping[str, Any] | None) -> Iterator[Difference]:
    """What the stored application (a row, None when it is gone) says differently from the receipt."""
    if row is None or row["received_at"] is None:
        yield Difference("申请", record["case_no"], "数据库中没有这件收件")
        return
    if row["case_no"] != record["case_no"]:
        yield Difference("办件编号", record["case_no"], str(row["case_no"]))
    if row["received_at"] != datetime.fromisoformat(record["received_at"]):
        yield Difference("收件时间", _local(record["received_at"]), _local(row["received_at"].isoformat()))
    if row["query_code"] != record["query_code"]:
        yield Difference("查询码", record["query_code"], str(row["query_code"]))
    if row["item_code"] != record["item"]["item_code"]:
        yield Difference("事项", record["item"]["item_code"], str(row["item_code"]))
    if row["item_version"] != record["item"]["version"]:
        moved = "事项版本可以经审核迁移，请与迁移记录核对" if row["item_version"] > record["item"]["version"] else ""
        yield Difference("事项版本", str(record["item"]["version"]), str(row["item_version"]), moved)
    yield from _applicants(record, row)
    yield from _materials(record, row)
    yield from _dates(record, row)


def _applicants(record: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[Difference]:
    """All who applied; a receipt from before it named them all is silent on the others."""
    now = _named({"name": row["applicant_name"], "number": row["applicant_masked"]})
    if now != _named(record["applicant"]):
        yield Difference("申请人", _named(record["applicant"]), now)
    if "co_applicants" in record:
        parties = [one["party"] for one in row["co_applicants"]]
        others = "、".join(_named({"name": one["name"], "number": one["masked_number"]}) for one in parties)
        given = "、".join(_named(one) for one in record["co_applicants"])
        if others != given:
            yield Difference("共同申请人", given or "无", others or "无")


def _named(person: Mapping[str, Any]) -> str:
    return f"{person['name']}（{person['number']}）"


def _materials(record: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[Difference]:
    stored = {material["material_no"]: material for material in row["materials"]}
    for given in record["materials"]:
        what = f"材料 {given['material_no']}（{given['name']}）"
        now = stored.get(given["material_no"])
        if now is None:
            yield Difference(what, _mark(given), "没有这项材料")
        elif _mark(now) != _mark(given):
            yield Difference(what, _mark(given), _mark(now), _given_again(now, row))
        elif (was := _described(given)) != (now_is := _described(now)):
            yield Difference(what, was, now_is, _given_again(now, row))
    known = {given["material_no"] for given in record["materials"]}
    for number, now in stored.items():
        if number not in known and now["source"] not in _PROMISED:
            what = f"材料 {number}（{now['name']}）"
            yield Difference(what, "没有这项材料", _mark(now), _given_again(now, row))


def _mark(material: Mapping[str, Any]) -> str:
    named = _ON_PAPER if material["source"] == "PAPER_ORIGINAL" else str(material["source"])
    return material["sha256"] or material["certificate_identifier"] or named


def _described(material: Mapping[str, Any]) -> str:
    return f"{material['name']}，{material['copies']}份"


def _given_again(material: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    provided_at = datetime.fromisoformat(material["provided_at"])
    return f"{_local(material['provided_at'])}另行提交" if provided_at > row["received_at"] else ""


def _dates(record: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[Difference]:
    """A date that the receipt does not know yet (None) cannot differ; a provisional one is expected to."""
    for due in record["due_dates"]:
        now = row[_STORED_DATES[due["code"]]]
        if due["code"] == "NOTICE" and due["on"] is not None and now is None:
            yield Difference(due["name"], due["on"], "没有这个日期")  # told at receipt, so it was there
        if due["on"] is None or now is None or now["on"] == due["on"]:
            continue
        explained = "凭证上为暂定日期" if due["provisional"] else _counted_again(row)
        yield Difference(due["name"], due["on"], now["on"], explained)


def _counted_again(row: Mapping[str, Any]) -> str:
    """Limits that run from receipt begin again with the last supplement."""
    given = [one["supplied_at"] for one in (*row["earlier_supplements"], row["supplement"]) if one]
    return f"{_local(given[-1])}补正补齐，重新起算" if given and given[-1] else ""


def _local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
