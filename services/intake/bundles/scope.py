"""Who sees which bundle applications: as applications, and officers those in which their department has a member."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import col

from services.chassis.auth import Principal
from services.intake import scope
from services.intake.bundles.tables import BundleApplicationRow, BundleMemberRow

EXTENDS = ("GOVERNMENT_HEAD",)  # art. 42 para. 2: approved by the government's responsible person
READERS = (*scope.READERS, *EXTENDS)


def visible(principal: Principal, roles: Iterable[str] = READERS) -> ColumnElement[bool]:
    held = [role for role in roles if role in principal.roles]
    others = [role for role in held if role not in scope.OFFICERS]
    rules = [scope.visible(principal, others, BundleApplicationRow)]
    if principal.has(*EXTENDS) and set(EXTENDS) & set(roles):
        rules.append(scope.in_division(principal.division, BundleApplicationRow))
    if set(scope.OFFICERS) & set(held) and principal.organisation:
        of_department = select(col(BundleMemberRow.bundle_application_id)).where(
            col(BundleMemberRow.department_uscc) == principal.organisation
        )
        rules.append(col(BundleApplicationRow.bundle_application_id).in_(of_department))
    return or_(*rules)
