"""What happens by itself between libraries: adopted certificates are asked for again, and changes of ours are told."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from services.certificate.domain.errors import PeerNotInForce, PeerUntrusted
from services.certificate.domain.peering import HEAD_MINUTES, RETRY_HOURS, Peer, asked_of
from services.certificate.domain.sharing import Query
from services.certificate.kit import Kit
from services.certificate.peers import adopting, rows, wire
from services.certificate.peers.adopting import adopt
from services.certificate.peers.answering import said_by_peer
from services.certificate.peers.asking import Desk, inquire, remember
from services.certificate.peers.line import NOTICES, Line
from services.certificate.peers.wire import MOST_NOTICED, Notice, Question
from services.certificate.sharing.callers import admit_as
from services.chassis.clock import local_date, real_now
from services.chassis.database import Database
from services.kernel.errors import DomainError

log = logging.getLogger(__name__)
EVERY_SECONDS = 30
BATCH = 50


def timer(kit: Kit, line: Line) -> Callable[[Database, datetime], Awaitable[None]]:
    async def run(database: Database, now: datetime) -> None:
        await lapse(database, kit, now=now)
        await tell_peers(database, kit, line, now=now)
        await ask_again(database, kit, line, now=now)

    return run


async def lapse(db: Database, kit: Kit, *, now: datetime) -> int:
    """What was adopted from a region whose registration is over is trusted no longer. Gives how many there were.

    All of it in this run, some in each transaction: each that lapsed is none of those still trusted, so it ends.
    """
    done = 0
    while True:
        async with db.transaction() as uow:
            found = await rows.trusted_of_nobody(uow.connection, local_date(now), BATCH)
            for row in found:
                await adopting.lapse(uow, row, kit, now=now)
        if not found:
            return done
        done += len(found)


async def ask_again(db: Database, kit: Kit, line: Line, *, now: datetime) -> int:
    """Those that are due; gives how many were confirmed or changed. Without an answer trust lapses by itself."""
    async with db.read() as connection:
        due = await rows.due_again(connection, now, BATCH)
    done = 0
    for row in due:
        done += await _one(Desk(db, kit, line, now), row)
    return done


async def _one(desk: Desk, row: Any) -> int:
    pause = timedelta(hours=RETRY_HOURS)
    await _later(desk, row, pause)  # first of all: whatever becomes of it, the others have their turn
    try:
        peer = await _admitted(desk, row)
        question = Question(
            identifier=row.identifier, purpose=row.purpose, case_no=row.case_no, head_size=peer.head_size
        )
        heard = await inquire(desk, peer, [question])
        found = heard.found
        pause = timedelta(minutes=HEAD_MINUTES) if heard.pending else pause
        async with desk.db.transaction() as uow:
            await remember(uow.connection, peer, heard)
            for one in found:
                await adopt(uow, one, peer, desk.kit, now=desk.now)
    except DomainError as fault:
        level = logging.ERROR if isinstance(fault, PeerUntrusted) else logging.WARNING
        log.log(level, "not confirmed elsewhere", extra={"code": fault.code, "region": row.region})
        found = ()
    if not found:  # away, refused, not believed, or not known there any more
        await _later(desk, row, pause)
    return len(found)


async def _later(desk: Desk, row: Any, pause: timedelta) -> None:
    async with desk.db.transaction() as uow:
        await rows.change_foreign(uow.connection, row.id, {"again_at": desk.now + pause})


async def _admitted(desk: Desk, row: Any) -> Peer:
    """Raises PeerNotInForce, CallerRefused, DailyLimitReached."""
    async with desk.db.transaction() as uow:
        peer = await rows.find_peer(uow.connection, row.region)
        if peer is None or not peer.in_force(local_date(desk.now)):
            raise PeerNotInForce
        caller = asked_of(peer.region)
        await admit_as(uow.connection, (caller,), caller, Query(row.purpose), desk.now)
    return peer


async def tell_peers(db: Database, kit: Kit, line: Line, *, now: datetime) -> int:
    """Who was told of a certificate learns that it stands otherwise now, and asks how. Gives how many were told."""
    async with db.read() as connection:
        due = await rows.due_notices(connection, now, MOST_NOTICED)
    done = 0
    for region, told in due.items():
        again_at = None if await _tell(db, kit, line, region, told, now) else now + timedelta(hours=RETRY_HOURS)
        async with db.transaction() as uow:
            for row in told:
                await rows.noticed(uow.connection, row, again_at)
        done += len(told) if again_at is None else 0
    return done


async def _tell(db: Database, kit: Kit, line: Line, region: str, told: list[Any], now: datetime) -> bool:
    """Whether it need not be told again. A peer whose registration is over asks no more: there is nobody to tell."""
    async with db.read() as connection:
        peer = await rows.find_peer(connection, region)
    if peer is None or not peer.in_force(local_date(now)):
        return True
    identifiers, ours = [row.identifier for row in told], kit.settings.division

    def body() -> dict[str, Any]:
        return {"notice": wire.notice(kit.signer, ours, region, identifiers, now=real_now())}

    try:
        await line.send(peer, NOTICES, body)
    except DomainError as fault:
        log.warning("peer not told", extra={"code": fault.code, "region": region})
        return False
    return True


async def take_notice(db: Database, signed: str, kit: Kit, *, now: datetime, real_now: datetime) -> None:
    """A peer says that certificates of its own stand otherwise: they are asked for, its word alone changes nothing.

    Raises PeerUnknown, PeerRequestRefused, PeerNotInForce, PeerRequestReplayed.
    """
    peer, said = await said_by_peer(db, signed, Notice, kit, now=now, real_now=real_now)
    async with db.transaction() as uow:
        await rows.ask_soon(uow.connection, peer.region, said.identifiers, now)
