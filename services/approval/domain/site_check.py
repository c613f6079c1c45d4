"""Site checks and inspections: at least two officers, assigned within five working days, none of whom decides."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.approval.domain.case import Case, Officer, same_department
from services.approval.domain.clocks import workdays_after
from services.approval.domain.errors import NotAnInspector, SeparationOfDuties, TooFewInspectors
from services.approval.domain.proceedings import Inspector, SiteCheck
from services.approval.domain.states import Act, require
from services.approval.domain.wording import require_text, require_that
from services.kernel.errors import FieldError
from services.kernel.time_limit import DueDate
from services.kernel.workdays import WorkCalendar

ASSIGNMENT_WORKDAYS = 5  # art. 55 para. 2
FEWEST = 2  # art. 34 para. 3, art. 55 para. 2


@dataclass(frozen=True)
class Assigned:
    inspectors: tuple[Inspector, ...]
    due: DueDate
    purpose: str
    assigned_at: datetime


@dataclass(frozen=True)
class SiteRecord:
    """What the inspectors found. `photos` counts the pictures kept with the record."""

    inspectors: tuple[str, ...]  # accounts, of those assigned
    checked_at: datetime
    place: str
    facts: str
    passed: bool
    photos: int = 0
    party_present: str = ""


@dataclass(frozen=True)
class SiteChecked:
    inspectors: tuple[Inspector, ...]
    checked_at: datetime
    place: str
    facts: str
    passed: bool
    photos: int
    party_present: str
    recorded_at: datetime


def assign_inspectors(
    case: Case,
    officer: Officer,
    *,
    inspectors: Sequence[Inspector],
    purpose: str,
    now: datetime,
    calendar: WorkCalendar,
) -> tuple[Case, Assigned]:
    """Two or more officers, five working days from acceptance; a later assignment is recorded with its due day.

    A new assignment replaces the former one; who has checked already still does not decide. Each is named with the
    number of the law enforcement card (执法证号): the record has to show it.

    Raises: OtherDepartment, WrongState, TooFewInspectors, IncompleteRecord
        SeparationOfDuties: who approved a pause or an extension, or chairs the hearing, does not inspect (art. 48 (3)).
    """
    same_department(case, officer)
    require(case.state, Act.ASSIGN_INSPECTORS)
    require_text(("purpose", purpose, "核查的内容"))
    _at_least_two([inspector.account_id for inspector in inspectors])
    _with_cards(inspectors)
    if not {inspector.account_id for inspector in inspectors}.isdisjoint(case.proceedings.approvers):
        raise SeparationOfDuties("批准特别程序、延期或主持听证的人员不得参加此件的核查")
    due = workdays_after(case.clocks.accepted_at, ASSIGNMENT_WORKDAYS, calendar)
    before = case.proceedings.site_check
    former = {*before.former, *(i.account_id for i in before.inspectors if before.recorded)} if before else set()
    check = SiteCheck(inspectors=tuple(inspectors), due=due, former=tuple(sorted(former)))
    return case.stepped(site_check=check), Assigned(check.inspectors, due, purpose.strip(), now)


def record_site_check(case: Case, officer: Officer, record: SiteRecord, *, now: datetime) -> tuple[Case, SiteChecked]:
    """The record of at least two of the assigned officers, written by one of them.

    Raises: OtherDepartment, WrongState, NotAnInspector, TooFewInspectors, IncompleteRecord
    """
    same_department(case, officer)
    require(case.state, Act.RECORD_SITE_CHECK)
    check = case.proceedings.site_check
    assigned = {inspector.account_id: inspector for inspector in check.inspectors} if check else {}
    if check is None or officer.account_id not in record.inspectors or not set(record.inspectors) <= assigned.keys():
        raise NotAnInspector()
    _at_least_two(record.inspectors)
    require_text(("place", record.place, "核查地点"), ("facts", record.facts, "核查情况"))
    before = case.clocks.accepted_at <= record.checked_at <= now
    require_that(before, "checked_at", "range", "核查时间应在受理之后、记录之前")
    checked = SiteChecked(
        inspectors=tuple(assigned[account] for account in record.inspectors),
        checked_at=record.checked_at,
        place=record.place.strip(),
        facts=record.facts.strip(),
        passed=record.passed,
        photos=record.photos,
        party_present=record.party_present.strip(),
        recorded_at=now,
    )
    return case.stepped(site_check=replace(check, recorded=True, passed=record.passed)), checked


def _with_cards(inspectors: Sequence[Inspector]) -> None:
    """Raises IncompleteRecord: somebody without name or card, or one card shown by two."""
    named = [(f"inspectors/{at}", inspector) for at, inspector in enumerate(inspectors)]
    require_text(
        *((f"{path}/name", inspector.name, "核查人员的姓名") for path, inspector in named),
        *((f"{path}/officer_no", inspector.officer_no, "核查人员的执法证号") for path, inspector in named),
    )
    cards = [inspector.officer_no.strip() for inspector in inspectors]
    for (path, _), card in zip(named, cards, strict=True):
        require_that(cards.count(card) == 1, f"{path}/officer_no", "duplicate", "两名核查人员的执法证号相同")


def _at_least_two(accounts: Sequence[str]) -> None:
    if len(set(accounts)) < FEWEST or len(set(accounts)) != len(accounts):
        fault = FieldError("#/inspectors", "too-few", "应为两名以上不同的工作人员")
        raise TooFewInspectors(fault.detail, errors=[fault])
