"""What the certificate service hears: intake's acts become papers, a decision becomes a paper and a certificate."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from contracts.events.approval import CaseDecided
from contracts.events.intake import (
    AcceptanceRefused,
    ApplicationAccepted,
    ApplicationReceived,
    ApplicationSubmitted,
    ResultHandedOver,
    SupplementRequested,
)
from services.certificate import paper_contents
from services.certificate.commands.issue_certificates import issue_certificates
from services.certificate.commands.issue_papers import case_copies, issue_papers
from services.certificate.commands.keep_cases import keep_received, keep_submitted
from services.certificate.kit import Kit
from services.certificate.paper_contents import CaseFacts, Draft
from services.chassis import clock
from services.chassis.bus import Incoming
from services.chassis.consumer import Consumer
from services.chassis.database import UnitOfWork

_NEEDS_COPY = (SupplementRequested, AcceptanceRefused, ResultHandedOver)


class Consumers:
    """The handlers, with the kit they share."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def all(self) -> tuple[Consumer, ...]:
        intake = (
            ApplicationSubmitted,
            ApplicationReceived,
            SupplementRequested,
            ApplicationAccepted,
            AcceptanceRefused,
            ResultHandedOver,
        )
        return (
            Consumer("certificate-intake", "INTAKE", tuple(event.SUBJECT for event in intake), self.on_intake),
            Consumer("certificate-approval", "APPROVAL", (CaseDecided.SUBJECT,), self.on_decided),
        )

    async def on_intake(self, uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
        """Copies of cases first: in one batch a paper may come before the receipt it builds on."""
        events = [message.event for message in messages]
        await keep_submitted(uow, [event for event in events if isinstance(event, ApplicationSubmitted)])
        await keep_received(uow, [event for event in events if isinstance(event, ApplicationReceived)])
        needed = {event.application_id for event in events if isinstance(event, _NEEDS_COPY)}
        copies = await case_copies(uow, needed)
        drafts = [draft for event in events if (draft := self._draft(event, copies)) is not None]
        await issue_papers(uow, drafts, self._kit)

    async def on_decided(self, uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
        decided = [message.event for message in messages if isinstance(message.event, CaseDecided)]
        await issue_certificates(uow, decided, self._kit, now=clock.now())
        await issue_papers(uow, [paper_contents.decision(event, self._kit.settings) for event in decided], self._kit)

    def _draft(self, event: Any, copies: dict[UUID, CaseFacts]) -> Draft | None:
        settings = self._kit.settings
        match event:
            case ApplicationReceived():
                return paper_contents.receipt(event, settings)
            case ApplicationAccepted():
                return paper_contents.acceptance_notice(event, settings)
            case SupplementRequested():
                return paper_contents.supplement_notice(event, copies[event.application_id], settings)
            case AcceptanceRefused():
                return paper_contents.refusal_of_acceptance(event, copies[event.application_id], settings)
            case ResultHandedOver():
                return paper_contents.proof_of_service(event, copies[event.application_id])
            case _:
                return None
