"""Install a hashed lock file with pip, one moving line of progress instead of hundreds. Standard library only."""

import re
import subprocess
import sys
import time
from pathlib import Path


def main(lock: Path) -> int:
    """The exit status of pip; its whole output is shown when it fails."""
    total = len(re.findall(r"^[A-Za-z0-9]", lock.read_text("utf-8"), re.MULTILINE))
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--progress-bar", "off"]
    command += ["--require-hashes", "--only-binary", ":all:", "-r", str(lock)]
    print(
        f"安装 {lock} 中的 {total} 个依赖（首次约一分钟）/ installing {total} packages (about a minute at first)",
        flush=True,
    )
    began = time.monotonic()
    output: list[str] = []
    seen = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:  # noqa: S603
        for line in pip.stdout or ():
            output.append(line)
            seen += line.startswith(("Collecting ", "Requirement already satisfied"))
            if sys.stdout.isatty():
                action = "安装 / unpacking" if line.startswith("Installing") else f"{min(seen, total)}/{total}"
                print(f"\r\033[K  {action}  {time.monotonic() - began:.0f} s", end="", flush=True)
    if sys.stdout.isatty():
        print()
    if pip.returncode != 0:
        sys.stderr.write("".join(output[-40:]))
        print("安装失败，见上 / installing failed, see above", file=sys.stderr)
    return pip.returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
