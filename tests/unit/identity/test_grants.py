"""Codes and refresh tokens: single use, and what a second use means."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.identity.domain.authorization import AuthorizationRequest, needs_login
from services.identity.domain.client import check_scope
from services.identity.domain.errors import InvalidGrant, InvalidScope, LoginRequired
from services.identity.domain.grants import (
    CODE_LIFE,
    RETRY_GRACE,
    SESSION_IDLE,
    Code,
    Family,
    RefreshToken,
    Reused,
    Session,
    Turn,
    check_code,
    is_live,
    turn,
)
from services.identity.domain.pkce import s256

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ONE = UUID(int=1)
VERIFIER = "v" * 43
CODE = Code("gateway", ONE, ONE, "https://a.example/cb", s256(VERIFIER), "", "openid", NOON, NOON + CODE_LIFE)
FAMILY = Family(ONE, "gateway", ONE, ONE, "openid", NOON, NOON + timedelta(hours=10), newest=3)
FRESH = RefreshToken(3, NOON + timedelta(minutes=30))


def spent(sequence: int, ago: timedelta) -> RefreshToken:
    return RefreshToken(sequence, NOON + timedelta(minutes=30), used_at=NOON - ago)


def test_a_fresh_code_with_its_verifier_is_good() -> None:
    check_code(CODE, redirect_uri=CODE.redirect_uri, verifier=VERIFIER, now=NOON + CODE_LIFE - SECOND)


def test_a_code_lives_sixty_seconds() -> None:
    with pytest.raises(InvalidGrant, match="expired"):
        check_code(CODE, redirect_uri=CODE.redirect_uri, verifier=VERIFIER, now=NOON + CODE_LIFE)


def test_a_used_code_is_a_reuse_whatever_else_is_wrong() -> None:
    used = replace(CODE, used=True)

    with pytest.raises(Reused):
        check_code(used, redirect_uri="", verifier="", now=NOON + timedelta(days=1))


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        pytest.param(FRESH, Turn.ROTATE, id="the newest"),
        pytest.param(spent(2, RETRY_GRACE), Turn.RETRY, id="a retry at the end of the grace"),
        pytest.param(spent(2, timedelta()), Turn.RETRY, id="a retry at once"),
    ],
)
def test_a_refresh_that_is_allowed(token: RefreshToken, expected: Turn) -> None:
    assert turn(token, FAMILY, now=NOON) is expected


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(spent(2, RETRY_GRACE + SECOND), id="after the grace"),
        pytest.param(spent(1, SECOND), id="its successor was used already"),
    ],
)
def test_a_spent_token_that_comes_back_is_a_reuse(token: RefreshToken) -> None:
    with pytest.raises(Reused):
        turn(token, FAMILY, now=NOON)


@pytest.mark.parametrize(
    ("token", "family"),
    [
        pytest.param(replace(FRESH, expires_at=NOON), FAMILY, id="idle too long"),
        pytest.param(FRESH, replace(FAMILY, expires_at=NOON), id="login too old"),
        pytest.param(FRESH, replace(FAMILY, revoked=True), id="revoked"),
        pytest.param(spent(2, SECOND), replace(FAMILY, revoked=True), id="no grace after revocation"),
    ],
)
def test_an_ended_login_is_refused_without_being_a_reuse(token: RefreshToken, family: Family) -> None:
    with pytest.raises(InvalidGrant) as refused:
        turn(token, family, now=NOON)

    assert not isinstance(refused.value, Reused)


def test_a_session_ends_when_idle_old_or_logged_out() -> None:
    live = Session(ONE, ONE, NOON, NOON, NOON + timedelta(hours=10))

    assert is_live(live, now=NOON + SESSION_IDLE - SECOND)
    assert not is_live(live, now=NOON + SESSION_IDLE)
    assert not is_live(replace(live, expires_at=NOON), now=NOON)
    assert not is_live(replace(live, ended=True), now=NOON)


def _request(prompt: str = "", max_age: int | None = None) -> AuthorizationRequest:
    age = None if max_age is None else timedelta(seconds=max_age)
    return AuthorizationRequest("gateway", "", "", "", "", "", frozenset(prompt.split()), age)


@pytest.mark.parametrize(
    ("request_", "authenticated", "asked"),
    [
        pytest.param(_request(), None, True, id="nobody logged in"),
        pytest.param(_request(), NOON, False, id="logged in"),
        pytest.param(_request("login"), NOON, True, id="prompt=login"),
        pytest.param(_request(max_age=60), NOON - timedelta(seconds=60), False, id="recent enough"),
        pytest.param(_request(max_age=60), NOON - timedelta(seconds=61), True, id="too long ago"),
        pytest.param(_request("none"), NOON, False, id="silent and logged in"),
    ],
)
def test_when_the_password_is_asked_for(
    request_: AuthorizationRequest, authenticated: datetime | None, asked: bool
) -> None:
    assert needs_login(request_, authenticated, now=NOON) is asked


def test_prompt_none_never_asks() -> None:
    with pytest.raises(LoginRequired):
        needs_login(_request("none"), None, now=NOON)


def test_a_scope_lies_within_what_is_allowed() -> None:
    assert check_scope("openid openid profile") == "openid profile"
    assert check_scope("") == ""
    with pytest.raises(InvalidScope):
        check_scope("openid profile", within="openid")
