"""The preview of a year: one answer out of two services, and never one that is short without saying so."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.calendar_preview import MISSING
from tests.support.gateway import Stack, running
from tests.support.tokens import headers

YEAR = "/api/v1/calendars/2027"
STEPS = f"{YEAR}/step-days"
BODY = {"sources": ["通知"], "days": []}
ADMIN = headers(["CATALOGUE_ADMIN"]) | {"Idempotency-Key": "a-key"}
SEEN = {"year": 2027, "preview": True, "applications_moving": 0}
DAYS = {"year": 2027, "cases_moving": 1}


def fill(stack: Stack) -> None:
    stack.intake.answers(YEAR, SEEN)
    stack.approval.answers(STEPS, DAYS)


async def test_a_preview_holds_the_dates_of_both_services(stack: Stack, client: httpx.AsyncClient) -> None:
    fill(stack)

    answer = await client.post(f"{YEAR}?preview=true", headers=ADMIN, json=BODY)

    assert answer.status_code == 200
    assert answer.json() == SEEN | {"steps": DAYS, "missing": [], "notice": None}
    assert answer.headers["cache-control"] == "no-store"


async def test_both_are_asked_with_the_same_body_and_the_callers_own_token(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    await client.post(f"{YEAR}?preview=true", headers=ADMIN, json=BODY)

    (intake,), (approval,) = stack.intake.seen, stack.approval.seen
    assert (intake.path, intake.query, approval.path) == (YEAR, "preview=true", STEPS)
    assert intake.body == approval.body != b""
    assert {one.headers["authorization"] for one in (intake, approval)} == {ADMIN["Authorization"]}
    assert intake.headers["idempotency-key"] == "a-key"


@pytest.mark.parametrize(("english", "notice"), [("zh", MISSING[0]), ("en", MISSING[1])])
async def test_without_approval_the_preview_says_that_it_is_short(tmp_path: Path, english: str, notice: str) -> None:
    async with running(tmp_path, away=("approval",)) as stack:
        stack.intake.answers(YEAR, SEEN)
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
            asked = ADMIN | {"Accept-Language": english}
            answer = await client.post(f"{YEAR}?preview=true", headers=asked, json=BODY)

    assert answer.status_code == 200
    assert answer.json() == SEEN | {"steps": None, "missing": ["approval"], "notice": notice}


@pytest.mark.parametrize("status", [403, 422, 500])
async def test_a_part_approval_does_not_give_is_missing_whatever_its_reason(
    stack: Stack, client: httpx.AsyncClient, status: int
) -> None:
    fill(stack)
    stack.approval.answers(STEPS, {"code": "approval.faulty-year"}, status)

    answer = await client.post(f"{YEAR}?preview=true", headers=ADMIN, json=BODY)

    assert (answer.json()["steps"], answer.json()["missing"]) == (None, ["approval"])


@pytest.mark.parametrize(("query", "status"), [("?preview=true", 422), ("?preview=false", 201), ("", 201)])
async def test_what_intake_does_not_answer_as_a_preview_is_handed_on_as_it_is(
    stack: Stack, client: httpx.AsyncClient, query: str, status: int
) -> None:
    told: dict[str, Any] = {"of": "intake"}
    stack.intake.answers(YEAR, told, status)

    answer = await client.post(f"{YEAR}{query}", headers=ADMIN, json=BODY)

    assert (answer.status_code, answer.json()) == (status, told)
    assert stack.approval.begun == 0


@pytest.mark.parametrize("query", ["?preview=false", "?preview=0", "?preview=true&preview=off", "?no-preview=true"])
async def test_a_year_that_is_loaded_keeps_the_answer_and_the_headers_of_intake(
    stack: Stack, client: httpx.AsyncClient, query: str
) -> None:
    busy = {"code": "intake.busy"}
    stack.intake.answers(YEAR, busy, 429, {"Retry-After": "7", "Idempotency-Replayed": "true"})

    answer = await client.post(f"{YEAR}{query}", headers=ADMIN, json=BODY)

    assert (answer.status_code, answer.json()) == (429, busy)
    assert (answer.headers["retry-after"], answer.headers["idempotency-replayed"]) == ("7", "true")


@pytest.mark.parametrize("word", ["true", "True", "1", "yes", "on"])
async def test_each_word_intake_takes_for_true_asks_for_a_preview(
    stack: Stack, client: httpx.AsyncClient, word: str
) -> None:
    fill(stack)

    answer = await client.post(f"{YEAR}?preview={word}", headers=ADMIN, json=BODY)

    assert answer.json()["steps"] == DAYS


async def test_both_services_together_have_the_time_of_the_route(tmp_path: Path) -> None:
    async def wait_for_the_end(scope: dict[str, Any], receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    async with running(tmp_path, deadline=2.0) as stack:
        stack.intake.answers(YEAR, SEEN)
        stack.approval.acts[STEPS] = wait_for_the_end
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False, timeout=20) as client:
            answer = await client.post(f"{YEAR}?preview=true", headers=ADMIN, json=BODY)

    assert (answer.json()["steps"], answer.json()["missing"]) == (None, ["approval"])


async def test_without_intake_there_is_no_preview(tmp_path: Path) -> None:
    async with running(tmp_path, away=("intake",)) as stack:
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
            answer = await client.post(f"{YEAR}?preview=true", headers=ADMIN, json=BODY)

    assert (answer.status_code, answer.json()["service"]) == (503, "intake")


async def test_a_preview_needs_a_login_and_has_the_limit_of_its_route(stack: Stack, client: httpx.AsyncClient) -> None:
    nobody = await client.post(f"{YEAR}?preview=true", json=BODY)
    large = await client.post(f"{YEAR}?preview=true", headers=ADMIN, content=b"x" * (2**20 + 1))

    assert (nobody.status_code, large.status_code) == (401, 413)
    assert (stack.intake.begun, stack.approval.begun) == (0, 0)
