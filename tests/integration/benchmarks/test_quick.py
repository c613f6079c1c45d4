"""The benchmark's cheap part runs from the command line and leaves its figures."""

import json
import subprocess
import sys
from pathlib import Path

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


def test_an_unknown_part_is_refused_by_name() -> None:
    command = [sys.executable, "-m", "benchmarks", "--only", "everything"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 2
    assert "everything" in done.stderr
