"""Identity for tests: its app over a migrated database with the demo accounts, and a browser and a client for it."""

import base64
import hmac
import json
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import text

from services.chassis.settings import ServiceSettings, load_settings
from services.identity.domain import pkce
from services.identity.keys import Keyring, ensure_key, folder_of
from services.identity.main import create_app

ISSUER = "http://127.0.0.1:8080"
CALLBACK = f"{ISSUER}/session/callback"
CATALOGUE = Path(__file__).parents[2] / "demo" / "catalogue.yaml"
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


def settings_over(folder: Path, database_url: str, **more: Any) -> ServiceSettings:
    """Settings with keys of their own below `folder`. The app reads its own JWKS from a file: no socket is open."""
    keys = folder / "keys"
    for kind in ("seal", "index"):
        (keys / kind).mkdir(parents=True, exist_ok=True)
        path = keys / kind / "1.key"
        if not path.exists():
            path.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
    ensure_key(folder_of(keys))
    jwks = folder / "jwks.json"
    jwks.write_text(json.dumps(Keyring(folder_of(keys)).jwks()))
    addresses = {"database_url": database_url, "issuer": ISSUER, "public_url": ISSUER, "jwks_url": jwks.as_uri()}
    return load_settings("identity", ServiceSettings, keys_dir=keys, **(addresses | more))


@dataclass
class Login:
    """What the browser brings back to the client: the code, or an error."""

    location: str
    verifier: str

    @property
    def answer(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.location).query))

    @property
    def code(self) -> str:
        return self.answer["code"]


@dataclass
class Identity:
    """The running provider, seen from outside."""

    app: FastAPI
    settings: ServiceSettings
    accounts: dict[str, dict[str, Any]]
    clients: dict[str, dict[str, Any]]
    http: httpx.AsyncClient = field(repr=False)

    def browser(self) -> "Browser":
        return Browser(self, _http(self.app))

    def password(self, username: str) -> str:
        return str(self.accounts[username]["password"])

    def basic(self, client_id: str) -> tuple[str, str]:
        return client_id, str(self.clients[client_id]["client_secret"])

    async def token(self, client_id: str = "gateway", **form: str) -> httpx.Response:
        return await self.http.post("/oauth/token", data=form, auth=self.basic(client_id))

    async def exchange(self, login: Login, client_id: str = "gateway", **change: str) -> httpx.Response:
        uri = self.clients[client_id]["redirect_uris"][0]
        form = {"code": login.code, "redirect_uri": uri, "code_verifier": login.verifier}
        return await self.token(client_id, grant_type="authorization_code", **(form | change))

    async def refresh(self, refresh_token: str, client_id: str = "gateway", **more: str) -> httpx.Response:
        return await self.token(client_id, grant_type="refresh_token", refresh_token=refresh_token, **more)

    async def userinfo(self, access_token: str) -> httpx.Response:
        return await self.http.get("/oauth/userinfo", headers={"Authorization": f"Bearer {access_token}"})

    async def claims(self, token: str) -> dict[str, Any]:
        """Verified as a relying party does: by the published keys alone."""
        keys = KeySet.import_key_set((await self.http.get("/.well-known/jwks.json")).json())
        return dict(jwt.decode(token, keys, algorithms=["ES256"]).claims)

    async def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        async with self.app.state.database.transaction() as uow:
            result = await uow.connection.execute(text(sql), values)
            return [tuple(row) for row in result] if result.returns_rows else []


@dataclass
class Browser:
    """A browser with its own cookies. Follows nothing by itself, so that a test sees every step."""

    identity: Identity
    http: httpx.AsyncClient = field(repr=False)

    async def authorize(self, client_id: str = "gateway", *, drop: str = "", **change: str) -> Login:
        verifier = secrets.token_urlsafe(48)
        params = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": self.identity.clients[client_id]["redirect_uris"][0],
            "scope": "openid profile",
            "state": "state-1",
            "nonce": "nonce-1",
            "code_challenge": pkce.s256(verifier),
            "code_challenge_method": "S256",
        }
        sent = {name: value for name, value in (params | change).items() if name not in drop.split()}
        answer = await self.http.get("/oauth/authorize", params=sent)
        assert answer.status_code == 303, answer.text
        return Login(answer.headers["location"], verifier)

    async def open_form(self, path: str = "/login") -> dict[str, str]:
        page = await self.http.get(path)
        found = _CSRF.search(page.text)
        assert found is not None, page.text
        hidden = parse_qs(urlsplit(path).query).get("next", [])
        return {"csrf": found.group(1)} | ({"next": hidden[0]} if hidden else {})

    async def log_in(self, username: str, password: str | None = None, *, path: str = "/login") -> httpx.Response:
        form = await self.open_form(path)
        typed = self.identity.password(username) if password is None else password
        return await self.http.post("/login", data=form | {"username": username, "password": typed})

    async def code(self, username: str, client_id: str = "gateway", **change: str) -> Login:
        """The whole way of a person: authorize, log in, come back with a code."""
        asked = await self.authorize(client_id, **change)
        answer = await self.log_in(username, path=asked.location)
        assert answer.status_code == 303, answer.text
        back = await self.http.get(answer.headers["location"])
        return Login(back.headers["location"], asked.verifier)


def hs256(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    """A token signed with any bytes as shared secret, made by hand because libraries refuse to take a public key."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signature = hmac.digest(secret, b".".join(parts), "sha256")
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def _http(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ISSUER)


@asynccontextmanager
async def running(settings: ServiceSettings, accounts: Path) -> AsyncIterator[Identity]:
    """Start the app over a database that was filled together with this accounts file."""
    content = json.loads(accounts.read_text())
    app = create_app(settings)
    async with app.router.lifespan_context(app), _http(app) as http:
        by_name = {entry["username"]: entry for entry in content["accounts"]}
        yield Identity(app, settings, by_name, {entry["client_id"]: entry for entry in content["clients"]}, http)
