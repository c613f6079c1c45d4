"""Commands: api, worker, migrate … of every service, import-types (catalogue) and import (existing certificates).

Named here only: a command's module is read when that command is given.
"""

import argparse
import sys
from pathlib import Path

from services.certificate import settings
from services.chassis.cli import Command, run_cli

_HERE = "services.certificate"
_UPKEEP, _OUTSIDE, _CALLERS = (
    f"{_HERE}.upkeep_commands",
    f"{_HERE}.verification.outside",
    f"{_HERE}.sharing.caller_commands",
)
_PEERS = f"{_HERE}.peers.cli"


def main(arguments: list[str] | None = None) -> int:
    return run_cli("certificate", settings.load, _commands(), arguments)


def _commands() -> list[Command]:
    return [
        Command("import-types", "导入证照类型 (catalogue.yaml)", f"{_UPKEEP}:run_types", _add_file),
        Command("import", "导入存量证照 (NDJSON)", f"{_HERE}.import_command:run", _add_file),
        Command("log-backfill", "为日志启用之前的证照和加注件补记日志", f"{_UPKEEP}:run_backfill"),
        Command("sign-records", "为已导入、尚未签名的证照补上签名", f"{_UPKEEP}:run_signing"),
        Command("verify", "离线核验证照：PDF、二维码文本或签名数据", f"{_OUTSIDE}:verify", f"{_OUTSIDE}:add_verify"),
        Command("monitor", "监测证照日志：改写、删除、插入即告警", f"{_OUTSIDE}:monitor", f"{_OUTSIDE}:add_monitor"),
        Command(
            "import-callers", "登记证照库调用方 (callers.yaml)", f"{_CALLERS}:run_import", f"{_CALLERS}:add_import"
        ),
        Command("list-callers", "列出已登记的调用方", f"{_CALLERS}:run_list"),
        Command("suspend-caller", "停用调用方", f"{_CALLERS}:run_suspend", f"{_CALLERS}:add_close"),
        Command("resume-caller", "恢复已停用的调用方", f"{_CALLERS}:run_resume", f"{_CALLERS}:add_close"),
        Command("add-peer", "登记其他地区的证照库 (JSON，含对方公钥)", f"{_PEERS}:run", f"{_PEERS}:add"),
        Command("rotate-keys", "换用新的证照签名密钥（旧公钥继续公布）", f"{_UPKEEP}:run_rotate_keys"),
        Command("rotate-seal", "为部门换用新的电子印章（旧文件仍可核验）", f"{_UPKEEP}:run_rotate_seal", _add_seal),
        Command("retry-files", "重新制作失败的版式文件 (字库或模板修复之后)", f"{_UPKEEP}:run_retry"),
    ]


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="要导入的文件")


def _add_seal(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("uscc", help="部门的统一社会信用代码")
    parser.add_argument("name", help="部门名称，与印章上的一致")


if __name__ == "__main__":
    sys.exit(main())
