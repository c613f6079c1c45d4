"""What loading a year would move (载入前预览): intake's dates and approval's days of steps in one answer."""

import asyncio
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import orjson
from yarl import URL

from gateway.asgi import Answer, Request
from gateway.compose import Away, fetch, handed_on
from gateway.limits import Body, BodyTooLarge, BodyTooSlow, ClientGone, check_declared_length
from gateway.problems import bad_answer, service_away, slow_client, too_large
from gateway.routes import Route

TEMPLATE = "/api/v1/calendars/{year}"
STEPS = "/api/v1/calendars/{year}/step-days"
MISSING = (
    "审批各步骤（听证、特别程序、征求意见、陈述申辩、初审）和证照后续处理期限的变动暂时未能取得，本预览不完整，请稍后重试",
    "What moves in the days of steps could not be had: this preview is incomplete, try again later",
)
_WITH_BODY = ("content-type", "idempotency-key")
_TRUE = frozenset({"1", "on", "t", "true", "y", "yes"})  # as intake reads a switch
_LEAST = 0.001  # for the HTTP client 0 is no limit at all


def is_asked_for(request: Request, route: Route, path: list[str]) -> bool:
    """Whether the request may be for a preview; whether it is one, only intake's answer says.

    What loads is no preview, however it says so: it is passed on like everything else.
    """
    if route.template != TEMPLATE or re.fullmatch("[0-9]+", path[-1]) is None:
        return False
    return dict(parse_qsl(request.query)).get("preview", "").lower() in _TRUE


class CalendarPreviews:
    def __init__(self, http: aiohttp.ClientSession, upstreams: dict[str, str]) -> None:
        self._http = http
        self._upstreams = upstreams

    async def answer(self, request: Request, route: Route, path: list[str], headers: dict[str, str]) -> Answer:
        """Intake checks and answers; only what it answers as a preview is completed by approval, in the time left.

        `steps` is null and approval in `missing`, with a notice to read, when its part cannot be had, whatever the
        reason: a preview that is short never looks complete.

        Raises:
            Refused: intake is away, or the body is too large or too slow.
        """
        body = await _body(request, route)
        left = _until(asyncio.get_running_loop().time() + route.deadline)
        handed = handed_on(headers) | {name: headers[name] for name in _WITH_BODY if name in headers}
        try:
            target = f"{TEMPLATE.format(year=path[-1])}?{request.query}"
            status, content, content_type = await self._ask("intake", target, body, handed, left())
        except Away:
            raise service_away("intake") from None
        head = [(b"cache-control", b"no-store")]
        if status != 200:
            return Answer(status, content, content_type, head)
        steps = await self._steps(path[-1], body, handed, left())
        missing = [] if steps is not None else ["approval"]
        told = {"steps": steps, "missing": missing, "notice": MISSING[request.english] if missing else None}
        return Answer.json(_parsed(content) | told, headers=head)

    async def _steps(self, year: str, body: bytes, headers: dict[str, str], seconds: float) -> dict[str, Any] | None:
        try:
            status, content, _ = await self._ask("approval", STEPS.format(year=year), body, headers, seconds)
            found = orjson.loads(content) if status == 200 else None
        except (Away, ValueError):
            return None
        return found if isinstance(found, dict) else None

    async def _ask(
        self, service: str, target: str, body: bytes, headers: dict[str, str], seconds: float
    ) -> tuple[int, bytes, str]:
        address = URL(self._upstreams[service] + target, encoded=True)
        timeout = aiohttp.ClientTimeout(total=seconds, connect=2, sock_connect=1)
        return await fetch(self._http, "POST", address, headers, timeout, body=body)


def _until(deadline: float) -> Callable[[], float]:
    """Seconds that are left, on the clock of the loop."""
    loop = asyncio.get_running_loop()
    return lambda: max(deadline - loop.time(), _LEAST)


async def _body(request: Request, route: Route) -> bytes:
    check_declared_length(request.headers.get("content-length", ""), route.body_limit)
    try:
        return await Body(request.receive, route.body_limit).read()
    except BodyTooLarge:
        raise too_large(route.body_limit) from None
    except (BodyTooSlow, ClientGone):  # who has gone reads no answer
        raise slow_client() from None


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise bad_answer("intake")
    return found
