"""Install a hashed lock file into this environment: with uv, which the lock names too, and with pip where uv cannot."""

import ast
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
HASHED = ["--require-hashes", "--only-binary", ":all:"]
UV_BLOCK = re.compile(r"^uv==.*\n(?: +.*\n)*", re.MULTILINE)  # the requirement and its hashes, which are indented

# What people have told pip about their registry, in the words of uv. Addresses may hold secrets: never as arguments.
SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}


def _run(command: list[str], env: dict[str, str] | None = None) -> tuple[int, str]:
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)  # noqa: S603
    return done.returncode, done.stdout


@contextmanager
def _ticking() -> Iterator[None]:
    """One moving line instead of hundreds; nothing where nobody watches."""
    ended = threading.Event()

    def tick() -> None:
        began = time.monotonic()
        while not ended.wait(0.5):
            print(f"\r\033[K  {time.monotonic() - began:.0f} s", end="", flush=True)
        print("\r\033[K", end="", flush=True)

    ticker = threading.Thread(target=tick, daemon=True)
    if sys.stdout.isatty():
        ticker.start()
    try:
        yield
    finally:
        ended.set()
        if ticker.ident:
            ticker.join()


def _environment() -> dict[str, str]:
    """Ours, with pip's settings for uv; what is set for uv itself stays. Later lines of pip's list win."""
    env = dict(os.environ)
    _, listed = _run([*PIP, "config", "list"])
    ranks = {"global": 0, "install": 1, ":env:": 2}
    lines = sorted(
        (ranks[section], SETTINGS[name], value)
        for section, name, value in re.findall(r"^(global|install|:env:)\.([a-z-]+)=(.*)$", listed, re.MULTILINE)
        if name in SETTINGS
    )
    for name, value in {name: str(ast.literal_eval(value)) for _, name, value in lines}.items():
        # uv takes links with commas, indexes with spaces, as pip does
        env.setdefault(name, ",".join(value.split()) if name == "UV_FIND_LINKS" else " ".join(value.split()))
    env.setdefault("UV_SYSTEM_CERTS", "true")
    return env


def _with_uv(lock: Path, uv: str) -> bool:
    """Whether the whole lock is installed and compiled: where Python may not write, each process would compile anew."""
    with tempfile.TemporaryDirectory() as folder:
        only_uv = Path(folder, "uv.lock")
        only_uv.write_text(uv, "utf-8")
        status, _ = _run([*PIP, "install", "-q", "--no-deps", *HASHED, "-r", str(only_uv)])
    if status != 0:
        return False
    # unsafe-best-match is what pip does; the hashes say which file is meant, wherever it lies
    command = [str(Path(sys.executable).parent / "uv"), "pip", "install", "-q", "--no-deps", "--compile-bytecode"]
    command += ["--python", sys.executable, "--no-config", "--index-strategy", "unsafe-best-match", *HASHED]
    status, _ = _run([*command, "-r", str(lock)], _environment())
    return status == 0


def _with_pip(lock: Path, text: str) -> int:
    """The exit status of pip; the end of its output is shown when it fails."""
    with tempfile.TemporaryDirectory() as folder:
        rest = Path(folder, lock.name)
        rest.write_text(UV_BLOCK.sub("", text), "utf-8")
        status, output = _run([*PIP, "install", "--no-deps", "--progress-bar", "off", *HASHED, "-r", str(rest)])
    if status != 0:
        sys.stderr.write("\n".join(output.splitlines()[-40:]) + "\n")
        print("安装失败，见上 / installing failed, see above", file=sys.stderr)
    return status


def main(lock: Path) -> int:
    """0 when everything of the lock is installed."""
    text = lock.read_text("utf-8")
    total = len(re.findall(r"^[A-Za-z0-9]", text, re.MULTILINE))
    print(f"安装 {lock} 中的 {total} 个依赖 / installing {total} packages", flush=True)
    uv = UV_BLOCK.search(text)
    with _ticking():
        if uv and _with_uv(lock, uv.group()):
            return 0
    print("改用 pip，约一分钟 / with pip instead, about a minute", flush=True)
    with _ticking():
        return _with_pip(lock, text)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
