"""The only wiring of certificate for consumers, relay and file making."""

from services.certificate import settings, stored_files
from services.certificate.consumers import Consumers
from services.certificate.file_maker import FileMaker
from services.certificate.kit import Kit
from services.chassis import orphans
from services.chassis.worker import Timer, Worker


def create_worker() -> Worker:
    loaded = settings.load()
    kit = Kit.open(loaded)
    makers: list[FileMaker] = []

    async def begin(worker: Worker) -> None:
        makers.append(FileMaker.open(worker.database, kit))
        await makers[-1].start()

    async def end(_: Worker) -> None:
        while makers:
            await makers.pop().stop()

    timers = (Timer("orphans", orphans.EVERY_SECONDS, stored_files.orphans(kit)),)
    return Worker(loaded, consumers=Consumers(kit).all(), timers=timers, on_start=[begin], on_stop=[end])
