"""The gateway as a client of the identity provider: where to send the browser, and the token calls."""

import base64
import hashlib
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import orjson

from gateway.problems import bad_answer, service_away
from gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

CLIENT_ID = "gateway"
_TIMEOUT = aiohttp.ClientTimeout(total=5)
_ANSWER_LIMIT = 256 * 1024


class GrantRefused(Exception):
    """Identity refuses the code or refresh token: the person has to log in again."""


@dataclass(frozen=True)
class Grant:
    access: str
    refresh: str
    lives_seconds: int


@dataclass(frozen=True)
class Pkce:
    """RFC 7636, S256 only."""

    verifier: str

    @classmethod
    def fresh(cls) -> "Pkce":
        return cls(secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Provider:
    """Browsers go to the public address, token calls to the internal one.

    The client secret is the file `gateway/client-secret` in the keys folder; without it the gateway is a public
    client and PKCE alone protects the code.
    """

    def __init__(self, settings: GatewaySettings, http: aiohttp.ClientSession) -> None:
        self._http = http
        self._public = settings.public_origin
        self._internal = settings.upstreams()["identity"]
        self._secret_file = settings.keys_dir / "gateway" / "client-secret"
        self.issuer = settings.issuer
        self.redirect_uri = f"{self._public}/session/callback"

    def authorize_url(self, state: str, pkce: Pkce) -> str:
        query = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": self.redirect_uri,
            "scope": "openid profile offline_access",
            "state": state,
            "code_challenge": pkce.challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._public}/oauth/authorize?{urlencode(query)}"

    def logout_url(self) -> str:
        query = {"client_id": CLIENT_ID, "post_logout_redirect_uri": f"{self._public}/"}
        return f"{self._public}/oauth/logout?{urlencode(query)}"

    async def exchange(self, code: str, pkce: Pkce) -> Grant:
        """Raises GrantRefused; Refused when identity is away."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri}
        return await self._tokens(form | {"code_verifier": pkce.verifier})

    async def refresh(self, refresh: str) -> Grant:
        """Raises GrantRefused; Refused when identity is away."""
        return await self._tokens({"grant_type": "refresh_token", "refresh_token": refresh})

    async def revoke(self, refresh: str) -> None:
        """Best effort: the cookie is gone anyway, and the access token lives ten minutes at most."""
        status, _ = await self._post("/oauth/revoke", {"token": refresh, "token_type_hint": "refresh_token"})
        if status != 200:
            log.warning("identity did not revoke a refresh token", extra={"status": status})

    async def _tokens(self, form: Mapping[str, str]) -> Grant:
        status, body = await self._post("/oauth/token", form)
        if status in (400, 401):
            raise GrantRefused
        if status != 200:
            raise service_away("identity")
        try:
            answer = orjson.loads(body)
            return Grant(answer["access_token"], answer.get("refresh_token", ""), int(answer["expires_in"]))
        except (ValueError, KeyError, TypeError):
            raise bad_answer("identity") from None

    async def _post(self, path: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        secret = self._secret()
        data = dict(form) if secret else {"client_id": CLIENT_ID, **form}
        headers = {"authorization": aiohttp.encode_basic_auth(CLIENT_ID, secret)} if secret else {}
        try:
            async with self._http.post(
                f"{self._internal}{path}", data=data, headers=headers, timeout=_TIMEOUT, allow_redirects=False
            ) as answer:
                return answer.status, await answer.content.read(_ANSWER_LIMIT)
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise service_away("identity") from None

    def _secret(self) -> str:
        return _read(self._secret_file)


def _read(path: Path) -> str:
    # Read at each use (a login or refresh, a few a minute): a rotated secret needs no restart.
    return path.read_text().strip() if path.is_file() else ""
