"""What goes on beside examination: pause, site check, hearing, interested parties, consultations, first level."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.approval.domain.states import State
from services.kernel.time_limit import DueDate, TimeLimit, Unit


@dataclass(frozen=True)
class Body:
    """A public body: uscc, name, 12-digit division."""

    uscc: str
    name: str
    division: str


@dataclass(frozen=True)
class Procedure:
    """A procedure the item names; `stops_clock` by art. 45 or by a cause in the item's own law."""

    kind: str
    name: str
    stops_clock: bool
    cause: str = ""
    basis: str = ""


@dataclass(frozen=True)
class ExtensionRule:
    value: int
    unit: Unit


@dataclass(frozen=True)
class ItemRules:
    """What the pinned version of the service item says of the procedure."""

    licensing: bool = True  # only licences fall under the Administrative Licensing Law
    joint: bool = False
    basis: str = ""
    extension: ExtensionRule | None = None
    procedures: tuple[Procedure, ...] = ()
    first_level: TimeLimit | None = None  # None: one level


@dataclass(frozen=True)
class Suspension:
    """The open pause. `resumes_to` is the state it came from."""

    kind: str
    kind_name: str
    suspended_at: datetime
    expected_end: DueDate
    resumes_to: State
    workdays: int = 0  # the time told in the notice; 0: stored before it was kept


@dataclass(frozen=True)
class Inspector:
    account_id: str
    name: str
    officer_no: str = ""


@dataclass(frozen=True)
class SiteCheck:
    inspectors: tuple[Inspector, ...]
    due: DueDate
    recorded: bool = False
    passed: bool | None = None  # what the last record says
    former: tuple[str, ...] = ()  # accounts of inspectors who were replaced after they had checked


class HearingStep(StrEnum):
    TOLD = "TOLD"
    REQUESTED = "REQUESTED"
    WAIVED = "WAIVED"
    ANNOUNCED = "ANNOUNCED"
    HELD = "HELD"


@dataclass(frozen=True)
class Telling:
    """Some were told of their right together: their five working days run from this instant (art. 47)."""

    persons: tuple[str, ...]
    request_by: DueDate
    told_at: datetime | None


@dataclass(frozen=True)
class Hearing:
    """`hold_by` is None for a hearing nobody asked for: the body holds it on its own account (art. 46).

    `request_by` and `told_at` are those of the last telling; `earlier` has everybody it did not name.
    """

    step: HearingStep
    told: tuple[str, ...] = ()
    waived: tuple[str, ...] = ()
    request_by: DueDate | None = None
    hold_by: DueDate | None = None
    takes_place_at: datetime | None = None
    chair: Inspector | None = None
    place: str = ""
    told_at: datetime | None = None
    requested_at: datetime | None = None
    earlier: tuple[Telling, ...] = ()

    @property
    def tellings(self) -> tuple[Telling, ...]:
        """In their order, everybody in the one that named him last."""
        if self.request_by is None:
            return ()
        before = {person for telling in self.earlier for person in telling.persons}
        last = tuple(person for person in self.told if person not in before)
        return (*self.earlier, Telling(last, self.request_by, self.told_at))

    def day_of(self, person: str) -> DueDate | None:
        """The last day on which he may ask, counted from his own telling."""
        return next((one.request_by for one in self.tellings if person in one.persons), None)


@dataclass(frozen=True)
class Party:
    """An interested party (art. 36). `heard` once a statement is on record."""

    no: int
    name: str
    speak_by: DueDate
    heard: bool = False
    subject_key: str = ""  # empty: known by name only, speaks through the handler
    notified_at: datetime | None = None
    workdays: int = 0


@dataclass(frozen=True)
class FirstLevel:
    """`division` is None until it is known which township examines first."""

    division: str | None
    due: DueDate


@dataclass(frozen=True)
class Promised:
    """A material that was allowed to be missing at acceptance (容缺), and the day it is promised for."""

    material_no: int
    name: str
    promised_on: date


@dataclass(frozen=True)
class Claim:
    """Windows of the item's own law: no decision before the applicants have come again within the second one.

    `waiting` ends with the day before `opens_on`; `closes_on` is the last day of the claim, silence is withdrawal.
    Each end was told by the application's event of number `opens_told`, `closes_told`: an earlier one that comes late
    changes nothing.
    """

    name: str
    waiting: str
    opens_on: date
    closes_on: date
    claimed_at: datetime | None = None
    opens_told: int = 0
    closes_told: int = 0


@dataclass(frozen=True)
class Proceedings:
    suspension: Suspension | None = None
    site_check: SiteCheck | None = None
    hearing: Hearing | None = None
    parties: tuple[Party, ...] = ()
    first_level: FirstLevel | None = None
    promised: tuple[Promised, ...] = ()  # no grant before they are in
    decide_before: datetime | None = None  # from here on silence has renewed (art. 50)
    failed_tests: tuple[str, ...] = ()  # special procedures that ended with a failed test
    claim: Claim | None = None
    false_commitments: tuple[str, ...] = ()  # materials whose commitment was found false: no grant
    approvers: tuple[str, ...] = ()  # who approved a pause or an extension, or chairs: is not the handler

    @property
    def examination_failed(self) -> bool:
        """Whether an inspection or a technical test found that a standard is not met."""
        return bool(self.failed_tests) or (self.site_check is not None and self.site_check.passed is False)


class ConsultationState(StrEnum):
    OPEN = "OPEN"
    ANSWERED = "ANSWERED"
    SILENT = "SILENT"  # counts as no objection


@dataclass(frozen=True)
class Consultation:
    """A question to another department. The due date is derived from `asked_at`, the limit and the day it was told."""

    no: int
    department: Body
    question: str
    limit_workdays: int
    asked_at: datetime
    state: ConsultationState = ConsultationState.OPEN
    told: DueDate | None = None
