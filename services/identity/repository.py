"""Rows of accounts, clients and the security log, to domain objects and back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.chassis.ids import uuid7
from services.identity.domain.account import Account
from services.identity.domain.client import CLIENT_ID, Client
from services.identity.tables import (
    AccountRoleRow,
    AccountRow,
    AssertionRow,
    AuditRow,
    ClientRow,
    OrganisationRow,
    PartyRow,
    RepresentationRow,
)


def _accounts() -> Select[Any]:
    """Account, password hash, roles, body, own key and the keys it may act for: one round trip."""
    roles = select(col(AccountRoleRow.role)).where(col(AccountRoleRow.account_id) == col(AccountRow.id))
    keys = (
        select(col(PartyRow.subject_key))
        .join(RepresentationRow, col(RepresentationRow.party_id) == col(PartyRow.id))
        .where(col(RepresentationRow.account_id) == col(AccountRow.id))
    )
    own = select(col(PartyRow.subject_key)).where(col(PartyRow.id) == col(AccountRow.party_id))
    body = select(col(OrganisationRow.name)).where(col(OrganisationRow.uscc) == col(AccountRow.organisation))
    return select(
        AccountRow,
        func.array(roles.order_by(col(AccountRoleRow.role)).scalar_subquery()).label("roles"),
        func.array(keys.order_by(col(PartyRow.subject_key)).scalar_subquery()).label("acts_for"),
        own.scalar_subquery().label("subject_key"),
        body.scalar_subquery().label("organisation_name"),
    )


def _account(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        username=row.username,
        name=row.name,
        roles=tuple(row.roles),
        organisation=row.organisation or "",
        organisation_name=row.organisation_name or "",
        division=row.division,
        subject_key=row.subject_key or "",
        acts_for=tuple(row.acts_for),
        failures=row.failures,
        locked_until=row.locked_until,
        disabled=row.disabled_at is not None,
        version=row.version,
    )


async def lock_for_login(connection: AsyncConnection, username: str, subject_key: str) -> tuple[Account, str] | None:
    """The account of this user name, or of the person with this key, and its password hash. The row stays locked:
    attempts at one account are judged one after the other, in every replica."""
    wanted: ColumnElement[bool] = col(AccountRow.username) == username
    if subject_key:
        person = select(col(PartyRow.id)).where(col(PartyRow.subject_key) == subject_key)
        wanted = wanted | col(AccountRow.party_id).in_(person)
    statement = _accounts().where(wanted).limit(1).with_for_update(of=AccountRow)
    row = (await connection.execute(statement)).one_or_none()
    return (_account(row), row.password_hash) if row is not None else None


async def find_account(connection: AsyncConnection, account_id: UUID) -> Account | None:
    row = (await connection.execute(_accounts().where(col(AccountRow.id) == account_id))).one_or_none()
    return _account(row) if row is not None else None


async def save_login(connection: AsyncConnection, account: Account, *, new_hash: str | None = None) -> None:
    """Store what a log-in attempt changed. The row is locked by `lock_for_login`."""
    values: dict[str, Any] = {
        "failures": account.failures,
        "locked_until": account.locked_until,
        "version": account.version,
    }
    if new_hash is not None:
        values["password_hash"] = new_hash
    await connection.execute(update(AccountRow).where(col(AccountRow.id) == account.id).values(values))


async def find_client(connection: AsyncConnection, client_id: str) -> Client | None:
    """A client that is not disabled. Text that can be no client id never reaches the database."""
    if CLIENT_ID.fullmatch(client_id) is None:
        return None
    body = select(col(OrganisationRow.name)).where(col(OrganisationRow.uscc) == col(ClientRow.organisation))
    statement = select(ClientRow, body.scalar_subquery().label("organisation_name"))
    statement = statement.where(col(ClientRow.client_id) == client_id, col(ClientRow.disabled_at).is_(None))
    row = (await connection.execute(statement)).one_or_none()
    return _client(row) if row is not None else None


def _client(row: Row[Any]) -> Client:
    return Client(
        id=row.client_id,
        name=row.name,
        auth_methods=tuple(row.auth_methods),
        grant_types=tuple(row.grant_types),
        secret_hash=row.secret_hash,
        jwks=row.jwks,
        redirect_uris=tuple(row.redirect_uris),
        logout_uris=tuple(row.logout_uris),
        roles=tuple(row.roles),
        organisation=row.organisation or "",
        organisation_name=row.organisation_name or "",
        division=row.division,
        channel=row.channel,
        refresh_idle_seconds=row.refresh_idle_seconds,
        refresh_seconds=row.refresh_seconds,
    )


async def first_use(connection: AsyncConnection, client_id: str, jti_hash: str, expires_at: datetime) -> bool:
    """Claim a client assertion; False when it was used before."""
    claim = upsert(AssertionRow).values(client_id=client_id, jti_hash=jti_hash, expires_at=expires_at)
    claimed = await connection.execute(claim.on_conflict_do_nothing())
    return claimed.rowcount == 1


@dataclass(frozen=True)
class Subject:
    """Whom a line of the security log is about, as far as it is known."""

    account_id: UUID | None = None
    client_id: str | None = None


async def record(connection: AsyncConnection, act: str, result: str, about: Subject, *, now: datetime) -> None:
    """One line of the security log."""
    row = {"id": uuid7(), "at": now, "act": act, "result": result}
    who = {"account_id": about.account_id, "client_id": about.client_id}
    await connection.execute(insert(AuditRow).values(row | who))
