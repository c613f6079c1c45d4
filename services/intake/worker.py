"""The only wiring of intake for consumers, relay and what the law brings about by itself."""

from services.chassis import orphans
from services.chassis.worker import Timer, Worker
from services.intake import stored_files
from services.intake.bundles.by_law import BundleSilence
from services.intake.bundles.consumers import Mover, bundle_consumers
from services.intake.commands.by_law import ByLaw
from services.intake.commands.calendars import Projection
from services.intake.consumers import CONSUMERS
from services.intake.settings import settings


def create_worker() -> Worker:
    loaded = settings()
    by_law, mover = ByLaw(loaded), Mover(loaded)
    timers = (
        Timer("by-law", loaded.by_law_seconds, by_law),
        Timer("bundles-by-law", loaded.by_law_seconds, BundleSilence(mover)),
        Timer("calendar", loaded.by_law_seconds, Projection()),
        Timer("orphans", orphans.EVERY_SECONDS, stored_files.orphans(loaded)),
    )
    worker = Worker(loaded, consumers=(*CONSUMERS, *bundle_consumers(mover)), timers=timers)
    by_law.caught_up = worker.has_caught_up
    return worker
