"""One request is one trace: gateway, service, relay, bus and the consumers of other services, and its log lines."""

import json
import secrets
from typing import Any

import pytest

from demo.api import Caller, eventually, expect
from demo.hall import Hall
from demo.life import Life
from deploy.local.stack import Stack
from tests.support.otlp import Collector

PATIENCE_SECONDS = 90.0
SUBMITTED = {"yichuang-gateway", "yichuang-intake", "yichuang-supervision"}
ACCEPTED = SUBMITTED | {"yichuang-approval", "yichuang-certificate"}


@pytest.mark.parametrize("asked_for", [True, False], ids=["the caller's own trace", "a trace the gateway begins"])
async def test_an_act_is_one_trace_from_the_gateway_to_supervision(
    stack: Stack, collector: Collector, asked_for: bool
) -> None:
    hall = Hall.of(stack.gateway_url, stack.accounts)
    try:
        item = next(item for item in await hall.items() if item["item_id"] == "P06")
        life = Life(hall, item, hall.citizen(3), "TOWNSHIP")
        callers = [await hall.system("township"), await hall.person("township.431202101")]

        traces = {}
        for name, act, caller in (
            ("submit", life.submit, callers[0]),
            ("receive", life.receive, callers[1]),
            ("accept", life.accept, callers[1]),
        ):
            with_trace(caller, asked := secrets.token_hex(16) if asked_for else "")
            before = len(collector.spans)
            await act()
            traces[name] = asked or await begun_by_the_gateway(collector, before, name)
            await services_in(collector, traces[name], ACCEPTED if name == "accept" else SUBMITTED)
    finally:
        await hall.close()

    assert len(set(traces.values())) == 3
    for name, trace_id in traces.items():
        spans = {span.span_id: span for span in collector.of_trace(trace_id)}
        roots = [span for span in spans.values() if span.parent_id not in spans]
        assert {span.service for span in roots} == {"yichuang-gateway"}, name
        assert any(span.name.endswith(" process") for span in spans.values() if span.service == "yichuang-supervision")
        assert "gateway" in {line["service"] for line in log_lines(stack, trace_id)}, name


def with_trace(caller: Caller, trace_id: str) -> None:
    caller.http.headers.pop("traceparent", None)
    if trace_id:
        caller.http.headers["traceparent"] = f"00-{trace_id}-{secrets.token_hex(8)}-01"


ROUTES = {
    "submit": "POST /api/v1/applications",
    "receive": "POST /api/v1/applications/{application_id}/receipt",
    "accept": "POST /api/v1/applications/{application_id}/acceptance",
}


async def begun_by_the_gateway(collector: Collector, before: int, act: str) -> str:
    """The trace of the request just made; nobody else makes requests now."""

    async def begun() -> str | None:
        new = [span for span in collector.spans[before:] if span.service == "yichuang-gateway"]
        return next((span.trace_id for span in new if span.name == ROUTES[act]), None)

    return await eventually(begun, f"{act}: a span of the gateway", PATIENCE_SECONDS)


async def services_in(collector: Collector, trace_id: str, wanted: set[str]) -> None:
    async def all_there() -> bool | None:
        return True if {span.service for span in collector.of_trace(trace_id)} >= wanted else None

    await eventually(all_there, f"spans of {sorted(wanted)} in one trace", PATIENCE_SECONDS)


def log_lines(stack: Stack, trace_id: str) -> list[dict[str, Any]]:
    """JSON lines of all logs that carry the trace id."""
    lines = [line for path in stack.folder.logs.glob("*.log") for line in path.read_text("utf-8").splitlines()]
    return [json.loads(line) for line in lines if trace_id in line]


async def test_a_problem_names_the_trace_and_the_log_line_carries_it(stack: Stack) -> None:
    trace_id = secrets.token_hex(16)
    hall = Hall.of(stack.gateway_url, stack.accounts)
    try:
        township = await hall.system("township")
        with_trace(township, trace_id)
        answer = await township.post("/api/v1/applications", {"item_code": "P06"})
    finally:
        await hall.close()

    assert expect(answer, 422, "an application without an applicant")["instance"] == f"urn:trace:{trace_id}"
    assert {line["trace_id"] for line in log_lines(stack, trace_id)} == {trace_id}
