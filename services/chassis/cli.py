"""Commands every service has: api, worker, migrate, dead-letters, republish."""

import argparse
import asyncio
import importlib
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from services.chassis.settings import ServiceSettings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from services.chassis.worker import Worker

_INTERRUPTED = 130  # what shells give a command that Ctrl-C ended

Run = Callable[[argparse.Namespace], int]
Add = Callable[[argparse.ArgumentParser], None]


class Command:
    """One more command of a service: `add` declares its arguments, `run` does it and returns the exit status.

    Either may be named, as "module:function": the module is read when this command is given, and by no other one.
    `more` is printed below the help: examples, the meaning of the exit status.
    """

    def __init__(
        self, name: str, help_text: str, run: Run | str, add: Add | str = lambda parser: None, *, more: str = ""
    ) -> None:
        self.name, self.help_text, self.more = name, help_text, more
        self._run, self._add = run, add

    def run(self, arguments: argparse.Namespace) -> int:
        run: Run = _named(self._run)
        return run(arguments)

    def add(self, parser: argparse.ArgumentParser) -> None:
        add: Add = _named(self._add)
        add(parser)


def _named(function: Any) -> Any:
    """A function, or the one that "module:function" names."""
    if not isinstance(function, str):
        return function
    module, _, name = function.partition(":")
    return getattr(importlib.import_module(module), name)


class _Parser(argparse.ArgumentParser):
    """Says in Chinese first what is wrong with the arguments."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(2, f"参数有误，请参阅 {self.prog} --help / {message}\n")


def serve(app: "FastAPI | Callable[..., object]", host: str, port: int) -> None:
    """Uvicorn with the limits a service behind the gateway needs (keep-alive longer than the gateway's)."""
    import uvicorn

    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
        limit_concurrency=1024,
        backlog=2048,
        server_header=False,
        proxy_headers=False,  # only the gateway calls; nobody here asks for the caller's address
    )


def run_cli(
    service: str,
    settings: Callable[[], ServiceSettings],
    extra: Sequence[Command] = (),
    arguments: Sequence[str] | None = None,
) -> int:
    """Parse and run; the exit status is 0 when all went well, 130 when Ctrl-C ended it.

    What a command needs is imported by that command: server, routes, bus and migrations take a second or two that the
    others have no use for.
    """
    commands = {command.name: command for command in (*_standard(service, settings), *extra)}
    parser = _Parser(prog=f"python -m services.{service}")
    choices = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    given = next((word for word in (sys.argv[1:] if arguments is None else arguments) if word in commands), None)
    for command in commands.values():
        told = choices.add_parser(
            command.name,
            help=command.help_text,
            description=command.help_text,
            epilog=command.more,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if command.name == given:
            command.add(told)
    parsed = parser.parse_args(arguments)
    try:
        return commands[parsed.command].run(parsed)
    except KeyboardInterrupt:
        print("已中断；已提交的部分保留 / interrupted; what was committed stays", file=sys.stderr)
        return _INTERRUPTED


def _standard(service: str, settings: Callable[[], ServiceSettings]) -> list[Command]:
    def run_api(arguments: argparse.Namespace) -> int:
        app: FastAPI = importlib.import_module(f"services.{service}.main").create_app()
        serve(app, arguments.host, arguments.port)
        return 0

    def run_worker(arguments: argparse.Namespace) -> int:
        worker: Worker = importlib.import_module(f"services.{service}.worker").create_worker()
        serve(worker.app(), arguments.host, arguments.port)
        return 0

    def migrate(_: argparse.Namespace) -> int:
        from services.chassis import migrations

        migrations.upgrade(service, settings().migration_database_url or settings().database_url)
        return 0

    def dead_letters(arguments: argparse.Namespace) -> int:
        return _dead_letters(service, settings, arguments)

    def republish(arguments: argparse.Namespace) -> int:
        from services.chassis import recovery

        return asyncio.run(recovery.republish(settings(), arguments.since))

    return [
        Command("api", "启动 HTTP 接口", run_api, _add_address),
        Command("worker", "启动后台进程 (消息收发, 定时任务)", run_worker, _add_address),
        Command("migrate", "升级数据库结构", migrate),
        Command("dead-letters", "列出, 查看, 重新处理或了结处理失败的事件", dead_letters, _add_letter),
        Command("republish", "从发件箱重新发布事件, 供重建消费者", republish, _add_since),
    ]


def _dead_letters(service: str, settings: Callable[[], ServiceSettings], arguments: argparse.Namespace) -> int:
    from services.chassis import recovery

    if arguments.replay is not None or arguments.close is not None:
        worker: Worker = importlib.import_module(f"services.{service}.worker").create_worker()
        if arguments.close is not None:
            return asyncio.run(recovery.close_dead_letter(worker, arguments.close))
        return asyncio.run(recovery.replay_dead_letters(worker, arguments.replay))
    if arguments.show is not None:
        return asyncio.run(recovery.show_dead_letter(settings(), arguments.show))
    return asyncio.run(recovery.list_dead_letters(settings()))


def _add_address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="监听地址 (默认 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="监听端口 (默认 8000)")


def _add_letter(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--replay", metavar="ID", help="重新处理一条 (或 all), 仍失败的留在原处")
    what.add_argument("--show", metavar="ID", type=int, help="查看一条的内容")
    what.add_argument("--close", metavar="ID", type=int, help="了结一条确定无法处理的, 记录保留")


def _add_since(parser: argparse.ArgumentParser) -> None:
    help_text = "起始时间, 例如 2026-01-01T00:00+08:00"
    parser.add_argument("--since", type=datetime.fromisoformat, required=True, help=help_text)


def main(status: int) -> None:
    sys.exit(status)
