"""Revocation (RFC 7009): a refresh or access token ends the login it grew out of."""

from datetime import datetime
from uuid import UUID

from services.chassis.database import Database
from services.identity import grant_repository, repository
from services.identity.commands.tokens import ACCESS_TYPE
from services.identity.domain.client import Client
from services.identity.domain.errors import InvalidRequest, UnsupportedTokenType
from services.identity.passwords import hash_secret
from services.identity.provider import Provider
from services.identity.repository import Subject


async def revoke(db: Database, provider: Provider, client: Client, token: str, *, now: datetime) -> None:
    """End the login of `token`. A token that is unknown or another client's changes nothing and is no error.

    A refresh token takes the browser's session with it: who logs out at a computer in the hall must not be logged in
    again, without a password, by the next person who presses "log in".

    Raises:
        InvalidRequest: no token.
        UnsupportedTokenType: a system's access token: nothing stands behind it, it ends by itself in 10 minutes.
    """
    if not token:
        raise InvalidRequest("token is missing")
    async with db.transaction() as uow:
        held = await grant_repository.lock_refresh(uow.connection, hash_secret(token), client.id)
        family_id = held.family.id if held is not None else _family_of_access(provider, client, token)
        if family_id is None:
            return
        await grant_repository.revoke_family(uow.connection, family_id, "REVOKED", now=now)
        if held is not None and held.family.session_id is not None:
            await grant_repository.end_session(uow.connection, held.family.session_id, now=now)
        await repository.record(uow.connection, "REVOKE", "OK", Subject(client_id=client.id), now=now)


def _family_of_access(provider: Provider, client: Client, token: str) -> UUID | None:
    claims = provider.keyring.read(token, typ=ACCESS_TYPE)
    if claims is None or claims["client_id"] != client.id:
        return None
    if "sid" not in claims:
        raise UnsupportedTokenType("access tokens of systems cannot be revoked")
    return UUID(claims["sid"])
