"""What moves a bundle on: decisions and pauses of its members, their certificates, and their other ends."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from contracts.events.approval import CaseDecided, CaseResumed, CaseSuspended, CaseTerminated, CaseTransferred
from contracts.events.certificate import CertificateIssued
from contracts.events.common import Event
from contracts.events.intake import (
    AcceptanceRefused,
    ApplicationReturned,
    ApplicationWithdrawn,
)
from services.chassis import clock
from services.chassis.bus import Incoming, NotYet
from services.chassis.consumer import Consumer
from services.chassis.database import Database, UnitOfWork
from services.chassis.files import Files
from services.chassis.sealing import Sealer
from services.intake.bundles import repository as bundles
from services.intake.bundles.definitions import definitions
from services.intake.bundles.joined import joined
from services.intake.bundles.opening import Work, finish, settle
from services.intake.domain.application import SYSTEM
from services.intake.domain.bundle_case import BundleCase, MemberRun
from services.intake.items import Items
from services.intake.office import Office, work_calendars
from services.intake.settings import IntakeSettings

_ENDS = (AcceptanceRefused, ApplicationReturned, ApplicationWithdrawn)
_ENDED = (CaseDecided, CaseTerminated, CaseTransferred)
_OF_CASES = (*_ENDED, CaseSuspended, CaseResumed)


@dataclass
class Mover:
    """One handler for all of them: look up the bundles these applications belong to, and settle each."""

    settings: IntakeSettings
    office: Office | None = None

    async def __call__(self, uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
        """Raises NotYet: the application does not know its decision or end yet."""
        told = [(application_id, m.event) for m in messages if (application_id := _about(m.event)) is not None]
        members = await bundles.bundles_of(uow.connection, [application_id for application_id, _ in told])
        if not members:
            return
        await self._check_known(uow, [event for _, event in told])
        for bundle_application_id in members:
            await self._move(uow, bundle_application_id, [event for _, event in told])

    async def _check_known(self, uow: UnitOfWork, told: Sequence[Event]) -> None:
        decided = {event.case_id for event in told if isinstance(event, _ENDED)}
        known = await bundles.applications(uow.connection, decided)
        if any(a.outcome is None and a.course.ended is None for a in known.values()):
            raise NotYet("the decision is not recorded yet")

    async def _move(self, uow: UnitOfWork, bundle_application_id: UUID, told: Sequence[Event]) -> None:
        before = await bundles.load_locked(uow.connection, bundle_application_id)
        work = await self.work(uow, before, clock.now())
        after = await settle(work, _paused(before, told))
        await finish(work, before, after, SYSTEM)

    async def work(self, uow: UnitOfWork, case: BundleCase, now: datetime) -> Work:
        office = joined(self.ready(), uow)
        running = await definitions().get(uow.connection, office.items, case.bundle_id, case.catalogue_version)
        return Work(office, uow, running, now)

    def ready(self) -> Office:
        if self.office is None:
            sealer = Sealer.load(self.settings.keys_dir)
            self.office = Office(
                db=Database(self.settings.database_url),  # never opened: every act joins the transaction of the batch
                items=Items(),
                sealer=sealer,
                files=Files.open(self.settings.files_url, sealer),
                calendars=work_calendars(),
                settings=self.settings,
            )
        return self.office


def _about(event: Event) -> UUID | None:
    if isinstance(event, (*_OF_CASES, CertificateIssued)):
        return event.case_id
    return event.application_id if isinstance(event, _ENDS) else None


def _paused(case: BundleCase, told: Sequence[Event]) -> BundleCase:
    """Pauses of the members' clocks, told twice or not (art. 45)."""
    for event in told:
        for run in case.members:
            if isinstance(event, CaseSuspended | CaseResumed) and run.application_id == event.case_id:
                case = case.with_run(_with_pause(run, event))
    return case


def _with_pause(run: MemberRun, event: CaseSuspended | CaseResumed) -> MemberRun:
    others = tuple(pause for pause in run.pauses if pause[0] != event.suspended_at)
    known = next((pause for pause in run.pauses if pause[0] == event.suspended_at), (event.suspended_at, None))
    resumed_at = event.resumed_at if isinstance(event, CaseResumed) else known[1]
    return replace(run, pauses=tuple(sorted((*others, (event.suspended_at, resumed_at)), key=lambda pause: pause[0])))


def bundle_consumers(mover: Mover) -> tuple[Consumer, ...]:
    streams: tuple[tuple[str, tuple[type[Event], ...]], ...] = (
        ("APPROVAL", _OF_CASES),
        ("CERTIFICATE", (CertificateIssued,)),
        ("INTAKE", _ENDS),
    )
    return tuple(
        Consumer(
            name=f"intake-bundles-{stream.lower()}",
            stream=stream,
            subjects=tuple(event.SUBJECT for event in events),
            handle=mover,
        )
        for stream, events in streams
    )
