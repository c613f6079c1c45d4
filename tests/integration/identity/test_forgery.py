"""Access tokens that must not open a door (reliability notes 4.3), tried at userinfo."""

import base64
import json
import time
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from services.identity.keys import folder_of
from tests.support.identity import ISSUER, Identity, hs256


@pytest.fixture(scope="module")
async def good(identity: Identity) -> dict[str, Any]:
    """Claims of a token that does open the door."""
    issued = (await identity.exchange(await identity.browser().code("clerk1"))).json()
    assert (await identity.userinfo(issued["access_token"])).status_code == 200
    return await identity.claims(issued["access_token"])


def _key(identity: Identity) -> ECKey:
    return ECKey.import_key((folder_of(identity.settings.keys_dir) / "0001.pem").read_bytes())


def _signed(identity: Identity, claims: dict[str, Any], typ: str = "at+jwt") -> str:
    key = _key(identity)
    return jwt.encode({"typ": typ, "alg": "ES256", "kid": key.thumbprint()}, claims, key)


async def test_the_forger_s_tool_makes_good_tokens_when_it_holds_the_key(
    identity: Identity, good: dict[str, Any]
) -> None:
    assert (await identity.userinfo(_signed(identity, good))).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"aud": "other"}, id="wrong audience"),
        pytest.param({"iss": "https://evil.example"}, id="wrong issuer"),
        pytest.param({"iss": ISSUER + "/"}, id="almost the issuer"),
        pytest.param({"exp": int(time.time()) - 60}, id="expired"),
        pytest.param({"exp": None}, id="without end"),
        pytest.param({"aud": None}, id="without audience"),
        pytest.param({"sid": str(uuid4())}, id="unknown login"),
    ],
)
async def test_a_token_with_wrong_claims_is_refused(
    identity: Identity, good: dict[str, Any], change: dict[str, Any]
) -> None:
    claims = {name: value for name, value in (good | change).items() if value is not None}

    assert (await identity.userinfo(_signed(identity, claims))).status_code == 401


async def test_an_id_token_is_no_access_token(identity: Identity, good: dict[str, Any]) -> None:
    assert (await identity.userinfo(_signed(identity, good, typ="JWT"))).status_code == 401


async def test_a_token_without_signature_is_refused(identity: Identity, good: dict[str, Any]) -> None:
    for alg in ("none", "None", "NONE", ""):
        head, body = (
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
            for part in ({"alg": alg, "typ": "at+jwt"}, good)
        )

        assert (await identity.userinfo(f"{head}.{body}.")).status_code == 401


async def test_a_token_under_the_public_key_as_shared_secret_is_refused(
    identity: Identity, good: dict[str, Any]
) -> None:
    published = (await identity.http.get("/.well-known/jwks.json")).json()["keys"][0]
    for secret in (_key(identity).as_pem(private=False), json.dumps(published).encode(), published["x"].encode()):
        forged = hs256({"alg": "HS256", "typ": "at+jwt", "kid": published["kid"]}, good, secret)

        assert (await identity.userinfo(forged)).status_code == 401


@pytest.mark.parametrize("kid", ["../../../../etc/passwd", "0001.pem", "unknown", ""])
async def test_the_key_id_is_looked_up_and_never_a_path(identity: Identity, good: dict[str, Any], kid: str) -> None:
    stranger = ECKey.generate_key("P-256")
    forged = jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": kid}, good, stranger)

    assert (await identity.userinfo(forged)).status_code == 401


async def test_a_key_brought_along_in_the_header_is_not_believed(identity: Identity, good: dict[str, Any]) -> None:
    stranger = ECKey.generate_key("P-256", auto_kid=True)
    header = {"alg": "ES256", "typ": "at+jwt", "kid": stranger.kid, "jwk": stranger.as_dict(private=False)}

    assert (await identity.userinfo(jwt.encode(header, good, stranger))).status_code == 401


async def test_no_token_and_garbage_are_refused(identity: Identity) -> None:
    assert (await identity.http.get("/oauth/userinfo")).status_code == 401
    for text in ("", "a.b.c", "ä", "." * 50):
        headers = {b"Authorization": b"Bearer " + text.encode()}
        assert (await identity.http.get("/oauth/userinfo", headers=headers)).status_code == 401
