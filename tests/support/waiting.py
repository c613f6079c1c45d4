"""Looks that are repeated until something is found."""

from typing import Any

import asyncpg
import httpx

from demo.api import Caller, eventually
from demo.hall import Hall
from deploy.local.stack import Stack

GENEROUS_SECONDS = 90.0


async def count(stack: Stack, service: str, query: str, *values: Any) -> int:
    """What a counting query of a service's database answers."""
    connection = await asyncpg.connect(stack.database_url(service))
    try:
        return int(await connection.fetchval(query, *values))
    finally:
        await connection.close()


async def unsent(stack: Stack, service: str) -> int:
    return await count(stack, service, "SELECT count(*) FROM outbox WHERE published_at IS NULL")


async def until_supervised(stack: Stack, application_id: str, seconds: float = GENEROUS_SECONDS) -> None:
    """Until the submission has travelled intake, outbox, bus and inbox."""

    async def heard() -> bool | None:
        query = "SELECT count(*) FROM supervised_case WHERE case_id::text = $1 AND submitted_at IS NOT NULL"
        return True if await count(stack, "supervision", query, application_id) else None

    await eventually(heard, "supervision hears of it", seconds)


async def until_status(caller: Caller, path: str, status: int, seconds: float = GENEROUS_SECONDS) -> httpx.Response:
    """The first answer with this status."""

    async def answered() -> httpx.Response | None:
        answer = await caller.get(path)
        return answer if answer.status_code == status else None

    return await eventually(answered, f"{path} answers {status}", seconds)


async def submit(hall: Hall, item: dict[str, Any], key: str = "") -> httpx.Response:
    """One application of the township centre."""
    body = {"item_code": item["item_code"], "applicant": hall.citizen(1).applicant, "reuse": "auto"}
    return await (await hall.system("township")).post("/api/v1/applications", body, key=key)
