"""The only wiring of intake for consumers and relay."""

from services.chassis.worker import Worker
from services.intake.consumers import CONSUMERS
from services.intake.settings import settings


def create_worker() -> Worker:
    return Worker(settings(), consumers=CONSUMERS)
