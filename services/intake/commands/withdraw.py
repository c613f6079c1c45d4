"""Withdraw: the applicant takes the application back before it is decided."""

from uuid import UUID

from services.chassis.database import Answer
from services.intake import facts
from services.intake.commands.acting import load, publish, save
from services.intake.domain import application as rules
from services.intake.domain.silence import require_not_renewed
from services.intake.domain.states import Act
from services.intake.office import Call, Office, answer
from services.intake.schemas import WithdrawalIn


async def withdraw(office: Office, application_id: UUID, body: WithdrawalIn, call: Call) -> Answer:
    """Raises UnknownApplication, StaleVersion, ApplicationChanged, WrongState, RenewedBySilence, Invalid."""
    async with office.db.transaction(call.idempotency) as uow:
        seen = await load(uow.connection, application_id, call)
        await call.check_seen(uow, seen, Act.WITHDRAW)
        require_not_renewed(seen, call.now)
        item = await office.items.pinned(uow.connection, seen.item_code, seen.item_version, seen.course.scenario)
        withdrawn = await save(uow, seen, rules.withdraw(seen, reason=body.reason, now=call.now), events=1)
        publish(uow, withdrawn, facts.withdrawn(withdrawn, call.by))
        return answer(uow, 201, withdrawn, item)
