"""Child processes that never outlive us: starting with a death signal, stopping, leftovers, free ports, memory."""

import os
import pwd
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

LOOPBACK = "127.0.0.1"
Steps = Sequence[tuple[signal.Signals, float]]

# Below the range the kernel gives to outgoing connections: a port of a service that is being restarted must not be
# taken by some client's connection in between.
PORTS = range(20000, 32000)


@dataclass(frozen=True, slots=True)
class Account:
    """The system account a child runs as."""

    name: str
    uid: int
    gid: int


def unprivileged_account() -> Account | None:
    """The account PostgreSQL gets when we are root (it refuses to run as root); None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise RuntimeError("以 root 运行时需要系统账户 postgres 或 nobody / as root, account postgres or nobody is needed")


def spawn(
    argv: Sequence[str],
    *,
    log: Path,
    death_signal: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path = Path("/"),
    pipes: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a program in its own session (a Ctrl-C in our terminal must not reach it), output appended to `log`.

    With `pipes`, standard input and output are pipes to us and only errors go to the log.
    Call it from the main thread: the kernel ties the death signal to the thread that starts the child.
    """
    identity = (str(account.uid), str(account.gid)) if account else ("-1", "-1")
    helper = [sys.executable, "-I", "-S", str(Path(__file__).with_name("exec_as.py"))]
    with log.open("ab") as output:
        target: IO[bytes] | int = subprocess.PIPE if pipes else output
        return subprocess.Popen(
            [*helper, str(int(death_signal)), str(os.getpid()), *identity, *argv],
            stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
            stdout=target,
            stderr=output,
            start_new_session=True,
            cwd=cwd,
            env=dict(env) if env is not None else None,
        )


def stop(process: subprocess.Popen[bytes], steps: Steps) -> None:
    """Send each signal in turn, waiting its seconds, then SIGKILL. Does nothing when it has already ended."""
    for step, seconds in steps:
        if process.poll() is not None:
            return
        process.send_signal(step)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    if process.poll() is None:
        process.kill()
        process.wait()


def find(pid: int, created_at: float) -> psutil.Process | None:
    """The process with this pid if it is still the one that was started then (pids are used again)."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - created_at) < 2 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return None
    return process if same else None


def stop_foreign(process: psutil.Process, steps: Steps) -> None:
    """The same as `stop` for a process that an earlier, dead run of ours has left behind."""
    for step, seconds in (*steps, (signal.SIGKILL, 10.0)):
        try:
            process.send_signal(step)
            process.wait(seconds)
        except psutil.TimeoutExpired:
            continue
        except psutil.NoSuchProcess:
            return
        return


def is_free(port: int) -> bool:
    """Whether a loopback port can be bound now (a port in TIME_WAIT counts as free, as servers bind with reuse)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_ports(count: int) -> list[int]:
    """Different loopback ports that are free now."""
    found = [port for port in random.sample(PORTS, 40 * count) if is_free(port)][:count]
    if len(found) < count:
        raise RuntimeError(f"没有空闲端口 / no free ports in {PORTS}")
    return found


def free_port(preferred: int | None = None) -> int:
    """A loopback port that is free now: the preferred one if possible, else any."""
    if preferred is not None and is_free(preferred):
        return preferred
    return free_ports(1)[0]


def proportional_memory(pid: int) -> int:
    """Bytes of memory of a process, shared pages counted in proportion; 0 when it has ended or is not ours."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, for error messages."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:])
