"""Demo bodies, people and clients into the tables. What is there stays; only what is missing or outdated is written."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.chassis.ids import uuid7
from services.chassis.sealing import Sealer
from services.identity.bootstrap.demo import Enterprise, Organisation, Person, System
from services.identity.passwords import hash_secret
from services.identity.provider import ORGANISATION, PARTY_NUMBER, PERSON
from services.identity.tables import (
    AccountRoleRow,
    AccountRow,
    Base,
    ClientRow,
    OrganisationRow,
    PartyRow,
    RepresentationRow,
)
from services.kernel.codes import mask_citizen_id, mask_uscc


async def only_one(connection: AsyncConnection) -> None:
    """Two bootstraps at once: the second waits for the first to commit, however long that one hashes passwords."""
    await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    await connection.execute(text("SET LOCAL lock_timeout = 0"))
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('identity-bootstrap'))"))


async def save_organisations(connection: AsyncConnection, bodies: Sequence[Organisation]) -> None:
    rows = [vars(body) for body in bodies]
    await _upsert(connection, OrganisationRow, rows, keys=("uscc",), change=("short_id", "name", "division", "kind"))


async def find_organisations(connection: AsyncConnection) -> list[Organisation]:
    rows = await connection.execute(select(OrganisationRow).order_by(col(OrganisationRow.uscc)))
    return [Organisation(row.uscc, row.short_id, row.name, row.division, row.kind) for row in rows]


async def demo_usernames(connection: AsyncConnection) -> set[str]:
    rows = await connection.execute(select(col(AccountRow.username)).where(col(AccountRow.demo)))
    return set(rows.scalars())


async def save_parties(
    connection: AsyncConnection, sealer: Sealer, people: Sequence[Person], enterprises: Sequence[Enterprise]
) -> dict[str, UUID]:
    """Numbers are sealed before they are written. Answers the party of each citizen ID number and uscc."""
    rows = [_party(sealer, PERSON, p.name, p.citizen_id, mask_citizen_id(p.citizen_id)) for p in people]
    rows += [_party(sealer, ORGANISATION, e.name, e.uscc, mask_uscc(e.uscc)) for e in enterprises]
    await _upsert(connection, PartyRow, rows, keys=("subject_key",), change=("name",))
    keys = select(col(PartyRow.subject_key), col(PartyRow.id))
    found = {row.subject_key: row.id for row in await connection.execute(keys)}
    ids = {p.citizen_id: found[sealer.index_key(PERSON, p.citizen_id)] for p in people}
    return ids | {e.uscc: found[sealer.index_key(ORGANISATION, e.uscc)] for e in enterprises}


def _party(sealer: Sealer, kind: str, name: str, number: str, masked: str) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "party_type": kind,
        "name": name,
        "subject_key": sealer.index_key(kind, number),
        "sealed_number": sealer.seal(number, PARTY_NUMBER),
        "masked_number": masked,
    }


async def save_accounts(
    connection: AsyncConnection,
    people: Sequence[Person],
    hashes: Mapping[str, str],
    parties: Mapping[str, UUID],
    *,
    now: datetime,
) -> None:
    """`hashes` holds those whose password is new; the others keep theirs."""
    new = [
        _account(person, hashes[person.username], parties, now=now) for person in people if person.username in hashes
    ]
    fresh = ("password_hash", "password_changed_at", "failures", "locked_until")
    await _upsert(connection, AccountRow, new, keys=("username",), change=fresh, only_demo=True)
    rows = await connection.execute(select(col(AccountRow.username), col(AccountRow.id)).where(col(AccountRow.demo)))
    ids = {row.username: row.id for row in rows}
    known = [person for person in people if person.username in ids]
    roles = [{"account_id": ids[p.username], "role": role} for p in known for role in p.roles]
    await _upsert(connection, AccountRoleRow, roles, keys=("account_id", "role"))
    acts = [{"account_id": ids[p.username], "party_id": parties[uscc]} for p in known for uscc in p.acts_for]
    await _upsert(connection, RepresentationRow, acts, keys=("account_id", "party_id"))


def _account(person: Person, password_hash: str, parties: Mapping[str, UUID], *, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "username": person.username,
        "password_hash": password_hash,
        "password_changed_at": now,
        "name": person.name,
        "party_id": parties.get(person.citizen_id),
        "organisation": person.organisation.uscc if person.organisation else None,
        "division": person.division,
        "failures": 0,
        "locked_until": None,
        "version": 0,
        "created_at": now,
        "demo": True,
    }


async def save_clients(
    connection: AsyncConnection, systems: Sequence[tuple[System, str, dict[str, Any] | None]]
) -> None:
    """The gateway's address changes with its port, so clients are brought up to date each time."""
    rows = [vars(system) | {"secret_hash": hash_secret(secret), "jwks": jwks} for system, secret, jwks in systems]
    change = tuple(name for name in rows[0] if name != "client_id")
    await _upsert(connection, ClientRow, rows, keys=("client_id",), change=change)


async def _upsert(
    connection: AsyncConnection,
    row: type[Base],
    values: Sequence[Mapping[str, Any]],
    *,
    keys: Sequence[str],
    change: Sequence[str] = (),
    only_demo: bool = False,
) -> None:
    if not values:
        return
    table: Table = row.__table__  # type: ignore[attr-defined]
    statement = insert(table).values([dict(value) for value in values])
    if not change:
        await connection.execute(statement.on_conflict_do_nothing(index_elements=list(keys)))
        return
    changed = {name: statement.excluded[name] for name in change}
    where = table.c.demo if only_demo else None
    await connection.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=changed, where=where))
