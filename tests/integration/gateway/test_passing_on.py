"""What a service sees of a request and a caller of an answer, also when one of them fails half way."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.routes import BODY_LIMIT, UPLOAD_LIMIT
from tests.support.gateway import Stack, reply, running
from tests.support.tokens import headers

UPLOAD = "/api/v1/applications/0197f3a0-5c1e-7c3a-9d55-3f1b2a4c6d7e/materials"
CLERK = headers(["COUNTER_CLERK"])


async def in_pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
        await asyncio.sleep(0)


async def test_a_request_passes_with_its_path_query_and_body(stack: Stack, client: httpx.AsyncClient) -> None:
    path = "/api/v1/applications/search?limit=5&q=%E8%AF%81"

    answer = await client.post(path, json={"number": "x"}, headers=CLERK | {"Idempotency-Key": "k-1"})

    assert answer.status_code == 200
    assert answer.json() == {"service": "intake"}
    seen = stack.intake.seen[0]
    assert (seen.method, seen.path, seen.query) == ("POST", "/api/v1/applications/search", "limit=5&q=%E8%AF%81")
    assert seen.body == b'{"number":"x"}'
    assert seen.headers["idempotency-key"] == "k-1"
    assert seen.headers["authorization"] == CLERK["Authorization"]


async def test_a_forged_header_never_arrives(stack: Stack, client: httpx.AsyncClient) -> None:
    forged = {
        "X-User": "admin",
        "X-Roles": "SUPERVISOR",
        "X-Subject-Key": "0" * 64,
        "X-Real-IP": "10.0.0.1",
        "Forwarded": "for=10.0.0.1",
        "X-Forwarded-For": "10.0.0.1",
        "X-Forwarded-Host": "evil.example",
        "X-Request-Id": "110101189001011234",
        "X-Request-Start": "1",
        "Connection": "x-hop",
        "X-Hop": "1",
        "Cookie": "sid=1",
    }

    await client.get("/api/v1/tasks", headers=CLERK | forged)

    seen = stack.approval.seen[0].headers
    assert not {"x-user", "x-roles", "x-subject-key", "x-real-ip", "forwarded", "x-hop", "cookie"} & set(seen)
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-host"] in stack.url
    assert seen["x-request-id"] != "110101189001011234"
    assert float(seen["x-request-start"]) > 1_000_000_000


async def test_a_forwarded_address_is_believed_from_a_trusted_proxy_only(tmp_path: Path) -> None:
    async with running(tmp_path, trusted_proxies="127.0.0.0/8, 10.9.0.0/16") as stack:
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
            await client.get("/api/v1/items", headers={"X-Forwarded-For": "1.2.3.4, 203.0.113.7, 10.9.1.1"})

    assert stack.intake.seen[0].headers["x-forwarded-for"] == "203.0.113.7"


async def test_an_answer_keeps_its_status_and_headers_but_not_those_of_the_hop(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    given = {"ETag": '"v3"', "Set-Cookie": "a=b", "Connection": "keep-alive, X-Hop", "X-Hop": "1", "Server": "s"}
    stack.intake.answers("/api/v1/items", {"items": []}, 206, given)

    answer = await client.get("/api/v1/items")

    assert answer.status_code == 206
    assert answer.headers["etag"] == '"v3"'
    assert not {"set-cookie", "x-hop", "server"} & set(answer.headers)
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_identity_gets_its_own_cookies_and_credentials_and_may_set_cookies(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    stack.identity.answers("/login", {}, 200, {"Set-Cookie": "idp=1"})

    login = await client.get("/login")
    await client.post(
        "/oauth/token",
        content=b"grant_type=client_credentials",
        headers={"Authorization": "Basic eDp5", "Cookie": "idp=1; yc_session=secret; yc_session_1=more"},
    )

    assert login.headers["set-cookie"] == "idp=1"
    seen = stack.identity.seen[0].headers
    assert seen["authorization"] == "Basic eDp5"
    assert seen["cookie"] == "idp=1"


async def test_a_body_streams_to_the_service(stack: Stack, client: httpx.AsyncClient) -> None:
    first_arrived = asyncio.Event()

    async def act(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        first_arrived.set()
        while (await receive()).get("more_body"):
            pass
        await reply(send, {"ok": True})

    async def body() -> AsyncIterator[bytes]:
        yield b"a" * 1000
        await asyncio.wait_for(first_arrived.wait(), 5)
        yield b"b" * 1000

    stack.intake.acts[UPLOAD] = act

    answer = await client.post(UPLOAD, content=body(), headers=CLERK)

    assert answer.json() == {"ok": True}


async def test_an_answer_streams_to_the_caller(stack: Stack, client: httpx.AsyncClient) -> None:
    first_seen = asyncio.Event()

    async def act(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await asyncio.wait_for(first_seen.wait(), 5)
        await send({"type": "http.response.body", "body": b"second"})

    stack.certificate.acts["/api/v1/papers/1/file"] = act
    pieces = []

    async with client.stream("GET", "/api/v1/papers/1/file", headers=CLERK) as answer:
        async for piece in answer.aiter_bytes():
            pieces.append(piece)
            first_seen.set()

    assert pieces == [b"first", b"second"]


async def test_an_upload_may_be_larger_than_other_bodies(stack: Stack, client: httpx.AsyncClient) -> None:
    content = b"x" * (BODY_LIMIT + 1)

    upload = await client.post(UPLOAD, content=content, headers=CLERK)
    other = await client.post("/api/v1/applications", content=content, headers=CLERK)

    assert upload.status_code == 200
    assert len(stack.intake.seen[0].body) == len(content)
    assert other.status_code == 413


@pytest.mark.parametrize(
    ("path", "limit"), [("/api/v1/applications", BODY_LIMIT), (UPLOAD, UPLOAD_LIMIT)], ids=["act", "upload"]
)
async def test_a_body_without_length_is_cut_off_at_the_limit(
    stack: Stack, client: httpx.AsyncClient, path: str, limit: int
) -> None:
    piece = b"x" * 2**17

    answer = await client.post(path, content=in_pieces(*[piece] * (limit // len(piece) + 8)), headers=CLERK)

    assert answer.status_code == 413
    assert answer.json()["code"] == "gateway.too-large"
    assert stack.intake.seen == []


async def test_a_body_that_says_it_is_too_large_is_refused_before_the_service_hears_of_it(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    answer = await client.post("/api/v1/applications", content=b"x" * (BODY_LIMIT + 1), headers=CLERK)

    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"
    assert stack.intake.begun == 0


async def test_a_service_that_is_away_is_named_in_chinese_and_the_others_go_on(tmp_path: Path) -> None:
    async with running(tmp_path, away=("approval",)) as stack:
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
            away = await client.get("/api/v1/tasks", headers=CLERK)
            english = await client.get("/api/v1/tasks", headers=CLERK | {"Accept-Language": "en-GB"})
            other = await client.get("/api/v1/items")

    assert away.status_code == 503
    assert away.headers["content-type"] == "application/problem+json"
    assert int(away.headers["retry-after"]) > 0
    assert away.json()["service"] == "approval"
    assert away.json()["title"] == "审批服务暂时不可用, 请稍后重试"
    assert english.json()["title"] == "The approval service is temporarily unavailable"
    assert other.status_code == 200


async def test_a_slow_service_is_a_504_and_its_late_answer_reaches_nobody_else(tmp_path: Path) -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.6)
        await reply(send, {"late": True})

    async with running(tmp_path, deadline=0.2) as stack:
        stack.intake.acts["/api/v1/items"] = slow
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
            answer = await client.get("/api/v1/items")
            await asyncio.sleep(0.6)
            after = await client.get("/api/v1/items/E02")

    assert answer.status_code == 504
    assert answer.json()["service"] == "intake"
    assert answer.json()["title"].startswith("收件受理服务未在时限内答复")
    assert after.json() == {"service": "intake"}


async def test_the_deadline_begins_when_the_body_is_complete(tmp_path: Path) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(4):
            await asyncio.sleep(0.15)
            yield b"slow line"

    async with running(tmp_path, deadline=0.3) as stack:
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
            answer = await client.post(UPLOAD, content=body(), headers=CLERK)

    assert answer.status_code == 200


async def raw_service(answer: bytes) -> asyncio.Server:
    """Answers every connection with these bytes and closes it."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    return await asyncio.start_server(handle, "127.0.0.1", 0)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"", 503, id="dies before the head"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", 503, id="dies within the head"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", 503, id="dies within a short answer"),
        pytest.param(b"no http at all\r\n\r\n", 502, id="talks nonsense"),
    ],
)
async def test_a_service_that_dies_before_anything_was_passed_on_is_a_problem(
    tmp_path: Path, sent: bytes, status: int
) -> None:
    async with await raw_service(sent) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with running(tmp_path, url_intake=address) as stack:
            async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
                answer = await client.post("/api/v1/applications", json={}, headers=CLERK)

    assert answer.status_code == status
    assert answer.json()["service"] == "intake"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhalf", id="with a length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", id="in chunks"),
    ],
)
async def test_an_answer_that_breaks_off_never_looks_complete(tmp_path: Path, sent: bytes) -> None:
    async with await raw_service(sent) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with running(tmp_path, url_certificate=address) as stack:
            async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
                with pytest.raises(httpx.RemoteProtocolError):
                    await client.get("/api/v1/papers/1/file", headers=CLERK)


async def test_a_caller_who_hangs_up_half_way_leaves_nothing_complete_at_the_service(stack: Stack) -> None:
    ended = asyncio.Event()

    async def act(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] != "http.disconnect":
            assert message.get("more_body"), "the body must never look complete"
        ended.set()

    stack.intake.acts[UPLOAD] = act
    host, _, port = stack.url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {UPLOAD} HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\nAuthorization: {CLERK['Authorization']}"
    writer.write(head.encode() + b"\r\n\r\n" + b"x" * 100_000)
    await writer.drain()
    await asyncio.sleep(0.1)

    writer.close()

    await asyncio.wait_for(ended.wait(), 5)


async def test_head_answers_like_get_without_a_body(stack: Stack, client: httpx.AsyncClient) -> None:
    answer = await client.head("/api/v1/items")

    assert answer.status_code == 200
    assert answer.content == b""
    assert stack.intake.seen[0].method == "GET"


async def test_an_unknown_address_is_404_and_a_wrong_method_405(stack: Stack, client: httpx.AsyncClient) -> None:
    unknown = await client.get("/api/v2/items")
    wrong = await client.delete("/api/v1/items")

    assert (unknown.status_code, unknown.json()["code"]) == (404, "gateway.not-found")
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["allow"]


async def test_an_endless_request_head_is_cut_off(stack: Stack) -> None:
    host, _, port = stack.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 200_000)

    answer = await asyncio.wait_for(reader.read(), 5)

    writer.close()
    assert answer.startswith(b"HTTP/1.1 400")
