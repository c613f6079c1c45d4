"""The authorization request (RFC 6749 4.1.1, OpenID Connect Core 3.1.2.1): what a client may ask a browser to carry."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.identity.domain import pkce, redirect
from services.identity.domain.client import CODE, Client, check_grant, check_scope
from services.identity.domain.errors import (
    InvalidRequest,
    LoginRequired,
    RequestNotSupported,
    UnknownRedirect,
    UnsupportedResponseType,
)

_LONGEST = 1024


@dataclass(frozen=True)
class AuthorizationRequest:
    """A checked request. `max_age` is None when any login is recent enough."""

    client_id: str
    redirect_uri: str
    scope: str
    state: str
    nonce: str
    challenge: str
    prompt: frozenset[str]
    max_age: timedelta | None


def check_return(client: Client | None, redirect_uri: str) -> Client:
    """The client, once it is certain that errors may be sent back to `redirect_uri`.

    Raises:
        UnknownRedirect: show it to the person, never redirect.
    """
    if client is None or not redirect.matches(client.redirect_uris, redirect_uri):
        raise UnknownRedirect
    return client


def check_request(client: Client, params: Mapping[str, str]) -> AuthorizationRequest:
    """Raises ProtocolError, which goes back to the client's redirect URI."""
    if "request" in params or "request_uri" in params:
        raise RequestNotSupported("request and request_uri are not supported")
    if any(len(value) > _LONGEST for value in params.values()):
        raise InvalidRequest("a parameter is too long")
    if params.get("response_type") != "code":
        raise UnsupportedResponseType("response_type must be code")
    if params.get("response_mode", "query") != "query":
        raise InvalidRequest("response_mode must be query")
    check_grant(client, CODE)
    return AuthorizationRequest(
        client_id=client.id,
        redirect_uri=params["redirect_uri"],
        scope=check_scope(params.get("scope", "")),
        state=params.get("state", ""),
        nonce=params.get("nonce", ""),
        challenge=pkce.check_challenge(params.get("code_challenge", ""), params.get("code_challenge_method", "")),
        prompt=_prompt(params.get("prompt", "")),
        max_age=_max_age(params.get("max_age", "")),
    )


def _prompt(text: str) -> frozenset[str]:
    words = frozenset(text.split())
    if "none" in words and len(words) > 1:
        raise InvalidRequest("prompt=none stands alone")
    return words


def _max_age(text: str) -> timedelta | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InvalidRequest("max_age must be a number of seconds")
    return timedelta(seconds=int(text))


def needs_login(request: AuthorizationRequest, authenticated_at: datetime | None, *, now: datetime) -> bool:
    """Whether the person must be asked for the password (again).

    Args:
        request: the checked request.
        authenticated_at: when the person of this browser gave the password, None when nobody is logged in.
        now: real time.

    Raises:
        LoginRequired: a login is needed and prompt=none forbids asking.
    """
    fresh = authenticated_at is not None and (request.max_age is None or now - authenticated_at <= request.max_age)
    if "none" in request.prompt:
        if not fresh:
            raise LoginRequired("nobody is logged in")
        return False
    return not fresh or bool(request.prompt & {"login", "select_account"})
