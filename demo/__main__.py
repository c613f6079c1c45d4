"""`make demo`: start the stack, play every scene, write out/demo, print what happened, stop the stack."""

import asyncio
import json
import shutil
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from demo import bundle, library, scenes
from demo.api import StepFailed, expect
from demo.hall import Hall
from demo.outcome import read_back
from deploy.local.stack import Stack
from deploy.local.travel import SHANGHAI

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "out" / "demo"
# A Monday in a year with a published calendar: the same dates and lights whenever it is run.
BEGIN_AT = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
_WAY_NAMES = {"ONLINE": "网上", "COUNTER": "综合窗口", "TOWNSHIP": "乡镇"}
_LIGHTS = {"WARNING": "预", "YELLOW": "黄", "RED": "红"}
_MEMBERS = {"GRANTED": "准予", "REFUSED": "不予", "SATISFIED": "已具备"}
_OUTCOMES = {"GRANTED": "准予", "REFUSED": "不予", None: "未决定"}
# One machine plays every client.
_GENEROUS = {f"YICHUANG_RATE_LIMIT_{who}": "1000000" for who in ("PERSON", "SYSTEM", "ADDRESS")}


def main() -> int:
    # A log file has no width of its own: give the table room.
    console = Console(width=None if sys.stdout.isatty() else 120)
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    data = ROOT / "out" / "demo-data"
    shutil.rmtree(data, ignore_errors=True)
    started = time.monotonic()
    try:
        with Stack(
            data,
            preferred_port=None,
            env=_GENEROUS,
            report=lambda step: console.print(f"· {step}"),
            begin_at=BEGIN_AT,
        ) as stack:
            console.print(f"系统就绪，用时 {stack.seconds_to_ready:.1f} 秒：{stack.gateway_url}")
            report = asyncio.run(play(stack, console))
            shutil.copy(data / "keys" / "signing" / "certificate" / "ca" / "ca.pem", OUT / "ca.pem")
    except StepFailed as failed:
        console.print(f"[red bold]演示失败[/]：{failed}", highlight=False)
        return 1
    finally:
        shutil.rmtree(data, ignore_errors=True)
    report["figures"]["seconds_in_all"] = round(time.monotonic() - started, 1)
    (OUT / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=2), "utf-8")
    show(report, console)
    return 0


async def play(stack: Stack, console: Console) -> dict[str, Any]:
    """All scenes. Raises StepFailed."""
    lines = OUT / "library.ndjson"
    held = library.write(lines, stack.accounts["accounts"])
    await asyncio.to_thread(stack.run, "certificate", "import", str(lines))
    lines.unlink()
    console.print(f"证照库已有 {held} 份证照（身份证、户口簿、营业执照）")
    hall = Hall.of(stack.gateway_url, stack.accounts, patient=True)
    try:
        return await _play(stack, hall, console)
    finally:
        await hall.close()


async def _play(stack: Stack, hall: Hall, console: Console) -> dict[str, Any]:
    items = await hall.items()
    by_id = {item["item_id"]: item for item in items}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("从申请到结果", total=len(items))
        began = time.monotonic()
        lives = await scenes.every_item(hall, items, lambda name: progress.advance(task))
        living_seconds = time.monotonic() - began
        task = progress.add_task("情景", total=3)
        lives.append(await scenes.refusal(hall, by_id["E04"]))
        progress.advance(task)
        application_id = await scenes.sent_twice(hall, by_id["P10"])
        progress.advance(task)
        restaurant = await bundle.restaurant(hall, by_id, lives)
        progress.advance(task)
        progress.update(task, description="文书和证照盖章", total=len(lives), completed=0)
        cases = []
        # Last what moves the time of all.
        for life in sorted(lives, key=lambda one: one.waits):
            if life.waits:
                await scenes.second_window(life, stack.travel)
            cases.append(await read_back(life, OUT))
            progress.advance(task)
        task = progress.add_task("无人告知的申请视为受理，无人办理的办件亮灯", total=2)
        for scene, item_id in ((scenes.silence, "E04"), (scenes.left_alone, "E11")):
            cases.append(await read_back(await scene(hall, by_id[item_id], stack.travel), OUT))
            progress.advance(task)
    await _write_keys(hall)
    figures = {
        "items": len(items),
        **await _figures(hall, cases),
        "application_sent_twice": application_id,
        "seconds_to_ready": round(stack.seconds_to_ready, 1),
        "seconds_for_every_item": round(living_seconds, 1),
    }
    return {"cases": cases, "bundles": [bundle.entry(restaurant)], "figures": figures}


async def _figures(hall: Hall, cases: list[dict[str, Any]]) -> dict[str, Any]:
    certificate = next(case["certificate"] for case in cases if case["item_id"] == "E02")
    return {
        "cases": len(cases),
        "certificates": sum(case["certificate"] is not None for case in cases),
        "papers": sum(len(case["papers"]) for case in cases),
        "verdicts": await scenes.forgeries(hall, (OUT / certificate["pdf"]).read_bytes(), certificate["identifier"]),
    }


async def _write_keys(hall: Hall) -> None:
    """What the certificates are checked with, without the system."""
    jwks = expect(await hall.public.get("/.well-known/certificate-jwks.json"), 200, "证照公钥")
    (OUT / "jwks.json").write_text(json.dumps(jwks, indent=2), "utf-8")


def show(report: dict[str, Any], console: Console) -> None:
    """Dates that run into a year without a published calendar carry a question mark: they are provisional."""
    table = Table(title="演示结果", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("事项", no_wrap=True)
    table.add_column("名称", no_wrap=True, overflow="ellipsis", max_width=26)
    for heading in ("途径", "结果", "法定到期", "承诺到期", "灯", "证照", "文书"):
        table.add_column(heading, no_wrap=True)
    for case in report["cases"]:
        table.add_row(
            case["item_id"],
            case["item_name"],
            _WAY_NAMES[case["way_in"]],
            _OUTCOMES[case["outcome"]],
            case["legal_due_on"] + "?" * case["legal_due_provisional"],
            case["promised_due_on"] + "?" * case["promised_due_provisional"],
            "".join(_LIGHTS[light["level"]] for light in case["lights"]),
            "有" if case["certificate"] else "",
            str(len(case["papers"])),
        )
    console.print(table)
    for one in report["bundles"]:
        ended = "、".join(f"{m['member_id']} {_MEMBERS[m['state']]}" for m in one["members"])
        console.print(f"一件事 {one['bundle_no']} {one['name']}：{ended}", highlight=False)
    figures = report["figures"]
    for name, verdict in figures["verdicts"].items():
        console.print(f"核验 {name}：{verdict}")
    console.print(
        f"{figures['cases']} 个办件，{figures['certificates']} 份证照，{figures['papers']} 份文书，"
        f"共 {figures['seconds_in_all']} 秒。报告：{OUT.relative_to(ROOT)}/report.json",
        highlight=False,
    )


if __name__ == "__main__":
    sys.exit(main())
