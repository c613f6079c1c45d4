"""The only wiring of supervision for consumers, the sweep and relay."""

from services.chassis.worker import Timer, Worker
from services.supervision.calendars import work_calendars
from services.supervision.consumers import Listener
from services.supervision.settings import settings
from services.supervision.watching import Alarm, Sweep, Watcher

_MEASURE_SECONDS = 15


def create_worker() -> Worker:
    loaded = settings()
    calendars = work_calendars()
    watcher = Watcher(loaded.light_rules, calendars.value, loaded.clock_light_rules)
    sweep = Sweep(watcher, calendars=calendars)
    timers = (
        Timer("sweep-lights", loaded.sweep_seconds, sweep),
        Timer("measure-lights", _MEASURE_SECONDS, Alarm().measure),
    )
    worker = Worker(loaded, consumers=Listener(watcher, calendars).consumers(), timers=timers)
    sweep.caught_up = worker.has_caught_up
    return worker
