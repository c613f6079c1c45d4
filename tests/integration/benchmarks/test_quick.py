"""The benchmark's cheap part runs from the command line and leaves its figures."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.library import __main__ as library

ROOT = Path(__file__).resolve().parents[3]


def test_the_quick_run_writes_figures_and_a_table(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--only", "gateway", "--out", str(out)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr[-2000:]
    figures = json.loads(out.read_text("utf-8"))
    assert figures["gateway"]["gateway"] > 0
    assert (figures["gateway"]["ratio"] is None) == (figures["gateway"]["nginx"] is None)
    assert figures["machine"]["quick"] is True
    assert "网关转发" in done.stdout


def test_a_small_library_gives_every_figure_and_leaves_no_folder(tmp_path: Path) -> None:
    out = tmp_path / "library.json"
    command = [sys.executable, "-m", "benchmarks.library", "--quick", "--size", "2000", "--out", str(out)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stderr[-2000:]
    figures = json.loads(out.read_text("utf-8"))
    assert set(figures["asked"]) == {"1000", "2000"}
    assert set(figures["goals"]) == {"search", "verify", "proof", "append", "issue", "files", "import"}
    assert all(goal["measured"] > 0 for goal in figures["goals"].values())
    assert figures["stored"]["certificate"] > 0
    assert "按公民身份号码检索" in done.stdout
    assert not list((ROOT / "out").glob("bench-library-[0-9]*"))


def test_a_library_that_does_not_fit_on_the_disk_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=2**30))

    status = library.main(["--size", "1000000"])

    assert status == 1
    assert "磁盘空间不足" in capsys.readouterr().out


def test_an_unknown_part_is_refused_by_name() -> None:
    command = [sys.executable, "-m", "benchmarks", "--only", "everything"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 2
    assert "everything" in done.stderr
