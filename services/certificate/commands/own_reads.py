"""Reads by those who serve a holder or handle his case: window, issuing body, papers. Each leaves a row."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.certificate import queries, repository
from services.certificate.domain.access import APPLICANT_SIDE, SUPERVISOR, Ground, holds, may_read_case, serves
from services.certificate.domain.errors import NotFound
from services.certificate.domain.holders import keys_of
from services.certificate.domain.sharing import DATA
from services.certificate.kit import Kit
from services.certificate.looks import Look, Why, note_refused, reader_of
from services.certificate.schemas import CasePapersOut, CertificateOut
from services.chassis.auth import Principal
from services.chassis.clock import local_date
from services.chassis.database import Database
from services.kernel.errors import DomainError


def window_look(row: Any, act: str, principal: Principal, now: datetime) -> Look | None:
    """A look of somebody who serves the holder at a window; None: it is the holder himself."""
    if holds(reader_of(principal), keys_of(row)):
        return None
    return Look(act, principal, keys_of(row), Why(), now, row.id, row.case_no)


def ground_of(principal: Principal, row: Any) -> Ground:
    return Ground.WINDOW if serves(reader_of(principal), row.issuer_division) else Ground.ISSUER


async def served(
    db: Database, identifier: str, principal: Principal, act: str, may: Callable[[Principal, Any], bool], now: datetime
) -> Any:
    """The row of a certificate for its holder, or for who serves him, which leaves a row.

    Raises: NotFound, also when the caller may not know.
    """
    look: Look | None = None
    try:
        async with db.transaction() as uow:
            row = await queries.by_identifier(uow.connection, identifier)
            if row is None:
                raise NotFound
            look = window_look(row, act, principal, now)
            if not may(principal, row):
                raise NotFound
            if look is not None:
                await repository.note_access(uow.connection, look.rows(ground_of(principal, row).value))
            return row
    except DomainError as refused:
        if look is not None:
            await note_refused(db, look, refused)
        raise


async def note_paper(db: Database, certificate_id: UUID, principal: Principal, now: datetime) -> None:
    """A paper about a certificate was read: its holder sees that too."""
    async with db.transaction() as uow:
        row = await queries.by_id(uow.connection, certificate_id)
        look = window_look(row, "PAPER", principal, now) if row is not None else None
        if look is not None:
            await repository.note_access(uow.connection, look.rows(_case_ground(principal).value))


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

    Of a case that has ended officials see which certificates there are; whose and with what number, for a purpose.

    Raises: NotFound, also outside the caller's scope.
    """
    async with db.read() as connection:
        case = await queries.case_by_no(connection, case_no)
        if case is None or not may_read_case(reader_of(principal), queries.scope_of(case)):
            raise NotFound
        papers = await queries.papers_of_case(connection, case.case_id)
        certificates = await queries.of_case(connection, case.case_id)
    official = not principal.roles & (APPLICANT_SIDE | SUPERVISOR)
    hidden = frozenset(DATA) if official and case.ended_at is not None and not purpose else frozenset()
    await _note_case(db, certificates, principal, Why(purpose, case_no), now)
    return CasePapersOut(
        case_no=case_no,
        papers=[queries.paper_out(row) for row in papers if readable(row, case, principal)],
        certificates=[_shown(row, hidden, kit, now) for row in certificates],
    )


def _shown(row: Any, hidden: frozenset[str], kit: Kit, now: datetime) -> CertificateOut:
    shown = queries.certificate_out(row, today=local_date(now), public_url=kit.settings.public_url)
    return shown.without(hidden - {"case", "item"})


async def _note_case(db: Database, certificates: Sequence[Any], principal: Principal, why: Why, now: datetime) -> None:
    reader = reader_of(principal)
    others = [row for row in certificates if not holds(reader, keys_of(row))]
    looks = [Look("CASE_PAPERS", principal, keys_of(row), why, now, row.id, row.case_no) for row in others]
    rows = [row for look in looks for row in look.rows(_case_ground(principal).value)]
    if rows:
        async with db.transaction() as uow:
            await repository.note_access(uow.connection, rows)


def _case_ground(principal: Principal) -> Ground:
    return Ground.SUPERVISION if principal.roles & SUPERVISOR else Ground.CASE
