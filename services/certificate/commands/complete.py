"""Complete: the department fills the fields that a certificate waits for, and it is issued or amended at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events.approval import CaseDecided
from contracts.events.standing import AmendmentRef, Change, StandingDecided
from services.certificate import queries
from services.certificate.certificate_types import queries as type_queries
from services.certificate.commands.amend_certificates import amended_version
from services.certificate.commands.issue_certificates import issue_certificates, require_fields
from services.certificate.commands.renew_certificates import renewed_version
from services.certificate.commands.standing_acts import amend_standing
from services.certificate.commands.standing_version import Since, since
from services.certificate.commands.withhold import lacking_lines
from services.certificate.domain.errors import FieldDecided, FieldsFaulty, NotWithheld
from services.certificate.kit import Kit
from services.certificate.life.terms import terms_of
from services.certificate.life.withheld_schemas import LackingOut, WithheldOut
from services.certificate.life.withheld_tables import withheld
from services.chassis.auth import Principal
from services.chassis.clock import local_date
from services.chassis.database import Answer, Database, Idempotency, UnitOfWork
from services.kernel.errors import FieldError

_W = withheld.c
_OPEN = _W.done_at.is_(None)


async def complete(
    db: Database,
    idem: Idempotency,
    withheld_id: UUID,
    fields: Mapping[str, str],
    who: Principal,
    kit: Kit,
    *,
    now: datetime,
) -> Answer:
    """What is found lacking still may be filled from then on: the type may demand more than it did.

    Raises: NotWithheld, also of another department; FieldDecided; FieldsFaulty: something is lacking; WrongState.
    """
    try:
        async with db.transaction(idem) as uow:
            row = await _open(uow.connection, withheld_id, who)
            _only_lacking(row, fields)
            await _issue(uow, row, fields, kit, now)
            done = {"done_at": now, "done_by": who.subject}
            await uow.connection.execute(update(withheld).where(_W.id == row.id).values(done))
            made = await _made(uow.connection, row, kit, now)
            return uow.answer(201, made)
    except FieldsFaulty as still:
        async with db.transaction() as uow:
            row = await _open(uow.connection, withheld_id, who)
            renewed = {one["field"]: one for one in (*row.lacking, *lacking_lines(still.errors))}
            change = update(withheld).where(_W.id == row.id).values(lacking=list(renewed.values()))
            await uow.connection.execute(change)
        raise


async def _open(connection: AsyncConnection, withheld_id: UUID, who: Principal) -> Any:
    """Locked. Raises NotWithheld."""
    own = (_W.id == withheld_id, _W.department_uscc == who.organisation, _OPEN)
    row = (await connection.execute(select(withheld).where(*own).with_for_update())).one_or_none()
    if row is None:
        raise NotWithheld
    return row


def _only_lacking(row: Any, fields: Mapping[str, str]) -> None:
    """Raises FieldDecided: what was decided stands as it was, the name of the holder and what is granted above all."""
    lacking = {one["field"] for one in row.lacking}
    told = f"只能补齐：{'、'.join(sorted(lacking))}；其余以决定为准"
    errors = [FieldError(f"#/fields/{name}", "not-lacking", told) for name in fields if name not in lacking]
    if errors:
        raise FieldDecided(errors=errors)


async def _issue(uow: UnitOfWork, row: Any, fields: Mapping[str, str], kit: Kit, now: datetime) -> None:
    if row.subject == StandingDecided.SUBJECT:
        standing = StandingDecided.model_validate(row.event)
        met = await since(uow, standing.identifier, kit)
        told = {"identifier": met.identifier, "changes": _with(standing.changes, fields, met)}
        await amend_standing(uow, standing.model_copy(update=told | met.term()), kit, now)
        return
    event = CaseDecided.model_validate(row.event)
    if event.amends is not None:
        met = await since(uow, event.amends.certificate_identifier, kit)
        changes = _with(event.amends.changes, fields, met)
        asked = AmendmentRef(certificate_identifier=met.identifier, changes=changes)
        await amended_version(uow, met.decided(event, fields), asked, kit, now)
        return
    event = event.model_copy(update={"fields": {**event.fields, **fields}})
    terms = await terms_of(uow.connection, [event])
    if event.renews is None or not await renewed_version(uow, event, terms, kit, now):
        require_fields(event, terms)
        await issue_certificates(uow, [event], terms, kit, now=now)


def _with(changes: Sequence[Change], fields: Mapping[str, str], met: Since) -> tuple[Change, ...]:
    """What was decided, in the form that the department gives it now; further fields after it."""
    told = {one.what for one in changes}
    left = met.left(changes, fields)
    kept = [one.model_copy(update={"after": fields.get(one.what, one.after)}) for one in left]
    return (*kept, *(Change(what=name, before="", after=text) for name, text in fields.items() if name not in told))


async def _made(connection: AsyncConnection, row: Any, kit: Kit, now: datetime) -> WithheldOut:
    """With the identifier of what was issued by it."""
    source = f"decision:{row.id}" if row.subject == StandingDecided.SUBJECT else f"case:{row.id}:{row.type_code}"
    issued = await queries.by_source(connection, source)
    shown = withheld_out(row, await _names(connection, [row]))
    return shown.model_copy(update={"lacking": [], "identifier": issued, "completed_on": local_date(now)})


async def waiting(connection: AsyncConnection, who: Principal, after: UUID | None, limit: int) -> Sequence[WithheldOut]:
    """Those of the reader's department, the oldest first."""
    wanted = select(withheld).where(_OPEN, _W.department_uscc == who.organisation).order_by(_W.id).limit(limit)
    rows = (await connection.execute(wanted if after is None else wanted.where(_W.id > after))).all()
    names = await _names(connection, rows)
    return [withheld_out(row, names) for row in rows]


async def _names(connection: AsyncConnection, rows: Sequence[Any]) -> Mapping[str, str]:
    types = await type_queries.by_code(connection, {row.type_code for row in rows})
    return {code: kind.name for code, kind in types.items()}


def withheld_out(row: Any, names: Mapping[str, str]) -> WithheldOut:
    return WithheldOut(
        id=row.id,
        case_no=row.case_no,
        type_code=row.type_code,
        type_name=names.get(row.type_code, ""),
        lacking=[LackingOut(**one) for one in row.lacking],
        withheld_at=row.withheld_at,
    )
