"""What is not the usual way of an application: scenario or stage, windows, pauses of its clock, an end without result.

Source: domain.md 3.1 (IN_REVIEW exits), Administrative Licensing Law arts. 42, 45; Civil Code art. 1077 (windows).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from services.intake.domain.records import Amendment, Staff
from services.kernel.time_limit import DueDate, Entry, Extended, Paused, Resumed, TimeLimit, Unit

if TYPE_CHECKING:
    from services.intake.domain.application import Application


class EntryKind(StrEnum):
    PAUSED = "PAUSED"
    RESUMED = "RESUMED"
    EXTENDED = "EXTENDED"


@dataclass(frozen=True)
class LedgerEntry:
    """One thing approval did to the clock, as its event told it."""

    kind: EntryKind
    at: datetime
    cause: str = ""
    article: str = ""
    value: int = 0
    unit: Unit = Unit.WORKDAY

    def entry(self) -> Entry:
        if self.kind is EntryKind.PAUSED:
            return Paused(self.at, self.cause, self.article)
        if self.kind is EntryKind.RESUMED:
            return Resumed(self.at)
        return Extended(self.at, self.value, self.unit, self.cause, self.article)


@dataclass(frozen=True)
class ClaimWindow:
    """No decision before `opens_on`; from then to `closes.on` the applicants come again, silence is withdrawal."""

    name: str
    waiting: str
    waiting_until: DueDate
    opens_on: date
    closes: DueDate
    basis: str = ""
    waiting_limit: TimeLimit | None = None
    claim_limit: TimeLimit | None = None


@dataclass(frozen=True)
class Claimed:
    persons: tuple[str, ...]
    claimed_at: datetime
    claimed_by: Staff


class EndKind(StrEnum):
    TERMINATED = "TERMINATED"
    TRANSFERRED = "TRANSFERRED"


@dataclass(frozen=True)
class Ended:
    """How approval ended the case without a decision; `competent_body` of a transfer."""

    kind: EndKind
    reason: str
    legal_basis: str
    ended_at: datetime
    competent_body: str | None = None


@dataclass(frozen=True)
class Originals:
    """Originals taken at the counter that went back to the applicant."""

    materials: tuple[str, ...]
    recipient_name: str
    returned_at: datetime
    returned_by: Staff


@dataclass(frozen=True)
class Course:
    """`scenario` names the chosen way of handling, or the stage; `follows` the case of the stage before.

    `amends`: the application asks for changes on a certificate that was issued.
    """

    scenario: str | None = None
    follows: str | None = None
    window: ClaimWindow | None = None
    claimed: Claimed | None = None
    ledger: tuple[LedgerEntry, ...] = ()
    ended: Ended | None = None
    originals: Originals | None = None
    amends: Amendment | None = None

    @property
    def is_paused(self) -> bool:
        moves = [entry.kind for entry in self.ledger if entry.kind is not EntryKind.EXTENDED]
        return bool(moves) and moves[-1] is EntryKind.PAUSED

    def entries(self, *, extended: bool) -> tuple[Entry, ...]:
        """For the kernel; what was promised is not prolonged by an extension."""
        return tuple(e.entry() for e in self.ledger if extended or e.kind is not EntryKind.EXTENDED)


USUAL = Course()


def with_entry(
    application: "Application", entry: LedgerEntry, *, legal_due: DueDate, promised_due: DueDate
) -> "Application":
    """What approval did to the clock. Told twice changes nothing; told late, the newest dates stay."""
    ledger = application.course.ledger
    if any((known.kind, known.at) == (entry.kind, entry.at) for known in ledger):
        return application
    newest = all(known.at <= entry.at for known in ledger)
    course = replace(application.course, ledger=in_order((*ledger, entry)))
    changed = replace(application, course=course)
    return replace(changed, legal_due=legal_due, promised_due=promised_due) if newest else changed


def in_order(ledger: Sequence[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    return tuple(sorted(ledger, key=lambda entry: entry.at))
