"""The only wiring of approval for consumers, timers and relay."""

from services.approval.commands.ticking import Projection, Silence
from services.approval.consumers import CONSUMERS
from services.approval.settings import settings
from services.chassis.worker import Timer, Worker
from services.kernel.workdays import official_calendar

_SILENCE_SECONDS = 5
_PROJECTION_SECONDS = 30


def create_worker() -> Worker:
    calendar = official_calendar()
    timers = (
        Timer("record-silence", _SILENCE_SECONDS, Silence(calendar)),
        Timer("project-dates", _PROJECTION_SECONDS, Projection(calendar)),
    )
    return Worker(settings(), consumers=CONSUMERS, timers=timers)
