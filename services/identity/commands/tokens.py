"""The token endpoint's three grants: authorization code, refresh token, client credentials."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.chassis.database import Database, UnitOfWork
from services.chassis.ids import uuid7
from services.identity import grant_repository, repository
from services.identity.domain.account import Account
from services.identity.domain.claims import ACCESS_SECONDS, Stamp, id_claims, person_claims, system_claims
from services.identity.domain.client import REFRESH, Client, check_scope
from services.identity.domain.errors import InvalidGrant, InvalidScope
from services.identity.domain.grants import Code, Family, RefreshToken, Reused, Turn, check_code, turn
from services.identity.passwords import hash_secret, random_secret
from services.identity.provider import Provider
from services.identity.repository import Subject

ACCESS_TYPE, ID_TYPE = "at+jwt", "JWT"


@dataclass(frozen=True)
class Issued:
    """What the token endpoint answers."""

    access_token: str
    scope: str
    refresh_token: str | None = None
    id_token: str | None = None
    expires_in: int = ACCESS_SECONDS


def for_system(provider: Provider, client: Client, scope: str, *, now: datetime) -> Issued:
    """client_credentials: the client acts as itself; scope words are about people and are refused."""
    if scope:
        raise InvalidScope("a system has no scope: its rights are its roles")
    claims = system_claims(client, _stamp(provider, now=now))
    return Issued(provider.keyring.sign(claims, typ=ACCESS_TYPE), scope="")


async def exchange_code(
    db: Database, provider: Provider, client: Client, *, code: str, redirect_uri: str, verifier: str, now: datetime
) -> Issued:
    """authorization_code: each code once. A second use ends everything the first one gave.

    Raises:
        InvalidGrant: after the transaction, because spending and revoking must be kept.
    """
    code_hash = hash_secret(code)
    refused: InvalidGrant | None = None
    async with db.transaction() as uow:
        grant = await grant_repository.lock_code(uow.connection, code_hash, client.id)
        if grant is None:
            raise InvalidGrant("the code is unknown")
        try:
            check_code(grant, redirect_uri=redirect_uri, verifier=verifier, now=now)
            return await _first_tokens(uow, provider, client, grant, code_hash, now=now)
        except InvalidGrant as fault:
            refused = fault
            await _spend(uow, grant, code_hash, fault, now=now)
    raise refused


async def _spend(uow: UnitOfWork, grant: Code, code_hash: str, fault: InvalidGrant, *, now: datetime) -> None:
    await grant_repository.spend_code(uow.connection, code_hash, None, now=now)
    if not isinstance(fault, Reused):
        return
    if grant.family_id is not None:
        await grant_repository.revoke_family(uow.connection, grant.family_id, "CODE_REUSED", now=now)
    about = Subject(grant.account_id, grant.client_id)
    await repository.record(uow.connection, "CODE_REUSED", "REFUSED", about, now=now)


async def _first_tokens(
    uow: UnitOfWork, provider: Provider, client: Client, grant: Code, code_hash: str, *, now: datetime
) -> Issued:
    account = await _account(uow, grant.account_id)
    family = Family(
        id=uuid7(),
        client_id=client.id,
        account_id=account.id,
        session_id=grant.session_id,
        scope=grant.scope,
        authenticated_at=grant.authenticated_at,
        expires_at=now + timedelta(seconds=client.refresh_seconds),
    )
    await grant_repository.add_family(uow.connection, family)
    await grant_repository.spend_code(uow.connection, code_hash, family.id, now=now)
    refresh = random_secret() if REFRESH in client.grant_types else None
    if refresh is not None:
        token = RefreshToken(0, _idle_end(client, family, now=now))
        await grant_repository.add_refresh(uow.connection, family.id, token, hash_secret(refresh))
    return _issue(provider, client, account, family, refresh, now=now, nonce=grant.nonce, with_id=True)


async def refresh_tokens(
    db: Database, provider: Provider, client: Client, *, refresh_token: str, scope: str, now: datetime
) -> Issued:
    """refresh_token: each token once; the successor is derived, so that a lost answer can be asked for again.

    Raises:
        InvalidGrant: after the transaction when a reuse revoked the family.
        InvalidScope: wider than what was granted.
    """
    token_hash = hash_secret(refresh_token)
    async with db.transaction() as uow:
        held = await grant_repository.lock_refresh(uow.connection, token_hash, client.id)
        if held is None:
            raise InvalidGrant("the refresh token is unknown")
        family = held.family
        granted = check_scope(scope, within=family.scope) if scope else family.scope
        try:
            what = turn(held.token, family, now=now)
        except Reused as fault:
            refused = fault
            await grant_repository.revoke_family(uow.connection, family.id, "REFRESH_REUSED", now=now)
            about = Subject(family.account_id, client.id)
            await repository.record(uow.connection, "REFRESH_REUSED", "REFUSED", about, now=now)
        else:
            account = await _account(uow, family.account_id)
            successor = provider.successor(refresh_token)
            if what is Turn.ROTATE:
                await _rotate(uow, client, family, token_hash, successor, now=now)
            return _issue(provider, client, account, family, successor, now=now, scope=granted)
    raise refused


async def _rotate(
    uow: UnitOfWork, client: Client, family: Family, spent_hash: str, successor: str, *, now: datetime
) -> None:
    token = RefreshToken(family.newest + 1, _idle_end(client, family, now=now))
    await grant_repository.add_refresh(uow.connection, family.id, token, hash_secret(successor))
    await grant_repository.advance(uow.connection, family.id, spent_hash, token.sequence, now=now)


def _idle_end(client: Client, family: Family, *, now: datetime) -> datetime:
    return min(now + timedelta(seconds=client.refresh_idle_seconds), family.expires_at)


async def _account(uow: UnitOfWork, account_id: UUID) -> Account:
    """Roles and body as they are now: a refresh is where a change of duty takes effect."""
    account = await repository.find_account(uow.connection, account_id)
    if account is None or account.disabled:
        raise InvalidGrant("the account is closed")
    return account


def _stamp(provider: Provider, *, now: datetime) -> Stamp:
    return Stamp(provider.issuer, now, str(uuid7()))


def _issue(
    provider: Provider,
    client: Client,
    account: Account,
    family: Family,
    refresh: str | None,
    *,
    now: datetime,
    scope: str | None = None,
    nonce: str = "",
    with_id: bool = False,
) -> Issued:
    stamp = _stamp(provider, now=now)
    sid = str(family.id)
    access = provider.keyring.sign(person_claims(account, client, stamp, sid=sid), typ=ACCESS_TYPE)
    identity = None
    if with_id and "openid" in family.scope.split():
        about = id_claims(
            account, client, stamp, sid=sid, nonce=nonce, authenticated_at=family.authenticated_at, access=access
        )
        identity = provider.keyring.sign(about, typ=ID_TYPE)
    return Issued(access, family.scope if scope is None else scope, refresh, identity)
