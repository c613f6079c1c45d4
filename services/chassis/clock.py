"""The only source of time. Domain time can be moved by a test clock; security time never is."""

import os
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class _TestClock:
    """Offset read from a file that is moved from outside; re-read only when the file changed."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self._seen_ns = -1
        self._offset = timedelta()

    def offset(self) -> timedelta:
        if self.path is None:
            return timedelta()
        try:
            seen = os.stat(self.path).st_mtime_ns
        except FileNotFoundError:
            return timedelta()
        if seen != self._seen_ns:
            self._offset = timedelta(seconds=float(self.path.read_text() or 0))
            self._seen_ns = seen
        return self._offset


_test_clock = _TestClock()


def use_test_clock(path: Path | None) -> None:
    """Follow the offset (seconds) in `path`. Refused by the settings in profile production."""
    _test_clock.path = path


def real_now() -> datetime:
    """Wall clock, aware UTC: for tokens, sessions, lockouts and leases."""
    return datetime.now(UTC)


def now() -> datetime:
    """Domain time, aware UTC."""
    return datetime.now(UTC) + _test_clock.offset()


_LONGEST = timedelta(minutes=1)  # a request is under way before a service hears of it
_arrived: ContextVar[datetime | None] = ContextVar("arrived", default=None)


def request_arrives(gateway: str = "") -> None:
    """Called once, before anything else is done for a request.

    Args:
        gateway: seconds of the Unix epoch at which the gateway got it; without them, or with nonsense, it is now.
    """
    try:
        under_way = timedelta(seconds=real_now().timestamp() - float(gateway))
    except (ValueError, OverflowError):
        under_way = timedelta()
    _arrived.set(now() - min(max(under_way, timedelta()), _LONGEST))


def arrived_at() -> datetime:
    """Domain time at which the request under way came in; outside a request it is now."""
    return _arrived.get() or now()


def local_date(moment: datetime) -> date:
    """The Asia/Shanghai date of an aware instant: the day in the sense of a time limit."""
    return moment.astimezone(SHANGHAI).date()


def today() -> date:
    return local_date(now())
