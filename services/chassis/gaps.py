"""What a contiguous consumer asks its source to send again: the next missing version, seldom, and no dead letter."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.bus import Missing
from services.chassis.inbox import Claim
from services.chassis.tables import dead_letter

_ASK_AT = 6  # deliveries of an event behind a gap (some twenty seconds): the missing one is usually on its way
_PAUSE_SECONDS = 150.0  # longer than the bus's window of duplicates, then twice as long each time
_LONGEST_SECONDS = 3600.0
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class _Asked:
    version: int
    again_at: float
    pause: float


class Questions:
    """What was asked and when, in this process; the aggregates that were asked for longest ago are forgotten."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._asked: OrderedDict[UUID, _Asked] = OrderedDict()

    def is_due(self, aggregate_id: UUID, version: int) -> bool:
        """Whether to ask now; if so, that is noted. A source that has not got it is asked ever less often."""
        now, pause = self._now(), _PAUSE_SECONDS
        last = self._asked.get(aggregate_id)
        if last is not None and last.version == version:
            if now < last.again_at:
                return False
            pause = min(2 * last.pause, _LONGEST_SECONDS)
        self._asked[aggregate_id] = _Asked(version, now + pause, pause)
        self._asked.move_to_end(aggregate_id)
        if len(self._asked) > _MOST_REMEMBERED:
            self._asked.popitem(last=False)
        return True


async def missing(connection: AsyncConnection, consumer: str, claim: Claim, questions: Questions) -> list[Missing]:
    """What to ask for on behalf of the events that wait.

    Only the version that comes next: all behind it wait here already, and would wait here twice. Never one that lies
    among the dead letters, open or closed: it came, and somebody must look at it; sent again it would only fail again.
    """
    late = {event.aggregate_id for event in claim.waiting if event.deliveries >= _ASK_AT}
    next_ones = {key: claim.applied.get(key, 0) + 1 for key in late}
    due = {key: version for key, version in next_ones.items() if questions.is_due(key, version)}
    if not due:
        return []
    letters = dead_letter.c
    buried = select(letters.aggregate_id, letters.aggregate_version)
    buried = buried.where(letters.consumer == consumer, letters.aggregate_id.in_(list(due)))
    dead = {(row.aggregate_id, row.aggregate_version) for row in await connection.execute(buried)}
    return [Missing(key, version - 1, version + 1) for key, version in due.items() if (key, version) not in dead]
