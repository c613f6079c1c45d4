"""A client: a program that asks for tokens, and what it may ask for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.identity.domain.errors import InvalidScope, UnauthorizedClient

CODE, REFRESH, CLIENT = "authorization_code", "refresh_token", "client_credentials"
GRANT_TYPES = (CODE, REFRESH, CLIENT)
BASIC, ASSERTION, NONE = "client_secret_basic", "private_key_jwt", "none"
AUTH_METHODS = (BASIC, ASSERTION, NONE)
CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SCOPES = ("openid", "profile", "offline_access")


@dataclass(frozen=True)
class Client:
    """A registered client. `channel` is fixed for systems; empty means "by the person's role"."""

    id: str
    name: str
    auth_methods: tuple[str, ...]
    grant_types: tuple[str, ...]
    secret_hash: str = ""
    jwks: Mapping[str, Any] | None = None
    redirect_uris: tuple[str, ...] = ()
    logout_uris: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    organisation: str = ""
    organisation_name: str = ""
    division: str = ""
    channel: str = ""
    refresh_idle_seconds: int = 1800
    refresh_seconds: int = 36_000


def check_grant(client: Client, grant_type: str) -> None:
    """Raises UnauthorizedClient."""
    if grant_type not in client.grant_types:
        raise UnauthorizedClient(f"this client may not use {grant_type}")


def check_scope(asked: str, *, within: str = " ".join(SCOPES)) -> str:
    """The granted scope: what was asked for, which must lie within the allowed words.

    Raises:
        InvalidScope: an unknown or wider word.
    """
    words = list(dict.fromkeys(asked.split()))
    if not set(words) <= set(within.split()):
        raise InvalidScope("an unknown or wider scope was asked for")
    return " ".join(words)
