"""The parts of the benchmark, one after another over one stack."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import gateway_floor, statement_floor
from benchmarks import measure as gauge
from benchmarks.plan import make
from deploy.local.stack import Stack

PARTS = ("gateway", "idle", "submissions", "lives", "lag")
# One machine plays every client.
_GENEROUS = {f"YICHUANG_RATE_LIMIT_{who}": "100000000" for who in ("PERSON", "SYSTEM", "ADDRESS")}
_CONCLUDED = "SELECT count(*) FROM supervised_case WHERE concluded_at IS NOT NULL"
_FILES = "SELECT count(*) FROM file_job"
Figures = dict[str, Any]
Report = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    seconds: float
    clients: int
    lives_seconds: float
    lives_at_once: int
    lag_seconds: float
    files_seconds: float


FULL = Size(seconds=8, clients=8, lives_seconds=20, lives_at_once=16, lag_seconds=12, files_seconds=15)
QUICK = Size(seconds=1, clients=4, lives_seconds=1, lives_at_once=4, lag_seconds=1, files_seconds=2)


def measure(data: Path, parts: Sequence[str], size: Size, report: Report) -> Figures:
    """Run the parts asked for; what was not run is missing from the figures."""
    data.mkdir(parents=True)
    figures: Figures = {}
    if "gateway" in parts:
        report("网关转发，对比 nginx / gateway against nginx")
        (data / "floor").mkdir()
        figures["gateway"] = gateway(data / "floor", size)
    if set(parts) <= {"gateway"}:
        return figures
    with Stack(data / "stack", preferred_port=None, env=_GENEROUS, report=report) as stack:
        if "idle" in parts:
            figures["idle"] = idle(stack, size)
        plan, path = asyncio.run(make(stack.gateway_url, stack.accounts)), data / "plan.json"
        plan.write(path)
        for name, part in (("submissions", submissions), ("lives", lives)):
            if name in parts:
                report(f"{name} …")
                figures[name] = part(stack, data, size)
        if "lag" in parts:
            report("lag …")
            figures["lag"] = lag(stack, data, size, figures.get("lives", {}).get("per_second", 10.0))
        figures["items"] = len(plan.works)
    return figures


def gateway(folder: Path, size: Size) -> Figures:
    found = gateway_floor.run(folder, connections=32, seconds=min(size.seconds, 4))

    def ratio(kind: str) -> float | None:
        floor, passed = found[f"{kind}nginx"], found[f"{kind}gateway"]
        return passed / floor if floor and passed else None

    return {**found, "ratio": ratio(""), "service_ratio": ratio("service_"), "goal": 0.5, "unit": "requests/s"}


def idle(stack: Stack, size: Size) -> Figures:
    time.sleep(min(size.seconds, 5))
    memory = stack.memory()
    return {
        "bytes": sum(memory.values()),
        "by_process": memory,
        "goal_bytes": int(1.2 * 2**30),
        "seconds_to_ready": stack.seconds_to_ready,
        "goal_seconds": 20.0,
    }


def submissions(stack: Stack, data: Path, size: Size) -> Figures:
    """Between two runs of the floor: on a busy machine the mean of both says what was possible meanwhile."""
    run_load(data, "submissions", "--seconds", "1", "--clients", "1")

    def floor() -> float:
        return statement_floor.measure(stack, data, seconds=max(1, size.seconds / 2), clients=size.clients)

    first, before = floor(), gauge.cpu_seconds(stack)
    found = run_load(data, "submissions", "--seconds", str(size.seconds), "--clients", str(size.clients))
    spent = _difference(gauge.cpu_seconds(stack), before)
    mean = (first + floor()) / 2
    # The warming second is in the CPU time, not in the count.
    share = size.seconds / (size.seconds + 1)
    return {
        **found,
        "floor_per_second": mean,
        "ratio": found["per_second"] / mean,
        "goal": 0.10,
        "cpu_ms_each": {name: 1000 * seconds * share / found["count"] for name, seconds in spent.items()},
    }


def lives(stack: Stack, data: Path, size: Size) -> Figures:
    """Whole lives, with everything they told heard by supervision, between two runs of DBOS."""
    warm = run_load(data, "lives", "--seconds", str(size.lives_seconds / 8), "--clients", "8")
    already = _heard(stack, warm["count"])
    first = _dbos(stack, size)
    cpu, stored, began = gauge.cpu_seconds(stack), gauge.stored_bytes(stack), time.perf_counter()
    found = run_load(data, "lives", "--seconds", str(size.lives_seconds), "--clients", str(size.lives_at_once))
    heard = _heard(stack, already + found["count"]) - already
    # The start of the client's interpreter is not the platform's time.
    elapsed = time.perf_counter() - began - found["started_in"]
    spent, grown = _difference(gauge.cpu_seconds(stack), cpu), _difference(gauge.stored_bytes(stack), stored)
    second = _dbos(stack, size)
    floor = (first["per_second"] + second["per_second"]) / 2
    return {
        **found,
        "heard": heard,
        "per_second": heard / elapsed,
        "dbos_per_second": floor,
        "ratio": heard / elapsed / floor,
        "goal": 2.0,
        "dbos_cpu_ms": first["cpu_ms"],
        "cpu_ms_per_case": {name: 1000 * seconds / heard for name, seconds in spent.items()},
        "bytes_per_case": {name: value / heard for name, value in grown.items()},
        "files": files(stack, size),
    }


def files(stack: Stack, size: Size) -> Figures:
    """What one sealed file costs: they are made in the background, so a while of that is measured by itself."""
    waiting = _count(stack, _FILES)
    cpu, stored = gauge.cpu_seconds(stack), gauge.stored_bytes(stack)
    began = time.perf_counter()
    time.sleep(size.files_seconds)
    made = waiting - _count(stack, _FILES)
    spent, grown = _difference(gauge.cpu_seconds(stack), cpu), _difference(gauge.stored_bytes(stack), stored)
    return {
        "made": made,
        "per_second": made / (time.perf_counter() - began),
        "cpu_ms_each": 1000 * sum(spent.values()) / made if made else None,
        "bytes_each": grown["files"] / made if made else None,
        "per_case": 5,  # receipt, acceptance notice, decision, certificate, proof of service
    }


def lag(stack: Stack, data: Path, size: Size, full_rate: float) -> Figures:
    """From the commit of a fact to the commit of supervision, while cases come at half the rate of the full run."""
    rate = full_rate / 2
    before, already = gauge.Lag.read(stack), _heard(stack, 0)
    lived = run_load(data, "paced", "--seconds", str(size.lag_seconds), "--rate", str(rate))
    _heard(stack, already + lived["count"])
    found = gauge.Lag.read(stack).since(before)
    return {
        "cases_per_second": rate,
        "events": found.events,
        "p50_ms": found.quantile_ms(0.50),
        "p99_ms": found.quantile_ms(0.99),
        "goal_ms": 250.0,
    }


def run_load(data: Path, what: str, *options: str) -> Figures:
    """A load client in its own process. Raises RuntimeError with what it said."""
    began = time.time()
    command = [sys.executable, "-m", "benchmarks.load", what, str(data / "plan.json"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-1500:])
    result: Figures = json.loads(done.stdout)
    return result | {"started_in": result.pop("started_at") - began}


def _dbos(stack: Stack, size: Size) -> Figures:
    assert stack.postgres is not None
    if not stack.postgres.execute("SELECT 1 FROM pg_database WHERE datname = 'dbos_floor'"):
        stack.postgres.execute("CREATE DATABASE dbos_floor")
    environment = os.environ | {"FLOOR_DATABASE_URL": stack.postgres.url(database="dbos_floor")}
    command = [sys.executable, "-m", "benchmarks.dbos_floor", "--seconds", str(max(1, size.seconds / 2))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-1500:])
    found: Figures = json.loads(done.stdout)
    return found


def _heard(stack: Stack, wanted: int) -> int:
    """How many concluded cases supervision knows, once there are so many (or half a minute is over)."""
    return asyncio.run(gauge.wait_until(stack, "supervision", _CONCLUDED, wanted, 30))


def _count(stack: Stack, question: str) -> int:
    return asyncio.run(gauge.wait_until(stack, "certificate", question, 0, 1))


def _difference(after: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    return {name: value - before.get(name, 0) for name, value in after.items()}
