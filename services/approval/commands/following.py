"""What intake tells and the case follows: renewed by silence, moved to another version, a commitment found false."""

import logging
from datetime import datetime

from contracts.events import approval as events
from contracts.events.intake import ApplicationMoved, CommitmentChecked, CommitmentOutcome, RenewalDeemed
from services.approval import facts, mapping, recalls, records, repository
from services.approval.commands.acting import lights_of
from services.approval.domain import case as rules
from services.approval.domain.case import Case, Renewed
from services.approval.domain.light import LightBook
from services.approval.domain.moving import Moved, Version, move
from services.approval.domain.states import OPEN_STATES
from services.approval.domain.taking import Falsehood, take_falsehood
from services.approval.mapping import due_out
from services.chassis.bus import NotYet
from services.chassis.database import UnitOfWork
from services.kernel.workdays import WorkCalendar

log = logging.getLogger(__name__)


async def renew_case(uow: UnitOfWork, deemed: RenewalDeemed, *, now: datetime) -> None:
    """Close the case as renewed by silence, once. Whoever holds the row first wins; the other finds it closed.

    A decision cannot come after it: from the end of the old certificate's last day `check_not_renewed` refuses it. One
    made before that day's end would have been heard by intake, which waits for it. Renewed on a commitment that was
    found false, the case goes to its department again.

    Raises NotYet: the case is not opened yet.
    """
    loaded = await repository.find_for_update(uow.connection, deemed.application_id)
    if loaded is None:
        raise NotYet("the case is not opened yet")
    if loaded.case.state not in OPEN_STATES:
        log.error("renewed by silence after the end of the case", extra={"case_no": loaded.case.case_no})
        return
    fact = Renewed(deemed.renews.certificate_identifier, deemed.basis, deemed.renewed_at, now)
    case, renewed = rules.renew_by_silence(loaded.case, fact)
    event = facts.event_of(case, renewed, None)
    await repository.save(uow.connection, case)
    await records.add(uow.connection, loaded.case, case, event, at=now)
    uow.publish(event, aggregate_id=case.id, version=case.version)
    await recalls.keep_falsehoods_found(uow, case)


async def move_case(
    uow: UnitOfWork, moved: ApplicationMoved, *, now: datetime, calendar: WorkCalendar, lights: LightBook
) -> None:
    """The case goes on under the item version its application was moved to; one that has ended stays as it is.

    Raises NotYet: it was accepted before it was moved, and the case is not opened yet.
    """
    if moved.legal_due is None:
        return  # not accepted yet: its acceptance will bring the new version
    loaded = await repository.find_for_update(uow.connection, moved.application_id)
    if loaded is None:
        raise NotYet("the case is not opened yet")
    if loaded.case.state not in OPEN_STATES:
        log.info("moved after the end of the case", extra={"case_no": loaded.case.case_no})
        return
    item = moved.item
    version = Version(
        department=item.department.uscc,
        legal=mapping.time_limit(item.legal_limit),
        promised=mapping.time_limit(item.promised_limit),
        rules=mapping.item_rules(item),
        result=mapping.result_rule(item, amends=loaded.row["amends"] is not None),
        division=loaded.row["division"],
    )
    case, dates = move(loaded.case, version, now=now, calendar=calendar)
    event = _told(case, moved, dates)
    await repository.save(uow.connection, case)
    await repository.save_item(uow.connection, case.id, item)
    await records.save_lights(uow.connection, case.id, lights_of(case, lights, calendar))
    await records.add(uow.connection, loaded.case, case, event, at=now)
    uow.publish(event, aggregate_id=case.id, version=case.version)


async def take_check(uow: UnitOfWork, checked: CommitmentChecked, *, now: datetime) -> None:
    """A commitment found false: an open case is not granted, what was granted goes to its department again, once.

    Raises NotYet: the case is not opened yet.
    """
    if checked.outcome is not CommitmentOutcome.FALSE:
        return
    loaded = await repository.find_for_update(uow.connection, checked.application_id)
    if loaded is None:
        raise NotYet("the case is not opened yet")
    if loaded.case.state not in OPEN_STATES:
        await recalls.keep_falsehood(uow, loaded.case, checked)
        return
    if checked.name in loaded.case.proceedings.false_commitments:
        return
    falsehood = Falsehood(checked.material_no, checked.name, checked.finding, checked.checked_at)
    case, found = take_falsehood(loaded.case, falsehood)
    event = facts.event_of(case, found, None)
    await repository.save(uow.connection, case)
    await records.add(uow.connection, loaded.case, case, event, at=now)
    uow.publish(event, aggregate_id=case.id, version=case.version)


def _told(case: Case, moved: ApplicationMoved, dates: Moved) -> events.CaseMoved:
    return events.CaseMoved(
        case_id=case.id,
        case_no=case.case_no,
        from_version=moved.from_version,
        item=moved.item,
        reason=moved.reason,
        legal_due=due_out(dates.legal_due),
        promised_due=due_out(dates.promised_due),
        moved_at=moved.moved_at,
        moved_by=moved.moved_by,
    )
