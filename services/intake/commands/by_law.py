"""What the law brings about when nobody acts: acceptance by silence, return, renewal. Each exactly once."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from contracts.events.common import Event
from services.chassis import clock
from services.chassis.database import Database, UnitOfWork
from services.chassis.reference import Reference
from services.intake import facts, facts_later, reliance_repository, repository
from services.intake.commands.accept import check_by, place
from services.intake.commands.acting import publish, stepped
from services.intake.commands.reliance import record
from services.intake.domain import application as rules
from services.intake.domain import silence, supplement, windows
from services.intake.domain.reliance import ENDED_FOR_GOOD
from services.intake.domain.states import State
from services.intake.items import Items, VersionedItem
from services.intake.office import work_calendars, workdays_after
from services.intake.settings import IntakeSettings
from services.kernel.errors import DomainError
from services.kernel.time_limit import Clock, DueDate, TimeLimit, due_date
from services.kernel.workdays import WorkCalendar

log = logging.getLogger(__name__)
_ACCEPTED = frozenset({State.ACCEPTED})
_OTHERS = frozenset({State.RECEIVED, State.CORRECTION})


async def _always() -> bool:
    return True


@dataclass
class ByLaw:
    """The timer: touches only what is due, one application in one transaction, page by page through all of it: however
    many cannot be dealt with, those behind them are.

    A person's act and this one meet at the row: whoever saves first wins, the other finds another state. A renewal by
    silence waits until no decision can be on its way: for the grace, and until this service has caught up.
    """

    settings: IntakeSettings
    items: Items = field(default_factory=Items)
    calendars: Reference[WorkCalendar] = field(default_factory=work_calendars)
    caught_up: Callable[[], Awaitable[bool]] = _always
    at_once: int = 500  # how many are read at a time

    async def __call__(self, database: Database, now: datetime) -> None:
        await self._act_on(database, now, _OTHERS)
        grace = timedelta(seconds=self.settings.renewal_grace_seconds)
        await self._act_on(database, now - grace, _ACCEPTED)

    async def _act_on(self, database: Database, until: datetime, states: frozenset[State]) -> None:
        place: repository.Due | None = None
        while True:
            async with database.read() as connection:
                due = await repository.due_after(connection, place, until, states, limit=self.at_once)
            if not due or (place is None and states is _ACCEPTED and not await self.caught_up()):
                return
            for _, application_id in due:
                await self._try(database, application_id, until)
            place = due[-1]

    async def _try(self, database: Database, application_id: UUID, until: datetime) -> None:
        """One application that cannot be dealt with must not stop the others; it stays due and is told of."""
        try:
            await self.act(database, application_id, until)
        except DomainError as refused:
            log.error("by law: %s", refused.code, extra={"application_id": str(application_id)})
        except (SQLAlchemyError, OSError):  # the database is away: so it is for all others
            raise
        except Exception:
            log.exception("by law: an application cannot be read", extra={"application_id": str(application_id)})

    async def act(self, database: Database, application_id: UUID, until: datetime) -> None:
        """Nothing when somebody holds it or it is no longer due. Raises DomainError."""
        async with database.transaction() as uow:
            seen = await repository.lock_due(uow.connection, application_id, until)
            if seen is None:
                return
            item = await self.items.pinned(uow.connection, seen.item_code, seen.item_version, seen.course.scenario)
            if await self._is_taken_away(uow, seen):
                changed = stepped(seen, silence.not_renewable(seen), events=0)
                await repository.save_locked(uow.connection, [(changed, seen.version)])
                return
            changed, event = await self._bring_about(uow, seen, item, clock.now())
            changed = stepped(seen, changed, events=1)
            await repository.save_locked(uow.connection, [(changed, seen.version)])
            publish(uow, changed, event(changed))
            if changed.state is State.ACCEPTED:
                await record(uow, changed, item, self.items, clock.now())

    @staticmethod
    async def _is_taken_away(uow: UnitOfWork, seen: rules.Application) -> bool:
        """Whether what silence would renew no longer stands; locked, so that it stands until this is over."""
        if seen.state is not State.ACCEPTED or seen.renews is None or windows.closes_at(seen) is not None:
            return False
        identifier = seen.renews.certificate_identifier
        held = await reliance_repository.held_now(uow.connection, [identifier])
        return identifier in held and held[identifier].status in ENDED_FOR_GOOD

    async def _bring_about(
        self, uow: UnitOfWork, seen: rules.Application, item: VersionedItem, now: datetime
    ) -> tuple[rules.Application, Callable[[rules.Application], Event]]:
        if seen.state is State.CORRECTION:
            return supplement.return_unsupplied(seen, now=now), facts_later.returned
        calendar = await self.calendars.current(uow.connection)
        if seen.state is State.ACCEPTED:
            if windows.closes_at(seen) is not None:
                withdrawn = windows.deem_withdrawn(seen, now=now)
                return withdrawn, lambda saved: facts.withdrawn(saved, rules.SYSTEM)
            due = workdays_after(calendar, silence.renewed_from(seen) or now, rules.DELIVERY_WORKDAYS)
            renewed = silence.deem_renewed(seen, now=now, delivery_due=due)
            return renewed, lambda saved: facts_later.renewal_deemed(saved, item, now)
        item = item.chosen_by(seen.materials)
        received_at = rules.counted_from(seen) or now
        order, quota = await place(uow.connection, item, seen, received_at)
        accepted = silence.deem_accepted(
            seen,
            item.item,
            legal_due=_due(calendar, item.item.legal_limit, seen, received_at),
            promised_due=_due(calendar, item.item.promised_limit, seen, received_at),
            now=now,
            order=order,
            check_by=check_by(self.settings, clock.local_date(now)),
        )
        return accepted, lambda saved: facts.accepted(saved, item, quota=quota)


def _due(calendar: WorkCalendar, limit: TimeLimit, application: rules.Application, accepted_at: datetime) -> DueDate:
    return due_date(Clock(limit, rules.clock_start(application, limit, accepted_at=accepted_at)), calendar)
