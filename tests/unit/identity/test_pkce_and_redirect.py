"""PKCE (RFC 7636) and redirect URIs: what is accepted character by character."""

import pytest

from services.identity.domain import pkce, redirect
from services.identity.domain.errors import InvalidGrant, InvalidRequest

# RFC 7636, appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
CALLBACK = "https://portal.example/session/callback"


def test_the_example_of_the_standard_verifies() -> None:
    assert pkce.check_challenge(CHALLENGE, "S256") == CHALLENGE

    pkce.verify(VERIFIER, CHALLENGE)


@pytest.mark.parametrize("method", ["plain", "", "s256", "S512"])
def test_only_s256_is_accepted(method: str) -> None:
    with pytest.raises(InvalidRequest):
        pkce.check_challenge(CHALLENGE, method)


@pytest.mark.parametrize(
    "challenge", ["", CHALLENGE[:-1], CHALLENGE + "A", CHALLENGE[:-1] + "=", CHALLENGE[:-1] + "\n"]
)
def test_a_challenge_is_a_sha_256_in_base64url(challenge: str) -> None:
    with pytest.raises(InvalidRequest):
        pkce.check_challenge(challenge, "S256")


@pytest.mark.parametrize(
    "verifier", ["", VERIFIER[:-1], VERIFIER + "x", CHALLENGE, "x" * 129, VERIFIER + "\n", "名" * 43]
)
def test_any_other_verifier_is_refused(verifier: str) -> None:
    with pytest.raises(InvalidGrant):
        pkce.verify(verifier, CHALLENGE)


def test_a_redirect_uri_matches_itself() -> None:
    assert redirect.matches([CALLBACK], CALLBACK)


@pytest.mark.parametrize(
    "given",
    [
        "",
        CALLBACK + "/",
        CALLBACK + "?a=b",
        CALLBACK + "#a",
        CALLBACK[:-1],
        CALLBACK.replace("https", "http"),
        CALLBACK.replace("portal", "PORTAL"),
        CALLBACK.replace("/session", "/./session"),
        CALLBACK.replace("portal.example", "portal.example:443"),
        CALLBACK.replace("portal.example", "portal.example.evil.example"),
        CALLBACK.replace("portal.example", "portal.example@evil.example"),
    ],
)
def test_nothing_else_matches(given: str) -> None:
    assert not redirect.matches([CALLBACK], given)


@pytest.mark.parametrize(
    "uri",
    [CALLBACK, "http://127.0.0.1:8080/session/callback", "http://localhost/cb", "cn.yichuang.mobile:/oauth/callback"],
)
def test_safe_addresses_may_be_registered(uri: str) -> None:
    assert redirect.check_registrable(uri) == uri


@pytest.mark.parametrize(
    "uri",
    [
        "http://portal.example/cb",
        "https://portal.example/cb#x",
        "https://user@portal.example/cb",
        "/session/callback",
        "//portal.example/cb",
        "javascript:alert(1)",
        "app:/callback",
        "https:///cb",
    ],
)
def test_unsafe_addresses_may_not(uri: str) -> None:
    with pytest.raises(InvalidRequest):
        redirect.check_registrable(uri)


def test_plain_http_is_for_a_platform_that_runs_on_it() -> None:
    assert redirect.check_registrable("http://10.0.0.5:8080/cb", plain_http=True)


def test_parameters_are_added_and_escaped() -> None:
    made = redirect.with_params("https://a.example/cb?x=1", {"state": "a b&c", "empty": ""})

    assert made == "https://a.example/cb?x=1&state=a+b%26c"


@pytest.mark.parametrize(
    ("uri", "target"),
    [(CALLBACK, "https://portal.example"), ("cn.yichuang.mobile:/cb", "cn.yichuang.mobile:")],
)
def test_the_form_target_is_the_origin_or_the_scheme(uri: str, target: str) -> None:
    assert redirect.form_target(uri) == target
