"""Withhold: what was decided stands, and waits for its certificate until the department has filled the fields."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from contracts.events.approval import CaseDecided
from contracts.events.certificate import CertificateWithheld
from contracts.events.common import OrganisationRef
from contracts.events.standing import StandingDecided
from services.certificate.withheld_tables import withheld
from services.chassis.database import UnitOfWork
from services.chassis.ids import uuid7
from services.kernel.errors import FieldError


async def withhold(
    uow: UnitOfWork, event: CaseDecided | StandingDecided, type_code: str, lacking: Sequence[FieldError], now: datetime
) -> None:
    """Kept as it came, told to the department and to supervision; met a second time it changes nothing."""
    whose, department = _whose(event), _department_of(event)
    row = {
        **whose,
        "subject": event.SUBJECT,
        "event": event.model_dump(mode="json"),
        "type_code": type_code,
        "lacking": lacking_lines(lacking),
        "withheld_at": now,
    }
    statement = insert(withheld).values(row).on_conflict_do_nothing().returning(withheld.c.id)
    if await uow.connection.scalar(statement) is None:
        return
    told = CertificateWithheld(
        withheld_id=whose["id"],
        case_id=whose["id"] if whose["case_no"] else None,
        case_no=whose["case_no"] or "",
        department_uscc=department.uscc,
        department_name=department.name,
        division=department.division,
        type_code=type_code,
        lacking=tuple(f"{name_of(one)}：{one.detail}" for one in lacking),
        withheld_at=now,
    )
    uow.publish(told, aggregate_id=uuid7(), version=1)


def _whose(event: CaseDecided | StandingDecided) -> dict[str, Any]:
    """A standing decision has no case of its own."""
    uscc = _department_of(event).uscc
    if isinstance(event, StandingDecided):
        return {"id": event.decision_id, "department_uscc": uscc, "case_no": None}
    return {"id": event.case_id, "department_uscc": uscc, "case_no": event.case_no}


def _department_of(event: CaseDecided | StandingDecided) -> OrganisationRef:
    return event.department if isinstance(event, StandingDecided) else event.item.department


def lacking_lines(faults: Sequence[FieldError]) -> list[dict[str, str]]:
    return [{"field": name_of(one), "rule": one.code, "detail": one.detail} for one in faults]


def name_of(fault: FieldError) -> str:
    """The field, without where it stood; a name may hold a stroke itself (面积/平方米)."""
    return fault.pointer.removeprefix("#/fields/")
