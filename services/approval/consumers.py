"""What approval hears: from intake what opens, ends or moves a case; from the library what stands of a certificate."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.events.certificate import (
    CertificateAnnulled,
    CertificateDeregistered,
    CertificateExpired,
    CertificateIssued,
    CertificateLossWithdrawn,
    CertificateOrigin,
    CertificateReportedLost,
    CertificateRescinded,
    CertificateRevoked,
    CertificateStanding,
    CertificateSuperseded,
)
from contracts.events.common import Event
from contracts.events.intake import (
    ApplicationAccepted,
    ApplicationMoved,
    ApplicationWithdrawn,
    CalendarLoaded,
    CommitmentChecked,
    DatesMoved,
    DeferredMaterialSupplied,
    RenewalDeemed,
)
from contracts.events.intake_seldom import ApplicationClaimed, QuotaSet
from contracts.events.reuse import CaseRecalled
from services.approval import calendars, records, standing_repository
from services.approval.commands.following import move_case, renew_case, take_check
from services.approval.commands.opening import open_cases, take_claim, take_deferred, take_window, withdraw_case
from services.approval.domain.light import LightBook
from services.approval.quotas import keep_quota
from services.approval.recalls import keep_recalls
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
    lights: LightBook = field(default_factory=LightBook)

    async def __call__(self, uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
        """Acceptances first: in one batch they may come after the withdrawal they precede.

        The calendar as it is now: no timer has read it yet in a worker just started, and none ever does in a command.
        """
        await self.calendars.current(uow.connection)
        accepted = [(m.event, m.version) for m in messages if isinstance(m.event, ApplicationAccepted)]
        if accepted:
            await open_cases(uow, accepted, now=clock.now(), calendar=self.calendars.value, lights=self.lights)
        for message in messages:
            await self._follow(uow, message.event, message.version)
        await keep_recalls(uow, [message.event for message in messages if isinstance(message.event, CaseRecalled)])

    async def _follow(self, uow: UnitOfWork, event: Event, told: int) -> None:
        """`told` is the number of the event among those of its application."""
        known: dict[str, Any] = {"calendar": self.calendars.value, "lights": self.lights}
        match event:
            case ApplicationWithdrawn(case_no=str()):
                await withdraw_case(uow, event)
            case DeferredMaterialSupplied():
                await take_deferred(uow, event)
            case ApplicationClaimed():
                await take_claim(uow, event, told=told, **known)
            case DatesMoved():
                await take_window(uow, event, told=told, **known)
            case _:
                await self._keep(uow, event)

    async def _keep(self, uow: UnitOfWork, event: Event) -> None:
        """What changes a running case for good, and what is of no single case."""
        match event:
            case CommitmentChecked():
                await take_check(uow, event, now=clock.now())
            case RenewalDeemed():
                await renew_case(uow, event, now=clock.now())
            case ApplicationMoved():
                await move_case(uow, event, now=clock.now(), calendar=self.calendars.value, lights=self.lights)
            case QuotaSet():
                await keep_quota(uow, event)
            case CalendarLoaded():
                await keep_calendar(uow, event)


_HEARD: tuple[type[Event], ...] = (
    ApplicationAccepted,
    ApplicationWithdrawn,
    DeferredMaterialSupplied,
    ApplicationClaimed,
    DatesMoved,
    ApplicationMoved,
    CommitmentChecked,
    RenewalDeemed,
    QuotaSet,
    CalendarLoaded,
    CaseRecalled,
)


_LIBRARY: tuple[type[Event], ...] = (
    CertificateIssued,
    CertificateSuperseded,
    CertificateRescinded,
    CertificateAnnulled,
    CertificateDeregistered,
    CertificateRevoked,
    CertificateReportedLost,
    CertificateLossWithdrawn,
    CertificateExpired,
)


async def keep_certificates(uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
    """Which certificates stand, and how: what a decision about one is checked against."""
    for message in messages:
        match message.event:
            case CertificateIssued(origin=CertificateOrigin.FOREIGN):
                pass  # another region's: no body here decides about it
            case CertificateIssued():
                await standing_repository.keep_issued(uow.connection, message.event, message.version)
            case CertificateSuperseded():
                await standing_repository.keep_superseded(uow.connection, message.event, message.version)
            case CertificateStanding():
                await standing_repository.keep_standing(uow.connection, message.event, message.version)


async def keep_calendar(uow: UnitOfWork, event: CalendarLoaded) -> None:
    """The year is kept, and every open case becomes due for projection."""
    await reference.keep(uow.connection, calendars.NAME, str(event.year), event.revision, event.document())
    await records.project_all_again(uow.connection)


def consumers(known: Reference[WorkCalendar], lights: LightBook) -> tuple[Consumer, ...]:
    heard, library = (tuple(event.SUBJECT for event in events) for events in (_HEARD, _LIBRARY))
    return (
        Consumer(name="approval-intake", stream="INTAKE", subjects=heard, handle=Listener(known, lights)),
        Consumer(name="approval-certificates", stream="CERTIFICATE", subjects=library, handle=keep_certificates),
    )
