"""Who sees which applications: the one predicate that list, search, detail, files and acts share."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, false, literal_column, or_
from sqlmodel import col

from services.chassis.auth import Principal
from services.intake.domain.application import Staff
from services.intake.tables import ApplicationRow
from services.kernel.codes import InvalidCode, division_prefix

CITIZENS = ("CITIZEN", "ENTERPRISE_AGENT")
CLERKS = ("COUNTER_CLERK", "TOWNSHIP_CLERK")
# Those who file what somebody else asks of them, and answer for having identified him
ON_BEHALF = (*CLERKS, "TOWNSHIP_CENTRE", "MOBILE_BACKEND", "PROVINCIAL_PLATFORM")
SUBMITTERS = (*CITIZENS, *ON_BEHALF)
RECEIVERS = (*CLERKS, "TOWNSHIP_CENTRE")
SEES_PAPER = frozenset(RECEIVERS)
HANDS_OVER = ("HANDOVER_CLERK",)
OFFICERS = ("HANDLER", "CHIEF_REPRESENTATIVE")
READERS = (*SUBMITTERS, *HANDS_OVER, *OFFICERS, "SUPERVISOR")
_NONE: ColumnElement[Any] = literal_column("'[]'::jsonb")
_BY_DIVISION = ("COUNTER_CLERK", "HANDOVER_CLERK", "TOWNSHIP_CLERK", "TOWNSHIP_CENTRE", "SUPERVISOR")


def visible(principal: Principal, roles: Iterable[str] = READERS, row: Any = ApplicationRow) -> ColumnElement[bool]:
    """Applications this caller may see by any of `roles` it holds; an act passes only the roles that may do it.

    Citizens and agents: their own, those of organisations they act for, what their account submitted, and what they
    apply for together with somebody who has named them as agent. Clerks,
    hand-over clerks, township centres, supervisors: their division and below. Officers: their department. The mobile
    back end: what it submitted. The provincial platform: what came through its channel. `row` is a table with the
    same columns. The same caller gets the same predicate again, so that statements with it are known by sight.
    """
    return _visible(principal, tuple(roles), row)


def readable(principal: Principal) -> ColumnElement[bool]:
    """Applications this caller may read: those he may act on, and those he applies for together with somebody.

    Who applies together reads everything of it; acts are done by the first of them, or by who files it.
    """
    return _readable(principal)


@lru_cache(maxsize=512)
def _readable(principal: Principal) -> ColumnElement[bool]:
    return or_(_visible(principal, READERS, ApplicationRow), together(principal))


def together(principal: Principal) -> ColumnElement[bool]:
    """Those he applies for together with somebody who stands first."""
    return or_(false(), *_together(principal, CITIZENS, ApplicationRow))


def _together(principal: Principal, roles: Iterable[str], row: Any) -> list[ColumnElement[bool]]:
    if row is not ApplicationRow or not principal.roles.intersection(roles).intersection(CITIZENS):
        return []
    return [applies_together(key) for key in sorted(own_keys(principal))]


def applies_together(subject_key: str) -> ColumnElement[bool]:
    """He is one of the further applicants. The first condition is that of the index."""
    column = col(ApplicationRow.co_applicants)
    return and_(column != _NONE, column.contains([{"party": {"subject_key": subject_key}}]))


@lru_cache(maxsize=512)
def _visible(principal: Principal, roles: tuple[str, ...], row: Any) -> ColumnElement[bool]:
    held = principal.roles.intersection(roles)
    rules: list[ColumnElement[bool]] = []
    if held.intersection(CITIZENS):
        rules.append(_own(principal, row))
        agent = col(ApplicationRow.agent)["subject_key"].astext == principal.subject_key
        rules += [and_(agent, together) for together in _together(principal, roles, row)]
    if held.intersection(_BY_DIVISION):
        rules.append(in_division(principal.division, row))
    if held.intersection(OFFICERS) and principal.organisation:
        rules.append(col(row.department_uscc) == principal.organisation)
    if "MOBILE_BACKEND" in held:
        rules.append(and_(col(row.channel) == "MOBILE", col(row.submitter_id) == principal.subject))
    if "PROVINCIAL_PLATFORM" in held:
        rules.append(col(row.channel) == "PROVINCIAL")
    return or_(false(), *rules)


def _own(principal: Principal, row: Any) -> ColumnElement[bool]:
    keys = sorted(own_keys(principal))
    submitted = col(row.submitter_id) == principal.subject
    return or_(submitted, col(row.applicant_key).in_(keys)) if keys else submitted


def own_keys(principal: Principal) -> frozenset[str]:
    """Subject keys a citizen or agent may apply for."""
    return frozenset(key for key in (principal.subject_key, *principal.acts_for) if key)


def in_division(division: str, row: Any = ApplicationRow) -> ColumnElement[bool]:
    """The division and everything below it; a faulty division sees nothing."""
    try:
        prefix = division_prefix(division)
    except InvalidCode:
        return false()
    return col(row.division).like(f"{prefix}%")


def is_citizen_only(principal: Principal) -> bool:
    """Applies for himself: holds no role that files on behalf of others."""
    return not principal.has(*ON_BEHALF)


def staff(principal: Principal, roles: Iterable[str]) -> Staff:
    """Who acts, in the first of the act's roles the caller holds."""
    return Staff(
        account_id=principal.subject,
        name=principal.name,
        role=next((role for role in roles if role in principal.roles), ""),
        organisation=principal.organisation,
        organisation_name=principal.organisation_name,
        division=principal.division,
    )
