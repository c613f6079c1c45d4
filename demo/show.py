"""What the demonstration prints at its end, for people."""

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

_WAY_NAMES = {"ONLINE": "网上", "COUNTER": "综合窗口", "TOWNSHIP": "乡镇"}
_LIGHTS = {"WARNING": "预", "YELLOW": "黄", "RED": "红"}
_VERDICTS = {"VALID": "真实有效", "ALTERED": "已被改动", "UNKNOWN": "不是本平台颁发"}
_MEMBERS = {"GRANTED": "准予", "REFUSED": "不予", "SATISFIED": "已具备"}
_OUTCOMES = {"GRANTED": "准予", "REFUSED": "不予", None: "未决定"}


def show(report: dict[str, Any], console: Console) -> None:
    """The whole report, shortly: cases, bundles, what became of certificates, figures."""
    _cases(report, console)
    for one in report["bundles"]:
        ended = "、".join(f"{m['member_id']} {_MEMBERS[m['state']]}" for m in one["members"])
        console.print(f"一件事 {one['bundle_no']} {one['name']}：{ended}", highlight=False)
    _reuse(report["reuse"], console)
    _recall(report["recall"], console)
    figures = report["figures"]
    for name, verdict in figures["verdicts"].items():
        console.print(f"核验 {name}：{_VERDICTS[verdict]}（{verdict}）")
    for one in report["offline"]:
        console.print(f"离线核验 {one['what']}（系统已停止，只用保存的日志头和公钥）：", highlight=False)
        for line in (one["command"], *one["lines"]):
            console.print(f"  {line}", highlight=False, markup=False)
    console.print(
        f"{figures['cases']} 个办件，{figures['certificates']} 份证照，{figures['papers']} 份文书，"
        f"共 {figures['seconds_in_all']} 秒。报告：out/demo/report.json、report.txt",
        highlight=False,
    )


def _cases(report: dict[str, Any], console: Console) -> None:
    """Dates that run into a year without a published calendar carry a question mark: they are provisional.

    Beside a certificate stands its place in the transparency log.
    """
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
            f"有 #{case['certificate']['transparency']['leaf_index']}" if case["certificate"] else "",
            str(len(case["papers"])),
        )
    console.print(table)


def _reuse(reuse: dict[str, Any], console: Console) -> None:
    covered = "、".join(f"{one['name']}（{one['certificate_identifier']}）" for one in reuse["avoided"])
    console.print(f"复用 {reuse['item_name']} {reuse['case_no']}：免交 {covered}", highlight=False, markup=False)
    console.print(f"  只须提交：{'、'.join(reuse['to_bring'])}", highlight=False, markup=False)
    spared = reuse["uploads_avoided"]
    each = "、".join(f"{one['item_id']} {one['uploads']} 份" for one in spared["items"])
    console.print(f"  各事项因证照库免交材料共 {spared['uploads']} 份：{each}", highlight=False)


def _recall(recall: dict[str, Any], console: Console) -> None:
    said = f"{recall['act']}《{recall['type_name']}》{recall['identifier']}（{recall['article']}）"
    leaf = recall["transparency"]["leaf_index"]
    console.print(f"{said}：{recall['verdict']['message']}日志第 {leaf} 条", highlight=False, markup=False)
    for one in recall["recalled"]:
        state = "已决定" if one["concluded"] else "在办"
        console.print(
            f"  召回 {one['item_name']} {one['case_no']}（{state}），交{one['department']}，"
            f"经由 {len(one['through'])} 份证照",
            highlight=False,
        )
