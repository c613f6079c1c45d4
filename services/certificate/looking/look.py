"""Who has looked, who may, and what a holder shows: acts and reads behind `looking.routes`."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate import queries, repository
from services.certificate.authorisation import authorisations
from services.certificate.certificate_types import queries as type_queries
from services.certificate.commands.sign_records import signed_within
from services.certificate.commands.verify import intact_record
from services.certificate.domain import access_labels as labels
from services.certificate.domain import presentation as rules
from services.certificate.domain.access import holds, subtree
from services.certificate.domain.authorisation import Authorisation, Right
from services.certificate.domain.errors import FieldUnknown, NotFound, NotPresented
from services.certificate.domain.holders import keys_of, names_of
from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.kit import Kit
from services.certificate.looking.looks import reader_of
from services.certificate.looking.schemas import (
    AccessOut,
    PresentationIn,
    PresentationOut,
    PresentedOut,
    WithdrawnOut,
)
from services.certificate.peers.tables import foreign_certificate
from services.certificate.printing import lines_of
from services.certificate.tables import PresentationRow, access, case_copy, certificate, presentation
from services.chassis.auth import Principal
from services.chassis.clock import local_date
from services.chassis.database import Answer, Database, Idempotency

_SHOWN = (
    *("id", "at", "act", "organisation", "organisation_name", "channel", "ground", "purpose", "case_no"),
    *("agent_name", "principal_name", "refused", "refused_why"),
)
_OF_PRESENTATION = ("shown_fields", "once", "authorisation_id", "agent_name", "principal_name")


def _looks(before: int | None, limit: int) -> Select[Any]:
    """The newest first, each with its certificate and the item of its case."""
    item_name = case_copy.c.item["name"].astext.label("item_name")
    joined = access.outerjoin(certificate, certificate.c.id == access.c.certificate_id)
    own_case = and_(
        case_copy.c.case_no == access.c.case_no, access.c.act != "PEER"
    )  # another region's: a case of theirs
    joined = joined.outerjoin(case_copy, own_case)
    joined = joined.outerjoin(foreign_certificate, foreign_certificate.c.id == access.c.certificate_id)
    named = (_of_either("identifier"), _of_either("type_name"), item_name)
    wanted = select(*(access.c[name] for name in _SHOWN), *named).select_from(joined)
    wanted = wanted.order_by(access.c.id.desc()).limit(limit)
    return wanted if before is None else wanted.where(access.c.id < before)


async def reads_of(
    connection: AsyncConnection, holder_keys: Sequence[str], *, before: int | None, limit: int
) -> Sequence[Any]:
    """Reads of these holders' certificates by others, refused ones too."""
    wanted = _looks(before, limit).where(access.c.holder_key.in_(list(holder_keys)))
    rows: Sequence[Any] = (await connection.execute(wanted)).all()
    return rows


def _of_either(name: str) -> ColumnElement[Any]:
    """A column of our certificate, or of another region's that was adopted here."""
    return func.coalesce(certificate.c[name], foreign_certificate.c[name]).label(name)


async def reads_by(
    connection: AsyncConnection,
    prefix: str,
    library: str,
    *,
    refused: bool | None,
    caller: str | None,
    before: int | None,
    limit: int,
) -> Sequence[Any]:
    """Reads by those of a division and below it; `caller` as it is registered. Whose certificates is not told.

    Who belongs to no division of the library's (a bank, another region) is overseen where the library is.
    """
    wanted = _looks(before, limit).where(_overseen(prefix, library))
    if refused is not None:
        wanted = wanted.where(access.c.refused != "" if refused else access.c.refused == "")
    if caller is not None:
        kind, _, name = caller.partition(":")
        wanted = wanted.where((access.c.client_id if kind == "client" else access.c.organisation) == name)
    rows: Sequence[Any] = (await connection.execute(wanted)).all()
    return rows


def _overseen(prefix: str, library: str) -> ColumnElement[bool]:
    own = access.c.division.startswith(prefix, autoescape=True)
    from_outside = not_(access.c.division.startswith(subtree(library), autoescape=True))
    return or_(own, from_outside) if library.startswith(prefix) else own


def overseen_out(row: Any) -> AccessOut:
    """As the supervisor reads it: which body looked; holder and agent have no names."""
    shown = access_out(row)
    who = labels.who(row.act, row.organisation_name or row.organisation, "", row.channel)
    return shown.model_copy(update={"who": who, "agent_name": "", "principal_name": ""})


def access_out(row: Any) -> AccessOut:
    names = (*_SHOWN[1:-2], "identifier", "type_name", "item_name")
    return AccessOut(
        **{name: getattr(row, name) for name in names},
        who=labels.who(row.act, row.organisation_name or row.organisation, row.agent_name, row.channel),
        act_label=labels.label(labels.ACTS, row.act),
        ground_label=labels.label(labels.GROUNDS, row.ground),
        channel_label=labels.label(labels.CHANNELS, row.channel),
        basis=labels.basis(row.ground, row.purpose, row.case_no, row.item_name),
        refused=bool(row.refused),
        refused_why=row.refused_why,
    )


async def present(
    db: Database,
    idem: Idempotency,
    identifier: str,
    body: PresentationIn,
    holder: Principal,
    kit: Kit,
    *,
    now: datetime,
    today: date,
) -> Answer:
    """Raises NotFound: there is none, or it is not the caller's; FieldUnknown; RecordNotAuthentic."""
    async with db.transaction(idem) as uow:
        row = await queries.by_identifier(uow.connection, identifier)
        if row is None:
            raise NotFound
        by = await _presenter(uow.connection, row, holder, today)
        await _require_known(uow.connection, row, body.fields, kit)
        code, until = rules.new_code(), rules.runs_out(now, body.seconds)
        kept = {
            "code_sha256": rules.digest(code),
            "certificate_id": row.id,
            "shown_fields": list(body.fields),
            "made_at": now,
            "runs_out_at": until,
            "once": body.once,
            "authorisation_id": by.id if by else None,
            "agent_name": by.agent_name if by else "",
            "principal_name": by.holder_name if by else "",
        }
        await uow.connection.execute(insert(PresentationRow).values(kept))
        return uow.answer(201, PresentationOut(code=code, runs_out_at=until, fields=list(body.fields)))


async def _require_known(connection: AsyncConnection, row: Any, fields: Sequence[str], kit: Kit) -> None:
    """Each field is one that every certificate has, or stands in this one's record, or in the type it was issued
    under. Raises FieldUnknown, RecordNotAuthentic.
    """
    if not rules.of_type(fields):
        return
    signed = kit.signer.verify(await signed_within(connection, row, kit))
    declared = await type_queries.fields_of(connection, row.type_code, signed.get("certificate_type_version", 1))
    own = dict.fromkeys((*(one.name for one in declared), *signed["extend_info"]))
    if wrong := list(rules.unknown(fields, own)):
        raise FieldUnknown(errors=wrong)


async def _presenter(connection: AsyncConnection, row: Any, who: Principal, today: date) -> Authorisation | None:
    """None: a holder himself; else by which authorisation. Raises NotFound."""
    reader, keys = reader_of(who), keys_of(row)
    if holds(reader, keys):
        return None
    by = await authorisations.agency(connection, reader, Right.PRESENT, row, keys, today)
    if by is None:
        raise NotFound
    return by


async def withdraw(
    db: Database, idem: Idempotency, identifier: str, holder: Principal, *, now: datetime, today: date
) -> Answer:
    """No running code of this certificate shows anything any more; an agent withdraws his own. Raises NotFound."""
    async with db.transaction(idem) as uow:
        row = await queries.by_identifier(uow.connection, identifier)
        if row is None:
            raise NotFound
        by = await _presenter(uow.connection, row, holder, today)
        running = [presentation.c.certificate_id == row.id, presentation.c.runs_out_at > now]
        if by is not None:
            running.append(presentation.c.authorisation_id == by.id)
        ended = await uow.connection.execute(update(presentation).where(*running).values(runs_out_at=now))
        return uow.answer(201, WithdrawnOut(withdrawn=ended.rowcount))


async def presented(
    db: Database, code: str, viewer: Principal | None, kit: Kit, *, now: datetime, real_now: datetime
) -> PresentedOut:
    """What the code shows; looking leaves a row that the holder sees. Of two who look at once by a code for one
    look, one is shown something.

    Raises:
        NotPresented.
        RecordNotAuthentic: the registered values are not what was signed and logged; none is shown.
    """
    async with db.transaction() as uow:
        found = await uow.connection.execute(
            select(*(presentation.c[name] for name in _OF_PRESENTATION), *certificate.c)
            .join(certificate, certificate.c.id == presentation.c.certificate_id)
            .where(presentation.c.code_sha256 == rules.digest(code), *_running(real_now))
            .with_for_update(of=presentation)
        )
        row: Any = found.one_or_none()
        if row is None or not await _may_still(uow.connection, row, local_date(now)):
            raise NotPresented
        if row.once:
            used = presentation.c.code_sha256 == rules.digest(code)
            await uow.connection.execute(update(presentation).where(used).values(runs_out_at=presentation.c.made_at))
        looked = [_presented_row(row, key, viewer, now) for key in keys_of(row)]
        await repository.note_access(uow.connection, looked)
        registered = await queries.by_identifier(uow.connection, row.identifier)
    signed = await intact_record(db, registered, kit)
    if signed is None:
        raise RecordNotAuthentic("登记记录与签名或公开日志不一致，请联系颁发机构")
    return PresentedOut(status=queries.status_on(row, local_date(now)), shown=_shown(row, signed))


def _running(real_now: datetime) -> tuple[ColumnElement[bool], ...]:
    """A code that was used up ran out as it was made: whoever waited for it, by whatever clock, is shown nothing."""
    return presentation.c.runs_out_at > real_now, presentation.c.runs_out_at > presentation.c.made_at


def _shown(row: Any, signed: Mapping[str, Any]) -> dict[str, Any]:
    """What was chosen; lines of the type as the file prints them, with numbers of other people masked."""
    lines = {name: said for name, said in signed["extend_info"].items() if name in row.shown_fields}
    values = {line.label: line.value for line in lines_of(lines)} | {
        "type_name": row.type_name,
        "certificate_number": row.number_shown,
        "holder_name": names_of(row),
        "issuer_name": row.issuer_name,
        "item_name": row.item_name,
        "issued_on": row.issued_on,
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
    }
    return rules.chosen(row.shown_fields, values)


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
        "purpose": f"{'代理人' if row.authorisation_id else '本人'}亮证，出示：{rules.in_words(row.shown_fields)}",
        "agent_name": row.agent_name,
        "principal_name": row.principal_name,
        "case_no": None,
        "found": 1,
        "ground": "PRESENTED",
    }
