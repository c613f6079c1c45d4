"""What an administrator does with running cases: they are moved to another item version."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.chassis.auth import Principal
from services.chassis.database import Answer
from services.intake import facts_later, repository
from services.intake.admin_schemas import MovedLine, MovesIn, MovesOut
from services.intake.commands.acting import publish, stepped
from services.intake.domain.application import Application
from services.intake.domain.catalogue import Material
from services.intake.domain.errors import Invalid, UnknownItem
from services.intake.domain.moving import Move, change_version, newly_missing
from services.intake.items import VersionedItem
from services.intake.office import Call, Office
from services.kernel.codes import in_division
from services.kernel.errors import FieldError
from services.kernel.workdays import WorkCalendar


def require_own(reader: Principal, item: VersionedItem) -> None:
    """Officers see the order of their own department's items, supervisors of their division's. Raises UnknownItem."""
    department = item.item.department
    oversees = reader.has("SUPERVISOR") and in_division(department.division, reader.division)
    if not (reader.has("CATALOGUE_ADMIN") or oversees or reader.organisation == department.uscc):
        raise UnknownItem()


@dataclass(frozen=True)
class WouldMove:
    """A running application under the version in force: dates that move, materials newly asked for."""

    application: Application
    moved: Application
    moves: tuple[Move, ...]
    newly_missing: tuple[Material, ...]


def would_move(
    application: Application, pinned: VersionedItem, target: VersionedItem, calendar: WorkCalendar
) -> WouldMove:
    """Raises WrongState."""
    moved, moves = change_version(application, target.item, target.version, calendar)
    return WouldMove(application, moved, moves, newly_missing(application, pinned.item, target.item))


async def move(office: Office, target: VersionedItem, body: MovesIn, call: Call) -> Answer:
    """Chosen running applications to the version in force, all or none; each move is an event with the reason.

    Raises Invalid for one that is unknown, ended, of another item or there already; WrongState.
    """
    async with office.db.transaction(call.idempotency) as uow:
        found = await repository.load_for_update(uow.connection, body.application_ids)
        _check_all(body.application_ids, found, target)
        calendar = await office.calendars.current(uow.connection)
        changed, lines = [], []
        for seen in found.values():
            pinned = await office.items.pinned(uow.connection, seen.item_code, seen.item_version, seen.course.scenario)
            goal = office.items.under(target, seen.course.scenario)
            would = would_move(seen, pinned, goal, calendar)
            moved = stepped(seen, would.moved, events=1)
            event = facts_later.moved(
                moved, goal, from_version=seen.item_version, reason=body.reason, by=call.by, now=call.now
            )
            publish(uow, moved, event)
            changed.append((moved, seen.version))
            lines.append(MovedLine.of(would))
        await repository.save_locked(uow.connection, changed)
        return uow.answer(201, MovesOut(to_version=target.version, items=lines))


def _check_all(wanted: Sequence[UUID], found: dict[UUID, Application], target: VersionedItem) -> None:
    errors = []
    for index, application_id in enumerate(wanted):
        seen = found.get(application_id)
        if seen is None or seen.item_code != target.item.item_code:
            errors.append(FieldError(f"#/application_ids/{index}", "move.not-of-item", "不是该事项的申请"))
        elif seen.item_version == target.version:
            errors.append(FieldError(f"#/application_ids/{index}", "move.already", "已经适用现行版本"))
    if errors:
        raise Invalid(errors=errors)
