"""A certificate a case counts on is recorded; when one is taken away, every case that did is handed back, once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from contracts.events.certificate import CertificateStatus
from contracts.events.common import OrganisationRef
from contracts.events.reuse import CaseRecalled, CertificateReliedUpon
from services.chassis.database import UnitOfWork
from services.intake import reliance_repository as rows
from services.intake.domain import reliance
from services.intake.domain.application import Application
from services.intake.domain.reliance import TAKEN_AWAY, Reached, base_of
from services.intake.domain.states import State
from services.intake.items import Items, VersionedItem
from services.intake.metrics import uploads_avoided

_NAMESPACE = UUID("6f0f8a0e-6a3b-5c0e-9d7e-2f4b8f1f5a11")  # of the ids of reliances and recalls
_NOTHING_LEFT = frozenset({State.WITHDRAWN, State.TERMINATED, State.TRANSFERRED})
_RUNNING = frozenset({State.ACCEPTED})


@dataclass(frozen=True)
class TakenAway:
    """A certificate that no longer stands, and since when."""

    identifier: str
    status: CertificateStatus
    at: datetime


async def record(uow: UnitOfWork, application: Application, item: VersionedItem, items: Items, now: datetime) -> None:
    """From acceptance on: what the case counts on, told once per certificate. Nothing to do without one.

    One taken away at this very moment is found here or by `recall`, whichever comes second.
    """
    used = _used(application)
    if not used:
        return
    await rows.reach_together(uow.connection)
    held = await rows.held_now(uow.connection, used)
    wanted = [
        {
            "application_id": application.application_id,
            "identifier": identifier,
            "material_no": number,
            "item_code": application.item_code,
            "relied_at": now,
        }
        for identifier, numbers in used.items()
        if identifier in held
        for number in numbers
    ]
    added = await rows.add(uow.connection, wanted) if wanted else []
    _count(uow, item, sum(number > 0 for _, number in added))
    new = {identifier for identifier, _ in added}
    for identifier in sorted(new):
        event = _relied_upon(application, item, identifier, used[identifier], held[identifier].holder_key, now)
        uow.publish(event, aggregate_id=_id(application.application_id, identifier), version=1)
    gone = [one for one in held.values() if one.identifier in new and one.status in TAKEN_AWAY]
    for one in gone:
        await recall(uow, TakenAway(one.identifier, CertificateStatus(one.status), now), items, now)


def _count(uow: UnitOfWork, item: VersionedItem, uploads: int) -> None:
    if uploads:
        uow.when_committed(lambda: uploads_avoided.labels(item.item.item_id).inc(uploads))


def _used(application: Application) -> dict[str, list[int]]:
    used: dict[str, list[int]] = {}
    for material in application.materials:
        for identifier in material.certificates:
            used.setdefault(identifier, []).append(material.material_no)
    if application.renews is not None:
        used.setdefault(application.renews.certificate_identifier, []).append(0)
    if application.course.amends is not None:
        used.setdefault(application.course.amends.certificate_identifier, []).append(0)
    return used


def _id(application_id: UUID, name: str) -> UUID:
    return uuid5(_NAMESPACE, f"{application_id}|{name}")


def _relied_upon(
    application: Application, item: VersionedItem, identifier: str, numbers: list[int], holder: str, now: datetime
) -> CertificateReliedUpon:
    return CertificateReliedUpon(
        case_id=application.application_id,
        case_no=application.case_no or "",
        identifier=identifier,
        holder_key=holder,
        item_code=application.item_code,
        materials=tuple(number for number in numbers if number),
        department=item.ref.department,
        relied_at=now,
    )


async def recall(uow: UnitOfWork, gone: TakenAway, items: Items, now: datetime) -> None:
    """Every open and concluded case that relied on it, through whatever certificates, goes to its department once.

    A case that was handed over for an earlier certificate of the same chain is not handed over again for a later one,
    unless its department let it stand meanwhile. Alone, except of a case that is only just accepted.
    """
    reached = await _reached(uow, gone.identifier)
    cases = await rows.cases(uow.connection, [one.case_id for one in reached])
    told = await rows.recalled_through(uow.connection, list(cases))
    known = {case_id for case_id, through in told if base_of(gone.identifier) in through}
    due = [one for one in reached if State(cases[one.case_id].state) not in _NOTHING_LEFT and one.case_id not in known]
    if not due:
        return
    ids = {one.case_id: _id(one.case_id, base_of(gone.identifier)) for one in due}
    new = await rows.add_recalls(uow.connection, [_row(ids[one.case_id], one, gone, now) for one in due])
    issued = await rows.issued_by(uow.connection, list(ids))
    for one in due:
        if ids[one.case_id] in new:
            case = cases[one.case_id]
            item = await items.pinned(uow.connection, case.item_code, case.item_version)
            own = tuple(sorted(number for case_id, number in issued if case_id == one.case_id))
            event = _recalled(ids[one.case_id], one, case, gone, item.ref.department, own, now)
            uow.publish(event, aggregate_id=event.recall_id, version=1)


async def _reached(uow: UnitOfWork, identifier: str) -> list[Reached]:
    """Certificate by certificate outwards; each is looked at once, so a ring comes to an end."""
    frontier, seen = reliance.start(identifier), {base_of(identifier)}
    found: dict[UUID, Reached] = {}
    while frontier.ways:
        relied = await rows.relied_on(uow.connection, frontier.ways)
        reached = reliance.step(frontier, relied, found)
        found |= {one.case_id: one for one in reached}
        issued = await rows.issued_by(uow.connection, [one.case_id for one in reached]) if reached else []
        frontier = reliance.onward(reached, issued, seen)
        seen |= set(frontier.ways)
    return list(found.values())


def _row(recall_id: UUID, one: Reached, gone: TakenAway, now: datetime) -> dict[str, Any]:
    return {
        "recall_id": recall_id,
        "application_id": one.case_id,
        "cause": base_of(gone.identifier),
        "through": list(one.through),
        "recalled_at": now,
    }


def _recalled(
    recall_id: UUID,
    one: Reached,
    case: Any,
    gone: TakenAway,
    department: OrganisationRef,
    issued: Iterable[str],
    now: datetime,
) -> CaseRecalled:
    return CaseRecalled(
        recall_id=recall_id,
        case_id=one.case_id,
        case_no=case.case_no or "",
        department=department,
        concluded=State(case.state) not in _RUNNING,
        identifier=gone.identifier,
        status=gone.status,
        through=one.through,
        issued=tuple(issued),
        taken_away_at=gone.at,
        recalled_at=now,
    )
