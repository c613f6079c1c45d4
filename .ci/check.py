"""The quick checks of `make check`, as many at a time as there are cores; output only of what fails."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BIN = Path(sys.executable).parent


# The tests in processes of about the same length, so that no core is left waiting for the other.
FILES = "tests/unit/certificate_files"
HOUSE = ("tests/contract", "tests/architecture")


def _checks(folders: list[str]) -> dict[str, list[str]]:
    """The longest first, so that the short ones fill what is left."""
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return {
        "mypy": [str(BIN / "mypy"), "--no-error-summary", *folders],
        "tests: rules": [*pytest, "tests/unit", f"--ignore={FILES}"],
        "tests: files": [*pytest, FILES],
        "tests: house": [*pytest, *HOUSE],
        "imports": [str(BIN / "lint-imports"), "--no-cache"],
        "ruff check": [str(BIN / "ruff"), "check", "--quiet", *folders],
        "ruff format": [str(BIN / "ruff"), "format", "--quiet", "--diff", *folders],
    }


def _run(name: str, command: list[str]) -> bool:
    began = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)  # noqa: S603
    passed = done.returncode == 0
    last = done.stdout.strip().splitlines()[-1:] if name.startswith("tests") else []
    print(f"{'ok  ' if passed else 'FAIL'} {name:12} {time.monotonic() - began:5.1f} s  {''.join(last)}", flush=True)
    if not passed:
        print(done.stdout, flush=True)
    return passed


def main(folders: list[str]) -> int:
    """0 when every check passed."""
    began = time.monotonic()
    with ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as threads:
        passed = list(threads.map(lambda check: _run(*check), _checks(folders).items()))
    print(f"{'通过 / passed' if all(passed) else '未通过 / failed'} in {time.monotonic() - began:.0f} s")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
