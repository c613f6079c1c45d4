"""The only wiring of certificate for consumers, relay and file making."""

from datetime import datetime

from services.certificate import settings, stored_files
from services.certificate.commands import expire, log_copies, log_heads, presentations, sign_records, unregistered
from services.certificate.consumers import Consumers
from services.certificate.file_maker import FileMaker
from services.certificate.kit import Kit
from services.certificate.log import queries as log_queries
from services.certificate.peers import again
from services.certificate.peers.line import Line
from services.chassis import orphans
from services.chassis.database import Database
from services.chassis.worker import Timer, Worker


def create_worker() -> Worker:
    loaded = settings.load()
    kit = Kit.open(loaded)
    makers: list[FileMaker] = []

    async def keep_log(database: Database, now: datetime) -> None:
        """A library from before the log gets its leaves first; whoever issues meanwhile adds his own."""
        await _fill(database, kit)
        await log_heads.sign_heads(database, kit, now=now)

    async def sign_imported(database: Database, _: datetime) -> None:
        await sign_records.sign_due(database, kit)

    async def run_out(database: Database, now: datetime) -> None:
        await expire.expire(database, kit, now=now)

    line = Line()

    async def begin(worker: Worker) -> None:
        makers.append(FileMaker.open(worker.database, kit))
        await makers[-1].start()

    async def end(_: Worker) -> None:
        await line.close()
        while makers:
            await makers.pop().stop()

    timers = (
        Timer("orphans", orphans.EVERY_SECONDS, stored_files.orphans(kit)),
        Timer("expire-certificates", expire.EVERY_SECONDS, run_out),
        Timer("other-regions", again.EVERY_SECONDS, again.timer(kit, line)),
        Timer("sign-records", sign_records.EVERY_SECONDS, sign_imported),
        Timer("presentations", presentations.EVERY_SECONDS, presentations.forget),
        Timer("registered-callers", unregistered.EVERY_SECONDS, unregistered.tell),
        Timer("certificate-log", max(loaded.log_head_seconds, 1), keep_log),
    )
    return Worker(loaded, consumers=Consumers(kit).all(), timers=timers, on_start=[begin], on_stop=[end])


async def _fill(database: Database, kit: Kit) -> None:
    async with database.read() as connection:
        waiting = await log_queries.to_fill(connection)
    if waiting:
        await log_heads.fill(database, kit)
    await log_copies.fill(database, kit)
