"""Download: the bytes when they are there; otherwise when to ask again, or why the file cannot be made."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from services.certificate import queries, repository
from services.certificate.commands.issue_certificates import file_job
from services.certificate.commands.own_reads import note_paper, served
from services.certificate.commands.read_certificates import FILE_ACT, Asked, read
from services.certificate.commands.sign_records import opened
from services.certificate.domain.access import DEPARTMENT, holds, may_read_case, may_read_letter, serves
from services.certificate.domain.errors import FileFailed, NotFound
from services.certificate.domain.holders import keys_of
from services.certificate.kit import Kit
from services.certificate.life import copy_queries
from services.certificate.looking.grounds import COPY_FILE_ACT
from services.certificate.looking.looks import Why, reader_of
from services.chassis.auth import Principal
from services.chassis.database import Database


@dataclass(frozen=True)
class Download:
    """A made file; `name` is what the browser saves it as and never holds a personal number."""

    content: bytes
    sha256: str
    name: str


async def certificate_file(
    db: Database, identifier: str, principal: Principal, why: Why, kit: Kit, *, now: datetime
) -> Download | None:
    """None: it is being made. An imported certificate's file is made when it is asked for the first time.

    The file prints the full number: it goes where the signed record goes, and to callers whose registration names it.

    Raises:
        NotFound, PurposeRequired, FileFailed, FilesAway.
        FileWithheld: the caller has a purpose, no case of the holder, and a registration without files.
    """
    row = (await read(db, identifier, principal, Asked(FILE_ACT, why), kit, now=now)).row
    if row.file_sha256 is None and row.job_id is None:
        async with db.transaction() as uow:
            await repository.add_jobs(uow.connection, [file_job("CERTIFICATE", row.id)])
        return None
    return await _content(row, kit, f"certificate-{row.identifier}.pdf")


async def copy_file(
    db: Database, identifier: str, copy_id: UUID, principal: Principal, why: Why, kit: Kit, *, now: datetime
) -> Download | None:
    """A numbered duplicate or a stamped copy, for its holder or his window. None: it is being made.

    Raises: NotFound, PurposeRequired, CallerRefused, DailyLimitReached, FileWithheld, FileFailed, FilesAway.
    """
    async with db.read() as connection:
        copy = await copy_queries.by_id(connection, copy_id)
    if copy is None or copy.identifier != identifier:
        raise NotFound
    await served(db, identifier, principal, COPY_FILE_ACT, may_have_copy, why, kit, now)
    return await _content(copy, kit, f"certificate-copy-{copy_id}.pdf")


def may_have_copy(principal: Principal, row: Any) -> bool:
    reader = reader_of(principal)
    return holds(reader, keys_of(row)) or serves(reader, row.issuer_division)


def may_have_papers(principal: Principal, row: Any) -> bool:
    """Who may have a copy, and the body that issued it."""
    reader = reader_of(principal)
    return may_have_copy(principal, row) or (reader.is_one_of(DEPARTMENT) and reader.organisation == row.issuer_uscc)


async def paper_file(
    db: Database, paper_id: UUID, principal: Principal, why: Why, kit: Kit, *, now: datetime
) -> Download | None:
    """None: it is being made. A paper about a certificate tells of it, so that reading it leaves a row.

    Raises:
        NotFound: there is none, or its case is outside the caller's scope.
        PurposeRequired, CallerRefused, DailyLimitReached: of a paper about a certificate.
        FileFailed, FilesAway.
    """
    row = await _paper(db, paper_id, principal)
    if row.certificate_id is not None:
        await note_paper(db, row.certificate_id, principal, why, now)
    return await _content(row, kit, f"{_name(row)}.pdf")


async def paper_record(db: Database, paper_id: UUID, principal: Principal, kit: Kit) -> Download:
    """The signed record of a receipt (compact JWS), there from the moment the receipt is issued.

    Raises:
        NotFound: as for `paper_file`, or the paper is none that carries a record.
        RecordNotAuthentic: what was stored of it was changed.
    """
    row = await _paper(db, paper_id, principal)
    if row.jws_sealed is None:
        raise NotFound
    content = opened(row.jws_sealed, kit).encode()
    return Download(content, sha256(content).hexdigest(), f"{_name(row)}.jws")


async def _paper(db: Database, paper_id: UUID, principal: Principal) -> Any:
    async with db.read() as connection:
        row = await queries.paper_by_id(connection, paper_id)
        case = await queries.case_by_id(connection, row.case_id) if row else None
    if row is None or not readable(row, case, principal):
        raise NotFound
    return row


def readable(row: Any, case: Any, principal: Principal) -> bool:
    """Papers of a case: whoever may read the case. Letters of supervision: their two bodies."""
    if row.addressee_uscc is not None:
        return may_read_letter(reader_of(principal), row.body_uscc, row.addressee_uscc)
    return case is not None and may_read_case(reader_of(principal), queries.scope_of(case))


def _name(row: Any) -> str:
    return f"paper-{row.kind.lower().replace('_', '-')}-{row.id}"


async def _content(row: Any, kit: Kit, name: str) -> Download | None:
    if row.file_sha256 is None or row.file_name is None:
        if row.failed_reason:
            raise FileFailed(row.failed_reason)
        return None
    return Download(await kit.files.get(row.file_name), row.file_sha256, name)
