"""What approval hears from intake: what opens a case, ends it, moves its dates or lets it be decided."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.events.common import Event
from contracts.events.intake import (
    ApplicationAccepted,
    ApplicationMoved,
    ApplicationWithdrawn,
    CalendarLoaded,
    DeferredMaterialSupplied,
    QuotaSet,
    RenewalDeemed,
)
from contracts.events.intake_seldom import ApplicationClaimed
from services.approval import calendars, records
from services.approval.commands.following import move_case, renew_case
from services.approval.commands.opening import open_cases, take_claim, take_deferred, withdraw_case
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
            await self._follow(uow, event)

    async def _follow(self, uow: UnitOfWork, event: Event) -> None:
        match event:
            case ApplicationWithdrawn(case_no=str()):
                await withdraw_case(uow, event)
            case DeferredMaterialSupplied():
                await take_deferred(uow, event)
            case ApplicationClaimed():
                await take_claim(uow, event)
            case RenewalDeemed():
                await renew_case(uow, event, now=clock.now())
            case ApplicationMoved():
                await move_case(uow, event, now=clock.now(), calendar=self.calendars.value)
            case QuotaSet():
                await keep_quota(uow, event)
            case CalendarLoaded():
                await keep_calendar(uow, event)


_HEARD: tuple[type[Event], ...] = (
    ApplicationAccepted,
    ApplicationWithdrawn,
    DeferredMaterialSupplied,
    ApplicationClaimed,
    ApplicationMoved,
    RenewalDeemed,
    QuotaSet,
    CalendarLoaded,
)


async def keep_calendar(uow: UnitOfWork, event: CalendarLoaded) -> None:
    """The year is kept, and every open case becomes due for projection."""
    await reference.keep(uow.connection, calendars.NAME, str(event.year), event.revision, event.document())
    await records.project_all_again(uow.connection)


def consumers(known: Reference[WorkCalendar]) -> tuple[Consumer, ...]:
    subjects = tuple(event.SUBJECT for event in _HEARD)
    return (Consumer(name="approval-intake", stream="INTAKE", subjects=subjects, handle=Listener(known)),)
