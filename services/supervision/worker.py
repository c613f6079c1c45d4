"""The only wiring of supervision for consumers, the sweep and relay."""

from services.chassis.worker import Timer, Worker
from services.kernel.workdays import official_calendar
from services.supervision.consumers import Listener
from services.supervision.settings import settings
from services.supervision.watching import Alarm, Sweep, Watcher

_MEASURE_SECONDS = 15


def create_worker() -> Worker:
    loaded = settings()
    watcher = Watcher(loaded.light_rules, official_calendar())
    sweep = Sweep(watcher)
    timers = (
        Timer("sweep-lights", loaded.sweep_seconds, sweep),
        Timer("measure-lights", _MEASURE_SECONDS, Alarm().measure),
    )
    worker = Worker(loaded, consumers=Listener(watcher).consumers(), timers=timers)
    sweep.caught_up = worker.has_caught_up
    return worker
