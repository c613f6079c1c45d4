"""What `make run` prints: progress while it starts, addresses and demo accounts when it is ready."""

import sys
import time
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.local.stack import Stack

WIDTH_IN_FILES = 120

ROLE_NAMES = {
    "CITIZEN": "市民",
    "ENTERPRISE_AGENT": "企业经办人",
    "COUNTER_CLERK": "综合窗口人员",
    "TOWNSHIP_CLERK": "乡镇窗口人员",
    "HANDLER": "经办人",
    "CHIEF_REPRESENTATIVE": "首席代表",
    "HANDOVER_CLERK": "出件窗口人员",
    "SUPERVISOR": "监督员",
    "CATALOGUE_ADMIN": "事项目录管理员",
    "GOVERNMENT_HEAD": "政府负责人",
    "PROVINCIAL_PLATFORM": "省平台",
    "MOBILE_BACKEND": "移动端后台",
    "TOWNSHIP_CENTRE": "乡镇便民服务中心",
    "RELYING_PARTY": "用证单位",
}


class Screen:
    """Lines with the seconds since the start; no animation, so that no thread runs beside the launcher."""

    def __init__(self, console: Console | None = None) -> None:
        width = None if sys.stdout.isatty() else WIDTH_IN_FILES
        self.console = console or Console(highlight=False, soft_wrap=True, width=width)
        self._began = time.monotonic()

    def step(self, text: str) -> None:
        """One step of the start."""
        self.console.print(f"[dim]{time.monotonic() - self._began:5.1f} s[/dim]  {text}")

    def line(self, text: str) -> None:
        """Something happened while running."""
        self.console.print(f"[dim]{time.strftime('%H:%M:%S')}[/dim]  {text}")

    def summary(self, stack: Stack) -> None:
        """Addresses, accounts, how to go on."""
        if stack.folder.accounts.exists():
            self.console.print(_people(stack.accounts["accounts"]), "")
            self.console.print(_systems(stack.accounts["clients"]), "")
        url = stack.gateway_url
        rows = (
            ("入口 / gateway", url),
            ("登录 / log in", f"{url}/session/login"),
            ("接口文档 / API docs", f"{url}/docs"),
            ("账户密码 / accounts", str(stack.folder.accounts)),
            ("日志 / logs", str(stack.folder.logs)),
            ("推进时间 / time travel", ".venv/bin/python -m deploy.local travel --days 10"),
            ("停止 / stop", "Ctrl-C"),
        )
        table = Table.grid(padding=(0, 2))
        for name, value in rows:
            table.add_row(f"[bold]{name}[/bold]", value)
        self.console.print(table)
        self.console.print(
            f"[bold green]已就绪[/bold green] / ready, {stack.seconds_to_ready:.1f} s, "
            f"{sum(stack.memory().values()) / 2**20:.0f} MiB, {len(stack.members)} 个服务进程"
        )


def _people(accounts: list[dict[str, Any]]) -> Table:
    """People who may log in; user names and passwords stay whole in narrow windows, so that they can be copied."""
    table = _table(
        "演示账户 / demo accounts", ("用户名 / user", "密码 / password"), ("角色 / role", "姓名 / name", "单位")
    )
    for account in accounts:
        roles = "、".join(ROLE_NAMES.get(role, role) for role in account.get("roles", []))
        table.add_row(
            account["username"], account["password"], roles, account.get("name", ""), account.get("organisation_name")
        )
    return table


def _systems(clients: list[dict[str, Any]]) -> Table:
    """Systems that get tokens with client credentials."""
    table = _table("系统接入 / system clients", ("client_id", "client_secret"), ())
    for client in clients:
        table.add_row(client["client_id"], client.get("client_secret", ""))
    return table


def _table(title: str, whole: tuple[str, ...], folding: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for heading in whole:
        table.add_column(heading, no_wrap=True)
    for heading in folding:
        table.add_column(heading, overflow="fold")
    return table
