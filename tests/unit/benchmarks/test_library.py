"""The run of the large library: it ends in time, tells what it has by then, and removes what killed runs left."""

import json
import os
from contextlib import nullcontext
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks.library import __main__ as library
from benchmarks.library import report
from benchmarks.library.place import Place, remove_leftovers
from benchmarks.library.stages import Stages, TimeOver, minutes

_ASKED = {"search_ms": 2.0, "verify_ms": 3.0, "proof_ms": 1.5, "append_ms": 4.0, "log2": 10.0}
_MORE = {"first_search_ms": 5.0, "first_verify_ms": 9.0, "proof_nodes_read": 20.0, "proof_hashes": 16.0}


def _console() -> Console:
    return Console(width=140, record=True, file=StringIO())


def test_a_run_that_ended_early_shows_what_it_measured_and_names_the_rest() -> None:
    small, large = _ASKED | _MORE, _ASKED | _MORE | {"search_ms": 5.0, "log2": 20.0}
    figures: dict[str, Any] = {"size": 1_000_000, "asked": {"10000": small, "1000000": large}}
    figures["loading"] = {"seconds": 100.0, "per_second": 10_000.0}
    figures["goals"] = report.goals(figures)
    console = _console()

    report.show(figures, console)

    told = console.export_text()
    assert figures["goals"]["search"] == {"measured": 2.5, "goal": 1.5, "met": False}
    assert figures["goals"]["proof"]["met"]
    assert "2.50 倍" in told
    assert told.count("未测 / not measured") == 3
    assert "10000/s，100 s" in told


def test_a_run_that_was_stopped_at_once_shows_no_goal() -> None:
    figures: dict[str, Any] = {}
    figures["goals"] = report.goals(figures)

    report.show(figures, _console())

    assert figures["goals"] == {}


def test_a_library_that_stayed_smaller_than_asked_for_has_ended_early_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = {"size": 4000, "asked": {"4000": _ASKED | _MORE}}
    figures["loading"] = {"seconds": 1.0, "per_second": 4000.0, "wanted": 10_000}
    monkeypatch.setattr(Place, "opened", lambda _: nullcontext())
    monkeypatch.setattr(library.Run, "_measure", lambda run, _: run.figures.update(figures))
    monkeypatch.setattr(library, "check_machine", lambda *_: None)
    out = tmp_path / "figures.json"

    status = library.main(["--size", "10000", "--folder", str(tmp_path), "--out", str(out)])

    told = "".join(capsys.readouterr().out.split())
    assert status == 3
    assert json.loads(out.read_text("utf-8"))["machine"]["ended_early"] == "只装入 4,000 / 10,000 张"
    assert told.count("只装入4,000/10,000张") == 2, "over the table and at the end"


def test_a_stage_ends_when_the_time_is_over() -> None:
    stages = Stages(_console(), seconds=-1)

    with pytest.raises(TimeOver, match="loading"), stages.stage("loading", 10) as tell:
        tell(1)


def test_a_stage_in_a_log_file_tells_its_name_and_how_long_it_took() -> None:
    console = _console()

    with Stages(console, seconds=60).stage("loading", 2000) as tell:
        tell(2000)

    assert console.export_text().splitlines() == ["· loading (2,000)", f"  {minutes(0)}"]


def test_what_a_killed_run_left_is_removed_and_what_a_living_one_uses_is_not(tmp_path: Path) -> None:
    dead, living, other = (tmp_path / f"bench-library-{of}" for of in (2**22 + 1, os.getpid(), "notes"))
    for folder in (dead, living, other):
        (folder / "postgres").mkdir(parents=True)

    remove_leftovers(tmp_path)

    assert sorted(tmp_path.iterdir()) == sorted([living, other])
