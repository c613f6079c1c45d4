"""Reads: who the bearer of an access token is, and who is logged in in a browser."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.chassis.database import Database
from services.identity import grant_repository, repository
from services.identity.commands.tokens import ACCESS_TYPE, ID_TYPE
from services.identity.domain.account import Account
from services.identity.domain.client import Client
from services.identity.domain.errors import TokenRevoked
from services.identity.domain.grants import is_live
from services.identity.passwords import hash_secret
from services.identity.provider import Provider
from services.identity.schemas import UserInfoOut


async def user_info(db: Database, provider: Provider, token: str, *, now: datetime) -> UserInfoOut:
    """The person of an access token whose signature and age were checked already.

    Raises:
        TokenRevoked: logged out, revoked, account closed, or a system's token (a system is not a person).
    """
    claims = provider.keyring.read(token, typ=ACCESS_TYPE)
    if claims is None or "sid" not in claims:
        raise TokenRevoked
    async with db.read() as connection:
        if not await grant_repository.family_lives(connection, UUID(claims["sid"]), now=now):
            raise TokenRevoked
        account = await repository.find_account(connection, UUID(claims["sub"]))
    if account is None or account.disabled:
        raise TokenRevoked
    return UserInfoOut.of(account)


async def logged_in(db: Database, cookie: str, *, now: datetime) -> Account | None:
    """Who is logged in in the browser with this cookie."""
    if not cookie:
        return None
    async with db.read() as connection:
        session = await grant_repository.find_session(connection, hash_secret(cookie))
        if session is None or not is_live(session, now=now):
            return None
        return await repository.find_account(connection, session.account_id)


async def client_of(db: Database, client_id: str) -> Client | None:
    async with db.read() as connection:
        return await repository.find_client(connection, client_id)


@dataclass(frozen=True)
class Hint:
    """An ID token shown at logout: whose it is and which client holds it. Its age does not matter."""

    subject: str
    client_id: str


def read_hint(provider: Provider, token: str) -> Hint | None:
    claims: dict[str, Any] | None = provider.keyring.read(token, typ=ID_TYPE) if token else None
    return Hint(str(claims["sub"]), str(claims["aud"])) if claims is not None else None
