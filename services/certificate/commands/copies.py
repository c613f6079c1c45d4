"""Prints of the production counter and purpose-stamped copies: recorded, numbered, their sealed files made later."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.events.certificate import CertificateCopied, CertificatePrinted
from services.certificate import repository
from services.certificate.commands import copy_acts
from services.certificate.commands.issue_certificates import file_job
from services.certificate.commands.log import log
from services.certificate.commands.own_reads import admitted, window_look
from services.certificate.commands.true_rows import require_still_true
from services.certificate.domain.access import holds, serves
from services.certificate.domain.copies import COPIES_A_DAY, CopyKind, Stamp, print_stamp, purpose_stamp
from services.certificate.domain.errors import CopiesSpent, NotFound, WrongState
from services.certificate.domain.holders import keys_of
from services.certificate.kit import Kit
from services.certificate.life import copy_queries
from services.certificate.life.copy_schemas import CopyIn, CopyOut, PrintIn
from services.certificate.looking.looks import Why, attempt, reader_of
from services.certificate.sharing.callers import to_midnight
from services.chassis.auth import Principal
from services.chassis.clock import local_date
from services.chassis.database import Answer, Database, Idempotency, UnitOfWork
from services.chassis.ids import uuid7
from services.kernel.certificate_life import STATUS_LABELS, Status


async def print_out(
    db: Database, idem: Idempotency, identifier: str, wanted: PrintIn, who: Principal, kit: Kit, *, now: datetime
) -> Answer:
    """The original's file the first time; then duplicates, each with the next number, its own file and a leaf.

    By an open case or a registered purpose; refused it leaves a row too, for what is refused tells of the certificate.

    Raises:
        NotFound (also outside the caller's division), PurposeRequired, CallerRefused, DailyLimitReached, WrongState,
        CopyImpossible, RecordNotAuthentic.
    """
    async with attempt(db) as tried, db.transaction(idem) as uow:
        row = await _locked(uow, identifier)
        look = window_look(row, "PRINT", who, now, Why(wanted.purpose, wanted.case_no))
        await admitted(uow.connection, tried, row, look, may=serves(reader_of(who), row.issuer_division))
        _require_valid(row, now)
        await require_still_true(uow, row, kit)
        printed = await copy_queries.count(uow.connection, row.id, CopyKind.PRINT)
        stamp = print_stamp(printed, wanted.said)
        copy_id = await _keep(uow, row, stamp, who, now)
        if stamp.ordinal:
            log(uow, [copy_acts.entry(row, copy_id, stamp, kit, now)])
        event = CertificatePrinted(
            certificate_id=row.id,
            identifier=row.identifier,
            case_no=row.case_no,
            print_id=copy_id,
            duplicate_no=stamp.ordinal,
            printed_at=now,
        )
        uow.publish(event, aggregate_id=row.id, version=row.version + 1)
        return uow.answer(201, CopyOut.of(row.identifier, copy_id, stamp, now))


async def make_copy(
    db: Database, idem: Idempotency, identifier: str, wanted: CopyIn, who: Principal, kit: Kit, *, now: datetime
) -> Answer:
    """By the holder, for one use until one day, with a leaf.

    Raises: NotFound, WrongState, CopyImpossible; CopiesSpent: too many today;
    RecordNotAuthentic.
    """
    async with db.transaction(idem) as uow:
        row = await _locked(uow, identifier)
        if not holds(reader_of(who), keys_of(row)):
            raise NotFound
        _require_valid(row, now)
        await _require_one_left(uow, row, now)
        await require_still_true(uow, row, kit)
        made = await copy_queries.count(uow.connection, row.id, CopyKind.PURPOSE)
        today = local_date(now)
        stamp = purpose_stamp(made + 1, wanted.purpose, wanted.expires_on, row.valid_until, today=today)
        copy_id = await _keep(uow, row, stamp, who, now)
        log(uow, [copy_acts.entry(row, copy_id, stamp, kit, now)])
        event = CertificateCopied(
            certificate_id=row.id,
            identifier=row.identifier,
            holder_key=row.holder_key,
            copy_id=copy_id,
            copy_no=stamp.ordinal,
            expires_on=wanted.expires_on,
            copied_at=now,
        )
        uow.publish(event, aggregate_id=row.id, version=row.version + 1)
        return uow.answer(201, CopyOut.of(row.identifier, copy_id, stamp, now))


async def _require_one_left(uow: UnitOfWork, row: Any, now: datetime) -> None:
    """Raises CopiesSpent."""
    midnight = now + timedelta(seconds=to_midnight(now)) - timedelta(days=1)
    if await copy_queries.made_since(uow.connection, row.id, midnight) >= COPIES_A_DAY:
        told = f"同一证照每日最多制作 {COPIES_A_DAY} 份加注件，请明日再办；已制作的加注件在有效期内仍可使用"
        raise CopiesSpent(told, retry_after_seconds=to_midnight(now))


async def _locked(uow: UnitOfWork, identifier: str) -> Any:
    """The row, locked: its copies are numbered one after another. Raises NotFound."""
    row = await repository.lock_certificate(uow.connection, identifier)
    if row is None:
        raise NotFound
    return row


def _require_valid(row: Any, now: datetime) -> None:
    """Raises WrongState."""
    if row.status != Status.VALID.value:
        raise WrongState(f"证照{STATUS_LABELS[Status(row.status)]}，不能打印或制作加注件")
    if row.valid_until is not None and local_date(now) > row.valid_until:
        raise WrongState("证照已超过有效期，不能打印或制作加注件")


async def _keep(uow: UnitOfWork, row: Any, stamp: Stamp, who: Principal, now: datetime) -> UUID:
    """An original print has no file of its own: it is the certificate's."""
    copy_id = uuid7()
    await copy_queries.add(uow.connection, copy_id, row.id, stamp, who.subject, now)
    await repository.set_status(uow.connection, row.id, row.status)
    own = stamp.mark != ""
    job = file_job("COPY", copy_id) if own else file_job("CERTIFICATE", row.id)
    if own or row.file_sha256 is None:
        await repository.add_jobs(uow.connection, [job])
    return copy_id
