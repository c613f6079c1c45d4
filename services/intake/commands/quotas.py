"""How many can be granted of an item limited in number: kept, and told to who decides."""

import uuid

from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col

from contracts.events.intake_seldom import QuotaSet
from services.chassis import reference
from services.chassis.database import Answer, UnitOfWork
from services.intake import facts, repository
from services.intake.admin_schemas import QuotaIn, QuotaOut
from services.intake.domain.errors import Invalid
from services.intake.items import VersionedItem
from services.intake.office import Call, Office
from services.intake.tables import QuotaRow
from services.kernel.errors import FieldError

NAME = "quota"
_ITEMS = uuid.UUID("8f0f2a52-4f0c-5d7e-8c65-2f4b7f6f6d57")  # namespace of the aggregates: one per item


async def set_quota(office: Office, item: VersionedItem, body: QuotaIn, call: Call) -> Answer:
    """Raises Invalid for an item that is not limited in number."""
    if not item.item.quantity_limited:
        raise Invalid(errors=[FieldError("#/quota", "quota.unlimited", "该事项没有数量限制")])
    values = {
        "item_code": item.item.item_code,
        "quota": body.quota,
        "counts_from": body.counts_from or call.today,
        "reason": body.reason,
        "recorded_by": call.by.account_id,
        "recorded_at": call.now,
    }
    async with office.db.transaction(call.idempotency) as uow:
        changing = {name: value for name, value in values.items() if name != "item_code"}
        statement = upsert(QuotaRow).values(values)
        await uow.connection.execute(
            statement.on_conflict_do_update(index_elements=[col(QuotaRow.item_code)], set_=changing)
        )
        out = QuotaOut.model_validate(values)
        await _tell(uow, out, call)
        return uow.answer(201, out)


async def _tell(uow: UnitOfWork, quota: QuotaOut, call: Call) -> None:
    """Under the next revision of the item's number; the row just written serialises two who set it."""
    await repository.one_at_a_time(uow.connection, f"quota.{quota.item_code}")
    known = (await reference.documents(uow.connection, NAME)).get(quota.item_code)
    revision = (known[0] if known else 0) + 1
    event = QuotaSet(
        item_code=quota.item_code,
        revision=revision,
        quota=quota.quota,
        counts_from=quota.counts_from,
        reason=quota.reason,
        set_at=call.now,
        set_by=facts.actor(call.by),
    )
    await reference.keep(uow.connection, NAME, quota.item_code, revision, {"quota": quota.quota})
    uow.publish(event, aggregate_id=uuid.uuid5(_ITEMS, quota.item_code), version=revision)
