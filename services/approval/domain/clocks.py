"""The clocks of a case: two limits, their starts, and the append-only ledger both dates are derived from."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from services.kernel.time_limit import (
    CHINA,
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
from services.kernel.workdays import WorkCalendar

DELIVERY_WORKDAYS = 10  # art. 44: a granted licence is issued and served within ten days of the decision


@dataclass(frozen=True)
class Dates:
    """The two due dates as they are known on day `as_of`: what lists sort by. A projection, never the source."""

    legal: DueDate
    promised: DueDate
    as_of: date


@dataclass(frozen=True)
class Clocks:
    """A pause stops both limits; an extension prolongs the legal one only: what was promised stays promised.

    `complete_at`: receipt, or the day the last supplement came in; limits that run from receipt start there.
    """

    legal: TimeLimit
    promised: TimeLimit
    complete_at: datetime
    accepted_at: datetime
    ledger: tuple[Entry, ...] = ()

    @property
    def legal_clock(self) -> Clock:
        return Clock(self.legal, self._started_at(self.legal), self.ledger)

    @property
    def promised_clock(self) -> Clock:
        pauses = tuple(entry for entry in self.ledger if not isinstance(entry, Extended))
        return Clock(self.promised, self._started_at(self.promised), pauses)

    @property
    def is_extended(self) -> bool:
        return any(isinstance(entry, Extended) for entry in self.ledger)

    def latest(self, now: datetime) -> datetime:
        """An instant not before anything in the ledger: two machines' clocks may differ by a moment."""
        return max(now, self.accepted_at, self.complete_at, *(entry.at for entry in self.ledger))

    def with_entry(self, entry: Entry) -> "Clocks":
        """Raises BrokenLedger."""
        Clock(self.legal, self._started_at(self.legal), self.ledger).with_entry(entry)
        return replace(self, ledger=(*self.ledger, entry))

    def dates(self, calendar: WorkCalendar, *, as_of: date) -> Dates:
        return Dates(
            due_date(self.legal_clock, calendar, as_of=as_of),
            due_date(self.promised_clock, calendar, as_of=as_of),
            as_of,
        )

    def _started_at(self, limit: TimeLimit) -> datetime:
        return self.complete_at if limit.start is StartRule.RECEIVED else self.accepted_at


def workdays_after(at: datetime, days: int, calendar: WorkCalendar) -> DueDate:
    """Last day of a limit of working days that starts at an instant; provisional past the published years."""
    return due_date(Clock(TimeLimit(days, Unit.WORKDAY, StartRule.ACCEPTED), at), calendar)


def is_over(due: DueDate, now: datetime) -> bool:
    """Whether the last day has passed. A provisional day cuts nobody's right off."""
    return not due.provisional and china_date(now) > due.on


def end_of(day: date) -> datetime:
    """The instant a limit with this last day ends: midnight in China."""
    return datetime.combine(day + timedelta(days=1), time(), CHINA).astimezone(UTC)
