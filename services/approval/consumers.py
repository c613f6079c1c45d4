"""What approval hears from intake: an acceptance opens a case, a withdrawal ends it."""

from collections.abc import Sequence

from contracts.events.intake import ApplicationAccepted, ApplicationWithdrawn
from services.approval.commands.opening import open_cases, withdraw_case
from services.chassis import clock
from services.chassis.bus import Incoming
from services.chassis.consumer import Consumer
from services.chassis.database import UnitOfWork


async def on_intake(uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
    """Acceptances first: in one batch they may come after the withdrawal they precede."""
    events = [message.event for message in messages]
    accepted = [event for event in events if isinstance(event, ApplicationAccepted)]
    if accepted:
        await open_cases(uow, accepted, now=clock.now())
    for event in events:
        if isinstance(event, ApplicationWithdrawn) and event.case_no is not None:
            await withdraw_case(uow, event)


CONSUMERS = (
    Consumer(
        name="approval-intake",
        stream="INTAKE",
        subjects=(ApplicationAccepted.SUBJECT, ApplicationWithdrawn.SUBJECT),
        handle=on_intake,
    ),
)
