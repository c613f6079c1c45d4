"""The commands for outside holders: `verify` (offline) and `monitor`. Neither needs a database or our settings."""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from services.certificate.log.monitor import Alarm, Away, Damaged, Monitor, State, signed_heads
from services.certificate.verification.offline import Known, Outcome, Refused, Result, check, read_heads, unreadable
from services.chassis import clock
from services.chassis.clock import local_date

ALARM, DAMAGED, AWAY = 1, 2, 3
_SECONDS = 30.0
_TITLES = {
    Outcome.GENUINE: ("真实", "green"),
    Outcome.FALSE: ("虚假", "bold red"),
    Outcome.UNREADABLE: ("无法读取", "yellow"),
    Outcome.UNDECIDED: ("无法判断", "yellow"),
    Outcome.NO_LONGER_VALID: ("真实，但已失效", "bold red"),
    Outcome.RECORDED: ("已收录；期限和现状未核", "yellow"),
}
_ABOUT_VERIFY = """不连接证照库，凭事先保存的公钥和日志头核验证照，说明它是真实有效、已经失效，还是
伪造、内容被改动、文件不完整、被重新签章、二维码被调换，并告诉您怎么办。"""
_MORE_VERIFY = """准备 (保存到同一个文件夹，PLATFORM 为平台地址):
  curl -o jwks.json  PLATFORM/.well-known/certificate-jwks.json
  curl -o heads.json "PLATFORM/api/v1/certificates/log/heads?limit=200"

示例:
  verify 营业执照.pdf --head heads.json
  verify "https://…/c/1.2.156.3005.2…?…" --head heads.json     (二维码扫描所得的内容)
  verify 营业执照.pdf --head heads.json --qr "https://…/c/…"    (核对文件上的二维码是否属于这张证照)

此后是否被撤销、注销、变更，另取最新的日志头和收录证明来核验:
  curl -o head.json  PLATFORM/api/v1/certificates/log/head
  curl -o proof.json "PLATFORM/api/v1/certificates/log/inclusion?identifier=1.2.156.3005.2…"
  verify 营业执照.pdf --head head.json --proof proof.json

退出码:
  0  真实有效
  1  虚假：伪造、内容被改动、文件不完整、被重新签章、二维码被调换，或者日志头的签名不实
  2  无法读取：没有这个文件，不是证照、二维码或签名数据，或者参数有误
  3  无法判断：手中的日志头不能证明，或者是外地证照、外地文书
  4  真实，但已失效：过期、已有新版、撤回、撤销、注销、吊销、挂失，或者加注件已过期
  5  已收录；期限和现状未核：只有二维码时，二维码不载有效期
"""
_ABOUT_MONITOR = """从外部监测证照日志：登记的证照有任何改写、删除、插入，或者历史被重写，立即告警。
已经核对过的日志头保存在 FILE 中，重新启动后接着核对；告警时 FILE 保持原样，与之矛盾的已签名日志头另存为
FILE.alarm，两者都是证据。"""
_MORE_MONITOR = """示例:
  monitor https://platform.example --state seen.json --every 60
  monitor https://platform.example --state seen.json --compare theirs.json   (与他人所见的日志头核对)

退出码:
  0  没有发现问题
  1  告警：日志或者登记被改写、删除、插入，或者给他人看的是另一本日志
  2  FILE 或者所给的日志头已损坏：请从备份恢复，或者换一个新的 FILE 从头核对
  3  未能核对：平台没有答复，答复无法读取，或者还没有签发过日志头 (指定 --every 时继续尝试)
"""
_console = Console(soft_wrap=True)


def add_verify(parser: argparse.ArgumentParser) -> None:
    parser.description, parser.epilog = _ABOUT_VERIFY, _MORE_VERIFY
    parser.add_argument("what", metavar="FILE|QR", help="PDF 文件、签名数据文件，或者直接写二维码的内容")
    parser.add_argument("--head", type=Path, required=True, metavar="HEAD", help="保存的日志头 (log/head 或 log/heads)")
    parser.add_argument("--keys", type=Path, metavar="JWKS", help="保存的公钥，默认为日志头旁边的 jwks.json")
    parser.add_argument("--proof", type=Path, metavar="PROOF", help="另取的收录证明 (log/inclusion)，证明其后的撤销等")
    parser.add_argument("--qr", metavar="QR", help="文件上二维码扫描所得的内容，与文件核对是否属于同一张证照")
    parser.add_argument("--on", type=date.fromisoformat, metavar="DATE", help="按哪一天判断有效期，默认今天")


def verify(arguments: argparse.Namespace) -> int:
    result = _checked(arguments)
    title, style = _TITLES[result.outcome]
    label = f"{result.words.label}（{result.reason.value}）" if result.reason else result.words.label
    _console.print(title if label == title else f"{title}：{label}", style=style, markup=False)
    for line in (result.words.message, f"怎么办：{result.words.advice}", *result.lines):
        _console.print(line, markup=False, highlight=False)
    return int(result.outcome)


def _checked(arguments: argparse.Namespace) -> Result:
    try:
        keys = _keys(arguments.keys or arguments.head.parent / "jwks.json")
        heads = read_heads(arguments.head.read_text("utf-8"), keys)
        proof = _json(arguments.proof) if arguments.proof else None
        is_text = arguments.what.startswith(("http://", "https://", "/c/"))
        content = arguments.what.encode() if is_text else Path(arguments.what).read_bytes()
    except Refused as early:
        return early.result
    except (OSError, ValueError) as fault:
        return unreadable(f"读不出 {getattr(fault, 'filename', None) or fault}").result
    return check(content, Known(keys, heads, arguments.on or _today(heads), proof, arguments.qr or ""))


def _today(heads: Mapping[int, Mapping[str, Any]]) -> date:
    """The day by this machine's clock, and never before the newest head at hand was signed: a clock may be wrong."""
    return max([clock.today(), *(local_date(datetime.fromisoformat(head["signed_at"])) for head in heads.values())])


def _keep(alarm: Alarm, path: Path) -> None:
    """The signed head that was shown: with the one in the state, whoever signed both cannot deny them."""
    told = {"at": clock.real_now().isoformat(), "alarm": str(alarm), "jws": alarm.head}
    path.with_name(f"{path.name}.alarm").write_text(json.dumps(told, ensure_ascii=False), "utf-8")


def _keys(path: Path) -> dict[str, Any]:
    """Raises Refused: not what the platform publishes; a broken file is no false head."""
    found = _json(path)
    if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
        raise unreadable(f"{path} 不是公钥文件", "请保存 /.well-known/certificate-jwks.json 的完整答复。")
    return found


def _json(path: Path) -> Any:
    """Raises Refused."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as fault:
        raise unreadable(f"{path} 不是完整的 JSON 文件", "请重新保存平台的完整答复。") from fault


def add_monitor(parser: argparse.ArgumentParser) -> None:
    parser.description, parser.epilog = _ABOUT_MONITOR, _MORE_MONITOR
    parser.add_argument("url", metavar="URL", help="平台地址")
    parser.add_argument("--state", type=Path, required=True, metavar="FILE", help="保存已见日志头的文件")
    parser.add_argument("--every", type=float, metavar="SECONDS", help="一直监测，每隔若干秒一次；不填则只看一次")
    parser.add_argument(
        "--compare",
        type=Path,
        action="append",
        default=[],
        metavar="HEADS",
        help="他人保存的日志头 (其 monitor 的 FILE，或者 log/head、log/heads 的答复)，核对是否同一本日志；可以重复",
    )
    parser.add_argument("--new-only", action="store_true", help="只核对新增的记录，不重新核对全部")


def monitor(arguments: argparse.Namespace) -> int:
    with httpx.Client(base_url=arguments.url, timeout=_SECONDS) as http:
        while True:
            status = look(http, arguments.state, full=not arguments.new_only, compare=arguments.compare)
            if arguments.every is None or status in (ALARM, DAMAGED):
                return status
            time.sleep(arguments.every)


def look(http: httpx.Client, path: Path, *, full: bool = True, compare: Sequence[Path] = ()) -> int:
    """One look: 0 nothing wrong, 1 alarm (the state stays as it was: it is the evidence), 2 a file of ours is damaged,
    3 nothing known.
    """
    try:
        state = State.load(path)
        others = [head for file in compare for head in signed_heads(file)]
        seen = Monitor(http).look(state, full=full, others=others)
    except Alarm as alarm:
        _console.print(f"告警：{alarm}", style="bold red", markup=False)
        _keep(alarm, path)
        return ALARM
    except Damaged as damaged:
        _console.print(f"未能核对：{damaged}", style="yellow", markup=False)
        return DAMAGED
    except Away as away:
        _console.print(f"未能核对：{away}", style="yellow", markup=False)
        return AWAY
    seen.save(path)
    _console.print(f"日志 {seen.size} 条，与上次（{state.size} 条）一致", markup=False)
    return 0
