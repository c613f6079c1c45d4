"""Who sees which cases: the one predicate that list, detail and acts share."""

from sqlalchemy import ColumnElement, false, or_
from sqlmodel import col

from services.approval.tables import CaseRow
from services.chassis.auth import Principal

OFFICERS = ("HANDLER", "CHIEF_REPRESENTATIVE")
READERS = (*OFFICERS, "SUPERVISOR")


def visible(principal: Principal) -> ColumnElement[bool]:
    """Officers: the cases of their department. Supervisors: those of their division and below."""
    rules: list[ColumnElement[bool]] = []
    if principal.has(*OFFICERS) and principal.organisation:
        rules.append(col(CaseRow.department_uscc) == principal.organisation)
    if principal.has("SUPERVISOR"):
        rules.append(col(CaseRow.division).startswith(subtree_prefix(principal.division), autoescape=True))
    return or_(false(), *rules)


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
