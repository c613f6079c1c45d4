"""The journey of a case, composed from four services of which one may be away."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.gateway import Stack, reply, running
from tests.support.tokens import headers

NO = "1143120200610002994000131001000202601050001"
JOURNEY = f"/api/v1/cases/{NO}"
PARTS = {
    "intake": f"/api/v1/cases/{NO}/application",
    "approval": f"/api/v1/cases/{NO}/examination",
    "certificate": f"/api/v1/cases/{NO}/papers",
    "supervision": f"/api/v1/supervision/cases/{NO}",
}
CITIZEN = headers(["CITIZEN"], subject_key="a" * 64)


def fill(stack: Stack) -> None:
    for service, path in PARTS.items():
        stack.services[service].answers(path, {"of": service})


async def test_a_journey_holds_all_four_parts(stack: Stack, client: httpx.AsyncClient) -> None:
    fill(stack)

    answer = await client.get(JOURNEY, headers=CITIZEN)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "case_no": NO,
        "application": {"of": "intake"},
        "examination": {"of": "approval"},
        "papers": {"of": "certificate"},
        "supervision": {"of": "supervision"},
        "missing": [],
    }


async def test_every_part_is_asked_with_the_callers_own_token_and_at_the_same_time(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    waiting: set[str] = set()
    all_there = asyncio.Event()

    def act(service: str) -> Any:
        async def answer(scope: Any, receive: Any, send: Any) -> None:
            assert dict(scope["headers"])[b"authorization"].decode() == CITIZEN["Authorization"]
            waiting.add(service)
            if len(waiting) == len(PARTS):
                all_there.set()
            await asyncio.wait_for(all_there.wait(), 3)
            await reply(send, {})

        return answer

    for service, path in PARTS.items():
        stack.services[service].acts[path] = act(service)

    answer = await client.get(JOURNEY, headers=CITIZEN)

    assert answer.json()["missing"] == []


async def test_a_part_whose_service_is_away_or_broken_is_missing_and_the_rest_is_shown(tmp_path: Path) -> None:
    async with running(tmp_path, away=("supervision",)) as stack:
        fill(stack)
        stack.certificate.answers(PARTS["certificate"], {}, 500)
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
            answer = await client.get(JOURNEY, headers=CITIZEN)

    assert answer.status_code == 200
    assert answer.json()["missing"] == ["certificate", "supervision"]
    assert answer.json()["supervision"] is None
    assert answer.json()["examination"] == {"of": "approval"}


@pytest.mark.parametrize("status", [403, 404])
async def test_a_part_that_is_not_there_for_this_caller_is_null_and_not_missing(
    stack: Stack, client: httpx.AsyncClient, status: int
) -> None:
    fill(stack)
    stack.approval.answers(PARTS["approval"], {"code": "approval.not-found"}, status)

    answer = await client.get(JOURNEY, headers=CITIZEN)

    assert answer.status_code == 200
    assert (answer.json()["examination"], answer.json()["missing"]) == (None, [])


async def test_who_may_not_see_the_application_sees_nothing_of_the_case(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    fill(stack)
    stack.intake.answers(PARTS["intake"], {"code": "intake.not-found", "status": 404}, 404)

    answer = await client.get(JOURNEY, headers=CITIZEN)

    assert answer.status_code == 404
    assert answer.json() == {"code": "intake.not-found", "status": 404}


async def test_without_intake_there_is_no_journey(tmp_path: Path) -> None:
    async with running(tmp_path, away=("intake",)) as stack:
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
            answer = await client.get(JOURNEY, headers=CITIZEN)

    assert (answer.status_code, answer.json()["service"]) == (503, "intake")
    assert "retry-after" in answer.headers


async def test_a_journey_needs_a_login(stack: Stack, client: httpx.AsyncClient) -> None:
    answer = await client.get(JOURNEY)

    assert answer.status_code == 401
    assert all(service.begun == 0 for service in stack.services.values())


async def test_a_case_number_that_is_none_asks_nobody(stack: Stack, client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/cases/a%3Fb%23c", headers=CITIZEN)

    assert answer.status_code == 404
    assert all(service.begun == 0 for service in stack.services.values())
