"""The test clock of a running embedded stack: an offset in seconds that all its processes follow."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from deploy.local.layout import DataFolder, write_atomically

SHANGHAI = ZoneInfo("Asia/Shanghai")


class CannotTravel(ValueError):
    """The clock can only be moved while the embedded stack runs, and only forward (or back to real time)."""


def offset(folder: DataFolder) -> timedelta:
    """How far the stack's time is ahead of real time."""
    return (
        timedelta(seconds=float(folder.clock.read_text("ascii").strip() or 0)) if folder.clock.exists() else timedelta()
    )


def now(folder: DataFolder) -> datetime:
    """The stack's time, in Asia/Shanghai."""
    return datetime.now(UTC).astimezone(SHANGHAI) + offset(folder)


def forward(folder: DataFolder, by: timedelta) -> datetime:
    """Move on by a span; answers the new time of the stack."""
    if by < timedelta():
        raise CannotTravel(
            "时间只能前进；用 --reset 回到真实时间 / time moves forward only; --reset returns to real time"
        )
    _set(folder, offset(folder) + by)
    return now(folder)


def to(folder: DataFolder, moment: datetime) -> datetime:
    """Move on to an instant; one without an offset is Asia/Shanghai time."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
    return forward(folder, aware - now(folder))


def begin(folder: DataFolder, moment: datetime) -> None:
    """Let a stack that holds no case yet begin at an instant of our choice, also a past one."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
    _set(folder, aware - datetime.now(UTC))


def reset(folder: DataFolder) -> datetime:
    """Back to real time."""
    _set(folder, timedelta())
    return now(folder)


def _set(folder: DataFolder, value: timedelta) -> None:
    if not folder.is_locked():
        raise CannotTravel("系统未运行：先执行 make run / the embedded stack is not running: make run first")
    write_atomically(folder.clock, f"{value.total_seconds():.3f}")
