"""Small program that prepares itself and becomes another: `exec_as.py SIGNAL PARENT UID GID PROGRAM ARGS...`.

It asks for a death signal, drops root when UID is not -1, and executes the program. Being a program of its own,
it needs no code between fork and exec in a process that may have threads. Standard library only.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_SET_NAME = 15
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 4
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, *values: int) -> None:
    if sys.platform == "linux":
        padded = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
        _libc.prctl(option, *padded)


def die_with_parent(death_signal: int, parent: int) -> None:
    """Ask the kernel to signal this process when the thread that started it ends; leave if that has happened."""
    _prctl(PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:
        os._exit(1)


def set_name(name: str) -> None:
    """The name that `ps -o comm` and `top` show (15 bytes)."""
    buffer = ctypes.create_string_buffer(name.encode()[:15])
    if sys.platform == "linux":
        _libc.prctl(PR_SET_NAME, buffer, 0, 0, 0)


class _CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapabilityData(ctypes.Structure):
    _fields_ = [("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32)]


def _keep_file_access() -> None:
    """After setuid: keep only the right to pass root-only folders, so that data may lie below /root.

    Best effort: where the kernel refuses, the program cannot open its folder and says so in its log.
    """
    if sys.platform != "linux":
        return
    mask = 1 << CAP_DAC_OVERRIDE
    header = _CapabilityHeader(CAPABILITY_VERSION_3, 0)
    data = (_CapabilityData * 2)(_CapabilityData(mask, mask, mask), _CapabilityData(0, 0, 0))
    if _libc.capset(ctypes.byref(header), ctypes.byref(data)) == 0:
        _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE)


def _drop_root(uid: int, gid: int) -> None:
    _prctl(PR_SET_KEEPCAPS, 1)
    _prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)  # else access(2), which initdb uses, forgets the right
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    _keep_file_access()


def main() -> None:
    """Read the arguments, prepare, become the program."""
    death_signal, parent, uid, gid = (int(word) for word in sys.argv[1:5])
    if uid >= 0:
        _drop_root(uid, gid)
    die_with_parent(death_signal, parent)  # after setuid, which clears it
    os.execv(sys.argv[5], sys.argv[5:])  # noqa: S606 - becoming the program is the point


if __name__ == "__main__":
    main()
