"""Who sees which cases: one predicate for case, lights, statistics and rating, one for orders."""

from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, and_, cast, false, func, or_
from sqlalchemy.orm import Mapped
from sqlmodel import col

from services.chassis.auth import Principal
from services.kernel.codes import InvalidCode, division_prefix
from services.supervision.tables import CaseRow, FindingRow, OrderRow

PARTIES = ("CITIZEN", "ENTERPRISE_AGENT")
DEPARTMENT = ("HANDLER", "CHIEF_REPRESENTATIVE")
DIVISION = ("SUPERVISOR", "COUNTER_CLERK", "HANDOVER_CLERK", "TOWNSHIP_CLERK", "TOWNSHIP_CENTRE")
SYSTEMS = ("PROVINCIAL_PLATFORM", "MOBILE_BACKEND")
OVERSEERS = ("SUPERVISOR", *DEPARTMENT)
READERS = (*PARTIES, *DEPARTMENT, *DIVISION, *SYSTEMS)


def visible(principal: Principal) -> ColumnElement[bool]:
    """Cases. Parties: their own, also with others. Officers: their department's. Counters and supervisors: their
    division and below."""
    # a row whose item is not known yet (its first event is still on the way) is nobody's
    return and_(col(CaseRow.item_code).is_not(None), _reach(principal))


def visible_with_bundles(principal: Principal) -> ColumnElement[bool]:
    """Cases, and bundles: a row of no item, with the name and the lead of its bundle, that carries the joint lights."""
    return and_(col(CaseRow.item_name).is_not(None), _reach(principal))


def _reach(principal: Principal) -> ColumnElement[bool]:
    rules: list[ColumnElement[bool]] = []
    if principal.has(*PARTIES, "MOBILE_BACKEND"):
        rules.append(col(CaseRow.submitter_id) == principal.subject)
        own = sorted(own_keys(principal))
        rules.append(col(CaseRow.applicant_key) == func.any(own))
        rules.append(col(CaseRow.co_applicant_keys).bool_op("&&")(cast(own, ARRAY(Text))))
    if principal.has(*DEPARTMENT) and principal.organisation:
        rules.append(col(CaseRow.department_uscc) == principal.organisation)
    if principal.has(*DIVISION):
        rules.append(_below(col(CaseRow.division), principal.division))
    if principal.has("PROVINCIAL_PLATFORM"):
        rules.append(col(CaseRow.channel) == "PROVINCIAL")
    return or_(false(), *rules)


def own_keys(principal: Principal) -> frozenset[str]:
    """The subject keys a caller may speak for; an empty key stands for nobody."""
    return frozenset(key for key in (principal.subject_key, *principal.acts_for) if key)


def sees_lights(principal: Principal) -> bool:
    """Lights are for those who answer for the time; an applicant is shown the dates only."""
    return principal.has(*OVERSEERS)


def ordered(principal: Principal) -> ColumnElement[bool]:
    """Supervision orders. The department: those it was given. Supervisors: those of their division and below."""
    rules: list[ColumnElement[bool]] = []
    if principal.has(*DEPARTMENT) and principal.organisation:
        rules.append(col(OrderRow.department_uscc) == principal.organisation)
    if principal.has("SUPERVISOR"):
        rules.append(_below(col(OrderRow.division), principal.division))
    return or_(false(), *rules)


def finding_of_no_case(principal: Principal) -> ColumnElement[bool]:
    """Findings about no case. The department: those about its people. Supervisors: of certificates issued below."""
    rules: list[ColumnElement[bool]] = []
    if principal.has(*DEPARTMENT) and principal.organisation:
        rules.append(col(FindingRow.reader_uscc) == principal.organisation)
    if principal.has("SUPERVISOR"):
        rules.append(_below(col(FindingRow.overseen_in), principal.division))
    return and_(col(FindingRow.case_id).is_(None), or_(false(), *rules))


def _below(column: Mapped[Any], division: str) -> ColumnElement[bool]:
    """An unusable division in a token matches nothing."""
    try:
        return column.startswith(division_prefix(division), autoescape=True)
    except InvalidCode:
        return false()
