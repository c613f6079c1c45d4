"""Who gets past the gateway with a Bearer token, and how often."""

import asyncio
import hmac
import json
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from tests.support import tokens
from tests.support.gateway import Stack, free_address, reply, running

TASKS = "/api/v1/tasks"
OTHER_KEY = ECKey.generate_key("P-256", {"alg": "ES256", "use": "sig"}, auto_kid=True)
IMPOSTOR = ECKey.generate_key("P-256", {"alg": "ES256", "use": "sig", "kid": str(tokens.KEY.kid)})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def forged(alg: str, secret: bytes = b"") -> str:
    """A token whose header names another algorithm, signed with HMAC when there is a secret."""
    header = {"alg": alg, "typ": "at+jwt", "kid": tokens.KEY.kid}
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, tokens.claims(["HANDLER"]))]
    signature = hmac.digest(secret, b".".join(parts), "sha256") if secret else b""
    return b".".join([*parts, urlsafe_b64encode(signature).rstrip(b"=")]).decode()


BAD = {
    "expired": tokens.token(["HANDLER"], lifetime_seconds=-60),
    "wrong audience": tokens.token(["HANDLER"], audience="other"),
    "wrong issuer": tokens.token(["HANDLER"], issuer="http://evil.test"),
    "another key": tokens.token(["HANDLER"], key=OTHER_KEY),
    "another key under our key id": tokens.token(["HANDLER"], key=IMPOSTOR),
    "an ID token": tokens.sign(tokens.claims(["HANDLER"]), typ="JWT"),
    "alg none": forged("none"),
    "HS256 with the public key": forged("HS256", tokens.KEY.as_pem(private=False)),
    "no subject": tokens.sign({k: v for k, v in tokens.claims(["HANDLER"]).items() if k != "sub"}),
    "no token at all": "x",
    "a header that is no object": "Ilsi.e30.x",
    "a type that is no text": "eyJ0eXAiOjUsImFsZyI6IkVTMjU2In0.e30.x",
    "ten thousand letters": "a" * 10_000,
}


@pytest.mark.parametrize("token", BAD.values(), ids=BAD.keys())
async def test_a_bad_token_is_refused_and_the_service_does_not_hear_of_it(
    stack: Stack, client: httpx.AsyncClient, token: str
) -> None:
    answer = await client.get(TASKS, headers=bearer(token))

    assert answer.status_code == 401
    assert answer.json()["code"] == "gateway.unauthenticated"
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert token not in answer.text
    assert stack.approval.begun == 0


async def test_no_token_is_401_and_another_scheme_too(stack: Stack, client: httpx.AsyncClient) -> None:
    nothing = await client.get(TASKS)
    basic = await client.get(TASKS, headers={"Authorization": "Basic eDp5"})
    twice = await client.get(TASKS, headers=[("Authorization", "Bearer a"), ("Authorization", "Bearer b")])

    assert [a.status_code for a in (nothing, basic, twice)] == [401, 401, 400]
    assert stack.approval.begun == 0


async def test_a_remembered_token_ends_when_it_expires(stack: Stack, client: httpx.AsyncClient) -> None:
    # The verifier allows ten seconds of clock difference when it first reads a token.
    token = tokens.sign(tokens.claims(["HANDLER"]) | {"exp": int(time.time()) - 8})
    first = await client.get(TASKS, headers=bearer(token))

    await asyncio.sleep(3)

    after = await client.get(TASKS, headers=bearer(token))
    assert (first.status_code, after.status_code) == (200, 401)


async def test_a_public_address_answers_whoever_comes_with_a_bad_token(stack: Stack, client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/items", headers=bearer(BAD["expired"]))

    assert answer.status_code == 200
    assert "authorization" not in stack.intake.seen[0].headers


async def test_a_public_address_passes_a_good_token_on(stack: Stack, client: httpx.AsyncClient) -> None:
    good = tokens.headers(["CITIZEN"])

    await client.get("/api/v1/items", headers=good)

    assert stack.intake.seen[0].headers["authorization"] == good["Authorization"]


async def test_a_new_key_is_fetched_when_a_token_names_it(tmp_path: Path) -> None:
    async with running(tmp_path, jwks_url="") as stack:
        stack.identity.answers("/.well-known/jwks.json", tokens.jwks(OTHER_KEY))
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
            answer = await client.get(TASKS, headers=bearer(tokens.token(["HANDLER"], key=OTHER_KEY)))
            for _ in range(20):
                await client.get(TASKS, headers=bearer(tokens.token(["HANDLER"], key=tokens.KEY)))

    assert answer.status_code == 200
    assert stack.identity.begun == 1, "unknown key ids must not become a storm of questions"


async def test_without_identity_and_its_keys_the_answer_names_identity(tmp_path: Path) -> None:
    async with running(tmp_path, jwks_url=f"{free_address()}/jwks.json") as stack:
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
            needs_keys = await client.get(TASKS, headers=tokens.headers(["HANDLER"]))
            public = await client.get("/api/v1/items", headers=tokens.headers(["CITIZEN"]))

    assert needs_keys.status_code == 503
    assert needs_keys.json()["service"] == "identity"
    assert "retry-after" in needs_keys.headers
    assert public.status_code == 200


async def test_one_greedy_client_is_slowed_down_and_the_others_are_not(tmp_path: Path) -> None:
    greedy, other = tokens.headers(["HANDLER"], sub="a"), tokens.headers(["HANDLER"], sub="b")
    async with running(tmp_path, rate_limit_person=3) as stack:
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
            first = [await client.get(TASKS, headers=greedy) for _ in range(4)]
            second = await client.get(TASKS, headers=other)
            system = await client.get(TASKS, headers=tokens.headers(["PROVINCIAL_PLATFORM"]))

    assert [a.status_code for a in first] == [200, 200, 200, 429]
    assert first[0].headers["ratelimit-policy"] == '"person";q=3;w=60'
    assert first[0].headers["ratelimit"].startswith('"person";r=2;t=')
    assert first[3].json()["title"] == "请求过于频繁, 请稍后再试"
    assert 1 <= int(first[3].headers["retry-after"]) <= 20
    assert second.status_code == 200
    assert system.headers["ratelimit-policy"] == '"system";q=12000;w=60'


async def test_strangers_share_the_bucket_of_their_address_and_guessing_costs(tmp_path: Path) -> None:
    async with running(tmp_path, rate_limit_address=3) as stack:
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
            guesses = [await client.get(TASKS, headers=bearer(f"guess-{n}")) for n in range(4)]
            stranger = await client.get("/api/v1/items")
            known = await client.get(TASKS, headers=tokens.headers(["HANDLER"]))

    assert [a.status_code for a in guesses] == [401, 401, 401, 429]
    assert stranger.status_code == 429
    assert known.status_code == 200


async def test_wrong_passwords_are_counted_by_address_and_right_ones_cost_nothing(tmp_path: Path) -> None:
    """One password tried on every account closes none of them: only its address gives it away."""
    async with running(tmp_path, rate_limit_login=3, trusted_proxies="127.0.0.0/8") as stack:
        right = {"content-type": "application/x-www-form-urlencoded", "x-forwarded-for": "192.0.2.1"}

        async def log_in(scope: Any, receive: Any, send: Any) -> None:
            headers = dict(scope["headers"])
            await receive()
            await reply(send, {}, 200 if headers.get(b"referer") == b"right" else 401)

        stack.identity.acts["/login"] = log_in
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
            good = [await client.post("/login", data={}, headers=right | {"referer": "right"}) for _ in range(5)]
            bad = [await client.post("/login", data={}, headers=right) for _ in range(4)]
            refused = await client.post("/login", data={}, headers=right | {"referer": "right"})
            page = await client.get("/login", headers=right)
            elsewhere = await client.post("/login", data={}, headers=right | {"x-forwarded-for": "192.0.2.2"})

    assert {answer.status_code for answer in good} == {200}
    assert [answer.status_code for answer in bad] == [401, 401, 401, 429]
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 20
    assert page.status_code != 429
    assert elsewhere.status_code == 401


async def test_of_many_passwords_guessed_at_once_no_more_than_the_quota_reach_identity(tmp_path: Path) -> None:
    async with running(tmp_path, rate_limit_login=3) as stack:
        enough = asyncio.Event()

        async def log_in(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await enough.wait()
            await reply(send, {}, 401)

        stack.identity.acts["/login"] = log_in
        form = {"content-type": "application/x-www-form-urlencoded"}
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False, timeout=60) as client:
            guesses = [asyncio.create_task(client.post("/login", data={}, headers=form)) for _ in range(8)]
            async with asyncio.timeout(60):
                while stack.identity.begun + sum(guess.done() for guess in guesses) < 8:
                    await asyncio.sleep(0.01)
            enough.set()
            answers = [answer.status_code for answer in await asyncio.gather(*guesses)]

    assert sorted(answers) == [401] * 3 + [429] * 5
