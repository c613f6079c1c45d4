"""Child processes that never outlive us: starting with a death signal, dropping root, stopping, free ports."""

import ctypes
import os
import pwd
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
PR_SET_KEEPCAPS = 8
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522
LOOPBACK = "127.0.0.1"

_libc = ctypes.CDLL(None, use_errno=True)


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
    raise RuntimeError(
        "以 root 运行时需要普通系统账户 postgres 或 nobody / as root, account postgres or nobody is needed"
    )


def die_with_parent(death_signal: signal.Signals) -> None:
    """Ask the kernel to send `death_signal` to this process when the thread that started it ends."""
    _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)


class _CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapabilityData(ctypes.Structure):
    _fields_ = [("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32)]


def _keep_file_access() -> None:
    """After setuid: keep only the right to pass root-only folders, so that data may lie below /root.

    Best effort: where the kernel refuses, the child fails to open its folder and says so in its log.
    """
    mask = 1 << CAP_DAC_OVERRIDE
    header = _CapabilityHeader(CAPABILITY_VERSION_3, 0)
    data = (_CapabilityData * 2)(_CapabilityData(mask, mask, mask), _CapabilityData(0, 0, 0))
    if _libc.capset(ctypes.byref(header), ctypes.byref(data)) == 0:
        _libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def _child_setup(account: Account | None, death_signal: signal.Signals, parent: int) -> Callable[[], None]:
    def setup() -> None:
        if account is not None:
            _libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
            _keep_file_access()
        die_with_parent(death_signal)  # after setuid, which clears it
        if os.getppid() != parent:
            os._exit(1)

    return setup


def spawn(
    argv: Sequence[str],
    *,
    log: Path,
    death_signal: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in its own session (a Ctrl-C in our terminal must not reach it), output appended to `log`.

    Call it from the main thread: the kernel ties the death signal to the thread that starts the child.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
            env=dict(env) if env is not None else None,
            preexec_fn=_child_setup(account, death_signal, os.getpid()),
        )


def stop(process: subprocess.Popen[bytes], steps: Sequence[tuple[signal.Signals, float]]) -> None:
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


def stop_foreign(process: psutil.Process, steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """The same for a process that an earlier, dead run of ours has left behind."""
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


def free_port(preferred: int | None = None) -> int:
    """A loopback port that is free now: the preferred one if possible, else any."""
    if preferred is not None and is_free(preferred):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def free_ports(count: int) -> list[int]:
    """Different free ports, found while all of them are held so that none comes twice."""
    probes = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, for error messages."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:])
