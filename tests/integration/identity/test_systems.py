"""Systems prove who they are by secret or by signed assertion; what is forged, stale or repeated is refused."""

import asyncio
import base64
import time
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from services.identity.client_auth import ASSERTION_TYPE
from tests.support.identity import CALLBACK, ISSUER, Identity, hs256


def _assertion(identity: Identity, client_id: str = "provincial", *, key: ECKey | None = None, **change: Any) -> str:
    signing = key or ECKey.import_key(identity.clients[client_id]["private_jwk"])
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": ISSUER, "iat": now, "exp": now + 50, "jti": str(uuid4())}
    header = {"alg": "ES256", "kid": signing.kid}
    return jwt.encode(header, {k: v for k, v in (claims | change).items() if v is not None}, signing)


async def _ask(identity: Identity, assertion: str, **more: str) -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
    return await identity.http.post("/oauth/token", data=form | more)


@pytest.mark.parametrize(
    ("client_id", "role", "channel", "division"),
    [
        ("provincial", "PROVINCIAL_PLATFORM", "PROVINCIAL", "431202000000"),
        ("mobile", "MOBILE_BACKEND", "MOBILE", "431202000000"),
        ("township", "TOWNSHIP_CENTRE", "TOWNSHIP", "431202101000"),
        ("bank", "RELYING_PARTY", "EXTERNAL", "431202000000"),
    ],
)
async def test_a_system_gets_a_token_by_its_secret(
    identity: Identity, client_id: str, role: str, channel: str, division: str
) -> None:
    answer = await identity.token(client_id, grant_type="client_credentials")

    claims = await identity.claims(answer.json()["access_token"])
    assert answer.json()["refresh_token"] is None
    assert (claims["sub"], claims["client_id"], claims["roles"]) == (client_id, client_id, [role])
    assert (claims["channel"], claims["division"], claims["subject_key"]) == (channel, division, "")


async def test_a_system_gets_a_token_by_a_signed_assertion_once(identity: Identity) -> None:
    assertion = _assertion(identity)

    answers = await asyncio.gather(*(_ask(identity, assertion) for _ in range(3)))

    assert sorted(answer.status_code for answer in answers) == [200, 401, 401]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"aud": "https://other.example"}, id="another server's audience"),
        pytest.param({"aud": [ISSUER, "https://other.example"]}, id="more than one audience"),
        pytest.param({"aud": f"{ISSUER}/oauth/token"}, id="token endpoint as audience"),
        pytest.param({"iss": "mobile"}, id="another issuer"),
        pytest.param({"exp": int(time.time()) - 10}, id="expired"),
        pytest.param({"exp": int(time.time()) + 3600}, id="good for an hour"),
        pytest.param({"exp": None}, id="without end"),
        pytest.param({"jti": None}, id="without number"),
    ],
)
async def test_an_assertion_that_breaks_a_rule_is_refused(identity: Identity, change: dict[str, Any]) -> None:
    answer = await _ask(identity, _assertion(identity, **change))

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_an_assertion_signed_by_another_key_is_refused(identity: Identity) -> None:
    stranger = ECKey.generate_key("P-256", auto_kid=True)
    named = ECKey.generate_key("P-256", {"kid": identity.clients["provincial"]["private_jwk"]["kid"]})

    for key in (stranger, named):
        assert (await _ask(identity, _assertion(identity, key=key))).status_code == 401


def _unsigned(header: str, claims: str, signature: str = "") -> str:
    parts = [base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in (header, claims)]
    return ".".join([*parts, signature])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(_unsigned('{"alg":"none"}', '{"iss":"provincial","sub":"provincial"}'), id="alg none"),
        pytest.param(_unsigned('{"alg":"ES256","kid":"../../etc/x"}', '{"sub":"provincial"}', "AA"), id="path"),
        pytest.param(_unsigned('{"alg":"ES256"}', '{"sub":"\\u0000"}', "AA"), id="NUL as client"),
        pytest.param(_unsigned('{"alg":"ES256"}', '{"sub":"\\ud800"}', "AA"), id="half a character as client"),
        pytest.param(_unsigned('{"alg":"ES256"}', "[]", "AA"), id="claims are a list"),
        pytest.param("no.token", id="no token"),
    ],
)
async def test_a_forged_assertion_is_refused(identity: Identity, text: str) -> None:
    answer = await _ask(identity, text)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_an_assertion_under_the_public_key_as_shared_secret_is_refused(identity: Identity) -> None:
    public = ECKey.import_key(identity.clients["provincial"]["private_jwk"]).as_pem(private=False)
    claims = {"iss": "provincial", "sub": "provincial", "aud": ISSUER, "exp": int(time.time()) + 50, "jti": "1"}
    head = {"alg": "HS256", "kid": identity.clients["provincial"]["private_jwk"]["kid"]}
    forged = hs256(head, claims, public)

    assert (await _ask(identity, forged)).status_code == 401


@pytest.mark.parametrize(
    "header",
    ["Basic !!!", "Basic bm9jb2xvbg==", "Basic " + base64.b64encode(b"provincial:wrong").decode(), "Basic /w=="],
)
async def test_a_wrong_secret_is_refused_with_a_challenge(identity: Identity, header: str) -> None:
    answer = await identity.http.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": header}
    )

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert answer.headers["content-type"] == "application/json"


async def test_a_confidential_client_cannot_leave_its_secret_out(identity: Identity) -> None:
    login = await identity.browser().code("clerk1")
    form = {"grant_type": "authorization_code", "client_id": "gateway", "code": login.code}

    answer = await identity.http.post(
        "/oauth/token", data=form | {"redirect_uri": CALLBACK, "code_verifier": login.verifier}
    )

    assert answer.json()["error"] == "invalid_client"


async def test_two_proofs_at_once_are_refused(identity: Identity) -> None:
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": "x"}

    answer = await identity.http.post("/oauth/token", data=form, auth=identity.basic("provincial"))

    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("client_id", "form", "error"),
    [
        ("gateway", {"grant_type": "client_credentials"}, "unauthorized_client"),
        ("provincial", {"grant_type": "refresh_token", "refresh_token": "x"}, "unauthorized_client"),
        ("provincial", {"grant_type": "password"}, "unsupported_grant_type"),
        ("provincial", {"grant_type": "client_credentials", "scope": "openid"}, "invalid_scope"),
        ("provincial", {}, "invalid_request"),
        ("provincial", {"grant_type": "client_credentials", "client_id": "mobile"}, "invalid_client"),
        ("gateway", {"grant_type": "refresh_token", "refresh_token": "\0"}, "invalid_grant"),
        ("gateway", {"grant_type": "authorization_code", "code": "x"}, "invalid_request"),
    ],
)
async def test_a_grant_outside_the_rules_is_refused(
    identity: Identity, client_id: str, form: dict[str, str], error: str
) -> None:
    answer = await identity.http.post("/oauth/token", data=form, auth=identity.basic(client_id))

    assert answer.json()["error"] == error


async def test_a_json_body_and_a_repeated_field_are_refused(identity: Identity) -> None:
    basic = identity.basic("provincial")

    as_json = await identity.http.post("/oauth/token", json={"grant_type": "client_credentials"}, auth=basic)
    twice = await identity.http.post(
        "/oauth/token",
        content="grant_type=client_credentials&grant_type=password",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        auth=basic,
    )
    large = await identity.http.post("/oauth/token", data={"grant_type": "x" * 40_000}, auth=basic)

    assert [answer.json()["error"] for answer in (as_json, twice, large)] == ["invalid_request"] * 3


async def test_a_system_token_has_no_userinfo_and_cannot_be_revoked(identity: Identity) -> None:
    token = (await identity.token("provincial", grant_type="client_credentials")).json()["access_token"]

    revoked = await identity.http.post("/oauth/revoke", data={"token": token}, auth=identity.basic("provincial"))

    assert (await identity.userinfo(token)).status_code == 401
    assert revoked.json()["error"] == "unsupported_token_type"


async def test_a_disabled_client_is_refused(identity: Identity) -> None:
    await identity.rows("UPDATE clients SET disabled_at = now() WHERE client_id = 'township'")

    answer = await identity.token("township", grant_type="client_credentials")
    await identity.rows("UPDATE clients SET disabled_at = NULL WHERE client_id = 'township'")

    assert answer.json()["error"] == "invalid_client"


async def test_discovery_says_what_is_there(identity: Identity) -> None:
    document = (await identity.http.get("/.well-known/openid-configuration")).json()

    assert document["issuer"] == ISSUER
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["jwks_uri"] == f"{ISSUER}/.well-known/jwks.json"
    for name in ("token_endpoint", "revocation_endpoint"):
        answer = await identity.http.post(document[name].removeprefix(ISSUER))
        assert answer.json()["error"] == "invalid_request"
