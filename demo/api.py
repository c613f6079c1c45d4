"""Callers of the public API: people who log in through the login page, systems with client credentials."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from html import unescape
from typing import Any, Self, TypeVar
from uuid import uuid4

import httpx

T = TypeVar("T")
_FORM_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
_WAIT_SECONDS = 60.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.05, 0.5
_TRIES = 6
_TLS = httpx.create_ssl_context()  # reading every root anew for each of forty callers costs a second


class StepFailed(Exception):
    """A step of the demonstration went wrong: which one, and what the platform answered."""


class Caller:
    """Sends requests as one caller; every POST carries its own idempotency key unless one is given.

    A `patient` one comes again when a 503 tells when.
    """

    def __init__(self, gateway: str, headers: dict[str, str] | None = None, *, patient: bool = False) -> None:
        self.tries = _TRIES if patient else 1
        self.http = httpx.AsyncClient(base_url=gateway, timeout=30, headers=headers, verify=_TLS)

    async def get(self, path: str, **query: str | int) -> httpx.Response:
        return await self._patiently("GET", path, params=query or None)

    async def post(
        self,
        path: str,
        body: Any = None,
        *,
        version: int | None = None,
        key: str = "",
        file: tuple[str, bytes] | None = None,
    ) -> httpx.Response:
        """`version` is what If-Match names; `file` (name, content) makes a multipart upload with `body` as fields."""
        headers = {"Idempotency-Key": key or str(uuid4())}
        if version is not None:
            headers["If-Match"] = f'"v{version}"'
        if file is not None:
            return await self._patiently("POST", path, data=body, files={"file": file}, headers=headers)
        return await self._patiently("POST", path, json=body, headers=headers)

    async def _patiently(self, method: str, path: str, **content: Any) -> httpx.Response:
        """A 503 says when to come again; the same key makes the repetition harmless. As every client should do."""
        for attempt in range(1, self.tries + 1):
            answer = await self.http.request(method, path, **content)
            if answer.status_code != 503 or attempt == self.tries:
                break
            await asyncio.sleep(float(answer.headers.get("retry-after", "1")))
        return answer

    async def close(self) -> None:
        await self.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def log_in(gateway: str, username: str, password: str, *, patient: bool = False) -> Caller:
    """Log in as a person does: the login page, its form, the redirects back, a session cookie."""
    caller = Caller(gateway, {"x-csrf": "1", "origin": gateway}, patient=patient)
    page = await caller.http.get("/session/login", follow_redirects=True)
    fields = {name: unescape(value) for name, value in _FORM_FIELD.findall(page.text)}
    form = fields | {"username": username, "password": password}
    done = await caller.http.post("/login", data=form, follow_redirects=True)
    if done.status_code >= 400 or not any("session" in name for name in caller.http.cookies):
        await caller.close()
        raise StepFailed(f"登录 {username} 失败：{done.status_code}")
    return caller


async def connect_system(gateway: str, client_id: str, secret: str, *, patient: bool = False) -> Caller:
    """A system's access token by client credentials."""
    async with httpx.AsyncClient(base_url=gateway, timeout=30, verify=_TLS) as http:
        answer = await http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, secret))
    if answer.status_code != 200:
        raise StepFailed(f"系统 {client_id} 取得令牌失败：{answer.status_code}")
    return Caller(gateway, {"Authorization": f"Bearer {answer.json()['access_token']}"}, patient=patient)


def expect(answer: httpx.Response, status: int, step: str) -> Any:
    """The JSON of an answer that must have this status. Raises StepFailed with the problem's own words."""
    if answer.status_code != status:
        raise StepFailed(f"{step}：应为 {status}，实为 {answer.status_code} {answer.text[:600]}")
    return answer.json()


async def eventually(look: Callable[[], Awaitable[T | None]], step: str, seconds: float = _WAIT_SECONDS) -> T:
    """What `look` finds, as soon as it finds something; facts travel over the bus and need a moment.

    What takes longer is asked for less and less often: asking takes the processor away from those who do it.
    """
    deadline, pause = time.monotonic() + seconds, _FIRST_PAUSE_SECONDS
    while time.monotonic() < deadline:
        if (found := await look()) is not None:
            return found
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
    raise StepFailed(f"{step}：{seconds:.0f} 秒内没有出现")
