"""`make demo`: start the stack, play every scene, write out/demo, print what happened, stop the stack."""

import asyncio
import json
import shutil
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from demo import bundle, library, offline, recall, scenes, show
from demo.api import StepFailed
from demo.hall import Hall
from demo.life import Life
from demo.outcome import read_back
from deploy.local.stack import Stack
from deploy.local.travel import SHANGHAI

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "out" / "demo"
# A Monday in a year with a published calendar: the same dates and lights whenever it is run.
BEGIN_AT = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
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
        report["offline"] = asyncio.run(offline.check(_food_licence(report["cases"]), OUT))
    except StepFailed as failed:
        console.print(f"[red bold]演示失败[/]：{failed}", highlight=False)
        return 1
    finally:
        shutil.rmtree(data, ignore_errors=True)
    report["figures"]["seconds_in_all"] = round(time.monotonic() - started, 1)
    (OUT / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=2), "utf-8")
    show.show(report, console)
    with (OUT / "report.txt").open("w", encoding="utf-8") as readable:
        show.show(report, Console(file=readable, width=120))
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
        land_use = next(life for life in lives if life.item["item_id"] == "C02")
        reuse = recall.chain(hall, by_id, land_use)
        restaurant, story = await asyncio.gather(bundle.restaurant(hall, by_id, lives), reuse)
        lives.append(story.second)
        progress.advance(task)
        progress.update(task, description="文书和证照盖章", total=len(lives), completed=0)
        cases, annulled = await _outcomes(stack, lives, story, lambda: progress.advance(task))
        task = progress.add_task("无人告知的申请视为受理，无人办理的办件亮灯", total=2)
        for scene, item_id in ((scenes.silence, "E04"), (scenes.left_alone, "E11")):
            cases.append(await read_back(await scene(hall, by_id[item_id], stack.travel), OUT))
            progress.advance(task)
    await offline.save(hall, _food_licence(cases), OUT)
    figures = {
        "items": len(items),
        **await _figures(hall, cases),
        "application_sent_twice": application_id,
        "seconds_to_ready": round(stack.seconds_to_ready, 1),
        "seconds_for_every_item": round(living_seconds, 1),
    }
    return {
        "cases": cases,
        "bundles": [bundle.entry(restaurant)],
        "reuse": story.reuse() | {"uploads_avoided": await recall.uploads_avoided(hall)},
        "recall": annulled,
        "figures": figures,
    }


async def _outcomes(
    stack: Stack, lives: list[Life], story: recall.Chain, done: Callable[[], None]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Every case read back, then the annulment, last what moves the time of all."""
    cases = []
    for life in (life for life in lives if not life.waits):
        cases.append(await read_back(life, OUT))
        done()
    annulled = await recall.annul(story, OUT)
    cases.append(await read_back(story.third, OUT))
    for life in (life for life in lives if life.waits):
        await scenes.second_window(life, stack.travel)
        cases.append(await read_back(life, OUT))
        done()
    return cases, annulled


def _food_licence(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """The certificate that is checked, forged and taken out of the house."""
    found: dict[str, Any] = next(case["certificate"] for case in cases if case["item_id"] == "E02")
    return found


async def _figures(hall: Hall, cases: list[dict[str, Any]]) -> dict[str, Any]:
    certificate = _food_licence(cases)
    return {
        "cases": len(cases),
        "certificates": sum(case["certificate"] is not None for case in cases),
        "papers": sum(len(case["papers"]) for case in cases),
        "verdicts": await scenes.forgeries(hall, (OUT / certificate["pdf"]).read_bytes(), certificate["identifier"]),
    }


if __name__ == "__main__":
    sys.exit(main())
