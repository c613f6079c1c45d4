"""What the certificate service hears: intake's acts become papers, a decision becomes a paper and a certificate."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.events.approval import CaseDecided
from contracts.events.common import Event, Outcome
from contracts.events.intake import (
    AcceptanceRefused,
    ApplicationAccepted,
    ApplicationReceived,
    ApplicationReturned,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    CalendarLoaded,
    CaseConcluded,
    RenewalDeemed,
    ResultHandedOver,
    SupplementRequested,
)
from contracts.events.reuse import CertificateReliedUpon
from contracts.events.standing import StandingDecided, StandingHeard, StandingProposed
from contracts.events.supervision import OrderIssued
from services.certificate import queries
from services.certificate.commands.amend_certificates import amend_granted
from services.certificate.commands.issue_certificates import issue_certificates
from services.certificate.commands.issue_papers import case_copies, issue_papers
from services.certificate.commands.keep_cases import (
    BROUGHT,
    end_cases,
    keep_brought,
    keep_received,
    keep_submitted,
    keep_together,
    note_relied,
    note_shown,
)
from services.certificate.commands.renew_certificates import renew_certificates, renew_granted
from services.certificate.commands.standing_acts import execute_standing, hear_holders, tell_holders
from services.certificate.kit import Kit
from services.certificate.life.terms import Terms, terms_of
from services.certificate.papers import ending_papers, paper_contents, procedure_papers
from services.certificate.papers.calendars import keep_calendars, work_calendars
from services.certificate.papers.letter_papers import letter
from services.certificate.papers.paper_contents import CaseFacts, Draft
from services.certificate.settings import CertificateSettings
from services.chassis import clock
from services.chassis.bus import Incoming
from services.chassis.consumer import Consumer
from services.chassis.database import UnitOfWork
from services.chassis.reference import Reference
from services.kernel.workdays import WorkCalendar

_NEEDS_COPY = (SupplementRequested, AcceptanceRefused, ApplicationReturned, ApplicationWithdrawn, ResultHandedOver)


class Consumers:
    """The handlers, with the kit they share."""

    def __init__(self, kit: Kit, calendars: Reference[WorkCalendar] | None = None) -> None:
        self._kit = kit
        self._calendars = calendars or work_calendars()

    def all(self) -> tuple[Consumer, ...]:
        intake: tuple[type[Event], ...] = (
            ApplicationSubmitted,
            ApplicationReceived,
            SupplementRequested,
            ApplicationAccepted,
            AcceptanceRefused,
            ApplicationReturned,
            ApplicationWithdrawn,
            RenewalDeemed,
            ResultHandedOver,
            CalendarLoaded,
            CaseConcluded,
            CertificateReliedUpon,
            *BROUGHT,
        )
        approval: tuple[type[Event], ...] = (
            *(CaseDecided, StandingProposed, StandingHeard, StandingDecided),
            *procedure_papers.HEARD,
        )
        return (
            Consumer("certificate-intake", "INTAKE", tuple(event.SUBJECT for event in intake), self.on_intake),
            Consumer("certificate-supervision", "SUPERVISION", (OrderIssued.SUBJECT,), self.on_supervision),
            Consumer("certificate-approval", "APPROVAL", tuple(event.SUBJECT for event in approval), self.on_approval),
        )

    async def on_intake(self, uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
        """Copies of cases first: in one batch a paper may come before the receipt it builds on."""
        events = [message.event for message in messages]
        await keep_calendars(uow, events)
        if any(isinstance(event, ApplicationReceived) for event in events):
            await self._calendars.current(uow.connection)
        submitted = [event for event in events if isinstance(event, ApplicationSubmitted)]
        await keep_submitted(uow, submitted)
        await note_shown(uow, submitted)
        await keep_received(uow, [event for event in events if isinstance(event, ApplicationReceived)])
        await keep_together(uow, [event for event in events if isinstance(event, ApplicationAccepted)])
        await keep_brought(uow, events)
        await end_cases(uow, events)
        await note_relied(uow, [event for event in events if isinstance(event, CertificateReliedUpon)])
        renewed = [event for event in events if isinstance(event, RenewalDeemed)]
        terms = await terms_of(uow.connection, renewed) if renewed else Terms()
        await renew_certificates(uow, renewed, terms, self._kit, now=clock.now())
        told = [event for event in events if not _never_received(event)]
        copies = await case_copies(uow, {event.application_id for event in told if isinstance(event, _NEEDS_COPY)})
        handed = {event.application_id for event in told if isinstance(event, ResultHandedOver)}
        known = await queries.documents_of(uow.connection, handed) if handed else {}
        numbers = await queries.numbers_of(uow.connection, {one.renews.certificate_identifier for one in renewed})
        drafts = [ending_papers.deemed_renewal(event, terms, numbers) for event in renewed]
        drafts += [draft for event in told for draft in self._drafts(event, copies, known)]
        await issue_papers(uow, drafts, self._kit)

    async def on_approval(self, uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
        """A decision brings its certificate and needs no copy of the case; the steps before it do."""
        events = [message.event for message in messages]
        decided = [event for event in events if isinstance(event, CaseDecided)]
        amended = await amend_granted(uow, decided, self._kit, now=clock.now())
        decided = [event for event in decided if str(event.case_id) not in amended]
        terms = await terms_of(uow.connection, decided) if decided else Terms()
        renewed = await renew_granted(uow, decided, terms, self._kit, now=clock.now())
        first = [event for event in decided if str(event.case_id) not in renewed]
        await issue_certificates(uow, first, terms, self._kit, now=clock.now())
        await tell_holders(uow, [event for event in events if isinstance(event, StandingProposed)], self._kit)
        await hear_holders(uow, [event for event in events if isinstance(event, StandingHeard)], self._kit)
        standing = [event for event in events if isinstance(event, StandingDecided)]
        await execute_standing(uow, standing, self._kit, now=clock.now())
        steps: list[Any] = [event for event in events if isinstance(event, procedure_papers.HEARD)]
        await end_cases(uow, steps)
        copies = await case_copies(uow, {event.case_id for event in steps})
        settings = self._kit.settings
        calendar = await self._calendars.current(uow.connection) if steps else self._calendars.value
        numbers = await queries.numbers_of(
            uow.connection, {e.renews.certificate_identifier for e in decided if e.renews}
        )
        papers = [_decision(event, settings, terms, numbers) for event in decided]
        for event in steps:
            papers += procedure_papers.drafts(event, copies[event.case_id], settings, calendar)
        await issue_papers(uow, papers, self._kit)

    async def on_supervision(self, uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
        """An order of the supervisor becomes a letter, about one case or about a department."""
        orders = [message.event for message in messages if isinstance(message.event, OrderIssued)]
        copies = await case_copies(uow, {event.case_id for event in orders if event.case_id})
        drafts = [letter(event, copies[event.case_id] if event.case_id else None) for event in orders]
        await issue_papers(uow, drafts, self._kit)

    def _drafts(
        self, event: Any, copies: dict[UUID, CaseFacts], known: Mapping[str, tuple[str, str]]
    ) -> Iterator[Draft]:
        settings = self._kit.settings
        match event:
            case ApplicationReceived():
                yield paper_contents.receipt(event, settings, self._calendars.value)
            case ApplicationAccepted():
                yield paper_contents.acceptance_notice(event, settings)
                yield from ending_papers.commitments(event)
            case ResultHandedOver():
                yield paper_contents.proof_of_service(event, copies[event.application_id], known)
            case _ if isinstance(event, _NEEDS_COPY):
                yield self._of_copy(event, copies[event.application_id])

    def _of_copy(self, event: Any, case: CaseFacts) -> Draft:
        """The paper of a fact that tells only what is new in it."""
        settings = self._kit.settings
        match event:
            case SupplementRequested():
                return paper_contents.supplement_notice(event, case, settings)
            case AcceptanceRefused():
                return paper_contents.refusal_of_acceptance(event, case, settings)
            case ApplicationReturned():
                return ending_papers.returned(event, case, settings)
            case _:
                return ending_papers.withdrawn(event, case, settings)


def _decision(event: CaseDecided, settings: CertificateSettings, terms: Terms, numbers: Mapping[str, str]) -> Draft:
    if event.renews is not None and event.outcome is Outcome.GRANTED:
        return ending_papers.granted_renewal(event, terms, numbers)
    return paper_contents.decision(event, settings, terms)


def _never_received(event: Any) -> bool:
    """Withdrawn before receipt: there is no case yet, so nothing to put on file."""
    return isinstance(event, ApplicationWithdrawn) and event.case_no is None
