"""What operators see: probes, metrics, logs, traces; and what nobody must see in them."""

import re
from pathlib import Path

import httpx
import pytest

from tests.support.gateway import Stack, running
from tests.support.tokens import headers

MARKER = "110101189001011234"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_probes_answer_and_do_not_depend_on_services(tmp_path: Path) -> None:
    everything = ("identity", "intake", "approval", "certificate", "supervision")
    async with running(tmp_path, away=everything) as stack:
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
            answers = [await client.get(path) for path in ("/livez", "/readyz", "/metrics", "/", "/docs")]

    assert [a.status_code for a in answers] == [200] * 5


async def test_metrics_are_not_for_callers_from_outside(stack: Stack, client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"})

    assert answer.status_code == 404


async def test_metrics_count_by_template_and_never_by_path(stack: Stack, client: httpx.AsyncClient) -> None:
    await client.get(f"/api/v1/items/{MARKER}")
    await client.get(f"/unknown/{MARKER}")
    await client.request("BREW", f"/api/v1/items/{MARKER}")

    metrics = (await client.get("/metrics")).text

    assert 'route="/api/v1/items/{item_code}"' in metrics
    assert 'route="unmatched"' in metrics
    assert MARKER not in metrics
    assert "BREW" not in metrics


async def test_a_personal_number_sent_in_every_place_is_in_no_log_line_and_no_problem(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    forged = headers(["CITIZEN"]) | {"X-Request-Id": MARKER, "User-Agent": MARKER, "X-CSRF": MARKER, "Cookie": MARKER}
    async with running(tmp_path, away=("certificate",), log_level="DEBUG") as stack:
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
            answers = [
                await client.get(f"/api/v1/items/{MARKER}?q={MARKER}", headers=forged),
                await client.get(f"/api/v1/tasks?q={MARKER}", headers={"Authorization": f"Bearer {MARKER}"}),
                await client.get(f"/{MARKER}", headers=forged),
                await client.get(f"/api/v1/cases/{MARKER}%00", headers=forged),
                await client.get(f"/api/v1/certificates/{MARKER}", headers=forged),
                await client.get(f"/session/callback?state={MARKER}&code={MARKER}"),
                await client.post("/api/v1/applications", content=MARKER, headers=forged),
            ]

    logged = capfd.readouterr().err
    assert '"route":"/api/v1/items/{item_code}"' in logged
    assert '"trace_id"' in logged
    assert MARKER not in logged
    assert all(MARKER not in a.text and MARKER not in str(a.headers) for a in answers)


async def test_the_callers_trace_goes_on_and_a_missing_one_is_made(stack: Stack, client: httpx.AsyncClient) -> None:
    await client.get("/api/v1/items", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    await client.get("/api/v1/items")
    await client.get("/api/v1/items", headers={"traceparent": MARKER})

    given, made, repaired = (seen.headers["traceparent"] for seen in stack.intake.seen)
    assert given.startswith(f"00-{TRACE}-")
    assert "00f067aa0ba902b7" not in given
    shape = r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]"
    assert re.fullmatch(shape, made)
    assert re.fullmatch(shape, repaired)


async def test_a_request_id_is_kept_when_it_is_one_and_comes_back(stack: Stack, client: httpx.AsyncClient) -> None:
    given = "0197f3a0-5c1e-7c3a-9d55-3f1b2a4c6d7e"

    answer = await client.get("/api/v1/items", headers={"X-Request-Id": given})

    assert answer.headers["x-request-id"] == given
    assert stack.intake.seen[0].headers["x-request-id"] == given
