"""Commands of the embedded stack: `python -m deploy.local up | travel | status`."""

import argparse
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import psutil

from deploy.local import travel
from deploy.local.launcher import ROOT, LauncherFailed
from deploy.local.layout import AlreadyRunning, DataFolder
from deploy.local.nats import NatsFailed
from deploy.local.postgres import PostgresFailed
from deploy.local.screen import Screen
from deploy.local.stack import Member, Stack

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
ROTATE_EVERY_SECONDS = 60.0
PREFERRED_PORT = 8080


class Keeper:
    """Keeps a started stack whole until told to stop: what ends is started again, later each time it ends soon."""

    def __init__(self, stack: Stack, screen: Screen, ended: "queue.Queue[Member]") -> None:
        self._stack = stack
        self._screen = screen
        self._ended = ended
        self._pauses: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._rotated = time.monotonic()

    def keep(self, stopping: threading.Event) -> None:
        """Until `stopping` is set."""
        while not stopping.wait(0.2):
            while not self._ended.empty():
                self._note(self._ended.get())
            for name in [name for name, at in self._due.items() if at <= time.monotonic()]:
                del self._due[name]
                self._stack.start_member(name, wait=False)
            self._keep_servers()
            if time.monotonic() - self._rotated > ROTATE_EVERY_SECONDS:
                self._rotated = time.monotonic()
                self._stack.folder.rotate_logs()

    def _note(self, member: Member) -> None:
        child = member.child
        lived = time.time() - child.started_at if child else 0.0
        steady = lived > STEADY_SECONDS
        pause = FIRST_PAUSE_SECONDS if steady else self._pauses.get(member.name, FIRST_PAUSE_SECONDS)
        self._pauses[member.name] = min(2 * pause, LONGEST_PAUSE_SECONDS)
        self._due[member.name] = time.monotonic() + pause
        status = child.status if child else None
        self._screen.line(
            f"[yellow]{member.name} 意外结束（{status}），{pause:.1f} 秒后重启[/yellow] / ended, starting again; "
            f"log: {self._stack.folder.log(member.name)}"
        )

    def _keep_servers(self) -> None:
        for name, server in (("postgres", self._stack.postgres), ("nats", self._stack.nats)):
            if server is not None and server.process is not None and server.process.poll() is not None:
                self._screen.line(f"[yellow]{name} 意外结束，正在重启[/yellow] / ended, starting again")
                server.start(port=server.port)


def up(arguments: argparse.Namespace) -> int:
    """Start, print, keep, stop."""
    screen = Screen()
    stopping = threading.Event()
    ended: queue.Queue[Member] = queue.Queue()

    def ask_to_stop(number: int, _: object) -> None:
        if stopping.is_set() or not started.is_set():
            signal.signal(number, signal.SIG_DFL)
            raise KeyboardInterrupt
        stopping.set()

    started = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask_to_stop)
    stack = Stack(arguments.data, preferred_port=arguments.port, report=screen.step, on_end=ended.put)
    stack.start()
    started.set()
    try:
        screen.summary(stack)
        if stack.gateway_url.rsplit(":", 1)[1] != str(arguments.port):
            screen.line(f"端口 {arguments.port} 被占用，已改用 / port is busy, using {stack.gateway_url}")
        Keeper(stack, screen, ended).keep(stopping)
        screen.line("正在停止 / stopping")
    finally:
        stack.stop()
    screen.line("已停止 / stopped")
    return 0


def move_clock(arguments: argparse.Namespace) -> int:
    """Move the test clock of the running stack."""
    folder = DataFolder(arguments.data)
    if arguments.reset:
        moment = travel.reset(folder)
    elif arguments.to is not None:
        moment = travel.to(folder, arguments.to)
    else:
        moment = travel.forward(folder, timedelta(days=arguments.days))
    print(f"系统时间 / stack time: {moment.isoformat(timespec='seconds')}")
    return 0


def status(arguments: argparse.Namespace) -> int:
    """What runs, with memory."""
    folder = DataFolder(arguments.data)
    if not folder.is_locked():
        print("未运行 / not running")
        return 1
    state = folder.read_state()
    print(f"入口 / gateway: {state.get('gateway')}")
    for name, record in state.get("processes", {}).items():
        alive = psutil.pid_exists(record["pid"])
        print(f"{name:22} {record['pid']:>8} {'运行 / up' if alive else '停止 / down'}  {record.get('url', '')}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description="嵌入式运行环境 / the embedded stack")
    default = Path(os.environ.get("YICHUANG_DATA_DIR", ROOT / ".data"))
    parser.add_argument("--data", type=Path, default=default, help="数据目录 / data folder")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    start = commands.add_parser("up", help="启动，直到 Ctrl-C / run until Ctrl-C")
    start.add_argument(
        "--port", type=int, default=int(os.environ.get("PORT", PREFERRED_PORT)), help="入口端口 / gateway"
    )
    start.set_defaults(run=up)
    clock = commands.add_parser("travel", help="移动系统时间 / move the test clock")
    way = clock.add_mutually_exclusive_group(required=True)
    way.add_argument("--days", type=float, help="前进的天数 / days forward")
    way.add_argument("--to", type=datetime.fromisoformat, metavar="2026-12-01T09:00", help="到达的时刻 / an instant")
    way.add_argument("--reset", action="store_true", help="回到真实时间 / back to real time")
    clock.set_defaults(run=move_clock)
    commands.add_parser("status", help="查看各进程 / list the processes").set_defaults(run=status)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse and run; failures a person can mend are said in a line or two, without a traceback."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except (AlreadyRunning, travel.CannotTravel, LauncherFailed, PostgresFailed, NatsFailed) as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("已取消 / cancelled", file=sys.stderr)
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
