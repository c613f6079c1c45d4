"""Search, record and file of certificates: one access rule, and a row for every look at another's certificate."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events.reuse import AccessUnfounded
from services.certificate import queries, repository
from services.certificate.callers import admit
from services.certificate.commands.sign_records import signed_record
from services.certificate.domain.access import Access, Reader, access, may_read_case, needs_purpose
from services.certificate.domain.errors import CallerRefused, NotFound, NumberInvalid, PurposeRequired
from services.certificate.domain.holders import keys_of
from services.certificate.domain.sharing import Registration, allows_type, withheld
from services.certificate.files.records import compact_form, general_form
from services.certificate.kit import Kit
from services.certificate.schemas import CertificateDetail, CertificateList, CertificateOut, SearchIn
from services.chassis.auth import Principal
from services.chassis.clock import local_date
from services.chassis.database import Database, UnitOfWork
from services.chassis.errors import BadCursor, Forbidden
from services.chassis.ids import uuid7
from services.chassis.paging import decode_cursor, encode_cursor
from services.kernel.codes import check_citizen_id, check_uscc, holds_citizen_id, normalise_number
from services.kernel.errors import FieldError

_OWN_CASE = "办理本办件"


@dataclass(frozen=True)
class Why:
    """For what a certificate is read, as the caller says."""

    purpose: str | None = None
    case_no: str | None = None


def reader_of(principal: Principal) -> Reader:
    return Reader(
        principal.subject,
        principal.roles,
        principal.organisation,
        principal.division,
        principal.subject_key,
        principal.acts_for,
    )


async def search(db: Database, wanted: SearchIn, principal: Principal, kit: Kit, *, now: datetime) -> CertificateList:
    """Certificates of one holder.

    Raises:
        NumberInvalid, PurposeRequired; Forbidden when the caller may not look at this holder at all.
    """
    reader = reader_of(principal)
    holder_key = _holder_key(wanted, reader, kit)
    purposeful = needs_purpose(reader, (holder_key,))
    if purposeful is None:
        raise Forbidden("只能查询本人或所代理单位的证照")
    if purposeful:
        _require_purpose(wanted.purpose)
    cursor_key = kit.sealer.derived_key("certificate-cursor")
    after = _after(cursor_key, wanted.cursor, holder_key)
    today = local_date(now)
    async with db.transaction() as uow:
        registered = await admit(uow.connection, principal, wanted.purpose or "", today) if purposeful else None
        rows = await queries.of_holder(
            uow.connection,
            holder_key,
            type_code=wanted.type_code,
            types=sorted(registered.types) if registered else (),
            valid_on=today if wanted.valid_only else None,
            after=after,
            limit=wanted.limit + 1,
        )
        shown = rows[: wanted.limit]
        if purposeful:
            why = Why(wanted.purpose, wanted.case_no)
            noted = _access_row("SEARCH", principal, holder_key, None, why, len(shown), now, Access.WITH_PURPOSE)
            await repository.note_access(uow.connection, [noted])
    more = len(rows) > wanted.limit
    return CertificateList(
        items=[_shown_to(registered, row, today, kit) for row in shown],
        next=encode_cursor(cursor_key, holder_key[:16], shown[-1].issued_at, shown[-1].id) if more else None,
    )


def _shown_to(registered: Registration | None, row: Any, today: date, kit: Kit) -> CertificateOut:
    """What the caller's registration lets him see of it."""
    shown = queries.certificate_out(row, today=today, public_url=kit.settings.public_url)
    return shown.without(withheld(registered)) if registered is not None else shown


def _after(key: bytes, cursor: str | None, holder_key: str) -> tuple[datetime, UUID] | None:
    """A cursor belongs to the holder it was made for."""
    if cursor is None:
        return None
    holder, issued_at, row_id = decode_cursor(key, cursor)
    if holder != holder_key[:16]:
        raise BadCursor
    return datetime.fromisoformat(issued_at), UUID(row_id)


def _holder_key(wanted: SearchIn, reader: Reader, kit: Kit) -> str:
    if wanted.number is None:
        if not reader.subject_key:
            raise NumberInvalid(errors=[FieldError("/number", "required", "请填写公民身份号码或统一社会信用代码")])
        return reader.subject_key
    number = normalise_number(wanted.number)
    party_type = wanted.party_type.value if wanted.party_type else _party_type(number)
    fault = (check_citizen_id if party_type == "PERSON" else check_uscc)(number, "/number")
    if fault is not None:
        raise NumberInvalid(fault.detail, errors=[fault])
    return kit.holder_key(party_type, number)


def _party_type(number: str) -> str:
    """A number that is both a sound uscc and 18 digits is read as a citizen's number if that is sound too."""
    return "ORGANISATION" if check_citizen_id(number) is not None and check_uscc(number) is None else "PERSON"


async def read(
    db: Database, identifier: str, principal: Principal, why: Why, *, act: str, now: datetime
) -> tuple[Any, Access, frozenset[str]]:
    """The row of one certificate for a caller who may read it, and what his registration withholds of it.

    Looking at another's leaves an access row; without an open case or a purpose it is told to supervision as well.

    Raises:
        NotFound: there is none, or the caller may not know.
        PurposeRequired, CallerRefused, DailyLimitReached.
    """
    hidden: frozenset[str] = frozenset()
    async with db.transaction() as uow:
        row = await queries.by_identifier(uow.connection, identifier)
        if row is None:
            raise NotFound
        reader, cases = reader_of(principal), await _cases(uow.connection, row, why)
        granted = access(reader, keys_of(row), [queries.scope_of(case) for case in cases])
        if granted is Access.NONE:
            raise NotFound
        if granted is Access.WITH_PURPOSE:
            _require_purpose(why.purpose)
            hidden = await _admitted(uow.connection, principal, why.purpose or "", row.type_code, local_date(now))
        if granted is not Access.HOLDER:
            stated = why if why.purpose else Why(_OWN_CASE, why.case_no or row.case_no)
            rows = [_access_row(act, principal, key, row.id, stated, 1, now, granted) for key in keys_of(row)]
            await repository.note_access(uow.connection, rows)
        if granted is Access.CASE and not why.purpose:
            _tell_unfounded(uow, row, cases, reader, principal, act, now)
    return row, granted, hidden


async def _admitted(
    connection: AsyncConnection, principal: Principal, purpose: str, type_code: str, today: date
) -> frozenset[str]:
    """Raises CallerRefused, DailyLimitReached."""
    registered = await admit(connection, principal, purpose, today)
    if not allows_type(registered, type_code):
        raise CallerRefused("该证照类型不在登记的范围内")
    return withheld(registered)


def _tell_unfounded(
    uow: UnitOfWork,
    row: Any,
    cases: Sequence[Any],
    reader: Reader,
    principal: Principal,
    act: str,
    now: datetime,
) -> None:
    """Nothing while one of the cases he handles is open."""
    own = [case for case in cases if may_read_case(reader, queries.scope_of(case))]
    if any(case.ended_at is None for case in own):
        return
    event = AccessUnfounded(
        access_id=uuid7(),
        case_id=own[0].case_id,
        case_no=own[0].case_no or "",
        identifier=row.identifier,
        act=act,
        account_id=principal.subject,
        reader=principal.organisation_name or principal.organisation,
        read_at=now,
    )
    uow.publish(event, aggregate_id=event.access_id, version=1)


async def _cases(connection: AsyncConnection, row: Any, why: Why) -> list[Any]:
    """The case the certificate came from, and the one the caller names when it is an application of its holder."""
    source = await queries.case_by_id(connection, row.case_id) if row.case_id else None
    named = await queries.case_by_no(connection, why.case_no) if why.case_no else None
    if named is not None and named.applicant_key not in keys_of(row):
        named = None
    return [case for case in (source, named) if case is not None]


async def detail(
    db: Database, identifier: str, principal: Principal, why: Why, kit: Kit, *, now: datetime
) -> CertificateDetail:
    """The record; the signed form holds the full number, so it goes to the holder and those who handle the case."""
    row, granted, hidden = await read(db, identifier, principal, why, act="RECORD", now=now)
    shown = queries.certificate_out(row, today=local_date(now), public_url=kit.settings.public_url)
    if granted not in (Access.HOLDER, Access.CASE):
        return CertificateDetail(**shown.without(hidden).model_dump())
    signed = await signed_record(db, row, kit)
    forms = {"jws": compact_form(signed), "jws_general": json.loads(general_form(signed))}
    return CertificateDetail(**shown.model_dump(), **forms)


def _require_purpose(purpose: str | None) -> None:
    """Raises PurposeRequired."""
    if not purpose:
        raise PurposeRequired(errors=[FieldError("/purpose", "required", "查询他人证照须填写申请事由 (200 字以内)")])
    if holds_citizen_id(purpose):
        raise PurposeRequired(errors=[FieldError("/purpose", "personal-number", "申请事由中不得填写公民身份号码")])


def _access_row(
    act: str,
    principal: Principal,
    holder_key: str,
    certificate_id: Any,
    why: Why,
    found: int,
    now: datetime,
    ground: Access,
) -> dict[str, object]:
    return {
        "at": now,
        "act": act,
        "account": principal.subject,
        "client_id": principal.client_id,
        "organisation": principal.organisation,
        "organisation_name": principal.organisation_name,
        "ground": ground.value,
        "channel": principal.channel,
        "holder_key": holder_key,
        "certificate_id": certificate_id,
        "purpose": why.purpose or "",
        "case_no": why.case_no,
        "found": found,
    }
