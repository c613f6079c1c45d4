"""The browser session: log in at the identity provider, tokens kept in a sealed cookie, refreshed once at a time."""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gateway.asgi import Answer, Exchange, Header, Request
from gateway.cookies import SealedCookie
from gateway.oidc import Grant, GrantRefused, Pkce, Provider
from gateway.problems import Refused, cross_site
from services.chassis.auth import Verifier
from services.chassis.clock import real_now
from services.chassis.errors import Unauthenticated
from services.chassis.sealing import Sealer

_REFRESH_BEFORE_SECONDS = 60
_IDLE_SECONDS = 1800
_LOGIN_SECONDS = 600
_REMEMBER_REFRESH_SECONDS = 60
_RETRY_REFRESH_SECONDS = 3
CSRF_HEADER = "x-csrf"


@dataclass(frozen=True)
class Session:
    access: str
    refresh: str
    access_until: float
    renewed: float

    @classmethod
    def of(cls, grant: Grant) -> "Session":
        now = _now()
        return cls(grant.access, grant.refresh, now + grant.lives_seconds, now)

    @classmethod
    def opened(cls, value: Mapping[str, Any] | None) -> "Session | None":
        if value is None:
            return None
        return cls(value["access"], value["refresh"], float(value["access_until"]), float(value["renewed"]))


def check_same_site(request: Request, origin: str, *, header: bool = True) -> None:
    """An unsafe request that lives on the cookie must come from our own page (OWASP: fetch metadata, origin, and a
    header that a cross-site form cannot set).

    Raises:
        Refused: 403.
    """
    site = request.headers.get("sec-fetch-site")
    sent = request.headers.get("origin")
    same = sent == origin if sent is not None else site == "same-origin"
    if site not in (None, "same-origin") or not same or (header and request.headers.get(CSRF_HEADER) != "1"):
        raise cross_site()


class Sessions:
    """Reads, renews and ends sessions. Holds no session itself: any replica can serve any browser."""

    def __init__(self, sealer: Sealer, provider: Provider, verifier: Verifier, *, origin: str, secure: bool) -> None:
        self._provider = provider
        self._verifier = verifier
        self._origin = origin
        self._cookie = SealedCookie("yc_session", sealer, secure=secure)
        self._login = SealedCookie("yc_login", sealer, secure=secure, max_age=_LOGIN_SECONDS)
        self._renewals: dict[bytes, tuple[float, asyncio.Task[Session | None]]] = {}

    @property
    def cookie_names(self) -> tuple[str, str]:
        return self._cookie.name, self._login.name

    async def of(self, request: Request) -> tuple[Session | None, list[Header]]:
        """The caller's session, fresh for at least some seconds, and the cookies that go with the answer.

        Raises:
            Refused: the session must be renewed and identity is away.
        """
        if not self._cookie.present(request):
            return None, []
        session = Session.opened(self._cookie.read(request))
        if session is None or _now() > session.renewed + _IDLE_SECONDS:
            return None, self._cookie.clear(request)
        if _now() < session.access_until - _REFRESH_BEFORE_SECONDS:
            return session, []
        try:
            renewed = await self._renewed(session)
        except Refused:
            if _now() < session.access_until:
                return session, []
            raise
        return (renewed, self._cookie.write(vars(renewed))) if renewed else (None, self._cookie.clear(request))

    async def _renewed(self, session: Session) -> Session | None:
        """One refresh per refresh token: parallel requests, and those that still carry the old cookie shortly
        after, share its outcome. A rotated token must not be shown twice, or identity ends the whole login."""
        key = hashlib.sha256(session.refresh.encode()).digest()
        now = time.monotonic()
        for old in [k for k, (started, task) in self._renewals.items() if _over(task, now - started)]:
            del self._renewals[old]
        if key not in self._renewals:
            self._renewals[key] = (now, asyncio.create_task(self._renew(session)))
        return await asyncio.shield(self._renewals[key][1])

    async def _renew(self, session: Session) -> Session | None:
        try:
            return Session.of(await self._provider.refresh(session.refresh))
        except GrantRefused:
            return None

    async def login(self, request: Request) -> Answer:
        pkce, state = Pkce.fresh(), secrets.token_urlsafe(24)
        login = {"state": state, "verifier": pkce.verifier, "next": _local(request.parameters.get("next", "/"))}
        cookies = self._login.write(login | {"until": _now() + _LOGIN_SECONDS})
        return Answer.redirect(self._provider.authorize_url(state, pkce), cookies)

    async def callback(self, request: Request) -> Answer:
        login, given = self._login.read(request), request.parameters
        state_fits = login is not None and secrets.compare_digest(
            given.get("state", "").encode(), str(login["state"]).encode()
        )
        if login is None or not state_fits or _now() > login["until"]:
            raise _login_failed("登录请求已失效, 请重新登录", "The login has expired, start again")
        if given.get("iss", self._provider.issuer) != self._provider.issuer or "code" not in given:
            raise _login_failed("身份认证服务没有确认登录", "The identity provider did not confirm the login")
        try:
            session = Session.of(await self._provider.exchange(given["code"], Pkce(login["verifier"])))
            await self._verifier.verify(session.access)
        except (GrantRefused, Unauthenticated):
            raise _login_failed("登录凭据已使用或已失效", "The login code was used or has expired") from None
        cookies = self._cookie.write(vars(session)) + self._login.clear(request)
        return Answer.redirect(login["next"], cookies)

    async def logout(self, request: Request) -> Answer:
        """Ends the session here and its tokens at identity, then offers to end the single sign-on there. A plain form
        may do this, so no header is asked for; the origin is."""
        check_same_site(request, self._origin, header=False)
        session = Session.opened(self._cookie.read(request))
        cookies = self._cookie.clear(request)
        if session is not None and session.refresh:
            try:
                await self._provider.revoke(session.refresh)
            except Refused:
                # Logging out must work while identity is away; its own idle limit ends the family.
                return Answer.redirect("/", cookies)
        return Answer.redirect(self._provider.logout_url(), cookies)

    async def who(self, exchange: Exchange) -> Answer:
        """Who is logged in, for pages: names and roles, no number, no token."""
        headers: list[Header] = [(b"cache-control", b"no-store")]
        session, cookies = await self.of(exchange.request)
        exchange.common.extend(cookies)
        if session is None:
            return Answer.json({"authenticated": False, "login": "/session/login"}, headers=headers)
        person = await self._verifier.verify(session.access)
        return Answer.json(
            {
                "authenticated": True,
                "subject": person.subject,
                "name": person.name,
                "roles": sorted(person.roles),
                "organisation": person.organisation,
                "organisation_name": person.organisation_name,
                "division": person.division,
                "channel": person.channel,
                "csrf_header": {"name": "X-CSRF", "value": "1"},
            },
            headers=headers,
        )


def _over(task: asyncio.Task[Session | None], age: float) -> bool:
    """Whether a renewal's outcome need no longer be kept; after a failure identity is asked again soon."""
    if not task.done():
        return False
    failed = task.cancelled() or task.exception() is not None
    return age > (_RETRY_REFRESH_SECONDS if failed else _REMEMBER_REFRESH_SECONDS)


def _local(target: str) -> str:
    """A path of this site, or the start page: the login must not become an open redirect."""
    parts = urlsplit(target)
    plain = target.startswith("/") and not target.startswith("//") and target.isascii() and target.isprintable()
    return target if plain and "\\" not in target and not parts.netloc and not parts.scheme else "/"


def _login_failed(zh: str, en: str) -> Refused:
    return Refused(400, "gateway.login-failed", "登录没有完成", "The login was not completed", zh, en)


def _now() -> float:
    return real_now().timestamp()
