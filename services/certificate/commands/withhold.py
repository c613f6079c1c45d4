"""Withhold: what was decided stands, and waits for its certificate until the department has filled the fields."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert

from contracts.events.approval import CaseDecided
from contracts.events.certificate import CertificateWithheld
from contracts.events.common import OrganisationRef
from contracts.events.standing import StandingDecided
from services.certificate.life.withheld_tables import withheld
from services.certificate.tables import certificate
from services.chassis.database import UnitOfWork
from services.chassis.ids import uuid7
from services.kernel.certificate_identifier import ROOT, parse_certificate_identifier
from services.kernel.errors import FieldError

_W = withheld.c


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


async def close_ended(uow: UnitOfWork, row: Any, now: datetime) -> None:
    """Amendments that wait for their fields wait no more when their certificate was taken away: none can be made now.
    Of any version, also of another body's; `done_by` stays empty. A renewal that was granted goes on waiting.
    """
    every_version = row.identifier.rsplit(".", 2)[0] + "."
    of = parse_certificate_identifier(row.identifier)
    serial = certificate.c.identifier.like(f"{ROOT}.{of.type_code}.%.{of.serial}.%")
    by_others = select(certificate.c.identifier).where(certificate.c.holder_key == row.holder_key, serial)
    told = (_W.event["identifier"].astext, _W.event[("amends", "certificate_identifier")].astext)
    of_it = or_(*(or_(one.startswith(every_version, autoescape=True), one.in_(by_others)) for one in told))
    await uow.connection.execute(update(withheld).where(_W.done_at.is_(None), of_it).values(done_at=now))


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
