"""A browser's login, and what protects it, with a small identity provider that notes what it is asked."""

import asyncio
import base64
import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from gateway import session as gateway_session
from tests.support import tokens
from tests.support.gateway import Stack, reply, running

TASKS = "/api/v1/tasks"
ACT = "/api/v1/applications"


class Identity:
    """Gives tokens for the code `good`; every refresh token works once."""

    def __init__(self, stack: Stack) -> None:
        self.asked: list[dict[str, str]] = []
        self.lives_seconds = 600
        self.live: set[str] = set()
        self.away = False
        stack.identity.acts["/oauth/token"] = self.token
        stack.identity.acts["/oauth/revoke"] = self.revoke

    async def _form(self, receive: Any) -> dict[str, str]:
        body = b""
        while (message := await receive()).get("more_body"):
            body += message["body"]
        form = {name: values[0] for name, values in parse_qs((body + message["body"]).decode()).items()}
        self.asked.append(form)
        return form

    async def token(self, scope: Any, receive: Any, send: Any) -> None:
        form = await self._form(receive)
        await asyncio.sleep(0.05)
        if self.away:
            await reply(send, {}, 503)
        elif form.get("code") == "good" or form.get("refresh_token", "") in self.live:
            self.live.discard(form.get("refresh_token", ""))
            fresh = f"refresh-{len(self.asked)}"
            self.live.add(fresh)
            access = tokens.token(["HANDLER"], sub="person-1", name="王伟", lifetime_seconds=self.lives_seconds)
            answer = {"access_token": access, "refresh_token": fresh, "expires_in": self.lives_seconds}
            await reply(send, answer)
        else:
            await reply(send, {"error": "invalid_grant"}, 400)

    async def revoke(self, scope: Any, receive: Any, send: Any) -> None:
        self.live.discard((await self._form(receive))["token"])
        await reply(send, {})


@pytest.fixture
async def identity(stack: Stack) -> Identity:
    return Identity(stack)


async def begin(client: httpx.AsyncClient, target: str = "/docs") -> dict[str, str]:
    """Start the login; the parameters the browser carries to identity."""
    answer = await client.get("/session/login", params={"next": target})
    assert answer.status_code == 303
    assert urlsplit(answer.headers["location"]).path == "/oauth/authorize"
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def log_in(client: httpx.AsyncClient, target: str = "/docs") -> httpx.Response:
    sent = await begin(client, target)
    return await client.get("/session/callback", params={"code": "good", "state": sent["state"], "iss": tokens.ISSUER})


@pytest.fixture
async def browser(stack: Stack, client: httpx.AsyncClient, identity: Identity) -> httpx.AsyncClient:
    """A logged-in browser."""
    assert (await log_in(client)).status_code == 303
    return client


async def test_a_login_is_a_code_with_pkce_and_ends_where_it_began(
    stack: Stack, client: httpx.AsyncClient, identity: Identity
) -> None:
    sent = await begin(client, "/docs?x=1")

    answer = await client.get("/session/callback", params={"code": "good", "state": sent["state"]})

    assert (sent["client_id"], sent["response_type"]) == ("gateway", "code")
    assert sent["redirect_uri"] == f"{stack.url}/session/callback"
    form = identity.asked[0]
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    assert sent["code_challenge_method"] == "S256"
    assert sent["code_challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert answer.headers["location"] == "/docs?x=1"
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("yc_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Max-Age" not in cookie
    assert "eyJ" not in cookie


async def test_with_https_the_cookies_are_secure_and_bound_to_the_host(tmp_path: Path) -> None:
    async with running(tmp_path, public_url="https://one.example") as stack:
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
            answer = await client.get("/session/login")

    assert answer.headers["set-cookie"].startswith("__Host-yc_login=")
    assert answer.headers["set-cookie"].endswith("; Secure")
    assert "strict-transport-security" in answer.headers


async def test_the_secret_of_the_client_is_used_when_there_is_one(
    tmp_path: Path, stack: Stack, client: httpx.AsyncClient, identity: Identity
) -> None:
    (tmp_path / "keys" / "gateway" / "client-secret").write_text("s3cret\n")
    seen: list[str] = []

    async def token(scope: Any, receive: Any, send: Any) -> None:
        seen.append(dict(scope["headers"])[b"authorization"].decode())
        await identity.token(scope, receive, send)

    stack.identity.acts["/oauth/token"] = token

    await log_in(client)

    assert seen == ["Basic " + base64.b64encode(b"gateway:s3cret").decode()]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"code": "good", "state": "other"}, id="another state"),
        pytest.param({"code": "good"}, id="no state"),
        pytest.param({"code": "used"}, id="a code identity refuses"),
        pytest.param({"error": "access_denied"}, id="the person said no"),
        pytest.param({"code": "good", "iss": "http://evil.test"}, id="another issuer"),
    ],
)
async def test_a_callback_that_does_not_fit_logs_nobody_in(
    client: httpx.AsyncClient, identity: Identity, given: dict[str, str]
) -> None:
    sent = await begin(client)
    if given != {"code": "good"}:
        given = {"state": sent["state"]} | given

    answer = await client.get("/session/callback", params=given)

    assert answer.status_code == 400
    assert answer.json()["code"] == "gateway.login-failed"
    assert (await client.get("/session")).json()["authenticated"] is False


async def test_a_callback_without_a_login_begun_here_is_refused(client: httpx.AsyncClient, identity: Identity) -> None:
    answer = await client.get("/session/callback", params={"code": "good", "state": "x"})

    assert answer.status_code == 400
    assert identity.asked == []


@pytest.mark.parametrize(
    "target", ["//evil.test", "https://evil.test", "/\\evil.test", "javascript:alert(1)", "/a\r\nSet-Cookie: x=1", "x"]
)
async def test_the_login_is_no_open_redirect(client: httpx.AsyncClient, identity: Identity, target: str) -> None:
    answer = await log_in(client, target)

    assert answer.headers["location"] == "/"


async def test_the_session_says_who_is_logged_in(browser: httpx.AsyncClient) -> None:
    who = (await browser.get("/session")).json()

    assert who["authenticated"] is True
    assert (who["name"], who["roles"], who["channel"]) == ("王伟", ["HANDLER"], "COUNTER")
    assert "access" not in who


async def test_a_read_needs_only_the_cookie_and_the_service_gets_a_token(
    stack: Stack, browser: httpx.AsyncClient
) -> None:
    answer = await browser.get(TASKS)

    assert answer.status_code == 200
    seen = stack.approval.seen[0].headers
    assert seen["authorization"].startswith("Bearer eyJ")
    assert "cookie" not in seen


@pytest.mark.parametrize(
    ("given", "status"),
    [
        pytest.param({"X-CSRF": "1", "Origin": "here"}, 200, id="our page"),
        pytest.param({"X-CSRF": "1", "Sec-Fetch-Site": "same-origin"}, 200, id="our page, no origin sent"),
        pytest.param({"X-CSRF": "1", "Origin": "here", "Sec-Fetch-Site": "same-origin"}, 200, id="our page, both"),
        pytest.param({"Origin": "here"}, 403, id="a form without the header"),
        pytest.param({"X-CSRF": "1"}, 403, id="origin unknown"),
        pytest.param({"X-CSRF": "1", "Origin": "http://evil.test"}, 403, id="another site"),
        pytest.param({"X-CSRF": "1", "Origin": "null"}, 403, id="a sandboxed frame"),
        pytest.param({"X-CSRF": "1", "Sec-Fetch-Site": "same-site"}, 403, id="a sister site"),
        pytest.param({"X-CSRF": "1", "Origin": "here", "Sec-Fetch-Site": "cross-site"}, 403, id="contradiction"),
    ],
)
async def test_a_write_with_the_cookie_must_come_from_our_own_page(
    stack: Stack, browser: httpx.AsyncClient, given: dict[str, str], status: int
) -> None:
    headers = {name: stack.url if value == "here" else value for name, value in given.items()}

    answer = await browser.post(ACT, json={}, headers=headers)

    assert answer.status_code == status
    assert len(stack.intake.seen) == (1 if status == 200 else 0)


async def test_a_bearer_token_needs_no_csrf_header(stack: Stack, browser: httpx.AsyncClient) -> None:
    answer = await browser.post(ACT, json={}, headers=tokens.headers(["COUNTER_CLERK"]))

    assert answer.status_code == 200


@pytest.mark.parametrize("at", [0, 3, 40, -6])
async def test_a_changed_cookie_is_no_session_and_is_taken_away(browser: httpx.AsyncClient, at: int) -> None:
    held = browser.cookies["yc_session"]
    position = at % len(held)
    changed = held[:position] + ("A" if held[position] != "A" else "B") + held[position + 1 :]
    browser.cookies.clear()

    answer = await browser.get(TASKS, headers={"Cookie": f"yc_session={changed}"})

    assert answer.status_code == 401
    assert "yc_session=; Max-Age=0" in answer.headers["set-cookie"]


async def test_the_cookie_of_a_begun_login_is_no_session(client: httpx.AsyncClient, identity: Identity) -> None:
    await begin(client)

    answer = await client.get(TASKS, headers={"Cookie": f"yc_session={client.cookies['yc_login']}"})

    assert answer.status_code == 401


async def test_another_replica_with_the_same_keys_serves_the_session(
    tmp_path: Path, browser: httpx.AsyncClient
) -> None:
    async with running(tmp_path) as other:
        async with httpx.AsyncClient(base_url=other.url, trust_env=False) as client:
            held = browser.cookies["yc_session"]
            answer = await client.get(TASKS, headers={"Cookie": f"yc_session={held}"})

    assert answer.status_code == 200


async def test_ten_requests_at_once_refresh_once(stack: Stack, client: httpx.AsyncClient, identity: Identity) -> None:
    identity.lives_seconds = 30
    await log_in(client)
    old = {"Cookie": f"yc_session={client.cookies['yc_session']}"}
    client.cookies.clear()
    identity.lives_seconds = 600

    answers = await asyncio.gather(*(client.get(TASKS, headers=old) for _ in range(10)))
    late = await client.get(TASKS, headers=old)

    assert {a.status_code for a in [*answers, late]} == {200}
    assert [form["grant_type"] for form in identity.asked] == ["authorization_code", "refresh_token"]
    assert all(a.headers["set-cookie"].startswith("yc_session=") for a in answers)


@pytest.mark.parametrize(("minutes", "status"), [(29, 200), (31, 401)])
async def test_half_an_hour_without_a_request_ends_the_session_here_too(
    browser: httpx.AsyncClient, identity: Identity, monkeypatch: pytest.MonkeyPatch, minutes: int, status: int
) -> None:
    """Identity would refuse the refresh as well; nothing is asked there for a session that is over."""
    now = gateway_session._now
    monkeypatch.setattr(gateway_session, "_now", lambda: now() + minutes * 60)

    answer = await browser.get(TASKS)

    assert answer.status_code == status
    assert ("yc_session=; Max-Age=0" in answer.headers["set-cookie"]) == (status == 401)
    assert len(identity.asked) == (2 if status == 200 else 1)


async def test_a_refused_refresh_ends_the_session(client: httpx.AsyncClient, identity: Identity) -> None:
    identity.lives_seconds = 30
    await log_in(client)
    identity.live.clear()

    answer = await client.get(TASKS)

    assert answer.status_code == 401
    assert "yc_session=; Max-Age=0" in answer.headers["set-cookie"]


async def test_while_identity_is_away_a_token_that_is_still_good_goes_on(
    client: httpx.AsyncClient, identity: Identity
) -> None:
    identity.lives_seconds = 30
    await log_in(client)
    identity.away = True

    answer = await client.get(TASKS)

    identity.away = False
    again = await client.get(TASKS)
    assert (answer.status_code, again.status_code) == (200, 200)
    assert identity.asked[-1]["grant_type"] == "refresh_token"


async def test_with_identity_away_and_the_token_over_the_answer_names_identity(
    client: httpx.AsyncClient, identity: Identity
) -> None:
    identity.lives_seconds = 2
    await log_in(client)
    identity.away = True
    await asyncio.sleep(2.1)

    answer = await client.get(TASKS)
    public = await client.get("/api/v1/items")

    assert (answer.status_code, answer.json()["service"]) == (503, "identity")
    assert public.status_code == 200


async def test_logging_out_ends_cookie_and_refresh_token(
    stack: Stack, browser: httpx.AsyncClient, identity: Identity
) -> None:
    foreign = await browser.post("/session/logout", headers={"Origin": "http://evil.test"})
    assert identity.live

    answer = await browser.post("/session/logout", headers={"Origin": stack.url})

    assert foreign.status_code == 403
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(
        f"{stack.url}/oauth/logout?client_id=gateway&post_logout_redirect_uri="
    )
    assert "yc_session=; Max-Age=0" in answer.headers["set-cookie"]
    assert identity.live == set()
    assert (await browser.get("/session")).json()["authenticated"] is False
