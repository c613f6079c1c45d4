"""What supervision hears: every event of a case from intake, approval and certificate, in each aggregate's order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from contracts.events.certificate import PaperIssued
from contracts.events.intake import CalendarLoaded
from services.chassis import clock
from services.chassis.bus import Incoming, NotYet
from services.chassis.consumer import Consumer
from services.chassis.database import UnitOfWork
from services.chassis.reference import Reference
from services.kernel.workdays import WorkCalendar
from services.supervision import calendars, orders, repository
from services.supervision.calendars import work_calendars
from services.supervision.differences import compared
from services.supervision.facts import fact_of
from services.supervision.findings import findings, of_no_case, raise_findings
from services.supervision.marks import marked
from services.supervision.repository import Row
from services.supervision.told import Fact
from services.supervision.watching import Watcher

_PACE_SECONDS = 0.1  # nobody waits for supervision: bigger batches leave the machine to those who work


@dataclass(frozen=True)
class Listener:
    """Applies a batch: facts into the case rows, lines into the timeline, then dates and lights of what it touched."""

    watcher: Watcher
    calendars: Reference[WorkCalendar] = field(default_factory=work_calendars)

    async def __call__(self, uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
        await self._take_calendars(uow, messages)
        issued = [message.event for message in messages if isinstance(message.event, PaperIssued)]
        await orders.note_papers(uow, [event for event in issued if event.order_no])
        await raise_findings(uow, of_no_case(messages), clock.now())
        told = [(message, fact) for message in messages if (fact := fact_of(message.event)) is not None]
        if not told:
            return
        owners = await _owners(uow, [fact for _, fact in told])
        rows = await repository.lock(uow.connection, list(set(owners.values())))
        now = clock.now()
        heard = [(rows[owners[_key(fact)]], message, fact) for message, fact in told]
        lines = [(row, message, self._apply(message, fact, row)) for row, message, fact in heard]
        await raise_findings(
            uow, [found for row, message, fact in lines for found in findings(row, message, fact)], now
        )
        await self.watcher.settle(uow, list(rows.values()), now=now, heard_all=False)
        entries = [_entry(message, fact, row["case_id"]) for row, message, fact in lines]
        await repository.add_to_timeline(uow.connection, entries)

    def _apply(self, message: Incoming, fact: Fact, row: Row) -> Fact:
        """Put the fact into the row of its case; the fact with the dates in it that differ from ours."""
        row.update(_newest(fact, row))
        if fact.entry is not None:
            row["ledger"] = [*(row["ledger"] or ()), fact.entry]
        row["case_no"] = row["case_no"] or fact.case_no
        row["marks"] = marked(row, message.subject, fact)
        return compared(row, message.event, fact, self.watcher.calendar)

    async def _take_calendars(self, uow: UnitOfWork, messages: Sequence[Incoming]) -> None:
        """Before the facts of the same batch: dates told after a year was loaded are measured with it.

        Read in any case: no sweep has done so yet in a worker just started, and none ever does in a command.
        """
        for event in (message.event for message in messages):
            if isinstance(event, CalendarLoaded):
                await calendars.keep(uow, event.year, event.revision, event.document())
        self.watcher.calendar = await self.calendars.current(uow.connection)

    def consumers(self) -> tuple[Consumer, ...]:
        """Whole streams, because the version check needs every event of an aggregate."""
        return tuple(
            Consumer(
                f"supervision-{name}", name.upper(), (f"{name}.>",), self, contiguous=True, pace_seconds=_PACE_SECONDS
            )
            for name in ("intake", "approval", "certificate")
        )


def _newest(fact: Fact, row: Row) -> Row:
    """An acceptance heard after a pause or extension tells dates that these have moved since."""
    if fact.entry is not None or not row["ledger"]:
        return fact.columns
    return {name: value for name, value in fact.columns.items() if not name.startswith("told_")}


def _key(fact: Fact) -> UUID | str | None:
    return fact.case_id or fact.case_no


async def _owners(uow: UnitOfWork, facts: Sequence[Fact]) -> dict[UUID | str | None, UUID]:
    """The case of every fact. A seal names its case by number; the paper's issue, one version earlier, told the id."""
    owners: dict[UUID | str | None, UUID] = {}
    for fact in facts:
        if fact.case_id:
            owners |= {fact.case_id: fact.case_id, fact.case_no: fact.case_id}
    missing = {fact.case_no for fact in facts if fact.case_id is None and fact.case_no} - owners.keys()
    if missing:
        found = await repository.case_ids(uow.connection, [number for number in missing if number])
        if len(found) < len(missing):
            raise NotYet("the case number is not known yet")
        owners.update(found)
    return owners


def _entry(message: Incoming, fact: Fact, case_id: UUID) -> Row:
    """A person's own name stays out: only officers and clerks are named, and by account."""
    actor = fact.actor
    body = actor.organisation if actor else None
    return {
        "case_id": case_id,
        "event_id": message.event_id,
        "at": fact.at,
        "subject": message.subject,
        "actor_role": actor.role if actor else None,
        "actor_name": actor.name if actor and body else None,
        "actor_body": body.name if body else None,
        "detail": fact.detail,
    }
