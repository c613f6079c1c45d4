"""The only wiring of approval for consumers and relay."""

from services.approval.consumers import CONSUMERS
from services.approval.settings import settings
from services.chassis.worker import Worker


def create_worker() -> Worker:
    return Worker(settings(), consumers=CONSUMERS)
