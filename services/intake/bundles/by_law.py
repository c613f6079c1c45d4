"""A bundle nobody answers within five working days of receipt is accepted by law, as its members are (art. 32(4))."""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.database import Database
from services.intake.bundles import repository as bundles
from services.intake.bundles.consumers import Mover
from services.intake.bundles.opening import finish, settle
from services.intake.domain import bundle_case as rules
from services.intake.domain.application import NOTICE_WORKDAYS, SYSTEM
from services.intake.domain.bundle_case import BundleCase, BundleState
from services.intake.domain.bundle_supplement import lapse, settle_day
from services.intake.domain.supplement import lapses_at
from services.kernel.errors import DomainError
from services.kernel.time_limit import china_date, end_of
from services.kernel.workdays import WorkCalendar

log = logging.getLogger(__name__)


def _by_law(case: BundleCase, calendar: WorkCalendar, now: datetime) -> BundleCase:
    """Accepted by silence; or gone on without what was not supplied, once the last day is final and over."""
    if case.state is BundleState.RECEIVED:
        return rules.deem_accepted(case)
    case = settle_day(case, calendar)
    until = lapses_at(case.supplement) if case.supplement else None
    return lapse(case, now=now) if until is not None and now >= until else case


@dataclass
class BundleSilence:
    """The timer. Members are accepted, or returned unsupplied, by their own clocks; the bundle goes on after them."""

    mover: Mover

    async def __call__(self, database: Database, now: datetime) -> None:
        async with database.read() as connection:
            waiting = await bundles.received(connection)
            lapsed = await bundles.waiting_for_supplement(connection, china_date(now))
        for bundle_application_id in lapsed:
            await self._settle(database, bundle_application_id, now, BundleState.CORRECTION)
        calendar = self.mover.ready().calendar
        for bundle_application_id, received_at in waiting:
            due = self.mover.ready().workdays_after(received_at, NOTICE_WORKDAYS)
            if now >= end_of(due.on) and not calendar.is_provisional(due.on):
                await self._settle(database, bundle_application_id, now, BundleState.RECEIVED)

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
