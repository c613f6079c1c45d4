"""Accept, or refuse acceptance: the window answers in the department's name."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events.common import Remedies
from services.chassis.database import Answer
from services.intake import facts, order_repository, repository
from services.intake.commands.acting import load, publish, save
from services.intake.commands.reliance import record
from services.intake.domain import application as rules
from services.intake.domain.materials import Provided, Source, commitments, still_usable
from services.intake.domain.states import Act
from services.intake.items import VersionedItem
from services.intake.office import Call, Office, answer
from services.intake.schemas import RefusalIn
from services.intake.settings import IntakeSettings
from services.kernel.time_limit import DueDate, TimeLimit


async def accept(office: Office, application_id: UUID, call: Call, *, as_of: datetime | None = None) -> Answer:
    """`as_of`: see `accepted_from`.

    Raises UnknownApplication, StaleVersion, ApplicationChanged, WrongState, MaterialsMissing.
    """
    async with office.db.transaction(call.idempotency) as uow:
        seen = await load(uow.connection, application_id, call)
        await call.check_seen(uow, seen, Act.ACCEPT)
        item = await office.items.pinned(uow.connection, seen.item_code, seen.item_version, seen.course.scenario)
        item = item.chosen_by(seen.materials)
        accepted_at = rules.accepted_from(seen, call.now, as_of=as_of)
        order, quota = await place(uow.connection, item, seen, accepted_at)
        accepted = rules.accept(
            seen,
            item.item,
            counting=await counting(uow.connection, seen, call.today),
            legal_due=_due(office, item.item.legal_limit, seen, accepted_at),
            promised_due=_due(office, item.item.promised_limit, seen, accepted_at),
            by=call.by,
            now=call.now,
            order=order,
            check_by=check_by(office.settings, call.today),
            as_of=as_of,
        )
        accepted = await save(uow, seen, accepted, events=1)
        publish(uow, accepted, facts.accepted(accepted, item, quota=quota, answered_at=call.now))
        await record(uow, accepted, item, office.items, call.now)
        return answer(uow, 201, accepted, item)


async def counting(connection: AsyncConnection, application: rules.Application, today: date) -> tuple[Provided, ...]:
    keys = [party.subject_key for party in application.applicants]
    return await counting_of(connection, application.materials, keys, today)


async def counting_of(
    connection: AsyncConnection, materials: Sequence[Provided], keys: Sequence[str], today: date
) -> tuple[Provided, ...]:
    """The materials that count today: a certificate that still stands, a commitment of whoever may still make one.

    `keys`: of all who apply.

    Source: 国办发〔2020〕42号 (who was found dishonest makes no commitments until his credit is repaired).
    """
    reused = [identifier for material in materials for identifier in material.certificates]
    usable = still_usable(materials, await repository.held_with(connection, reused), today=today)
    if not commitments(usable):
        return usable
    until = await repository.barred_until(connection, keys)
    barred = until is not None and until >= today
    return tuple(given for given in usable if not (barred and given.source is Source.COMMITMENT))


async def place(
    connection: AsyncConnection, item: VersionedItem, application: rules.Application, accepted_at: datetime
) -> tuple[int | None, int | None]:
    """Place in the order of acceptance and the number that can be granted; nothing for an item without a limit, and
    for a renewal: what it renews holds its number.

    Source: Administrative Licensing Law art. 57.
    """
    if not item.item.quantity_limited or application.renews is not None:
        return None, None
    order = await order_repository.acceptance_order(connection, item.item.item_code, accepted_at)
    return order, await order_repository.quota(connection, item.item.item_code)


def check_by(settings: IntakeSettings, accepted_on: date) -> date:
    return accepted_on + timedelta(days=settings.commitment_check_days)


def _due(office: Office, limit: TimeLimit, application: rules.Application, accepted_at: datetime) -> DueDate:
    return office.due(limit, rules.clock_start(application, limit, accepted_at=accepted_at))


async def refuse_acceptance(office: Office, application_id: UUID, body: RefusalIn, call: Call) -> Answer:
    """Raises UnknownApplication, StaleVersion, ApplicationChanged, WrongState, MustAccept, Invalid."""
    async with office.db.transaction(call.idempotency) as uow:
        seen = await load(uow.connection, application_id, call)
        await call.check_seen(uow, seen, Act.REFUSE_ACCEPTANCE)
        item = await office.items.pinned(uow.connection, seen.item_code, seen.item_version, seen.course.scenario)
        refused = rules.refuse_acceptance(
            seen, body.kind, reason=body.reason, competent_body=body.competent_body, by=call.by, now=call.now
        )
        refused = await save(uow, seen, refused, events=1)
        remedies = None
        if body.kind is not rules.RefusalKind.NOT_REQUIRED:
            remedies = Remedies(reconsideration_body=office.settings.reconsideration_body, court=office.settings.court)
        publish(uow, refused, facts.acceptance_refused(refused, item, remedies))
        return answer(uow, 201, refused, item)
