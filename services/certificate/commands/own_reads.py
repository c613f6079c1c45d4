"""Reads by those who serve a holder or handle his case: window, issuing body, papers. Each leaves a row."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate import queries, repository
from services.certificate.commands.true_rows import Found, true_ones
from services.certificate.domain.access import APPLICANT_SIDE, SUPERVISOR, Access, Ground, holds, may_read_case, serves
from services.certificate.domain.errors import NotFound
from services.certificate.domain.holders import keys_of
from services.certificate.domain.sharing import DATA
from services.certificate.kit import Kit
from services.certificate.looking.grounds import by_case_or_purpose, by_purpose, cases_of, issued_by
from services.certificate.looking.looks import Attempt, Look, Why, attempt, of_holders, reader_of
from services.certificate.schemas import CasePapersOut, CertificateOut
from services.chassis.auth import Principal
from services.chassis.clock import local_date
from services.chassis.database import Database

_NO_REASON = Why()


def window_look(row: Any, act: str, principal: Principal, now: datetime, why: Why = _NO_REASON) -> Look | None:
    """A look of somebody who serves the holder at a window; None: it is the holder himself."""
    if holds(reader_of(principal), keys_of(row)):
        return None
    return Look(act, principal, keys_of(row), why, now, row.id, row.case_no)


def ground_of(principal: Principal, row: Any, granted: Access) -> Ground:
    """By a purpose a window serves the holder, or the body that issued it looks at its own."""
    if granted is Access.CASE:
        return Ground.CASE
    return Ground.WINDOW if serves(reader_of(principal), row.issuer_division) else Ground.ISSUER


async def admitted(connection: AsyncConnection, tried: Attempt, row: Any, look: Look | None, *, may: bool) -> None:
    """A look of who serves the holder: with an open case or a registered purpose, and it leaves a row. Himself: none.

    Raises: NotFound, PurposeRequired, CallerRefused, DailyLimitReached.
    """
    if look is not None:
        look = replace(look, why=await of_holders(connection, look.why, look.holder_keys))
        cases = await cases_of(connection, row, look)
        tried.of(row, look, cases)
    if not may:
        raise NotFound
    if look is not None:
        granted = await by_case_or_purpose(connection, row, look, cases)
        await repository.note_access(connection, look.rows(ground_of(look.principal, row, granted).value))


async def served(
    db: Database,
    identifier: str,
    principal: Principal,
    act: str,
    may: Callable[[Principal, Any], bool],
    why: Why,
    kit: Kit,
    now: datetime,
) -> Any:
    """The row of a certificate for its holder; for who serves him by an open case or a purpose, which leaves a row.

    Raises: NotFound, also when the caller may not know; PurposeRequired, CallerRefused, DailyLimitReached;
    RecordNotAuthentic; who its holder is then stands in the record.
    """
    async with attempt(db) as tried, db.transaction() as uow:
        row = await queries.by_identifier(uow.connection, identifier)
        if row is None:
            raise NotFound
        found = Found.of(row, kit)
        look = window_look(found.by, act, principal, now, why)
        await admitted(uow.connection, tried, found.by, look, may=may(principal, found.by))
        found.require_true()
        return row


async def note_paper(db: Database, certificate_id: UUID, principal: Principal, why: Why, now: datetime) -> None:
    """A paper about a certificate was read: its holder sees that too.

    A window reads it by an open case or a purpose; the issuing body its own, the supervisor what he oversees.

    Raises: PurposeRequired, CallerRefused, DailyLimitReached.
    """
    async with attempt(db) as tried, db.transaction() as uow:
        row = await queries.by_id(uow.connection, certificate_id)
        look = window_look(row, "PAPER", principal, now, why) if row is not None else None
        if look is None:
            return
        if principal.roles & (APPLICANT_SIDE | SUPERVISOR) or issued_by(principal, row):
            await repository.note_access(uow.connection, look.rows(_case_ground(principal).value))
        else:
            await admitted(uow.connection, tried, row, look, may=True)


async def case_papers(
    db: Database,
    case_no: str,
    principal: Principal,
    purpose: str | None,
    kit: Kit,
    readable: Callable[[Any, Any, Principal], bool],
    *,
    now: datetime,
) -> CasePapersOut:
    """Papers and certificates of a case.

    Of a case that has ended officials see which certificates there are; for a purpose also whose and with what number,
    as far as their registration names it.

    Raises: NotFound, also outside the caller's scope.
    """
    async with db.read() as connection:
        case = await queries.case_by_no(connection, case_no)
        if case is None or not may_read_case(reader_of(principal), queries.scope_of(case)):
            raise NotFound
        papers = await queries.papers_of_case(connection, case.case_id)
        certificates = true_ones(await queries.of_case(connection, case.case_id), kit)
    ended = case.ended_at is not None and not principal.roles & (APPLICANT_SIDE | SUPERVISOR)
    why, by_case = Why(purpose, case_no), frozenset(DATA) if ended else frozenset[str]()
    hidden = await _note_case(db, certificates, principal, why, now, purposeful=ended and purpose is not None)
    return CasePapersOut(
        case_no=case_no,
        papers=[queries.paper_out(row) for row in papers if readable(row, case, principal)],
        certificates=[_shown(row, hidden.get(row.id, by_case), kit, now) for row in certificates],
    )


def _shown(row: Any, hidden: frozenset[str], kit: Kit, now: datetime) -> CertificateOut:
    shown = queries.certificate_out(row, today=local_date(now), public_url=kit.settings.public_url)
    return shown.without(hidden - {"case", "item"})


async def _note_case(
    db: Database, certificates: Sequence[Any], principal: Principal, why: Why, now: datetime, *, purposeful: bool
) -> dict[UUID, frozenset[str]]:
    """What is withheld of which certificate. Raises CallerRefused, DailyLimitReached: the purpose is not registered."""
    reader = reader_of(principal)
    others = [row for row in certificates if not holds(reader, keys_of(row))]
    looks = [Look("CASE_PAPERS", principal, keys_of(row), why, now, row.id, row.case_no) for row in others]
    ground = Ground.WITH_PURPOSE if purposeful else _case_ground(principal)
    rows = [row for look in looks for row in look.rows(ground.value)]
    hidden: dict[UUID, frozenset[str]] = {}
    if rows:
        async with attempt(db) as tried, db.transaction() as uow:
            for row, look in zip(others, looks, strict=True):
                if purposeful:
                    tried.of(row, look, await cases_of(uow.connection, row, look))
                    hidden[row.id] = await by_purpose(uow.connection, row, look)
            await repository.note_access(uow.connection, rows)
    return hidden


def _case_ground(principal: Principal) -> Ground:
    return Ground.SUPERVISION if principal.roles & SUPERVISOR else Ground.CASE
