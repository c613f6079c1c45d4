"""A supervised case: what its timeline says so far, its clocks, and what is measured when it is decided."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.kernel.errors import DomainError
from services.kernel.light_rules import Basis as Basis
from services.kernel.time_limit import (
    Clock,
    DueDate,
    Entry,
    Extended,
    StartRule,
    TimeLimit,
    Unit,
    china_date,
    due_date,
)
from services.kernel.workdays import CalendarNotPublished, WorkCalendar


class Stage(StrEnum):
    """Where a case stands, from events alone."""

    SUBMITTED = "SUBMITTED"
    RECEIVED = "RECEIVED"
    SUPPLEMENT = "SUPPLEMENT"
    ACCEPTED = "ACCEPTED"
    DECIDED = "DECIDED"
    CONCLUDED = "CONCLUDED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    ENDED = "ENDED"


@dataclass(frozen=True)
class Supervised:
    """The facts the clocks need. Events of two services may come in any order, so each fact may still be missing."""

    legal: TimeLimit | None = None
    promised: TimeLimit | None = None
    submitted_at: datetime | None = None
    received_at: datetime | None = None
    complete_at: datetime | None = None
    supplement_open: bool = False
    accepted_at: datetime | None = None
    decided_at: datetime | None = None
    refused_at: datetime | None = None
    withdrawn_at: datetime | None = None
    concluded_at: datetime | None = None
    ended_at: datetime | None = None
    ledger: tuple[Entry, ...] = ()

    @property
    def stopped_at(self) -> datetime | None:
        """When the case stopped waiting for a decision: decided, or ended without one, whichever came first."""
        ends = [at for at in (self.decided_at, self.withdrawn_at, self.refused_at, self.ended_at) if at is not None]
        return min(ends, default=None)

    @property
    def is_pending(self) -> bool:
        """Accepted and not decided: only then are there lights."""
        return self.accepted_at is not None and self.stopped_at is None

    @property
    def stage(self) -> Stage:
        reached = (
            (Stage.CONCLUDED, self.concluded_at),
            (Stage.DECIDED, self.decided_at),
            (Stage.WITHDRAWN, self.withdrawn_at),
            (Stage.REFUSED, self.refused_at),
            (Stage.ENDED, self.ended_at),
            (Stage.ACCEPTED, self.accepted_at),
            (Stage.SUPPLEMENT, self.received_at if self.supplement_open else None),
            (Stage.RECEIVED, self.received_at),
        )
        return next((stage for stage, at in reached if at is not None), Stage.SUBMITTED)

    def clock(self, basis: Basis) -> Clock | None:
        """The clock of a limit once its start is known; none before acceptance.

        A limit from receipt starts when the materials are complete: with the last supplement, if there was one.
        A pause stops both limits, an extension prolongs the legal one only.
        """
        limit = self.legal if basis is Basis.LEGAL else self.promised
        if limit is None or self.accepted_at is None:
            return None
        complete_at = self.complete_at or self.received_at
        started_at = complete_at if limit.start is StartRule.RECEIVED else self.accepted_at
        if started_at is None or limit.start is StartRule.DECIDED:
            return None
        pauses = tuple(entry for entry in self.ledger if not isinstance(entry, Extended))
        return Clock(limit, started_at, self.ledger if basis is Basis.LEGAL else pauses)


@dataclass(frozen=True)
class Measure:
    """What the statistics need of a decided case.

    `used_workdays`: working days after the start of the promised limit up to and with the day of the decision, the way
    the dates are counted (the day of the start is 0). None when a year is not loaded.
    """

    on_time: bool | None
    early: bool | None
    promised_workdays: int | None
    used_workdays: int | None


def due(case: Supervised, basis: Basis, calendar: WorkCalendar) -> DueDate | None:
    """The date computed here, from events; None while the clock has not started or starts before every calendar."""
    clock = case.clock(basis)
    if clock is None:
        return None
    try:
        return due_date(clock, calendar)
    except DomainError:
        return None


def measure(case: Supervised, calendar: WorkCalendar) -> Measure | None:
    """None until the case is decided. A provisional date is no ground to call a decision late or early."""
    clock = case.clock(Basis.PROMISED)
    if case.decided_at is None or clock is None:
        return None
    decided_on = china_date(case.decided_at)
    promised = due(case, Basis.PROMISED, calendar)
    try:
        used = max(0, calendar.workdays_between(china_date(clock.started_at), decided_on))
    except CalendarNotPublished:
        used = None
    known = promised is not None and (not promised.provisional or decided_on <= promised.on)
    return Measure(
        on_time=decided_on <= promised.on if known and promised is not None else None,
        early=decided_on < promised.on if known and promised is not None and clock.limit.value > 0 else None,
        promised_workdays=clock.limit.value if clock.limit.unit is Unit.WORKDAY else None,
        used_workdays=used if clock.limit.unit is Unit.WORKDAY else None,
    )
