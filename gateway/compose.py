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


class _Away(Exception):
    """The part cannot be read now."""


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
        handed = {name: headers[name] for name in _HANDED_ON if name in headers} | {"accept": "application/json"}
        answers = await asyncio.gather(*(self._part(part, case_no, handed) for part in PARTS), return_exceptions=True)
        main, *others = answers
        if isinstance(main, _Away):
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
        try:
            async with self._http.get(address, headers=headers, timeout=_TIMEOUT, allow_redirects=False) as answer:
                body = await answer.content.read(_PART_LIMIT)
                if not answer.content.at_eof():
                    body += await _rest(answer, _PART_LIMIT - len(body))
                if answer.status >= 500 or answer.status == 429:
                    raise _Away
                return answer.status, body, answer.headers.get("content-type", "application/json")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("part %s of a journey is away: %s", part.service, type(error).__name__)
            raise _Away from None


async def _rest(answer: aiohttp.ClientResponse, room: int) -> bytes:
    chunks = []
    async for chunk in answer.content.iter_any():
        room -= len(chunk)
        if room < 0:
            raise _Away
        chunks.append(chunk)
    return b"".join(chunks)


def _shown(answer: tuple[int, bytes, str] | BaseException) -> tuple[Any, bool]:
    """The part to show, and whether its service is missing."""
    if isinstance(answer, _Away):
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
