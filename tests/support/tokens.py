"""Signed access tokens for tests of services, without running identity: an own key, its JWKS, and `token(...)`.

Point a service at `jwks_url(tmp_path)` (YICHUANG_JWKS_URL) and `ISSUER` (YICHUANG_ISSUER), then send
`headers(roles=["HANDLER"], org="11431202006100029C")`.
"""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

ISSUER = "http://identity.test"
AUDIENCE = "yichuang"
DIVISION = "431202000000"
# Longer than any run of the suite: some tests make their tokens when they are collected.
LIFETIME_SECONDS = 7200
SYSTEM_CLIENTS = {
    "PROVINCIAL_PLATFORM": "provincial",
    "MOBILE_BACKEND": "mobile",
    "TOWNSHIP_CENTRE": "township",
    "RELYING_PARTY": "bank",
}

# One key per test process: a service started by a test only has to be given its JWKS once.
KEY = ECKey.generate_key("P-256", {"alg": "ES256", "use": "sig"}, auto_kid=True)


def jwks(key: ECKey = KEY) -> dict[str, Any]:
    """The public key set a service verifies with."""
    return {"keys": list(KeySet([key]).as_dict(private=False)["keys"])}


def jwks_url(folder: Path, key: ECKey = KEY) -> str:
    """Write the JWKS into `folder` and give its file:// address, to be used as YICHUANG_JWKS_URL."""
    path = folder / "test-jwks.json"
    path.write_text(json.dumps(jwks(key)), encoding="utf-8")
    return path.resolve().as_uri()


def account(name: str) -> str:
    """The same account UUID for the same name, so that a test can say "clerk-1" twice and mean one person."""
    return str(uuid5(NAMESPACE_URL, f"account:{name}"))


def claims(
    roles: Iterable[str],
    *,
    org: str = "",
    org_name: str = "",
    division: str = DIVISION,
    channel: str = "COUNTER",
    subject_key: str = "",
    acts_for: Iterable[str] = (),
    sub: str = "",
    name: str = "测试人员",
    client_id: str = "",
    issuer: str = ISSUER,
    audience: str = AUDIENCE,
    lifetime_seconds: int = LIFETIME_SECONDS,
) -> dict[str, Any]:
    """Claims of an access token as identity issues them; a negative `lifetime_seconds` gives an expired one."""
    held = list(roles)
    client = client_id or next((SYSTEM_CLIENTS[role] for role in held if role in SYSTEM_CLIENTS), "gateway")
    now = int(time.time())
    return {
        "iss": issuer,
        "sub": sub or (client if client != "gateway" else account(f"{'+'.join(held)}@{org or division}")),
        "client_id": client,
        "aud": audience,
        "exp": now + lifetime_seconds,
        "iat": now,
        "jti": str(uuid4()),
        "roles": held,
        "name": name,
        "org": org,
        "org_name": org_name,
        "division": division,
        "channel": channel,
        "subject_key": subject_key,
        "acts_for": list(acts_for),
    }


def sign(payload: dict[str, Any], *, key: ECKey = KEY, typ: str = "at+jwt", alg: str = "ES256") -> str:
    """Sign any claims; other `typ`, `alg` or `key` make the forgeries of negative tests."""
    header = {"typ": typ, "alg": alg, "kid": key.kid}
    return jwt.encode(header, payload, key, algorithms=[alg])


def token(roles: Iterable[str] = (), *, key: ECKey = KEY, **of: Any) -> str:
    """A signed access token: token(roles=["HANDLER"], org="", division="", channel="COUNTER", subject_key="", ...)."""
    return sign(claims(roles, **of), key=key)


def headers(roles: Iterable[str] = (), **of: Any) -> dict[str, str]:
    """Request headers of a caller with these claims."""
    return {"Authorization": f"Bearer {token(roles, **of)}"}
