"""The figures as a table people can read."""

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

_MISSING = "缺：未安装 nginx / nginx is not installed"


def show(figures: dict[str, Any], console: Console) -> None:
    """Measured, floor, ratio, goal; then where CPU time, bytes and memory go."""
    console.print(_ratios(figures))
    if "lives" in figures:
        console.print(_costs(figures["lives"]))


def _ratios(figures: dict[str, Any]) -> Table:
    table = Table(
        "项目 / what", "实测 / measured", "底线 / floor", "比 / ratio", "目标 / goal", "", box=box.SIMPLE_HEAD
    )
    if found := figures.get("gateway"):
        floor = f"nginx {found['nginx']:.0f}/s" if found["nginx"] else _MISSING
        _row(table, "网关转发（验令牌）", f"{found['gateway']:.0f}/s", floor, found["ratio"], 0.5)
        if found.get("service_nginx"):
            shown = f"{found['service_gateway']:.0f}/s", f"nginx {found['service_nginx']:.0f}/s"
            table.add_row("同上，后面是真实服务", *shown, f"{found['service_ratio']:.2f}", "", "")
    if found := figures.get("submissions"):
        measured = f"{found['per_second']:.0f}/s, p50 {found['p50_ms']:.1f} ms, p99 {found['p99_ms']:.1f} ms"
        _row(table, "经网关提交申请", measured, f"pgbench {found['floor_per_second']:.0f}/s", found["ratio"], 0.10)
    if found := figures.get("lives"):
        _row(
            table,
            "完整办件（至监督收齐）",
            f"{found['per_second']:.1f}/s",
            f"DBOS {found['dbos_per_second']:.1f}/s",
            found["ratio"],
            2.0,
        )
    if found := figures.get("lag"):
        measured = f"p50 {found['p50_ms']:.0f} ms, p99 {found['p99_ms']:.0f} ms"
        load = f"{found['cases_per_second']:.1f} 件/s"
        table.add_row("提交到监督的滞后（半载）", measured, load, "", "p99 ≤ 250 ms", _mark(found["p99_ms"] <= 250))
    if found := figures.get("idle"):
        memory, ready = found["bytes"] / 2**30, found["seconds_to_ready"]
        table.add_row("空闲内存（PSS）", f"{memory:.2f} GiB", "", "", "< 1.2 GiB", _mark(memory < 1.2))
        table.add_row("启动到就绪", f"{ready:.1f} s", "", "", "< 20 s", _mark(ready < 20))
    return table


def _row(table: Table, name: str, measured: str, floor: str, ratio: float | None, goal: float) -> None:
    shown = "" if ratio is None else f"{ratio:.2f}"
    table.add_row(name, measured, floor, shown, f"≥ {goal:.2f}", "" if ratio is None else _mark(ratio >= goal))


def _mark(met: bool) -> str:
    return "[green]达到[/]" if met else "[red]未达到[/]"


def _costs(found: dict[str, Any]) -> Table:
    cpu, stored, files = found["cpu_ms_per_case"], found["bytes_per_case"], found["files"]
    table = Table("每件 / per case", "CPU ms", "", "存储 / stored", "字节 / bytes", box=box.SIMPLE_HEAD)
    left = [(name, f"{value:.2f}") for name, value in sorted(cpu.items(), key=lambda pair: -pair[1])]
    right = [(name, f"{value:,.0f}") for name, value in stored.items() if name != "files"]
    left.append(("合计 / total", f"{sum(cpu.values()):.1f}"))
    right.append(("合计 / total", f"{sum(value for name, value in stored.items() if name != 'files'):,.0f}"))
    if files["made"]:
        left.append(("后台制作文件 / files, later", f"{files['per_case']} × {files['cpu_ms_each']:.0f}"))
        right.append(("文件 / files", f"{files['per_case']} × {files['bytes_each']:,.0f}"))
    for number in range(max(len(left), len(right))):
        name, value = left[number] if number < len(left) else ("", "")
        place, size = right[number] if number < len(right) else ("", "")
        table.add_row(name, value, "", place, size)
    return table
