"""OAuth 2.0 endpoints: authorize, token, revoke, userinfo, and the documents that describe them."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.chassis.auth import Authenticated, public
from services.chassis.database import Database
from services.chassis.http import Db
from services.identity import queries
from services.identity.client_auth import authenticate
from services.identity.commands import tokens
from services.identity.commands.authorize import authorize
from services.identity.commands.revoke import revoke
from services.identity.domain.client import CLIENT, CODE, REFRESH, Client, check_grant
from services.identity.domain.errors import InvalidRequest, UnsupportedGrantType
from services.identity.provider import Provider
from services.identity.routes.deps import Cookies, Form, Jar, Params, Provide, Query, RealNow
from services.identity.schemas import DiscoveryOut, TokenOut, UserInfoOut

router = APIRouter(tags=["identity"])
NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}


def form_fields(*required: str, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """The OpenAPI description of a form whose faults are answered as OAuth asks for, not as problem documents."""
    fields = {name: {"type": "string"} for name in (*required, *optional)}
    schema = {"type": "object", "required": list(required), "properties": fields}
    return {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}}


def _query_fields(*names: str) -> dict[str, Any]:
    return {"parameters": [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]}


_AUTHORIZE = ("response_type", "client_id", "redirect_uri", "code_challenge", "code_challenge_method")
_AUTHORIZE_MORE = ("scope", "state", "nonce", "prompt", "max_age")
_TOKEN_MORE = ("code", "redirect_uri", "code_verifier", "refresh_token", "scope", "client_id", "client_assertion")


@router.get(
    "/oauth/authorize",
    summary="发起登录授权（授权码 + PKCE S256）",
    status_code=303,
    response_class=RedirectResponse,
    dependencies=[public],
    openapi_extra=_query_fields(*_AUTHORIZE, *_AUTHORIZE_MORE),
)
async def authorize_by_query(params: Query, db: Db, provider: Provide, jar: Jar, now: RealNow) -> RedirectResponse:
    return await _authorize(db, provider, params, jar, now)


@router.post(
    "/oauth/authorize",
    summary="发起登录授权（表单方式）",
    status_code=303,
    response_class=RedirectResponse,
    dependencies=[public],
    openapi_extra=form_fields(*_AUTHORIZE, optional=_AUTHORIZE_MORE),
)
async def authorize_by_form(params: Form, db: Db, provider: Provide, jar: Jar, now: RealNow) -> RedirectResponse:
    return await _authorize(db, provider, params, jar, now)


async def _authorize(db: Database, provider: Provider, params: Params, jar: Cookies, now: RealNow) -> RedirectResponse:
    where = await authorize(db, provider, params.values, jar.session, repeated=params.repeated, now=now)
    return RedirectResponse(where, 303, NO_STORE | {"referrer-policy": "no-referrer"})


@router.post(
    "/oauth/token",
    summary="换取、续期访问令牌",
    dependencies=[public],
    openapi_extra=form_fields("grant_type", optional=(*_TOKEN_MORE, "client_assertion_type")),
)
async def token(
    request: Request, response: Response, params: Form, db: Db, provider: Provide, now: RealNow
) -> TokenOut:
    form = params.once()
    response.headers.update(NO_STORE)
    authorization = request.headers.get("authorization", "")
    client = await authenticate(db, provider.issuer, form, authorization, now=now)
    issued = await _grant(db, provider, client, form, now)
    return TokenOut(**vars(issued))


async def _grant(db: Database, provider: Provider, client: Client, form: dict[str, str], now: RealNow) -> tokens.Issued:
    grant_type = _field(form, "grant_type")
    if grant_type not in (CODE, REFRESH, CLIENT):
        raise UnsupportedGrantType("use authorization_code, refresh_token or client_credentials")
    check_grant(client, grant_type)
    scope = form.get("scope", "")
    if grant_type == CLIENT:
        return tokens.for_system(provider, client, scope, now=now)
    if grant_type == REFRESH:
        held = _field(form, "refresh_token")
        return await tokens.refresh_tokens(db, provider, client, refresh_token=held, scope=scope, now=now)
    return await tokens.exchange_code(
        db,
        provider,
        client,
        code=_field(form, "code"),
        redirect_uri=_field(form, "redirect_uri"),
        verifier=_field(form, "code_verifier"),
        now=now,
    )


def _field(form: dict[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise InvalidRequest(f"{name} is missing")
    return value


@router.post(
    "/oauth/revoke",
    summary="撤销令牌",
    dependencies=[public],
    openapi_extra=form_fields("token", optional=("token_type_hint", "client_id", "client_assertion")),
)
async def revoke_token(request: Request, params: Form, db: Db, provider: Provide, now: RealNow) -> Response:
    form = params.once()
    client = await authenticate(db, provider.issuer, form, request.headers.get("authorization", ""), now=now)
    await revoke(db, provider, client, form.get("token", ""), now=now)
    return Response(status_code=200, headers=NO_STORE)


@router.get("/oauth/userinfo", summary="当前登录人")
async def userinfo(
    request: Request, response: Response, db: Db, provider: Provide, now: RealNow, caller: Authenticated
) -> UserInfoOut:
    response.headers.update(NO_STORE)
    return await queries.user_info(db, provider, request.headers["authorization"].partition(" ")[2].strip(), now=now)


@router.get("/.well-known/openid-configuration", summary="OpenID 提供方说明", dependencies=[public])
async def discovery(response: Response, provider: Provide) -> DiscoveryOut:
    response.headers["cache-control"] = "public, max-age=300"
    return DiscoveryOut.of(provider.issuer)


@router.get("/.well-known/oauth-authorization-server", include_in_schema=False, dependencies=[public])
async def server_metadata(response: Response, provider: Provide) -> DiscoveryOut:
    return await discovery(response, provider)


@router.get("/.well-known/jwks.json", summary="令牌验签公钥", dependencies=[public])
async def jwks(response: Response, provider: Provide) -> dict[str, Any]:
    response.headers["cache-control"] = "public, max-age=60"
    return provider.keyring.jwks()
