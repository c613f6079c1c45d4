"""Log in and log out of the browser session that all clients share (single sign-on)."""

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import Counter

from contracts.events.identity import AccountLocked
from services.chassis.database import Database, UnitOfWork
from services.chassis.ids import uuid7
from services.identity import grant_repository, repository
from services.identity.domain import account as rules
from services.identity.domain.account import Account
from services.identity.domain.errors import WrongCredentials
from services.identity.domain.grants import SESSION_LIFE, Session
from services.identity.passwords import (
    LONGEST,
    hash_password,
    hash_secret,
    needs_rehash,
    random_secret,
    verify_password,
)
from services.identity.provider import PERSON, Provider
from services.identity.repository import Subject

logins_total = Counter("identity_logins_total", "Log-in attempts", ["result"])
_CITIZEN_ID = re.compile(r"[0-9]{17}[0-9X]")


@dataclass(frozen=True)
class LoggedIn:
    """A new browser session; `cookie` is the only copy of its secret."""

    session: Session
    cookie: str


async def log_in(
    db: Database, provider: Provider, username: str, password: str, *, now: datetime, replaces: str = ""
) -> LoggedIn:
    """Check the password and open a session.

    The account's row stays locked while argon2 runs, so a hundred guesses sent at once are judged one by one and the
    sixth finds the account closed. The gate keeps that from taking all connections.

    Args:
        db: identity's database.
        provider: the running provider.
        username: user name, or the person's own citizen ID number.
        password: as typed.
        now: real time.
        replaces: the cookie of the session this browser had before; it ends.

    Raises:
        WrongCredentials: whatever the reason.
        TooBusy: the queue of log-ins is full.
    """
    name, key = _who(provider, username)
    logged_in: LoggedIn | None = None
    async with provider.gate.slot(), db.transaction() as uow:
        found = await repository.lock_for_login(uow.connection, name, key)
        account, stored = found if found is not None else (None, "")
        usable = account is not None and len(password) <= LONGEST and rules.may_log_in(account, now=now)
        right = await asyncio.to_thread(verify_password, password[:LONGEST], stored if usable else None)
        if account is not None and right:
            logged_in = await _open(uow, account, stored, password, now=now, replaces=replaces)
        else:
            await _refuse(uow, account, now=now)
    logins_total.labels("refused" if logged_in is None else "ok").inc()
    if logged_in is None:
        raise WrongCredentials
    return logged_in


def _who(provider: Provider, typed: str) -> tuple[str, str]:
    """User name and subject key to look for. A number becomes its key here: it is never a parameter of a statement."""
    number = typed.strip().upper()
    if _CITIZEN_ID.fullmatch(number):
        return "", provider.sealer.index_key(PERSON, number)
    return typed.strip().lower(), ""


async def _open(
    uow: UnitOfWork, account: Account, stored: str, password: str, *, now: datetime, replaces: str
) -> LoggedIn:
    new_hash = await asyncio.to_thread(hash_password, password) if needs_rehash(stored) else None
    await repository.save_login(uow.connection, rules.logged_in(account), new_hash=new_hash)
    if replaces:
        await _end(uow, replaces, now=now)
    session = Session(uuid7(), account.id, authenticated_at=now, seen_at=now, expires_at=now + SESSION_LIFE)
    cookie = random_secret()
    await grant_repository.add_session(uow.connection, session, hash_secret(cookie))
    await repository.record(uow.connection, "LOG_IN", "OK", Subject(account.id), now=now)
    return LoggedIn(session, cookie)


async def _refuse(uow: UnitOfWork, account: Account | None, *, now: datetime) -> None:
    """Count the failure. What was typed as user name is not kept: people type passwords and numbers there."""
    if account is None:
        await repository.record(uow.connection, "LOG_IN", "REFUSED", Subject(), now=now)
        return
    failed, facts = rules.log_in_failed(account, now=now)
    await repository.save_login(uow.connection, failed)
    for fact in facts:
        event = AccountLocked(account_id=fact.account_id, locked_until=fact.until)
        uow.publish(event, aggregate_id=fact.account_id, version=failed.version)
    result = "LOCKED" if rules.is_locked(failed, now=now) else "REFUSED"
    await repository.record(uow.connection, "LOG_IN", result, Subject(account.id), now=now)


async def log_out(db: Database, cookie: str, *, now: datetime) -> None:
    """End the browser's session and all tokens that can be renewed because of it. Unknown cookies are ignored."""
    async with db.transaction() as uow:
        await _end(uow, cookie, now=now)


async def _end(uow: UnitOfWork, cookie: str, *, now: datetime) -> None:
    session = await grant_repository.find_session(uow.connection, hash_secret(cookie))
    if session is None or session.ended:
        return
    await grant_repository.end_session(uow.connection, session.id, now=now)
    await repository.record(uow.connection, "LOG_OUT", "OK", Subject(session.account_id), now=now)
