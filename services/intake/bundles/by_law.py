"""A bundle nobody answers within five working days of receipt is accepted by law, as its members are (art. 32(4))."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from services.chassis.database import Database
from services.intake.bundles import repository as bundles
from services.intake.bundles.consumers import Mover
from services.intake.bundles.opening import finish, settle
from services.intake.domain.application import NOTICE_WORKDAYS, SYSTEM
from services.intake.domain.bundle_acceptance import deem_accepted, is_silenced
from services.intake.domain.bundle_case import BundleCase, BundleState
from services.intake.domain.bundle_supplement import lapse, settle_day
from services.intake.domain.supplement import lapses_at
from services.kernel.errors import DomainError
from services.kernel.time_limit import china_date, end_of
from services.kernel.workdays import WorkCalendar

log = logging.getLogger(__name__)


def _by_law(case: BundleCase, calendar: WorkCalendar, now: datetime) -> BundleCase:
    """Accepted by silence; or gone on without what was not supplied, once the last day is final and over.

    Counted again here: the list was read without a lock.
    """
    if case.state is BundleState.RECEIVED:
        return deem_accepted(case, now=now, calendar=calendar) if is_silenced(case, calendar, now) else case
    case = settle_day(case, calendar)
    until = lapses_at(case.supplement) if case.supplement else None
    return lapse(case, now=now) if until is not None and now >= until else case


@dataclass
class BundleSilence:
    """The timer. Members are accepted, or returned unsupplied, by their own clocks; the bundle goes on after them."""

    mover: Mover
    at_once: int = 500  # how many are read at a time

    async def __call__(self, database: Database, now: datetime) -> None:
        today = china_date(now)
        async for bundle_application_id, _ in self._all(database, partial(bundles.waiting_for_supplement, today=today)):
            await self._settle(database, bundle_application_id, now, BundleState.CORRECTION)
        calendar = self.mover.ready().calendar
        # Five working days are never less than five days: what came in since need not be read.
        until = now - timedelta(days=NOTICE_WORKDAYS)
        async for bundle_application_id, since in self._all(database, partial(bundles.received, until=until)):
            due = self.mover.ready().workdays_after(since, NOTICE_WORKDAYS)
            if now >= end_of(due.on) and not calendar.is_provisional(due.on):
                await self._settle(database, bundle_application_id, now, BundleState.RECEIVED)

    async def _all(
        self, database: Database, read: Callable[..., Awaitable[list[tuple[UUID, datetime]]]]
    ) -> AsyncIterator[tuple[UUID, datetime]]:
        """Page by page: however many cannot be settled, those behind them are."""
        after: UUID | None = None
        while True:
            async with database.read() as connection:
                page = await read(connection, after=after, limit=self.at_once)
            for one in page:
                yield one
            if len(page) < self.at_once:
                return
            after = page[-1][0]

    async def _settle(self, database: Database, bundle_application_id: UUID, now: datetime, state: BundleState) -> None:
        try:
            async with database.transaction() as uow:
                before = await bundles.load_locked(uow.connection, bundle_application_id)
                if before.state is state:
                    work = await self.mover.work(uow, before, now)
                    after = _by_law(before, work.office.calendar, now)
                    await finish(work, before, await settle(work, after) if after.state is not state else after, SYSTEM)
        except DomainError as fault:  # one bundle must not hold up the others; it is tried again
            log.error("a bundle cannot be accepted by law: %s", fault.code)
        except (SQLAlchemyError, OSError):  # the database is away: so it is for all others
            raise
        except Exception:
            log.exception("a bundle cannot be read", extra={"bundle_application_id": str(bundle_application_id)})
