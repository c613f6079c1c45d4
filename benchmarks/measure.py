"""What the stack spends: CPU by process, bytes on disk by place, lag of supervision."""

import asyncio
import re
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil

from deploy.local.environment import SERVICES
from deploy.local.stack import Stack

_BUCKET = re.compile(r'^consumer_lag_seconds_bucket\{consumer="supervision-(\w+)",le="([^"]+)"\} ([0-9.e+]+)$', re.M)


def processes(stack: Stack) -> dict[str, psutil.Process]:
    """Every process of the stack by name; what makes files has a line of its own."""
    found = {name: psutil.Process(member.child.pid) for name, member in stack.members.items() if member.child}
    for name, server in (("postgres", stack.postgres), ("nats", stack.nats)):
        if server is not None and server.process is not None:
            found[name] = psutil.Process(server.process.pid)
    return found


def cpu_seconds(stack: Stack) -> dict[str, float]:
    """Used so far; children included, so that PostgreSQL's backends and the file makers count."""
    used: dict[str, float] = {}
    for name, process in processes(stack).items():
        own = process.cpu_times()
        used[name] = own.user + own.system
        for child in process.children(recursive=True):
            times = child.cpu_times()
            label = "file-maker" if name == "certificate-worker" else name
            used[label] = used.get(label, 0.0) + times.user + times.system
        # Backends that have ended are in the parent's own count of children.
        used[name] += own.children_user + own.children_system
    return used


def stored_bytes(stack: Stack) -> dict[str, int]:
    """Databases, streams and files."""
    sizes = asyncio.run(_database_sizes(stack))
    folder = stack.folder
    sizes["streams"] = _folder_bytes(folder.nats)
    sizes["files"] = _folder_bytes(folder.files)
    return sizes


async def _database_sizes(stack: Stack) -> dict[str, int]:
    sizes = {}
    for service in SERVICES:
        connection = await asyncpg.connect(stack.database_url(service))
        try:
            sizes[f"database {service}"] = int(await connection.fetchval("SELECT pg_database_size(current_database())"))
        finally:
            await connection.close()
    return sizes


def _folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


async def wait_until(stack: Stack, service: str, question: str, wanted: int, seconds: float) -> int:
    """Ask a service's database until the answer reaches `wanted` or the time is over; the last answer."""
    connection = await asyncpg.connect(stack.database_url(service))
    try:
        for _ in range(int(seconds / 0.05)):
            if (found := int(await connection.fetchval(question))) >= wanted:
                break
            await asyncio.sleep(0.05)
        return found
    finally:
        await connection.close()


@dataclass(frozen=True)
class Lag:
    """Counts per upper bound of the histogram `consumer_lag_seconds`, over supervision's consumers."""

    counts: dict[float, float]

    @classmethod
    def read(cls, stack: Stack) -> "Lag":
        with urllib.request.urlopen(f"{stack.members['supervision-worker'].url}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        counts: dict[float, float] = {}
        for _, bound, count in _BUCKET.findall(text):
            counts[float(bound)] = counts.get(float(bound), 0.0) + float(count)
        return cls(counts)

    def since(self, before: "Lag") -> "Lag":
        return Lag({bound: count - before.counts.get(bound, 0.0) for bound, count in self.counts.items()})

    @property
    def events(self) -> float:
        return self.counts.get(float("inf"), 0.0)

    def quantile_ms(self, share: float) -> float:
        """Interpolated within its bucket; the bound of the last finite bucket when it lies beyond."""
        wanted, below, counted = share * self.events, 0.0, 0.0
        for bound, count in sorted(self.counts.items()):
            if count >= wanted:
                if bound == float("inf"):
                    return 1000 * below
                part = (wanted - counted) / (count - counted) if count > counted else 0.0
                return 1000 * (below + part * (bound - below))
            below, counted = bound, count
        return 1000 * below
