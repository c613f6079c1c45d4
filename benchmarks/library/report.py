"""The figures against their goals, as a table."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

Figures = Mapping[str, Any]
SMALL = 10_000  # what search and verification are compared with
FLAT = 1.5
ISSUED, SEALED, IMPORTED = 300, 10, 5_000


def goals(figures: Figures) -> dict[str, dict[str, float | bool]]:
    """Measured, goal, met; ratios from one run. Of what was not measured there is none."""
    return _ratios(figures) | {
        name: _at_least(figures[name][rate], goal)
        for name, rate, goal in (
            ("issue", "per_second_and_core", ISSUED),
            ("files", "per_second_and_core", SEALED),
            ("import", "per_second", IMPORTED),
        )
        if name in figures
    }


def _ratios(figures: Figures) -> dict[str, dict[str, float | bool]]:
    asked = figures.get("asked", {})
    if not asked or str(figures["size"]) not in asked:
        return {}
    least, large = min(map(int, asked)), asked[str(figures["size"])]
    small, first = asked.get(str(min(SMALL, figures["size"])), large), asked[str(least)]
    growth = large["log2"] / first["log2"]
    return {
        "search": _at_most(large["search_ms"] / small["search_ms"], FLAT),
        "verify": _at_most(large["verify_ms"] / small["verify_ms"], FLAT),
        "proof": _at_most(large["proof_ms"] / first["proof_ms"], growth),
        "append": _at_most(large["append_ms"] / first["append_ms"], growth),
    }


def _at_most(measured: float, goal: float) -> dict[str, float | bool]:
    return {"measured": measured, "goal": goal, "met": measured <= goal}


def _at_least(measured: float, goal: float) -> dict[str, float | bool]:
    return {"measured": measured, "goal": goal, "met": measured >= goal}


def came_short(figures: Figures) -> str:
    """How much of the library there was no time or room to load; nothing when all of it is there."""
    size, wanted = figures.get("size", 0), figures.get("loading", {}).get("wanted", 0)
    return f"只装入 {size:,} / {wanted:,} 张" if size < wanted else ""


def show(figures: Figures, console: Console) -> None:
    if figures["goals"]:
        console.print(_goals(figures))
    if figures.get("asked"):
        console.print(_sizes(figures))
    console.print(_costs(figures))


def _goals(figures: Figures) -> Table:
    short = came_short(figures)
    title = f"证照库 {figures['size']:,} 张 / library of {figures['size']:,} certificates{short and f'（{short}）'}"
    table = Table("项目 / what", "实测 / measured", "目标 / goal", "", title=title, box=box.SIMPLE_HEAD)
    names = _names(figures)
    for name, found in figures["goals"].items():
        what, measured, goal = names[name]
        mark = "[green]达到[/]" if found["met"] else "[red]未达到[/]"
        table.add_row(what, measured.format(found["measured"]), goal.format(found["goal"]), mark)
    for name in names.keys() - figures["goals"].keys():
        table.add_row(names[name][0], "未测 / not measured", "", "[red]未测[/]")
    return table


def _names(figures: Figures) -> dict[str, tuple[str, str, str]]:
    """Of each goal: what it is, and how measured and goal are written."""
    large, least = f"{figures['size']:,}", min(map(int, figures.get("asked") or [SMALL]))
    ratio, growth = f"{large} ÷ {min(SMALL, figures['size']):,} 张", f"{large} ÷ {least:,} 张（目标：对数之比）"
    cores = figures["import"]["cores"] if "import" in figures else "?"
    return {
        "search": (f"按公民身份号码检索，{ratio}", "{:.2f} 倍", "≤ {:.2f}"),
        "verify": (f"按标识核验，{ratio}", "{:.2f} 倍", "≤ {:.2f}"),
        "proof": (f"收录证明，{growth}", "{:.2f} 倍", "≤ {:.2f}"),
        "append": (f"追加日志，{growth}", "{:.2f} 倍", "≤ {:.2f}"),
        "issue": ("签发（双签名、编号、日志、事件），每核", "{:.0f}/s", "≥ {:.0f}/s"),
        "files": ("盖章文件（含时间戳与日志证明），每核", "{:.1f}/s", "≥ {:.0f}/s"),
        "import": (f"存量导入（import 命令，{cores} 核）", "{:.0f}/s", "≥ {:.0f}/s"),
    }


def _sizes(figures: Figures) -> Table:
    columns = (
        "张 / size",
        "检索 ms",
        "核验 ms",
        "证明 ms",
        "追加 ms",
        "首次检索",
        "首次核验",
        "读节点",
        "散列",
        "log₂",
    )
    title = "同一轮次交替测量的中位数，数据已在内存；首次：初次触及的中位数 / medians, taken in turns, warm; 首次: cold"
    table = Table(*columns, title=title, box=box.SIMPLE_HEAD)
    timed = ("search_ms", "verify_ms", "proof_ms", "append_ms", "first_search_ms", "first_verify_ms")
    for size, found in sorted(figures["asked"].items(), key=lambda pair: int(pair[0])):
        times = (f"{found[name]:.2f}" for name in timed)
        work = (f"{found[name]:.1f}" for name in ("proof_nodes_read", "proof_hashes", "log2"))
        table.add_row(f"{int(size):,}", *times, *work)
    return table


def _costs(figures: Figures) -> Table:
    left, right = list(_spent(figures)), list(_bytes(figures))
    table = Table("费用 / cost", "", "每张证照 / per certificate", "字节 / bytes", box=box.SIMPLE_HEAD)
    for number in range(max(len(left), len(right))):
        first = left[number] if number < len(left) else ("", "")
        table.add_row(*first, *(right[number] if number < len(right) else ("", "")))
    return table


def _bytes(figures: Figures) -> Iterator[tuple[str, str]]:
    stored = figures.get("stored", {})
    if stored:
        yield from ((name, f"{value:,.0f}") for name, value in stored.items())
        yield "合计 / total", f"{sum(stored.values()):,.0f}"
    if "import" in figures:
        yield "事件 / event (outbox)", f"{figures['import']['event_bytes_each']:,.0f}"
    if "files" in figures:
        yield "盖章文件 / sealed file", f"{figures['files']['bytes_each']:,.0f}"


def _spent(figures: Figures) -> Iterator[tuple[str, str]]:
    for name, what in (("issue", "签发"), ("sign", "补签导入的证照"), ("files", "盖章文件"), ("import", "存量导入")):
        if name in figures:
            found = figures[name]
            yield f"{what} / {name}", f"CPU {found['cpu_ms']:.2f} ms（其中数据库 {found['cpu_ms_server']:.2f}）"
    if "writers" in figures:
        writers = figures["writers"]
        yield "日志写入者 / writers: 1", f"{writers['one']:.0f} 项/s"
        yield "日志写入者 / writers: 4", f"{writers['four']:.0f} 项/s"
        yield "同上，每次 100 项 / batches of 100", f"{writers['four_batches_of_100']:.0f} 项/s"
    if "loading" in figures:
        loading = figures["loading"]
        yield (
            "装入 / loading",
            f"{loading['per_second']:.0f}/s，{loading['seconds']:.0f} s（共 {figures['size']:,} 张）",
        )
