"""The load clients, in a process of their own: `python -m benchmarks.load submissions|lives|paced PLAN` prints JSON."""

import argparse
import asyncio
import itertools
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import uvloop

from benchmarks.plan import Plan, Work
from benchmarks.wire import Connection, Failed, expect

ACTS = 6  # submit, receive, accept, opinion, decision, hand over
_NOT_YET = frozenset({404, 409, 412})
_RETRY_SECONDS = 0.1
_PATIENCE_SECONDS = 60.0
_OPINION = b'{"recommendation":"GRANT","text":"\xe6\x9d\x90\xe6\x96\x99\xe9\xbd\x90\xe5\x85\xa8"}'


def _keys() -> Iterator[str]:
    prefix = os.urandom(8).hex()
    return (f"{prefix}-{number}" for number in itertools.count())


async def submissions(plan: Plan, seconds: float, clients: int) -> dict[str, float]:
    """As many applications as the gateway takes: the township centre hands them in, one after another per client."""
    bodies = [orjson.dumps(work.body | {"reuse": "none"}) for work in plan.works]
    keys = _keys()
    connections = [await Connection.open(plan.gateway, plan.headers["township"]) for _ in range(clients)]
    times: list[float] = []

    async def client(number: int, until: float) -> None:
        for turn in itertools.count(number):
            began = time.perf_counter()
            if began > until:
                return
            answer = await connections[number].post("/api/v1/applications", bodies[turn % len(bodies)], next(keys))
            if answer[0] != 201:
                expect(answer, "submit")
            times.append(time.perf_counter() - began)

    await asyncio.gather(*(client(number, time.perf_counter() + 1) for number in range(clients)))  # warm
    times.clear()
    began = time.perf_counter()
    await asyncio.gather(*(client(number, began + seconds) for number in range(clients)))
    elapsed = time.perf_counter() - began
    return {"count": len(times), "per_second": len(times) / elapsed, **quantiles(times)}


def quantiles(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {f"p{p}_ms": 1000 * ordered[min(len(ordered) - 1, len(ordered) * p // 100)] for p in (50, 99)}


@dataclass
class Hands:
    """Idle connections by caller: whoever acts takes one and puts it back."""

    plan: Plan
    idle: dict[str, list[Connection]] = field(default_factory=dict)
    keys: Iterator[str] = field(default_factory=_keys)

    async def post(self, who: str, path: str, body: bytes, version: int | None = None) -> tuple[int, bytes]:
        waiting = self.idle.setdefault(who, [])
        connection = waiting.pop() if waiting else await Connection.open(self.plan.gateway, self.plan.headers[who])
        answer = await connection.post(path, body, next(self.keys), version)
        waiting.append(connection)
        return answer

    async def eventually(self, who: str, path: str, body: bytes, version: int, wait: float) -> tuple[int, bytes]:
        """An act that must wait for a fact from another service."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            await asyncio.sleep(wait)
            answer = await self.post(who, path, body, version)
            if answer[0] not in _NOT_YET or time.monotonic() > deadline:
                return answer
            wait = _RETRY_SECONDS


async def life(hands: Hands, work: Work, wait: float) -> None:
    """One case from submission to conclusion. Versions are known: nobody else acts on it."""
    sent = expect(await hands.post("clerk1", "/api/v1/applications", orjson.dumps(work.body)), "submit")
    path = f"/api/v1/applications/{sent['application_id']}"
    missing = [m["material_no"] for m in sent["materials"] if m["coverage"] == "MISSING"]
    originals = [{"material_no": number, "source": "PAPER_ORIGINAL", "copies": 1} for number in missing]
    receipt = await hands.post("clerk1", f"{path}/receipt", orjson.dumps({"materials": originals}), sent["version"])
    received = expect(receipt, "receive")
    answer = await hands.post("clerk1", f"{path}/acceptance", b"", received["version"])
    accepted = expect(answer, "accept")
    case = f"/api/v1/cases/{accepted['case_no']}"
    opinion = expect(await hands.eventually(work.handler, f"{case}/opinions", _OPINION, 1, wait), "opinion")
    answer = await hands.post(work.chief, f"{case}/decision", b'{"outcome":"GRANTED"}', opinion["version"])
    expect(answer, "decide")
    handing = orjson.dumps({"method": "ELECTRONIC", "recipient_name": work.recipient, "recipient_relation": "本人"})
    version = accepted["version"] + 1  # the decision, once intake has heard of it
    expect(await hands.eventually("handover1", f"{case}/hand-over", handing, version, wait), "hand over")


async def lives(plan: Plan, seconds: float, clients: int) -> dict[str, float]:
    """So many lives at once; each that has begun in time is lived to its end."""
    hands, times, numbers = Hands(plan), list[float](), itertools.count()
    began = time.perf_counter()

    async def client() -> None:
        while time.perf_counter() < began + seconds:
            times.append(await _timed(hands, next(numbers), 0.25))

    await asyncio.gather(*(client() for _ in range(clients)))
    return {"count": len(times), "seconds": time.perf_counter() - began, **quantiles(times)}


async def paced(plan: Plan, seconds: float, rate: float) -> dict[str, float]:
    """Lives that begin at their time, whatever has become of the others."""
    hands, began = Hands(plan), time.perf_counter()

    async def one(number: int) -> float:
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        return await _timed(hands, number, 0.1)

    times = await asyncio.gather(*(one(number) for number in range(max(4, int(rate * seconds)))))
    return {"count": len(times), "seconds": time.perf_counter() - began, **quantiles(times)}


async def _timed(hands: Hands, number: int, wait: float) -> float:
    began = time.perf_counter()
    await life(hands, hands.plan.works[number % len(hands.plan.works)], wait)
    return time.perf_counter() - began


async def _run(arguments: argparse.Namespace) -> dict[str, Any]:
    plan = Plan.read(arguments.plan)
    if arguments.what == "submissions":
        return dict(await submissions(plan, arguments.seconds, arguments.clients))
    if arguments.what == "paced":
        return dict(await paced(plan, arguments.seconds, arguments.rate))
    return dict(await lives(plan, arguments.seconds, arguments.clients))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("submissions", "lives", "paced"))
    parser.add_argument("plan", type=Path)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rate", type=float, default=1.0)
    arguments = parser.parse_args()
    started_at, began = time.time(), time.process_time()
    try:
        result = uvloop.run(_run(arguments))
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    print(json.dumps(result | {"started_at": started_at, "cpu_seconds": time.process_time() - began}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
