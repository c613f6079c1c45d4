"""Who has looked, who may, and what a holder shows: acts and reads behind `look_routes`."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate import authorisations, queries, repository
from services.certificate.domain import presentation as rules
from services.certificate.domain.access import holds
from services.certificate.domain.authorisation import Authorisation, Right
from services.certificate.domain.errors import NotFound, NotPresented
from services.certificate.domain.holders import keys_of, names_of
from services.certificate.look_schemas import (
    AccessOut,
    PresentationIn,
    PresentationOut,
    PresentedOut,
)
from services.certificate.looks import reader_of
from services.certificate.peers.tables import foreign_certificate
from services.certificate.tables import PresentationRow, access, certificate, presentation
from services.chassis.auth import Principal
from services.chassis.clock import local_date
from services.chassis.database import Answer, Database, Idempotency

_SHOWN_TO_HOLDER = (
    *("id", "at", "act", "organisation", "organisation_name", "channel", "ground", "purpose", "case_no"),
    *("agent_name", "principal_name"),
)
_OF_PRESENTATION = ("shown_fields", "authorisation_id", "agent_name", "principal_name")


async def reads_of(
    connection: AsyncConnection, holder_keys: Sequence[str], *, before: int | None, limit: int
) -> Sequence[Any]:
    """Reads of these holders' certificates by others, the newest first."""
    wanted = (
        select(*(access.c[name] for name in _SHOWN_TO_HOLDER), *(_of_either(n) for n in ("identifier", "type_name")))
        .outerjoin(certificate, certificate.c.id == access.c.certificate_id)
        .outerjoin(foreign_certificate, foreign_certificate.c.id == access.c.certificate_id)
        .where(access.c.holder_key.in_(list(holder_keys)))
        .order_by(access.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(access.c.id < before)
    rows: Sequence[Any] = (await connection.execute(wanted)).all()
    return rows


def _of_either(name: str) -> ColumnElement[Any]:
    """A column of our certificate, or of another region's that was adopted here."""
    return func.coalesce(certificate.c[name], foreign_certificate.c[name]).label(name)


def access_out(row: Any) -> AccessOut:
    names = (*_SHOWN_TO_HOLDER[1:], "identifier", "type_name")
    return AccessOut(**{name: getattr(row, name) for name in names})


async def present(
    db: Database,
    idem: Idempotency,
    identifier: str,
    body: PresentationIn,
    holder: Principal,
    *,
    now: datetime,
    today: date,
) -> Answer:
    """Raises NotFound: there is none, or it is not the caller's."""
    async with db.transaction(idem) as uow:
        row = await queries.by_identifier(uow.connection, identifier)
        if row is None:
            raise NotFound
        by = await _presenter(uow.connection, row, holder, today)
        code, until = rules.new_code(), rules.runs_out(now, body.seconds)
        kept = {
            "code_sha256": rules.digest(code),
            "certificate_id": row.id,
            "shown_fields": list(body.fields),
            "made_at": now,
            "runs_out_at": until,
            "authorisation_id": by.id if by else None,
            "agent_name": by.agent_name if by else "",
            "principal_name": by.holder_name if by else "",
        }
        await uow.connection.execute(insert(PresentationRow).values(kept))
        return uow.answer(201, PresentationOut(code=code, runs_out_at=until, fields=list(body.fields)))


async def _presenter(connection: AsyncConnection, row: Any, who: Principal, today: date) -> Authorisation | None:
    """None: a holder himself; else by which authorisation. Raises NotFound."""
    reader, keys = reader_of(who), keys_of(row)
    if holds(reader, keys):
        return None
    by = await authorisations.agency(connection, reader, Right.PRESENT, row, keys, today)
    if by is None:
        raise NotFound
    return by


async def presented(
    db: Database, code: str, viewer: Principal | None, *, now: datetime, real_now: datetime
) -> PresentedOut:
    """What the code shows; looking leaves a row that the holder sees. Raises NotPresented."""
    async with db.transaction() as uow:
        found = await uow.connection.execute(
            select(*(presentation.c[name] for name in _OF_PRESENTATION), *certificate.c)
            .join(certificate, certificate.c.id == presentation.c.certificate_id)
            .where(presentation.c.code_sha256 == rules.digest(code), presentation.c.runs_out_at > real_now)
        )
        row: Any = found.one_or_none()
        if row is None or not await _may_still(uow.connection, row, local_date(now)):
            raise NotPresented
        looked = [_presented_row(row, key, viewer, now) for key in keys_of(row)]
        await repository.note_access(uow.connection, looked)
    values = {
        "type_name": row.type_name,
        "certificate_number": row.number_shown,
        "holder_name": names_of(row),
        "issuer_name": row.issuer_name,
        "item_name": row.item_name,
        "issued_on": row.issued_on,
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
    }
    shown = rules.chosen(row.shown_fields, values)
    return PresentedOut(status=queries.status_on(row, local_date(now)), shown=shown)


async def _may_still(connection: AsyncConnection, row: Any, today: date) -> bool:
    """A code an agent made is worth nothing once the holder has taken his authorisation back."""
    if row.authorisation_id is None:
        return True
    return await authorisations.still_in_force(connection, row.authorisation_id, today)


def _presented_row(row: Any, holder_key: str, viewer: Principal | None, now: datetime) -> dict[str, object]:
    return {
        "at": now,
        "act": "PRESENTED",
        "account": viewer.subject if viewer else "",
        "client_id": viewer.client_id if viewer else "",
        "organisation": viewer.organisation if viewer else "",
        "organisation_name": viewer.organisation_name if viewer else "",
        "channel": viewer.channel if viewer else "",
        "holder_key": holder_key,
        "certificate_id": row.id,
        "purpose": "代理人亮证" if row.authorisation_id else "本人亮证",
        "agent_name": row.agent_name,
        "principal_name": row.principal_name,
        "case_no": None,
        "found": 1,
        "ground": "PRESENTED",
    }
