"""What tokens say: claims of the access token (RFC 9068) and of the ID token (OpenID Connect Core 2)."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.identity.domain.account import Account
from services.identity.domain.client import Client

AUDIENCE = "yichuang"
ACCESS_SECONDS = 600
ID_SECONDS = 600

_CITIZEN_ROLES = frozenset({"CITIZEN", "ENTERPRISE_AGENT"})


@dataclass(frozen=True)
class Stamp:
    """Who issues, when, and the token's own number."""

    issuer: str
    now: datetime
    jti: str

    def until(self, seconds: int) -> dict[str, Any]:
        issued = int(self.now.timestamp())
        return {"iss": self.issuer, "iat": issued, "exp": issued + seconds}


def channel_of(client: Client, roles: tuple[str, ...]) -> str:
    """The way in that a token stands for."""
    if client.channel:
        return client.channel
    if _CITIZEN_ROLES.intersection(roles):
        return "ONLINE"
    return "TOWNSHIP" if "TOWNSHIP_CLERK" in roles else "COUNTER"


def person_claims(account: Account, client: Client, stamp: Stamp, *, sid: str) -> dict[str, Any]:
    """Access token of a person. `sid` names the refresh family, so that a revoked login is seen by userinfo."""
    return stamp.until(ACCESS_SECONDS) | {
        "sub": str(account.id),
        "client_id": client.id,
        "aud": AUDIENCE,
        "jti": stamp.jti,
        "sid": sid,
        "roles": list(account.roles),
        "name": account.name,
        "org": account.organisation,
        "org_name": account.organisation_name,
        "division": account.division,
        "channel": channel_of(client, account.roles),
        "subject_key": account.subject_key,
        "acts_for": list(account.acts_for),
    }


def system_claims(client: Client, stamp: Stamp) -> dict[str, Any]:
    """Access token of a system: the client is the subject."""
    return stamp.until(ACCESS_SECONDS) | {
        "sub": client.id,
        "client_id": client.id,
        "aud": AUDIENCE,
        "jti": stamp.jti,
        "roles": list(client.roles),
        "name": client.name,
        "org": client.organisation,
        "org_name": client.organisation_name,
        "division": client.division,
        "channel": client.channel,
        "subject_key": "",
        "acts_for": [],
    }


def id_claims(
    account: Account, client: Client, stamp: Stamp, *, sid: str, nonce: str, authenticated_at: datetime, access: str
) -> dict[str, Any]:
    """ID token: for the client alone, about this login."""
    claims = stamp.until(ID_SECONDS) | {
        "sub": str(account.id),
        "aud": client.id,
        "auth_time": int(authenticated_at.timestamp()),
        "at_hash": at_hash(access),
        "sid": sid,
        "name": account.name,
        "preferred_username": account.username,
    }
    return claims | {"nonce": nonce} if nonce else claims


def at_hash(access: str) -> str:
    """Left half of the SHA-256 of the access token (OpenID Connect Core 3.1.3.6, for ES256)."""
    half = hashlib.sha256(access.encode("ascii")).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode("ascii")
