"""Rows of sessions, authorization codes and refresh families. Secrets come in as hashes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.identity.domain.grants import Code, Family, RefreshToken, Session
from services.identity.tables import AssertionRow, CodeRow, FamilyRow, RefreshTokenRow, SessionRow

KEEP_ENDED = timedelta(days=7)  # so that a late reuse is still seen as one


async def add_session(connection: AsyncConnection, session: Session, token_hash: str) -> None:
    await connection.execute(
        insert(SessionRow).values(
            id=session.id,
            token_hash=token_hash,
            account_id=session.account_id,
            authenticated_at=session.authenticated_at,
            seen_at=session.seen_at,
            expires_at=session.expires_at,
        )
    )


async def find_session(connection: AsyncConnection, token_hash: str) -> Session | None:
    row = (await connection.execute(select(SessionRow).where(col(SessionRow.token_hash) == token_hash))).one_or_none()
    if row is None:
        return None
    return Session(
        id=row.id,
        account_id=row.account_id,
        authenticated_at=row.authenticated_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        ended=row.ended_at is not None,
    )


async def touch_session(connection: AsyncConnection, session_id: UUID, *, now: datetime) -> None:
    await connection.execute(update(SessionRow).where(col(SessionRow.id) == session_id).values(seen_at=now))


async def end_session(connection: AsyncConnection, session_id: UUID, *, now: datetime) -> None:
    """End the browser's session, the refresh families that grew out of it, and codes on their way."""
    await connection.execute(update(SessionRow).where(col(SessionRow.id) == session_id).values(ended_at=now))
    live = (col(FamilyRow.session_id) == session_id, col(FamilyRow.revoked_at).is_(None))
    await connection.execute(update(FamilyRow).where(*live).values(revoked_at=now, revoked_reason="LOG_OUT"))
    waiting = (col(CodeRow.session_id) == session_id, col(CodeRow.used_at).is_(None))
    await connection.execute(update(CodeRow).where(*waiting).values(used_at=now))


async def add_code(connection: AsyncConnection, code: Code, code_hash: str) -> None:
    await connection.execute(
        insert(CodeRow).values(
            code_hash=code_hash,
            client_id=code.client_id,
            account_id=code.account_id,
            session_id=code.session_id,
            redirect_uri=code.redirect_uri,
            challenge=code.challenge,
            nonce=code.nonce,
            scope=code.scope,
            authenticated_at=code.authenticated_at,
            expires_at=code.expires_at,
        )
    )


async def lock_code(connection: AsyncConnection, code_hash: str, client_id: str) -> Code | None:
    """The code of this client; locked, so that of two requests with it one comes second."""
    statement = select(CodeRow).where(col(CodeRow.code_hash) == code_hash, col(CodeRow.client_id) == client_id)
    row = (await connection.execute(statement.with_for_update())).one_or_none()
    if row is None:
        return None
    return Code(
        client_id=row.client_id,
        account_id=row.account_id,
        session_id=row.session_id,
        redirect_uri=row.redirect_uri,
        challenge=row.challenge,
        nonce=row.nonce,
        scope=row.scope,
        authenticated_at=row.authenticated_at,
        expires_at=row.expires_at,
        used=row.used_at is not None,
        family_id=row.family_id,
    )


async def spend_code(connection: AsyncConnection, code_hash: str, family_id: UUID | None, *, now: datetime) -> None:
    statement = update(CodeRow).where(col(CodeRow.code_hash) == code_hash, col(CodeRow.used_at).is_(None))
    await connection.execute(statement.values(used_at=now, family_id=family_id))


async def add_family(connection: AsyncConnection, family: Family) -> None:
    await connection.execute(
        insert(FamilyRow).values(
            id=family.id,
            client_id=family.client_id,
            account_id=family.account_id,
            session_id=family.session_id,
            scope=family.scope,
            authenticated_at=family.authenticated_at,
            expires_at=family.expires_at,
            newest=family.newest,
        )
    )


async def add_refresh(connection: AsyncConnection, family_id: UUID, token: RefreshToken, token_hash: str) -> None:
    await connection.execute(
        insert(RefreshTokenRow).values(
            token_hash=token_hash, family_id=family_id, sequence=token.sequence, expires_at=token.expires_at
        )
    )


@dataclass(frozen=True)
class Held:
    """A refresh token as it was presented, with its family."""

    token: RefreshToken
    family: Family


async def lock_refresh(connection: AsyncConnection, token_hash: str, client_id: str) -> Held | None:
    """The refresh token of this client, its family locked: refreshes of one login come one after the other."""
    family_of = select(col(RefreshTokenRow.family_id)).where(col(RefreshTokenRow.token_hash) == token_hash)
    wanted = (col(FamilyRow.id) == family_of.scalar_subquery(), col(FamilyRow.client_id) == client_id)
    family = (await connection.execute(select(FamilyRow).where(*wanted).with_for_update())).one_or_none()
    if family is None:
        return None
    # Read after the lock is held: a request that had to wait must see that the token is spent by now.
    token = select(RefreshTokenRow).where(col(RefreshTokenRow.token_hash) == token_hash)
    return Held(_refresh((await connection.execute(token)).one()), _family(family))


def _refresh(row: Row[Any]) -> RefreshToken:
    return RefreshToken(sequence=row.sequence, expires_at=row.expires_at, used_at=row.used_at)


def _family(row: Row[Any]) -> Family:
    return Family(
        id=row.id,
        client_id=row.client_id,
        account_id=row.account_id,
        session_id=row.session_id,
        scope=row.scope,
        authenticated_at=row.authenticated_at,
        expires_at=row.expires_at,
        newest=row.newest,
        revoked=row.revoked_at is not None,
    )


async def advance(connection: AsyncConnection, family_id: UUID, spent_hash: str, newest: int, *, now: datetime) -> None:
    """Mark the presented token as used, and its successor as the newest."""
    spent = update(RefreshTokenRow).where(col(RefreshTokenRow.token_hash) == spent_hash)
    await connection.execute(spent.values(used_at=now))
    await connection.execute(update(FamilyRow).where(col(FamilyRow.id) == family_id).values(newest=newest))


async def revoke_family(connection: AsyncConnection, family_id: UUID, reason: str, *, now: datetime) -> None:
    statement = update(FamilyRow).where(col(FamilyRow.id) == family_id, col(FamilyRow.revoked_at).is_(None))
    await connection.execute(statement.values(revoked_at=now, revoked_reason=reason))


async def family_lives(connection: AsyncConnection, family_id: UUID, *, now: datetime) -> bool:
    statement = select(col(FamilyRow.id)).where(
        col(FamilyRow.id) == family_id, col(FamilyRow.revoked_at).is_(None), col(FamilyRow.expires_at) > now
    )
    return (await connection.execute(statement)).first() is not None


async def sweep(connection: AsyncConnection, *, now: datetime) -> None:
    """Delete what ended long enough ago. The security log stays."""
    before = now - KEEP_ENDED
    await connection.execute(delete(AssertionRow).where(col(AssertionRow.expires_at) < now - timedelta(minutes=5)))
    await connection.execute(delete(CodeRow).where(col(CodeRow.expires_at) < before))
    await connection.execute(delete(FamilyRow).where(col(FamilyRow.expires_at) < before))
    await connection.execute(delete(SessionRow).where(col(SessionRow.expires_at) < before))
