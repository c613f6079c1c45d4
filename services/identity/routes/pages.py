"""The pages a person sees: log in, log out."""

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.chassis.auth import public
from services.chassis.database import Database
from services.chassis.http import Db
from services.identity import queries
from services.identity.commands.authorize import AUTHORIZE, LOGIN
from services.identity.commands.login import log_in, log_out
from services.identity.domain import redirect
from services.identity.domain.errors import FormExpired, TooBusy, WrongCredentials
from services.identity.pages import account_page, login_page, message_page
from services.identity.provider import Provider
from services.identity.routes.deps import Cookies, Form, Jar, Params, Provide, Query, RealNow
from services.identity.routes.oauth import NO_STORE, form_fields

router = APIRouter(tags=["identity"])
WRONG = "用户名或密码不正确，或账号已被暂时锁定。请核对后重试。"
EXPIRED = "页面已过期，请重新输入。"
BUSY = "当前登录人数较多，请稍后再试。"


def safe_next(given: str) -> str:
    """Only back to our own authorization endpoint: nothing that a link could point elsewhere."""
    parts = urlsplit(given)
    own = not parts.scheme and not parts.netloc and parts.path == AUTHORIZE and "\\" not in given
    return given if own and given.startswith(f"{AUTHORIZE}?") and given.isprintable() else ""


async def _targets(db: Database, next_url: str) -> tuple[str, ...]:
    """The client's address that the answer to the form leads to, when it is a registered one."""
    asked = dict(parse_qsl(urlsplit(next_url).query))
    client = await queries.client_of(db, asked.get("client_id", ""))
    uri = asked.get("redirect_uri", "")
    return (redirect.form_target(uri),) if client and redirect.matches(client.redirect_uris, uri) else ()


async def _form_page(
    db: Database, provider: Provider, jar: Cookies, next_url: str, error: str = "", status: int = 200
) -> HTMLResponse:
    targets = await _targets(db, next_url) if next_url else ()
    csrf = provider.form_token(jar.mark())
    page = login_page(csrf=csrf, next_url=next_url, error=error, status=status, form_targets=targets)
    jar.keep_mark(page)
    return page


@router.get("/login", summary="登录页面", response_class=HTMLResponse, dependencies=[public])
async def show_login(params: Query, db: Db, provider: Provide, jar: Jar, now: RealNow) -> HTMLResponse:
    next_url = safe_next(params.values.get("next", ""))
    account = None if next_url else await queries.logged_in(db, jar.session, now=now)
    if account is None:
        return await _form_page(db, provider, jar, next_url)
    page = account_page(account.name, csrf=provider.form_token(jar.mark()), params={})
    jar.keep_mark(page)
    return page


@router.post(
    "/login",
    summary="提交登录",
    response_class=RedirectResponse,
    status_code=303,
    dependencies=[public],
    openapi_extra=form_fields("username", "password", "csrf", optional=("next",)),
)
async def submit_login(params: Form, db: Db, provider: Provide, jar: Jar, now: RealNow) -> Response:
    form = params.values
    next_url = safe_next(form.get("next", ""))
    try:
        _check_form(provider, jar, params)
        who = form.get("username", ""), form.get("password", "")
        logged_in = await log_in(db, provider, *who, now=now, replaces=jar.session)
    except FormExpired:
        return await _form_page(db, provider, jar, next_url, EXPIRED, 403)
    except WrongCredentials:
        return await _form_page(db, provider, jar, next_url, WRONG, 401)
    except TooBusy:
        page = await _form_page(db, provider, jar, next_url, BUSY, 503)
        page.headers["retry-after"] = "2"
        return page
    response = RedirectResponse(next_url or LOGIN, 303, NO_STORE)
    jar.keep_session(response, logged_in.cookie)
    return response


def _check_form(provider: Provider, jar: Cookies, params: Params) -> None:
    """Raises FormExpired unless the form was shown to this very browser."""
    given = params.values.get("csrf", "").encode()
    if not jar.form or params.repeated or not hmac.compare_digest(given, provider.form_token(jar.form).encode()):
        raise FormExpired


@router.get("/oauth/logout", summary="退出登录（OpenID RP-Initiated Logout）", dependencies=[public])
async def show_logout(params: Query, db: Db, provider: Provide, jar: Jar, now: RealNow) -> Response:
    """With an ID token of the very person who is logged in, at once; otherwise the person is asked."""
    asked = params.once()
    account = await queries.logged_in(db, jar.session, now=now)
    if account is None:
        return await _after_logout(db, provider, jar, asked)
    hint = queries.read_hint(provider, asked.get("id_token_hint", ""))
    if hint is not None and hint.subject == str(account.id):
        await log_out(db, jar.session, now=now)
        return await _after_logout(db, provider, jar, asked)
    target = await _return_address(db, provider, asked)
    targets = (redirect.form_target(target),) if target else ()
    csrf = provider.form_token(jar.mark())
    page = account_page(account.name, csrf=csrf, params=_logout_params(asked), form_targets=targets)
    jar.keep_mark(page)
    return page


@router.get("/logout", include_in_schema=False, dependencies=[public])
async def short_logout() -> RedirectResponse:
    return RedirectResponse("/oauth/logout", 303)


@router.post(
    "/oauth/logout",
    summary="确认退出登录",
    dependencies=[public],
    openapi_extra=form_fields("csrf", optional=("post_logout_redirect_uri", "client_id", "id_token_hint", "state")),
)
async def submit_logout(params: Form, db: Db, provider: Provide, jar: Jar, now: RealNow) -> Response:
    try:
        _check_form(provider, jar, params)
    except FormExpired:
        return message_page("页面已过期", "请返回后重新退出登录。", status=403, label="返回")
    await log_out(db, jar.session, now=now)
    return await _after_logout(db, provider, jar, params.values)


def _logout_params(asked: Mapping[str, str]) -> dict[str, str]:
    names = ("post_logout_redirect_uri", "client_id", "id_token_hint", "state")
    return {name: asked[name] for name in names if name in asked}


async def _return_address(db: Database, provider: Provider, asked: Mapping[str, str]) -> str:
    """The registered address to go to after logging out, empty when none was asked for or it is not registered."""
    uri = asked.get("post_logout_redirect_uri", "")
    hint = queries.read_hint(provider, asked.get("id_token_hint", ""))
    client_id = hint.client_id if hint is not None else asked.get("client_id", "")
    client = await queries.client_of(db, client_id) if uri else None
    return uri if client is not None and redirect.matches(client.logout_uris, uri) else ""


async def _after_logout(db: Database, provider: Provider, jar: Cookies, asked: Mapping[str, str]) -> Response:
    uri = await _return_address(db, provider, asked)
    response: Response
    if uri:
        response = RedirectResponse(redirect.with_params(uri, {"state": asked.get("state", "")}), 303, NO_STORE)
    else:
        response = message_page("已退出登录", "您已安全退出。", label="重新登录")
    jar.forget(response)
    return response
