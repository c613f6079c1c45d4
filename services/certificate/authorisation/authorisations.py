"""Authorisations of agents: given and taken back by the holder, found when an agent asks for a certificate."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate.authorisation.schemas import AuthorisationIn, AuthorisationOut
from services.certificate.authorisation.tables import authorisation
from services.certificate.certificate_types import queries as type_queries
from services.certificate.domain.access import APPLICANT_SIDE, Reader
from services.certificate.domain.authorisation import Authorisation, Right, covering, last_day
from services.certificate.domain.certificate import chinese
from services.certificate.domain.errors import AuthorisationFaulty, NotFound
from services.certificate.domain.holders import ORGANISATION, PERSON
from services.certificate.domain.personal import masked_number
from services.certificate.kit import Kit
from services.certificate.tables import certificate
from services.chassis.auth import Principal
from services.chassis.clock import local_date
from services.chassis.database import Answer, Database, Idempotency
from services.chassis.errors import Forbidden
from services.chassis.ids import uuid7
from services.kernel.codes import check_citizen_id, check_uscc, normalise_number
from services.kernel.errors import FieldError

_A = authorisation.c


def own_keys(principal: Principal) -> list[str]:
    """In whose name he may give one: his own, and those of the organisations he acts for."""
    return [key for key in (principal.subject_key, *sorted(principal.acts_for)) if key]


async def give(
    db: Database, idem: Idempotency, body: AuthorisationIn, principal: Principal, kit: Kit, *, now: datetime
) -> Answer:
    """Raises AuthorisationFaulty: with every fault; Forbidden: in the name of an organisation that is not his."""
    today = local_date(now)
    holder_type, holder_key = _holder(body, principal, kit)
    number = normalise_number(body.agent.number)
    agent_type = body.agent.party_type.value
    agent_key = kit.holder_key(agent_type, number)
    faults = _faults(body, agent_type, number, holder_key == agent_key, today)
    async with db.transaction(idem) as uow:
        known = await type_queries.by_code(uow.connection, body.types)
        unknown = [place for place, code in enumerate(body.types) if code not in known]
        faults += [FieldError(f"#/types/{place}", "unknown", "没有该证照类型") for place in unknown]
        if faults:
            raise AuthorisationFaulty(errors=faults)
        name = await _holder_name(uow.connection, holder_key, holder_type, body.organisation, principal)
        row: dict[str, Any] = {
            "id": uuid7(),
            "holder_key": holder_key,
            "holder_type": holder_type,
            "holder_name": name,
            "agent_key": agent_key,
            "agent_type": agent_type,
            "agent_name": body.agent.name,
            "agent_masked": masked_number(agent_type, number),
            "rights": sorted({right.value for right in body.rights}),
            "types": sorted(set(body.types)),
            "purpose": body.purpose,
            "valid_until": body.valid_until,
            "given_at": now,
            "given_by": principal.subject,
        }
        given = (await uow.connection.execute(insert(authorisation).values(row).returning(authorisation))).one()
        return uow.answer(201, out(given, principal, today))


def _holder(body: AuthorisationIn, principal: Principal, kit: Kit) -> tuple[str, str]:
    if body.organisation is None:
        return PERSON, principal.subject_key
    key = kit.holder_key(ORGANISATION, body.organisation)
    if key not in principal.acts_for:
        raise Forbidden("只能以本人或所代理单位的名义授权")
    return ORGANISATION, key


def _faults(body: AuthorisationIn, agent_type: str, number: str, is_himself: bool, today: date) -> list[FieldError]:
    wrong = (check_citizen_id if agent_type == PERSON else check_uscc)(number, "#/agent/number")
    faults = [wrong] if wrong is not None else []
    if is_himself:
        faults.append(FieldError("#/agent/number", "himself", "不能授权给自己"))
    if not today <= body.valid_until <= last_day(today):
        detail = f"授权的期限应在今天至{chinese(last_day(today))}之间"
        faults.append(FieldError("#/valid_until", "range", detail))
    return faults


async def _holder_name(
    connection: AsyncConnection, key: str, holder_type: str, organisation: str | None, principal: Principal
) -> str:
    """His own from his login; an organisation's as its newest certificate says it."""
    if holder_type == PERSON:
        return principal.name
    c = certificate.c
    newest = select(c.holder_name).where(c.holder_key == key).order_by(c.issued_at.desc()).limit(1)
    return str(await connection.scalar(newest) or organisation)


async def revoke(db: Database, idem: Idempotency, wanted: UUID, principal: Principal, *, now: datetime) -> Answer:
    """By the holder; a second time changes nothing. Raises NotFound."""
    async with db.transaction(idem) as uow:
        mine = (_A.id == wanted, _A.holder_key.in_(own_keys(principal)))
        found = await uow.connection.execute(select(authorisation).where(*mine).with_for_update())
        row = found.one_or_none()
        if row is None:
            raise NotFound
        if row.revoked_at is None:
            change = update(authorisation).where(_A.id == wanted).values(revoked_at=now).returning(authorisation)
            row = (await uow.connection.execute(change)).one()
        return uow.answer(201, out(row, principal, local_date(now)))


async def of_mine(connection: AsyncConnection, principal: Principal, before: UUID | None, limit: int) -> Sequence[Any]:
    """Given in his name, or to him; the newest first."""
    keys = own_keys(principal)
    wanted = select(authorisation).where(or_(_A.holder_key.in_(keys), _A.agent_key.in_(keys)))
    if before is not None:
        wanted = wanted.where(_A.id < before)
    rows: Sequence[Any] = (await connection.execute(wanted.order_by(_A.id.desc()).limit(limit))).all()
    return rows


async def given_to(
    connection: AsyncConnection, reader: Reader, holder_keys: Collection[str], today: date
) -> list[Authorisation]:
    """What these holders have given this reader, or an organisation he acts for, and is in force."""
    agents = [key for key in (reader.subject_key, *reader.acts_for) if key]
    if not agents or not reader.is_one_of(APPLICANT_SIDE):
        return []
    wanted = select(authorisation).where(_A.agent_key.in_(agents), _A.holder_key.in_(list(holder_keys)))
    found = await connection.execute(wanted.where(_A.revoked_at.is_(None), _A.valid_until >= today))
    return [_of(row) for row in found]


async def agency(
    connection: AsyncConnection, reader: Reader, right: Right, of: Any, holder_keys: Collection[str], today: date
) -> Authorisation | None:
    """By which authorisation he may do this with the certificate of this row."""
    return covering(await given_to(connection, reader, holder_keys, today), right, of.type_code, today)


async def still_in_force(connection: AsyncConnection, wanted: UUID, today: date) -> bool:
    row = (await connection.execute(select(authorisation).where(_A.id == wanted))).one_or_none()
    return row is not None and _of(row).in_force(today)


def _of(row: Any) -> Authorisation:
    return Authorisation(
        id=row.id,
        holder_key=row.holder_key,
        holder_name=row.holder_name,
        agent_key=row.agent_key,
        agent_name=row.agent_name,
        rights=frozenset(Right(right) for right in row.rights),
        types=frozenset(row.types),
        purpose=row.purpose,
        valid_until=row.valid_until,
        revoked_at=row.revoked_at,
    )


def out(row: Any, principal: Principal, today: date) -> AuthorisationOut:
    return AuthorisationOut(
        authorisation_id=row.id,
        given=row.holder_key in own_keys(principal),
        holder_name=row.holder_name,
        agent_name=row.agent_name,
        agent_number=row.agent_masked,
        rights=[Right(right) for right in row.rights],
        types=row.types,
        purpose=row.purpose,
        valid_until=row.valid_until,
        given_at=row.given_at,
        revoked_at=row.revoked_at,
        in_force=_of(row).in_force(today),
    )
