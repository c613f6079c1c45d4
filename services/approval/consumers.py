"""What approval hears from intake: an acceptance opens a case, a withdrawal ends it, a calendar moves dates."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.events.intake import (
    ApplicationAccepted,
    ApplicationWithdrawn,
    CalendarLoaded,
    DeferredMaterialSupplied,
    QuotaSet,
)
from services.approval import calendars, records
from services.approval.commands.opening import open_cases, take_deferred, withdraw_case
from services.approval.quotas import keep_quota
from services.chassis import clock, reference
from services.chassis.bus import Incoming
from services.chassis.consumer import Consumer
from services.chassis.database import UnitOfWork
from services.chassis.reference import Reference
from services.kernel.workdays import WorkCalendar


@dataclass(frozen=True)
class Listener:
    """Applies a batch of intake's facts."""

    calendars: Reference[WorkCalendar]

    async def __call__(self, uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
        """Acceptances first: in one batch they may come after the withdrawal they precede."""
        events = [message.event for message in messages]
        accepted = [event for event in events if isinstance(event, ApplicationAccepted)]
        if accepted:
            await open_cases(uow, accepted, now=clock.now(), calendar=self.calendars.value)
        for event in events:
            if isinstance(event, ApplicationWithdrawn) and event.case_no is not None:
                await withdraw_case(uow, event)
            if isinstance(event, DeferredMaterialSupplied):
                await take_deferred(uow, event)
            if isinstance(event, QuotaSet):
                await keep_quota(uow, event)
            if isinstance(event, CalendarLoaded):
                await keep_calendar(uow, event)


async def keep_calendar(uow: UnitOfWork, event: CalendarLoaded) -> None:
    """The year is kept, and every open case becomes due for projection."""
    await reference.keep(uow.connection, calendars.NAME, str(event.year), event.revision, event.document())
    await records.project_all_again(uow.connection)


def consumers(known: Reference[WorkCalendar]) -> tuple[Consumer, ...]:
    events = (ApplicationAccepted, ApplicationWithdrawn, DeferredMaterialSupplied, QuotaSet, CalendarLoaded)
    subjects = tuple(event.SUBJECT for event in events)
    return (Consumer(name="approval-intake", stream="INTAKE", subjects=subjects, handle=Listener(known)),)
