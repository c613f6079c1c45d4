"""Requests no client library would send: read one way only, or not at all."""

import asyncio

import pytest

from gateway import server
from tests.support import tokens
from tests.support.gateway import Stack

TOKEN = f"Authorization: {tokens.headers(['HANDLER'])['Authorization']}\r\n"
HIDDEN = "POST /api/v1/cases/1/decision HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


async def send(stack: Stack, request: str, *, seconds: float = 10) -> bytes:
    """Everything that comes back until the gateway closes, or nothing more comes."""
    host, _, port = stack.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request.encode("latin-1"))
    try:
        return await asyncio.wait_for(reader.read(), seconds)
    finally:
        writer.close()


@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 0\r\n",
        "Content-Length: 5, 0\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length : 5\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "X: 1\nTransfer-Encoding: chunked\r\n",
        "X: 1\r\n Transfer-Encoding: chunked\r\n",
    ],
)
async def test_a_body_whose_length_can_be_read_two_ways_hides_no_second_request(stack: Stack, framing: str) -> None:
    head = f"POST /api/v1/applications HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{TOKEN}{framing}\r\n"

    answer = await send(stack, f"{head}0\r\n\r\n{HIDDEN}")

    assert answer.startswith(b"HTTP/1.1 400"), answer[:200]
    assert answer.count(b"HTTP/1.1 ") == 1
    assert all(service.begun == 0 for service in stack.services.values())


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/items/%2e%2e",
        "/api/v1/items/%2E",
        "/api/v1/supervision/%2e%2e/tasks",
        "/api/v1/supervision/../tasks",
        "/api/v1/items/a%2Fb",
        "/api/v1/items/a%5cb",
        "/api/v1/items/a\\b",
        "/api/v1/items/a%00b",
        "/api/v1/items/a%0d%0ab",
    ],
)
async def test_a_path_that_reads_two_ways_is_refused_to_those_who_are_logged_in_too(stack: Stack, path: str) -> None:
    answer = await send(stack, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{TOKEN}\r\n")

    assert answer.startswith(b"HTTP/1.1 400"), answer[:200]
    assert all(service.begun == 0 for service in stack.services.values())


async def test_a_request_head_that_does_not_become_complete_is_not_waited_for(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_HEAD_SECONDS", 0.3)

    answer = await send(stack, "GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ", seconds=20)

    assert answer == b""


async def test_a_complete_head_is_not_cut_off_while_its_body_comes(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_HEAD_SECONDS", 0.3)
    host, _, port = stack.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /api/v1/applications HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{TOKEN}Content-Length: 2\r\n\r\n"
    writer.write(head.encode())
    await asyncio.sleep(0.6)
    writer.write(b"{}")

    answer = await asyncio.wait_for(reader.read(), 20)

    writer.close()
    assert answer.startswith(b"HTTP/1.1 200")
    assert stack.intake.seen[0].body == b"{}"
