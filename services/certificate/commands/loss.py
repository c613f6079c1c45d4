"""Loss: reported by the holder or for him at a window, taken back when it is found, and made up for by a reissue."""

from datetime import datetime
from typing import Any

from services.certificate import queries, repository
from services.certificate.commands.life import Next, change, next_version
from services.certificate.commands.own_reads import window_look
from services.certificate.domain.access import Ground, serves
from services.certificate.domain.errors import NotFound, WrongState
from services.certificate.kit import Kit
from services.certificate.looking.looks import Attempt, Why, attempt, reader_of
from services.certificate.schemas import CertificateOut
from services.chassis.auth import Principal
from services.chassis.clock import local_date
from services.chassis.database import Answer, Database, Idempotency, UnitOfWork
from services.chassis.errors import StaleVersion
from services.kernel.certificate_life import LifeAct

_PURPOSES = {"LOSS": "办理挂失", "REISSUE": "补证换证"}


async def act_on_loss(
    db: Database,
    idem: Idempotency,
    identifier: str,
    act: LifeAct,
    principal: Principal,
    kit: Kit,
    *,
    seen: int,
    now: datetime,
) -> Answer:
    """REPORT_LOSS or WITHDRAW_LOSS. Raises: NotFound (also outside the caller's scope), StaleVersion, WrongState."""
    async with attempt(db) as tried, db.transaction(idem) as uow:
        row = await _mine(uow, tried, identifier, principal, "LOSS", seen, now)
        await change(uow, row, act, kit, now=now)
        return await _answer(uow, identifier, kit, now)


async def reissue(
    db: Database, idem: Idempotency, identifier: str, principal: Principal, kit: Kit, *, seen: int, now: datetime
) -> Answer:
    """The next version in place of a lost one, with the same number and validity.

    Raises: NotFound, StaleVersion, WrongState.
    """
    async with attempt(db) as tried, db.transaction(idem) as uow:
        old = await _mine(uow, tried, identifier, principal, "REISSUE", seen, now)
        if old.valid_until is not None and local_date(now) > old.valid_until:  # also before the timer has seen it
            raise WrongState("证照已超过有效期，不能补发")
        new = Next(
            source=f"reissue:{old.id}",
            issued_on=local_date(now),
            valid_from=old.valid_from,
            valid_until=old.valid_until,
        )
        made = await next_version(uow, old, LifeAct.REISSUE, new, kit, now=now)
        return await _answer(uow, made.identifier, kit, now)


async def _mine(
    uow: UnitOfWork, tried: Attempt, identifier: str, principal: Principal, act: str, seen: int, now: datetime
) -> Any:
    """The row, locked, for its holder or a window of the division it was issued in. Raises NotFound, StaleVersion.

    What a window does for the holder shows it the certificate, and what is refused tells how it stands: both leave a
    row. The act itself, which the holder asks for at the window and sees logged, is what it is read for.
    """
    row = await repository.lock_certificate(uow.connection, identifier)
    if row is None:
        raise NotFound
    look, reader = window_look(row, act, principal, now, Why(_PURPOSES[act])), reader_of(principal)
    tried.of(row, look)
    if look is not None and not serves(reader, row.issuer_division):
        raise NotFound
    if row.version != seen:
        raise StaleVersion
    if look is not None:
        await repository.note_access(uow.connection, look.rows(Ground.WINDOW.value))
    return row


async def _answer(uow: UnitOfWork, identifier: str, kit: Kit, now: datetime) -> Answer:
    row = await queries.by_identifier(uow.connection, identifier)
    shown: CertificateOut = queries.certificate_out(row, today=local_date(now), public_url=kit.settings.public_url)
    return uow.answer(201, shown, etag_version=shown.version)
