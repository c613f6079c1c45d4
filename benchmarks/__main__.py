"""`make bench`: the figures of design section 9, as ratios in one run on one machine; a table and a JSON file.

python -m benchmarks [--quick] [--only gateway,submissions,...] [--out FILE]
"""

import argparse
import json
import os
import platform
import shutil
import sys
import time
from pathlib import Path

from rich.console import Console

from benchmarks import runs
from benchmarks.table import show

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "out" / "bench" / "figures.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a smoke test: every part, hardly any load")
    parser.add_argument("--only", default="", help=f"parts, separated by commas: {', '.join(runs.PARTS)}")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    parts = [part for part in arguments.only.split(",") if part] or list(runs.PARTS)
    if unknown := set(parts) - set(runs.PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    console = Console(width=None if sys.stdout.isatty() else 120)
    size = runs.QUICK if arguments.quick else runs.FULL
    began = time.monotonic()
    load_before = os.getloadavg()[0]
    data = ROOT / "out" / f"bench-data-{os.getpid()}"
    shutil.rmtree(data, ignore_errors=True)
    try:
        figures = runs.measure(data, parts, size, report=lambda step: console.print(f"· {step}"))
    finally:
        shutil.rmtree(data, ignore_errors=True)
    figures["machine"] = {
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "load_before": round(load_before, 2),
        "seconds": round(time.monotonic() - began, 1),
        "quick": arguments.quick,
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", "utf-8")
    show(figures, console)
    console.print(f"数字文件：{arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
