"""The journey of a case (办件全程): read from four services at once; a part that is away is named, not an error."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
from yarl import URL

from gateway.asgi import Answer
from gateway.problems import bad_answer, service_away

log = logging.getLogger(__name__)

_PART_LIMIT = 4 * 2**20
_TIMEOUT = aiohttp.ClientTimeout(total=5, connect=2, sock_connect=1)
_HANDED_ON = ("authorization", "accept-language", "traceparent", "tracestate", "x-request-id", "x-forwarded-for")


@dataclass(frozen=True)
class Part:
    """One service's view of a case; `name` is its member in the journey."""

    name: str
    service: str
    template: str


MAIN = Part("application", "intake", "/api/v1/cases/{case_no}/application")
PARTS = (
    MAIN,
    Part("examination", "approval", "/api/v1/cases/{case_no}/examination"),
    Part("papers", "certificate", "/api/v1/cases/{case_no}/papers"),
    Part("supervision", "supervision", "/api/v1/supervision/cases/{case_no}"),
)


class Away(Exception):
    """The part cannot be had now."""


async def fetch(
    http: aiohttp.ClientSession,
    method: str,
    address: URL,
    headers: dict[str, str],
    timeout: aiohttp.ClientTimeout,
    *,
    body: bytes | None = None,
) -> tuple[int, bytes, str]:
    """Status, content and its type of a service's whole answer. Raises Away: there is none, or a fault of its own."""
    try:
        async with http.request(
            method, address, data=body, headers=headers, timeout=timeout, allow_redirects=False
        ) as answer:
            content = await answer.content.read(_PART_LIMIT)
            if not answer.content.at_eof():
                content += await _rest(answer, _PART_LIMIT - len(content))
            if answer.status >= 500 or answer.status == 429:
                raise Away
            return answer.status, content, answer.headers.get("content-type", "application/json")
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        log.warning("a part of an answer is away: %s", type(error).__name__)
        raise Away from None


def handed_on(headers: dict[str, str]) -> dict[str, str]:
    """Of the caller's headers those each part is asked with; his own token, so each service applies its own scope."""
    return {name: headers[name] for name in _HANDED_ON if name in headers} | {"accept": "application/json"}


class Journeys:
    def __init__(self, http: aiohttp.ClientSession, upstreams: dict[str, str]) -> None:
        self._http = http
        self._upstreams = upstreams

    async def journey(self, case_no: str, headers: dict[str, str]) -> Answer:
        """All four parts with the caller's own token, so each service applies its own scope.

        `application` decides whether the caller sees the case at all. Another part is null when its service has
        nothing for this caller (not begun, or not his to see), and its service is in `missing` when it is away.

        Raises:
            Refused: intake is away.
        """
        handed = handed_on(headers)
        answers = await asyncio.gather(*(self._part(part, case_no, handed) for part in PARTS), return_exceptions=True)
        main, *others = answers
        if isinstance(main, Away):
            raise service_away(MAIN.service)
        if isinstance(main, BaseException):
            raise main
        status, body, content_type = main
        if status != 200:
            return Answer(status, body, content_type, [(b"cache-control", b"no-store")])
        journey: dict[str, Any] = {"case_no": case_no, MAIN.name: _parsed(body)}
        missing = []
        for part, answer in zip(PARTS[1:], others, strict=True):
            journey[part.name], away = _shown(answer)
            if away:
                missing.append(part.service)
        journey["missing"] = missing
        return Answer.json(journey, headers=[(b"cache-control", b"no-store")])

    async def _part(self, part: Part, case_no: str, headers: dict[str, str]) -> tuple[int, bytes, str]:
        address = URL(self._upstreams[part.service] + part.template.format(case_no=case_no), encoded=True)
        return await fetch(self._http, "GET", address, headers, _TIMEOUT)


async def _rest(answer: aiohttp.ClientResponse, room: int) -> bytes:
    chunks = []
    async for chunk in answer.content.iter_any():
        room -= len(chunk)
        if room < 0:
            raise Away
        chunks.append(chunk)
    return b"".join(chunks)


def _shown(answer: tuple[int, bytes, str] | BaseException) -> tuple[Any, bool]:
    """The part to show, and whether its service is missing."""
    if isinstance(answer, Away):
        return None, True
    if isinstance(answer, BaseException):
        raise answer
    status, body, _ = answer
    if status != 200:
        return None, False
    try:
        return orjson.loads(body), False
    except ValueError:
        return None, True


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except ValueError:
        raise bad_answer(MAIN.service) from None
