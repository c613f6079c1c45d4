"""The authorization request: to the login page, or back to the client with a code or an error."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from services.chassis.database import Database
from services.identity import grant_repository, repository
from services.identity.domain import redirect
from services.identity.domain.authorization import AuthorizationRequest, check_request, check_return, needs_login
from services.identity.domain.client import Client
from services.identity.domain.errors import InvalidRequest, ProtocolError
from services.identity.domain.grants import CODE_LIFE, Code, Session, is_live
from services.identity.passwords import hash_secret, random_secret
from services.identity.provider import Provider

AUTHORIZE = "/oauth/authorize"
LOGIN = "/login"


async def authorize(
    db: Database, provider: Provider, params: Mapping[str, str], cookie: str, *, repeated: bool, now: datetime
) -> str:
    """Where the browser goes next.

    Args:
        db: identity's database.
        provider: the running provider.
        params: query or form parameters.
        cookie: the browser's session cookie, empty when it has none.
        repeated: a parameter came more than once.
        now: real time.

    Raises:
        UnknownRedirect: the only error that is not sent back to the client.
    """
    async with db.read() as connection:
        client = await repository.find_client(connection, params.get("client_id", ""))
    client = check_return(client, params.get("redirect_uri", ""))
    answer = {"state": params.get("state", ""), "iss": provider.issuer}
    try:
        if repeated:
            raise InvalidRequest("a parameter came more than once")
        request = check_request(client, params)
        code = await _code(db, client, request, cookie, now=now)
    except ProtocolError as refused:
        answer = {"error": refused.error, "error_description": refused.detail} | answer
        return redirect.with_params(params["redirect_uri"], answer)
    if code is None:
        return f"{LOGIN}?{urlencode({'next': _again(params)})}"
    return redirect.with_params(request.redirect_uri, {"code": code} | answer)


def _again(params: Mapping[str, str]) -> str:
    """This request once more, for after the login, which satisfies `prompt` and `max_age`."""
    kept = {name: value for name, value in params.items() if name not in {"prompt", "max_age"}}
    return f"{AUTHORIZE}?{urlencode(kept)}"


async def _code(
    db: Database, client: Client, request: AuthorizationRequest, cookie: str, *, now: datetime
) -> str | None:
    """A new code, or None when the person must log in first."""
    async with db.transaction() as uow:
        session = await grant_repository.find_session(uow.connection, hash_secret(cookie)) if cookie else None
        if session is not None and not is_live(session, now=now):
            session = None
        asked = needs_login(request, session.authenticated_at if session else None, now=now)
        if asked or session is None:
            return None
        secret = random_secret()
        await grant_repository.add_code(uow.connection, _grant(client, request, session, now=now), hash_secret(secret))
        await grant_repository.touch_session(uow.connection, session.id, now=now)
    return secret


def _grant(client: Client, request: AuthorizationRequest, session: Session, *, now: datetime) -> Code:
    return Code(
        client_id=client.id,
        account_id=session.account_id,
        session_id=session.id,
        redirect_uri=request.redirect_uri,
        challenge=request.challenge,
        nonce=request.nonce,
        scope=request.scope,
        authenticated_at=session.authenticated_at,
        expires_at=now + CODE_LIFE,
    )
