"""Who calls: access tokens are verified here, in every service. No bare header is ever trusted."""

import asyncio
import base64
import hashlib
import json
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import httpx
from fastapi import Depends, Request, Security
from fastapi.openapi.models import HTTPBearer as BearerModel
from fastapi.security.base import SecurityBase
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.types import ASGIApp, Receive, Scope, Send

from services.chassis.errors import Forbidden, Unauthenticated
from services.kernel.errors import DomainError, Kind

log = logging.getLogger(__name__)

AUDIENCE = "yichuang"
_CACHE_SIZE = 4096
_LEEWAY_SECONDS = 10
_KEYS_MAX_AGE_SECONDS = 600
_REFETCH_SECONDS = 5


class KeysAway(DomainError):
    code = "platform.identity-away"
    kind = Kind.UNAVAILABLE
    title_zh = "统一身份认证暂时不可用"
    title_en = "The identity provider cannot be reached"


@dataclass(frozen=True)
class Principal:
    """Whom a verified access token stands for."""

    subject: str
    client_id: str
    name: str = ""
    roles: frozenset[str] = frozenset()
    organisation: str = ""
    organisation_name: str = ""
    division: str = ""
    channel: str = ""
    subject_key: str = ""
    acts_for: frozenset[str] = frozenset()

    @classmethod
    def of(cls, claims: dict[str, Any]) -> "Principal":
        """Raises Unauthenticated for claims of another shape than identity issues."""
        return cls(
            subject=claims["sub"],
            client_id=_text(claims, "client_id"),
            name=_text(claims, "name"),
            roles=_texts(claims, "roles"),
            organisation=_text(claims, "org"),
            organisation_name=_text(claims, "org_name"),
            division=_text(claims, "division"),
            channel=_text(claims, "channel"),
            subject_key=_text(claims, "subject_key"),
            acts_for=_texts(claims, "acts_for"),
        )

    def has(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str):
        raise Unauthenticated("不是有效的访问令牌")
    return value


def _texts(claims: dict[str, Any], name: str) -> frozenset[str]:
    value = claims.get(name, [])
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise Unauthenticated("不是有效的访问令牌")
    return frozenset(value)


class Verifier:
    """Verifies `at+jwt` access tokens (RFC 9068); a verified token is remembered by its hash until it expires.

    Keys come from `jwks_url` (http, https or file) and are asked for again, at most every few seconds, when a token
    names an unknown key.
    """

    def __init__(self, issuer: str, jwks_url: str) -> None:
        self._issuer = issuer
        self._jwks_url = jwks_url
        self._keys: KeySet | None = None
        self._fetched_at = 0.0
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()
        self._seen: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()

    async def verify(self, token: str) -> Principal:
        """Raises Unauthenticated; KeysAway when the keys cannot be had."""
        digest = hashlib.sha256(token.encode()).digest()
        known = self._seen.get(digest)
        if known is not None and known[0] > time.time():
            return known[1]
        claims = await self._claims(token)
        principal = Principal.of(claims)
        self._seen[digest] = (float(claims["exp"]), principal)
        if len(self._seen) > _CACHE_SIZE:
            self._seen.popitem(last=False)
        return principal

    async def _claims(self, token: str) -> dict[str, Any]:
        header = _header(token)
        if str(header.get("typ", "")).lower() != "at+jwt" or header.get("alg") != "ES256":
            raise Unauthenticated("不是有效的访问令牌")
        keys = await self._keys_with(str(header.get("kid", "")))
        try:
            claims = jwt.decode(token, keys, algorithms=["ES256"]).claims
            registry = jwt.JWTClaimsRegistry(
                leeway=_LEEWAY_SECONDS,
                iss={"essential": True, "value": self._issuer},
                aud={"essential": True, "value": AUDIENCE},
                exp={"essential": True},
                sub={"essential": True},
            )
            registry.validate(claims)
        except (JoseError, ValueError) as bad:
            raise Unauthenticated("访问令牌无效或已过期") from bad
        return dict(claims)

    async def _keys_with(self, kid: str) -> KeySet:
        if not self._current(kid):
            async with self._lock:
                # Failed tries count too: while identity is away, callers must not wait for it one after another.
                if not self._current(kid) and time.monotonic() - self._tried_at > _REFETCH_SECONDS:
                    self._tried_at = time.monotonic()
                    await self._fetch()
        if self._keys is None:
            raise KeysAway(retry_after_seconds=2)
        return self._keys

    def _current(self, kid: str) -> bool:
        """Whether the key is known and was confirmed lately: a key that was withdrawn must not live on here."""
        if self._keys is None or time.monotonic() - self._fetched_at > _KEYS_MAX_AGE_SECONDS:
            return False
        return any(key.kid == kid for key in self._keys.keys)

    async def _fetch(self) -> None:
        try:
            if self._jwks_url.startswith("file:"):
                document = json.loads(Path(self._jwks_url.removeprefix("file://").removeprefix("file:")).read_text())
            else:
                async with httpx.AsyncClient(timeout=3) as client:
                    document = (await client.get(self._jwks_url)).raise_for_status().json()
            self._keys = KeySet.import_key_set(document)
            self._fetched_at = time.monotonic()
        except (httpx.HTTPError, OSError, ValueError, JoseError) as away:
            log.warning("keys cannot be fetched: %s", type(away).__name__)


def _header(token: str) -> dict[str, Any]:
    try:
        head = token.split(".", 1)[0]
        parsed = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError as bad:
        raise Unauthenticated("不是有效的访问令牌") from bad
    return parsed if isinstance(parsed, dict) else {}


class AuthMiddleware:
    """Verifies the Bearer token of a request once, before any dependency; what it means is decided by `allow`."""

    def __init__(self, app: ASGIApp, verifier: Verifier) -> None:
        self._app = app
        self._verifier = verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            state = scope.setdefault("state", {})
            for name, value in scope["headers"]:
                if name == b"authorization" and value[:7].lower() == b"bearer ":
                    try:
                        state["principal"] = await self._verifier.verify(value[7:].decode("ascii", "replace").strip())
                    except DomainError as refused:
                        state["refused"] = refused
        await self._app(scope, receive, send)


class Rule(SecurityBase):
    """Authorisation of a route by role. Appears in the OpenAPI document as the roles that may call it."""

    def __init__(self, *roles: str) -> None:
        self.roles = frozenset(roles)
        self.model = BearerModel(description="OAuth 2.0 access token (at+jwt, ES256)")
        self.scheme_name = "bearer"

    async def __call__(self, request: Request) -> Principal:
        principal: Principal | None = getattr(request.state, "principal", None)
        if principal is None:
            raise getattr(request.state, "refused", None) or Unauthenticated("请先登录")
        if self.roles and principal.roles.isdisjoint(self.roles):
            raise Forbidden("当前角色不能进行此操作")
        return principal


class _Public(SecurityBase):
    """Marks a route that needs no token; every route carries this or a Rule."""

    def __init__(self) -> None:
        self.model = BearerModel(description="public")
        self.scheme_name = "public"

    async def __call__(self, request: Request) -> Principal | None:
        return getattr(request.state, "principal", None)


def allow(*roles: str) -> Any:
    """Dependency: a principal with at least one of `roles` (none named: any valid token). 401 or 403 otherwise."""
    return Security(Rule(*roles), scopes=sorted(roles))


public = Depends(_Public())
Authenticated = Annotated[Principal, allow()]
