"""Search, record and file of certificates: one access rule, and a row for every look at another's certificate."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate import queries, repository
from services.certificate.authorisation import authorisations
from services.certificate.commands.sign_records import signed_record
from services.certificate.commands.true_rows import Found, true_ones
from services.certificate.domain.access import Access, Reader, access, holds, needs_purpose
from services.certificate.domain.authorisation import Authorisation, Right, types_of
from services.certificate.domain.errors import NotFound, NumberInvalid
from services.certificate.domain.holders import keys_of
from services.certificate.domain.sharing import DATA, Query, withheld
from services.certificate.files.records import compact_form, general_form
from services.certificate.kit import Kit
from services.certificate.looking.grounds import cases_of, issued_by, require_file, stated
from services.certificate.looking.looks import Attempt, Look, Why, attempt, of_holders, reader_of
from services.certificate.schemas import CertificateDetail, CertificateList, CertificateOut, SearchIn
from services.certificate.sharing.callers import admit
from services.chassis.auth import Principal
from services.chassis.clock import local_date
from services.chassis.database import Database, UnitOfWork
from services.chassis.errors import BadCursor, Forbidden
from services.chassis.paging import decode_cursor, encode_cursor
from services.kernel.codes import check_citizen_id, check_uscc, normalise_number
from services.kernel.errors import FieldError

FILE_ACT = "FILE"


@dataclass(frozen=True)
class Asked:
    """How one certificate is asked for: its record or its file, for what, which fields (none named: all allowed)."""

    act: str
    why: Why
    fields: tuple[str, ...] = ()


async def search(
    db: Database, wanted: SearchIn, principal: Principal, kit: Kit, *, now: datetime, act: str = "SEARCH"
) -> CertificateList:
    """Certificates of one holder; a look at another's leaves a row, answered or refused, and is told as by `read`.

    Raises:
        NumberInvalid, PurposeRequired, CallerRefused, DailyLimitReached; Forbidden when the caller may not look at
        this holder at all.
    """
    holder_key = holder_key_of(wanted, principal, kit)
    after = _after(kit.sealer.derived_key("certificate-cursor"), wanted.cursor, holder_key)
    async with db.read() as connection:
        why = await of_holders(connection, Why(wanted.purpose, wanted.case_no), (holder_key,))
        named = await queries.case_by_no(connection, why.case_no) if why.case_no else None
    look = Look(act, principal, (holder_key,), why, now)
    async with attempt(db, Attempt(look, division=kit.settings.division, cases=[named] if named else ())):
        return await _search(db, wanted, holder_key, look, after, kit)


async def _search(
    db: Database, wanted: SearchIn, holder_key: str, look: Look, after: tuple[datetime, UUID] | None, kit: Kit
) -> CertificateList:
    reader = reader_of(look.principal)
    purposeful = needs_purpose(reader, look.holder_keys)
    query = Query(stated(wanted.purpose) if purposeful else "", wanted.type_code, tuple(wanted.fields))
    today, registered = local_date(look.now), None
    async with db.transaction() as uow:
        given = await _given(uow.connection, reader, look, today) if purposeful is None else []
        if purposeful:
            query = replace(query, own=await _own(uow.connection, wanted.type_code, holder_key, reader.organisation))
            registered = await admit(uow.connection, look.principal, query, look.now)
        rows = await queries.of_holder(
            uow.connection,
            holder_key,
            type_code=wanted.type_code,
            types=sorted(registered.types) if registered else types_of(given) if given else None,
            only_of=(reader.organisation, sorted(registered.closed_types)) if registered else None,
            valid_on=today if wanted.valid_only else None,
            after=after,
            limit=wanted.limit + 1,
        )
        page = rows[: wanted.limit]
        shown = true_ones(page, kit)
        if purposeful:
            await _note_shown(uow.connection, look, Access.WITH_PURPOSE, shown)
        if given:
            await _note_shown(uow.connection, replace(look, agency=given[0]), Access.AUTHORISED, shown)
    hidden = withheld(registered, query) if registered else _not_asked(query)
    more = len(rows) > wanted.limit
    return CertificateList(
        items=[_without(hidden, row, today, kit) for row in shown],
        next=_cursor(holder_key, page[-1], kit) if more else None,
    )


async def _own(connection: AsyncConnection, type_code: str | None, holder_key: str, organisation: str) -> bool:
    """Whether the body that asks defines the type, or has issued one of it to this holder."""
    if type_code is None or not organisation:
        return False
    return type_code.startswith(organisation) or await queries.has_from(connection, holder_key, type_code, organisation)


async def _note_shown(connection: AsyncConnection, look: Look, granted: Access, shown: Sequence[Any]) -> None:
    """For the holder it was searched by, and for those who hold something of it with him."""
    others = look.shared(granted.value, [(row.id, keys_of(row)) for row in shown])
    await repository.note_access(connection, [*look.rows(granted.value, len(shown)), *others])


async def _given(connection: AsyncConnection, reader: Reader, look: Look, today: date) -> list[Authorisation]:
    """Raises Forbidden: this holder has not authorised him to read."""
    given = await authorisations.given_to(connection, reader, look.holder_keys, today)
    reading = [one for one in given if Right.READ in one.rights]
    if not reading:
        raise Forbidden("只能查询本人、所代理单位或已授权给本人的证照")
    return reading


def _not_asked(query: Query) -> frozenset[str]:
    return frozenset(DATA) - set(query.fields) if query.fields else frozenset()


def _without(hidden: frozenset[str], row: Any, today: date, kit: Kit) -> CertificateOut:
    return queries.certificate_out(row, today=today, public_url=kit.settings.public_url).without(hidden)


def _cursor(holder_key: str, last: Any, kit: Kit) -> str:
    return encode_cursor(kit.sealer.derived_key("certificate-cursor"), holder_key[:16], last.issued_at, last.id)


def _after(key: bytes, cursor: str | None, holder_key: str) -> tuple[datetime, UUID] | None:
    """A cursor belongs to the holder it was made for."""
    if cursor is None:
        return None
    holder, issued_at, row_id = decode_cursor(key, cursor)
    if holder != holder_key[:16]:
        raise BadCursor
    return datetime.fromisoformat(issued_at), UUID(row_id)


def holder_key_of(wanted: SearchIn, principal: Principal, kit: Kit) -> str:
    """Raises NumberInvalid."""
    if wanted.number is None:
        if not principal.subject_key:
            raise NumberInvalid(errors=[FieldError("/number", "required", "请填写公民身份号码或统一社会信用代码")])
        return principal.subject_key
    number = normalise_number(wanted.number)
    party_type = wanted.party_type.value if wanted.party_type else _party_type(number)
    fault = (check_citizen_id if party_type == "PERSON" else check_uscc)(number, "/number")
    if fault is not None:
        raise NumberInvalid(fault.detail, errors=[fault])
    return kit.holder_key(party_type, number)


def _party_type(number: str) -> str:
    """A number that is both a sound uscc and 18 digits is read as a citizen's number if that is sound too."""
    return "ORGANISATION" if check_citizen_id(number) is not None and check_uscc(number) is None else "PERSON"


@dataclass(frozen=True)
class Seen:
    """The row of a certificate, on what ground it may be read, and what the registration withholds of it."""

    row: Any
    granted: Access
    hidden: frozenset[str] = frozenset()
    signed: bool = False  # whether he gets the signed record, which holds the full numbers


async def read(db: Database, identifier: str, principal: Principal, asked: Asked, kit: Kit, *, now: datetime) -> Seen:
    """One certificate for a caller who may read it.

    Looking at another's leaves an access row, answered or refused. Refused by an ended case of his, for want of a
    purpose he is registered for, it is told to supervision as well.

    Raises:
        NotFound: there is none, or the caller may not know.
        PurposeRequired, CallerRefused, DailyLimitReached, FileWithheld.
        RecordNotAuthentic: what is registered is not what was signed and logged; none of it is told, and only to whom
            it might have been told.
    """
    async with attempt(db) as tried, db.transaction() as uow:
        registered = await queries.by_identifier(uow.connection, identifier)
        if registered is None:
            raise NotFound
        found = Found.of(registered, kit)
        row, keys = found.by, keys_of(found.by)
        why = await of_holders(uow.connection, asked.why, keys)
        look = Look(asked.act, principal, keys, why, now, row.id, row.case_no)
        cases = await cases_of(uow.connection, row, look)
        tried.of(row, None if holds(reader_of(principal), keys) else look, cases)
        seen = await _grant(uow, row, look, asked, cases)
        found.require_true()
        return seen


async def _grant(uow: UnitOfWork, row: Any, look: Look, asked: Asked, cases: Sequence[Any]) -> Seen:
    reader = reader_of(look.principal)
    granted = access(reader, look.holder_keys, [queries.scope_of(case) for case in cases])
    hidden: frozenset[str] = frozenset()
    signed = granted in (Access.HOLDER, Access.CASE)
    if granted is Access.NONE:
        look, granted = await _as_agent(uow.connection, reader, row, look), Access.AUTHORISED
        signed = look.agency is not None and Right.COLLECT in look.agency.rights
    if granted is Access.WITH_PURPOSE:
        hidden = await _admitted(uow.connection, look, row, asked.fields)
    if granted is not Access.HOLDER:
        await repository.note_access(uow.connection, look.rows(granted.value))
    return Seen(row, granted, hidden, signed)


async def _as_agent(connection: AsyncConnection, reader: Reader, row: Any, look: Look) -> Look:
    """Raises NotFound: no holder has authorised him for this, or no longer."""
    right = Right.COLLECT if look.act == FILE_ACT else Right.READ
    by = await authorisations.agency(connection, reader, right, row, look.holder_keys, local_date(look.now))
    if by is None:
        raise NotFound
    return replace(look, agency=by)


async def _admitted(connection: AsyncConnection, look: Look, row: Any, fields: tuple[str, ...]) -> frozenset[str]:
    """What is withheld. Raises PurposeRequired, CallerRefused, DailyLimitReached, FileWithheld."""
    query = Query(stated(look.why.purpose), row.type_code, fields, own=issued_by(look.principal, row))
    registered = await admit(connection, look.principal, query, look.now)
    if look.act == FILE_ACT:
        require_file(registered)
    return withheld(registered, query)


async def detail(
    db: Database, identifier: str, principal: Principal, asked: Asked, kit: Kit, *, now: datetime
) -> CertificateDetail:
    """The record; the signed form holds the full number, so it goes to the holder and those who handle the case."""
    seen = await read(db, identifier, principal, asked, kit, now=now)
    shown = queries.certificate_out(seen.row, today=local_date(now), public_url=kit.settings.public_url)
    if not seen.signed:
        return CertificateDetail(**shown.without(seen.hidden).model_dump())
    signed = await signed_record(db, seen.row, kit)
    forms = {"jws": compact_form(signed), "jws_general": json.loads(general_form(signed))}
    return CertificateDetail(**shown.model_dump(), **forms)
