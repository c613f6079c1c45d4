"""The only wiring of approval for consumers, timers and relay."""

from services.approval.calendars import calendars
from services.approval.commands.standing import StandingDays
from services.approval.commands.ticking import Projection, Silence
from services.approval.consumers import consumers
from services.approval.settings import settings
from services.chassis.worker import Timer, Worker

_SILENCE_SECONDS = 5
_PROJECTION_SECONDS = 30


def create_worker() -> Worker:
    known, loaded = calendars(), settings()
    timers = (
        Timer("record-silence", _SILENCE_SECONDS, Silence(known)),
        Timer("project-dates", _PROJECTION_SECONDS, Projection(known, loaded.light_book)),
        Timer("project-standing-days", _PROJECTION_SECONDS, StandingDays(known)),
    )
    return Worker(loaded, consumers=consumers(known, loaded.light_book), timers=timers)
