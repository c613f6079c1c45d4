"""Interested parties (art. 36): told when the case touches their major interests, and heard."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.approval.domain.case import Case, Officer, same_department
from services.approval.domain.clocks import workdays_after
from services.approval.domain.errors import UnknownParty
from services.approval.domain.proceedings import Party
from services.approval.domain.states import Act, require
from services.approval.domain.wording import require_text, require_that
from services.kernel.time_limit import DueDate
from services.kernel.workdays import WorkCalendar

LONGEST_WORKDAYS = 30


@dataclass(frozen=True)
class Notified:
    party_no: int
    name: str
    interest: str
    speak_by: DueDate
    notice: str
    notified_at: datetime
    limit_workdays: int


@dataclass(frozen=True)
class ApplicantHeard:
    name: str
    statement: str
    heard_at: datetime


@dataclass(frozen=True)
class Heard:
    party_no: int
    name: str
    statement: str
    heard_at: datetime


def notify_party(
    case: Case,
    officer: Officer,
    *,
    name: str,
    interest: str,
    notice: str,
    workdays: int,
    now: datetime,
    calendar: WorkCalendar,
    subject_key: str = "",
) -> tuple[Case, Notified]:
    """With a key the party may speak, and ask for a hearing, through the public window itself.

    Raises: OtherDepartment, WrongState, IncompleteRecord
    """
    same_department(case, officer)
    require(case.state, Act.NOTIFY_PARTY)
    require_text(("name", name, "利害关系人"), ("interest", interest, "利害关系"), ("notice", notice, "告知的内容"))
    within = 1 <= workdays <= LONGEST_WORKDAYS
    require_that(within, "workdays", "range", f"陈述申辩的期限应为 1 至 {LONGEST_WORKDAYS} 个工作日")
    speak_by = workdays_after(now, workdays, calendar)
    number = len(case.proceedings.parties) + 1
    party = Party(number, name.strip(), speak_by, subject_key=subject_key, notified_at=now, workdays=workdays)
    fact = Notified(party.no, party.name, interest.strip(), speak_by, notice.strip(), now, workdays)
    return case.stepped(parties=(*case.proceedings.parties, party)), fact


def hear_party(case: Case, officer: Officer, *, party_no: int, statement: str, now: datetime) -> tuple[Case, Heard]:
    """A statement is recorded, also after the day and more than once: who speaks is heard up to the decision.

    Raises: OtherDepartment, WrongState, UnknownParty, IncompleteRecord
    """
    same_department(case, officer)
    return take_statement(case, party_no=party_no, statement=statement, now=now)


def take_statement(case: Case, *, party_no: int, statement: str, now: datetime) -> tuple[Case, Heard]:
    """The same, handed in by the party itself.

    Raises: WrongState, UnknownParty, IncompleteRecord
    """
    require(case.state, Act.HEAR_PARTY)
    party = next((p for p in case.proceedings.parties if p.no == party_no), None)
    if party is None:
        raise UnknownParty()
    require_text(("statement", statement, "陈述申辩的内容（无意见的也应写明）"))
    parties = tuple(replace(p, heard=True) if p.no == party_no else p for p in case.proceedings.parties)
    return case.stepped(parties=parties), Heard(party_no, party.name, statement.strip(), now)


def hear_applicant(case: Case, *, name: str, statement: str, now: datetime) -> tuple[Case, ApplicantHeard]:
    """The applicant speaks in his own case, as often as he wants, up to the decision (arts. 7, 36).

    Raises: WrongState, IncompleteRecord
    """
    require(case.state, Act.HEAR_APPLICANT)
    require_text(("statement", statement, "陈述申辩的内容"))
    return case.stepped(), ApplicantHeard(name, statement.strip(), now)
