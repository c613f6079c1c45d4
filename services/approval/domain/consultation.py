"""Asking another department: it answers within its limit, or its silence counts as no objection. Never a decision."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.approval.domain.case import Case, Officer, same_department
from services.approval.domain.clocks import end_of, is_over, workdays_after
from services.approval.domain.errors import ConsultationOver, ConsultationRunning, UnknownConsultation
from services.approval.domain.proceedings import Body, Consultation, ConsultationState
from services.approval.domain.states import Act, require
from services.approval.domain.wording import require_text, require_that
from services.kernel.time_limit import DueDate, settled
from services.kernel.workdays import WorkCalendar

LONGEST_WORKDAYS = 30


class Answer(StrEnum):
    NO_OBJECTION = "NO_OBJECTION"
    OBJECTION = "OBJECTION"


@dataclass(frozen=True)
class Asked:
    consultation_no: int
    department: Body
    question: str
    limit_workdays: int
    due: DueDate
    asked_at: datetime


@dataclass(frozen=True)
class Answered:
    consultation_no: int
    department: Body
    answer: Answer
    text: str
    due: DueDate
    answered_at: datetime


@dataclass(frozen=True)
class Silent:
    consultation_no: int
    department: Body
    due: DueDate
    silent_since: datetime
    recorded_at: datetime


def due_of(consultation: Consultation, calendar: WorkCalendar) -> DueDate:
    """As told, where it was told as final: it is prolonged, but neither brought forward nor taken back."""
    counted = workdays_after(consultation.asked_at, consultation.limit_workdays, calendar)
    return counted if consultation.told is None else settled(consultation.told, counted)


def consult(
    case: Case,
    officer: Officer,
    *,
    department: Body,
    question: str,
    limit_workdays: int,
    now: datetime,
    calendar: WorkCalendar,
) -> tuple[Case, Asked]:
    """Raises: OtherDepartment, WrongState, IncompleteRecord"""
    same_department(case, officer)
    require(case.state, Act.CONSULT)
    require_text(("question", question, "征求意见的事项"))
    require_that(department.uscc != case.department, "department/uscc", "own", "不能向本部门征求意见")
    within = 1 <= limit_workdays <= LONGEST_WORKDAYS
    require_that(within, "limit_workdays", "range", f"答复期限应为 1 至 {LONGEST_WORKDAYS} 个工作日")
    number = len(case.consultations) + 1
    due = workdays_after(now, limit_workdays, calendar)
    asked = Consultation(number, department, question.strip(), limit_workdays, now, told=due)
    fact = Asked(number, department, asked.question, limit_workdays, due, now)
    return replace(case.stepped(), consultations=(*case.consultations, asked)), fact


def answer_consultation(
    case: Case, officer: Officer, *, number: int, answer: Answer, text: str, now: datetime, calendar: WorkCalendar
) -> tuple[Case, Answered]:
    """An officer of the asked department answers, up to the end of the last day.

    Raises: WrongState, UnknownConsultation, ConsultationOver, IncompleteRecord
    """
    require(case.state, Act.ANSWER_CONSULTATION)
    asked = _find(case, number)
    if asked.department.uscc != officer.department:
        raise UnknownConsultation()
    due = due_of(asked, calendar)
    if asked.state is not ConsultationState.OPEN or is_over(due, now):
        raise ConsultationOver()
    require_text(("text", text, "意见及理由"))
    fact = Answered(number, asked.department, answer, text.strip(), due, now)
    return _settled(case, number, ConsultationState.ANSWERED), fact


def record_silence(case: Case, *, number: int, now: datetime, calendar: WorkCalendar) -> tuple[Case, Silent]:
    """The system's act once the last day is over; a provisional day cuts nobody off.

    Raises: WrongState, UnknownConsultation, ConsultationOver, ConsultationRunning
    """
    require(case.state, Act.RECORD_SILENCE)
    asked = _find(case, number)
    due = due_of(asked, calendar)
    if asked.state is not ConsultationState.OPEN:
        raise ConsultationOver()
    if not is_over(due, now):
        raise ConsultationRunning()
    fact = Silent(number, asked.department, due, end_of(due.on), now)
    return _settled(case, number, ConsultationState.SILENT), fact


def _find(case: Case, number: int) -> Consultation:
    found = next((c for c in case.consultations if c.no == number), None)
    if found is None:
        raise UnknownConsultation()
    return found


def _settled(case: Case, number: int, state: ConsultationState) -> Case:
    settled = tuple(replace(c, state=state) if c.no == number else c for c in case.consultations)
    return replace(case.stepped(), consultations=settled)
