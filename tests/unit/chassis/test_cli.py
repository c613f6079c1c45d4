"""What every service's commands have in common."""

import argparse

import pytest

from services.chassis.cli import Command, run_cli
from services.chassis.settings import ServiceSettings


def test_an_interrupted_command_says_so_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    status = run_cli("certificate", ServiceSettings, [Command("long", "", interrupted)], ["long"])

    assert status == 130
    assert "已中断；已提交的部分保留" in capsys.readouterr().err
