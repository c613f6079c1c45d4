"""Every test, in three lanes at the same time: those that start whole stacks wait a lot, one stack after the other.

Arguments go to pytest. When they name files or tests, or somebody wants to watch, one pytest runs in the usual way.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PYTEST = [sys.executable, "-m", "pytest", "-q"]
WATCHING = {"-s", "-x", "-h", "--help", "--pdb", "--co", "--collect-only", "--lf", "--ff", "--sw", "--fixtures"}
NO_TESTS_CHOSEN = 5  # pytest's status; not a failure of one part when a pattern chooses tests of another
INTERRUPTED = 130

# Each part is a pytest of its own, with its own servers; parts of a lane run one after the other.
STACKS = ("tests/e2e/failures", "tests/integration/stack", "tests/e2e/journeys", "tests/e2e")
SERVICES = ("tests/integration/certificate", "tests/integration/intake", "tests/integration/gateway")
REST = ("tests", "tests/integration/chassis")  # first whatever no other part names: nothing can be left out

PROGRESS = re.compile(r"^[.FEsxX]+ *(\[ *\d+%\])?$")

_print = threading.Lock()
_running: set[subprocess.Popen[str]] = set()
_stopping = threading.Event()


def _lanes() -> list[list[list[str]]]:
    """Folders of each part, with the folders below that are parts of their own ignored."""
    named = [folder for part in (*STACKS, *SERVICES, *REST[1:]) for folder in part.split()]

    def part(folders: str) -> list[str]:
        asked = folders.split()
        below = [other for other in named if any(other.startswith(f"{folder}/") for folder in asked)]
        return [*asked, *(f"--ignore={other}" for other in below)]

    lanes = (STACKS, SERVICES, REST)
    return [[part(folders) for folders in lane] for lane in lanes]


def _run(folders: list[str], arguments: list[str]) -> int:
    """The status of one pytest; its output without the dots, all at once when it has ended."""
    began = time.monotonic()
    command = [*PYTEST, "-p", "no:cacheprovider", *folders, *arguments]
    # in a group of its own: Ctrl-C comes from us, once, and it stops its servers in order
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, process_group=0
    ) as pytest:
        _running.add(pytest)
        output, _ = pytest.communicate()
        _running.discard(pytest)
    ok = pytest.returncode in (0, NO_TESTS_CHOSEN)
    lines = [line for line in output.splitlines() if line and not PROGRESS.match(line)]
    name = " ".join(one.removeprefix("tests/") for one in folders if not one.startswith("--"))
    with _print:
        print(f"{'ok  ' if ok else 'FAIL'} {name:40} {time.monotonic() - began:4.0f} s", flush=True)
        print("\n".join(f"     {line}" for line in lines), flush=True)
    return pytest.returncode


def _lane(parts: list[list[str]], arguments: list[str]) -> list[int]:
    return [INTERRUPTED if _stopping.is_set() else _run(part, arguments) for part in parts]


def _stop(*_: object) -> None:
    _stopping.set()
    for pytest in list(_running):
        pytest.send_signal(signal.SIGINT)


def main(arguments: list[str]) -> int:
    """0 when every part passed; 5, as pytest says it, when the arguments chose no test at all."""
    if WATCHING & set(arguments) or any(Path(one.split("::")[0]).exists() for one in arguments):
        os.execv(sys.executable, [*PYTEST, *arguments])  # noqa: S606
    began = time.monotonic()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    with ThreadPoolExecutor() as threads:
        lanes = [threads.submit(_lane, parts, arguments) for parts in _lanes()]
        statuses = [status for lane in lanes for status in lane.result()]
    failed = [status for status in statuses if status not in (0, NO_TESTS_CHOSEN)]
    chosen = any(status != NO_TESTS_CHOSEN for status in statuses)
    print(f"{'通过 / passed' if chosen and not failed else '未通过 / failed'} in {time.monotonic() - began:.0f} s")
    return max(failed) if failed else 0 if chosen else NO_TESTS_CHOSEN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
