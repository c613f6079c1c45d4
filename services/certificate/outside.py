"""The commands for outside holders: `verify` (offline) and `monitor`. Neither needs a database or our settings."""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from services.certificate.monitor import Alarm, Away, Monitor, State
from services.certificate.offline import Known, Outcome, Refused, Result, check, read_heads
from services.chassis.cli import Command

ALARM, AWAY = 1, 3
_SECONDS = 30.0
_TITLES = {
    Outcome.GENUINE: ("真实", "green"),
    Outcome.FALSE: ("虚假或已被改动", "bold red"),
    Outcome.UNREADABLE: ("无法读取", "yellow"),
    Outcome.UNDECIDED: ("无法判断", "yellow"),
}
_console = Console(soft_wrap=True)


def commands() -> list[Command]:
    return [
        Command("verify", "离线核验证照：PDF、二维码文本或签名数据", _verify, _add_verify),
        Command("monitor", "监测证照日志：改写、删除、插入即告警", _monitor, _add_monitor),
    ]


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="FILE|QR", help="文件，或者直接写二维码的内容")
    parser.add_argument("--head", type=Path, required=True, metavar="HEAD", help="保存的日志头 (log/head 或 log/heads)")
    parser.add_argument("--keys", type=Path, metavar="JWKS", help="保存的公钥，默认为日志头旁边的 jwks.json")
    parser.add_argument("--proof", type=Path, metavar="PROOF", help="对该日志头另取的收录证明 (log/inclusion)")


def _verify(arguments: argparse.Namespace) -> int:
    result = _checked(arguments)
    title, style = _TITLES[result.outcome]
    _console.print(title, style=style)
    for line in result.lines:
        _console.print(line, markup=False, highlight=False)
    return int(result.outcome)


def _checked(arguments: argparse.Namespace) -> Result:
    try:
        keys = _json(arguments.keys or arguments.head.parent / "jwks.json")
        heads = read_heads(arguments.head.read_text("utf-8"), keys)
        proof = _json(arguments.proof) if arguments.proof else None
        is_text = arguments.what.startswith(("http://", "https://", "/c/"))
        content = arguments.what.encode() if is_text else Path(arguments.what).read_bytes()
    except Refused as refused:
        return Result(refused.outcome, (str(refused),))
    except (OSError, ValueError) as fault:
        return Result(Outcome.UNREADABLE, (f"无法读取：{getattr(fault, 'filename', None) or fault}",))
    return check(content, Known(keys, heads, proof))


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _add_monitor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", metavar="URL", help="平台地址")
    parser.add_argument("--state", type=Path, required=True, metavar="FILE", help="保存已见日志头的文件")
    parser.add_argument("--every", type=float, metavar="SECONDS", help="一直监测，每隔若干秒一次；不填则只看一次")
    parser.add_argument("--new-only", action="store_true", help="只核对新增的记录，不重新核对全部")


def _monitor(arguments: argparse.Namespace) -> int:
    with httpx.Client(base_url=arguments.url, timeout=_SECONDS) as http:
        while True:
            status = look(http, arguments.state, full=not arguments.new_only)
            if arguments.every is None or status == ALARM:
                return status
            time.sleep(arguments.every)


def look(http: httpx.Client, path: Path, *, full: bool = True) -> int:
    """One look: 0 nothing wrong, 1 alarm (the state stays as it was: it is the evidence), 3 nothing known."""
    state = State.load(path)
    try:
        seen = Monitor(http).look(state, full=full)
    except Alarm as alarm:
        _console.print(f"告警：{alarm}", style="bold red", markup=False)
        return ALARM
    except Away as away:
        _console.print(f"未能核对：{away}", style="yellow", markup=False)
        return AWAY
    seen.save(path)
    _console.print(f"日志 {seen.size} 条，与上次（{state.size} 条）一致", markup=False)
    return 0
