"""Who sees which cases: the one predicate that list, detail and acts share."""

from functools import lru_cache

from sqlalchemy import ColumnElement, exists, false, or_
from sqlmodel import col

from services.approval.domain.levels import is_township, township_of
from services.approval.tables import CaseRow, ConsultationRow
from services.chassis.auth import Principal

OFFICERS = ("HANDLER", "CHIEF_REPRESENTATIVE")
CONCERNED = ("CITIZEN", "ENTERPRISE_AGENT")
READERS = (*OFFICERS, "SUPERVISOR", "GOVERNMENT_HEAD")


@lru_cache(maxsize=512)
def visible(principal: Principal) -> ColumnElement[bool]:
    """Officers: the cases of their department; a township's handlers also those their township examines first.

    Supervisors and the head of government: those of their division and below.
    """
    rules: list[ColumnElement[bool]] = []
    if principal.has(*OFFICERS) and principal.organisation:
        rules.append(col(CaseRow.department_uscc) == principal.organisation)
    if examines_first(principal):
        rules.append(col(CaseRow.first_level_division) == township_of(principal.division))
    if principal.has("SUPERVISOR", "GOVERNMENT_HEAD"):
        rules.append(col(CaseRow.division).startswith(subtree_prefix(principal.division), autoescape=True))
    return or_(false(), *rules)


def examines_first(principal: Principal) -> bool:
    return principal.has("HANDLER") and bool(principal.organisation) and is_township(principal.division)


def own_keys(principal: Principal) -> list[str]:
    """The person, and the organisations an enterprise's agent acts for."""
    return sorted({key for key in (principal.subject_key, *principal.acts_for) if key})


def concerned(principal: Principal) -> ColumnElement[bool]:
    """Cases the caller applied for, alone or with others, is the agent of, or is an interested party of that was told
    by its number.
    """
    rules: list[ColumnElement[bool]] = []
    for key in own_keys(principal) if principal.has(*CONCERNED) else []:
        rules.append(col(CaseRow.applicant)["subject_key"].astext == key)
        rules.append(col(CaseRow.co_applicants).contains([{"subject_key": key}]))
        rules.append(col(CaseRow.agent)["subject_key"].astext == key)
        rules.append(col(CaseRow.proceedings).contains({"parties": [{"subject_key": key}]}))
    return or_(false(), *rules)


def consulted(principal: Principal) -> ColumnElement[bool]:
    """Cases in which the caller's department is asked: for its answer only, their files stay closed to it."""
    asked = exists().where(
        col(ConsultationRow.case_id) == col(CaseRow.id),
        col(ConsultationRow.department_uscc) == principal.organisation,
    )
    return asked if principal.has(*OFFICERS) and principal.organisation else false()


def subtree_prefix(division: str) -> str:
    """Leading digits all divisions below share: 6 of a district, 9 of a township, 12 of a village.

    An unusable division matches nothing: its own text is no prefix of a 12-digit code.
    """
    if len(division) != 12 or not division.isdigit():
        return "none"
    for length in (2, 4, 6, 9):
        if not division[length:].strip("0"):
            return division[:length]
    return division
