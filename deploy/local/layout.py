"""The folder `.data/`: where each part keeps its files, the lock of the running stack, keys, stack.json."""

import base64
import fcntl
import json
import os
import secrets
import shlex
import time
from pathlib import Path
from typing import Any

import psutil

KEY_KINDS = ("seal", "index")
ROTATE_BYTES = 20 * 2**20


class AlreadyRunning(RuntimeError):
    """Another stack runs over the same folder."""

    def __init__(self, pid: int, folder: Path) -> None:
        super().__init__(
            f"此目录已有一个正在运行的系统（进程号 {pid}，数据目录 {folder}）。\n"
            f"请先在它的窗口按 Ctrl-C，或执行：kill {pid}\n"
            f"A stack is already running over {folder} (pid {pid}). Press Ctrl-C there, or: kill {pid}"
        )
        self.pid = pid


def write_atomically(path: Path, content: str, mode: int = 0o600) -> None:
    """Write beside and rename, so that a reader sees the old or the new content, never a part."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    beside.replace(path)


class DataFolder:
    """Paths below one data folder, and what is made there at first start."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.postgres = self.root / "pg"
        self.nats = self.root / "nats"
        self.keys = self.root / "keys"
        self.files = self.root / "files"
        self.logs = self.root / "logs"
        self.accounts = self.root / "demo-accounts.json"
        self.clock = self.root / "clock"
        self.state = self.root / "stack.json"
        self.seeded = self.root / "seeded.json"
        self.environments = self.root / "env"
        self._lock_path = self.root / "lock"
        self._lock: int | None = None

    def prepare(self) -> None:
        """Make the folders (0700) and the keys (0600); what exists stays."""
        for folder in (self.root, self.keys, self.files, self.logs, *(self.keys / kind for kind in KEY_KINDS)):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for kind in KEY_KINDS:
            if not any((self.keys / kind).glob("*.key")):
                key = base64.b64encode(secrets.token_bytes(32)).decode("ascii")
                write_atomically(self.keys / kind / f"{time.strftime('%Y%m%d')}.key", key)
        if not self.clock.exists():
            write_atomically(self.clock, "0")

    def log(self, name: str) -> Path:
        """The log of one process."""
        return self.logs / f"{name}.log"

    def lock(self) -> None:
        """Hold the folder until this process ends. Raises AlreadyRunning."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise AlreadyRunning(int(holder) if holder.isdigit() else 0, self.root) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._lock = descriptor

    def unlock(self) -> None:
        """Give the folder free."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def is_locked(self) -> bool:
        """Whether a stack runs over this folder now."""
        if not self._lock_path.exists():
            return False
        descriptor = os.open(self._lock_path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def write_state(self, state: dict[str, Any]) -> None:
        """Addresses and process ids of the running stack, for people, tools and the next start."""
        write_atomically(self.state, json.dumps(state, indent=2, ensure_ascii=False))

    def write_environment(self, service: str, values: dict[str, str]) -> Path:
        """What a shell reads to run a service's own commands beside the running stack; it holds a password."""
        self.environments.mkdir(mode=0o700, exist_ok=True)
        file = self.environments / f"{service}.env"
        lines = (f"export {name}={shlex.quote(value)}\n" for name, value in sorted(values.items()))
        write_atomically(file, "".join(lines))
        return file

    def read_state(self) -> dict[str, Any]:
        """What the last run wrote; empty when there was none."""
        try:
            state: dict[str, Any] = json.loads(self.state.read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return state

    def rotate_logs(self) -> None:
        """Past 20 MiB the content moves to `<name>.log.1`. Writers append, so emptying the file is safe."""
        for log in self.logs.glob("*.log"):
            if log.stat().st_size > ROTATE_BYTES:
                write_atomically(log.with_name(f"{log.name}.1"), log.read_text("utf-8", "replace"))
                os.truncate(log, 0)


def process_record(pid: int) -> dict[str, Any]:
    """How stack.json names a process: its id and when it was created (ids are used again)."""
    try:
        return {"pid": pid, "created_at": psutil.Process(pid).create_time()}
    except psutil.NoSuchProcess:
        return {"pid": pid, "created_at": 0.0}
