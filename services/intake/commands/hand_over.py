"""Hand over the result through the one counter, and conclude the case."""

from services.chassis.database import Answer
from services.intake import facts, repository
from services.intake.commands.acting import publish, save
from services.intake.domain import application as rules
from services.intake.office import Call, Office, answer
from services.intake.schemas import HandOverIn
from services.intake.scope import visible


async def hand_over(office: Office, case_no: str, body: HandOverIn, call: Call) -> Answer:
    """Raises UnknownApplication, StaleVersion, WrongState, ResultNotReady, Invalid."""
    async with office.db.transaction(call.idempotency) as uow:
        seen = await repository.load(uow.connection, case_no, visible(call.principal, call.roles))
        call.check_seen(seen)
        item = await office.items.pinned(uow.connection, seen.item_code, seen.item_version)
        documents = await repository.documents_of(uow.connection, seen.application_id)
        handing = rules.HandOver(
            method=body.method,
            documents=tuple(number for kind, number in documents if kind in RESULT_KINDS),
            recipient_name=body.recipient_name,
            recipient_relation=body.recipient_relation,
            tracking_no=body.tracking_no,
            handed_over_at=call.now,
            handed_over_by=call.by,
        )
        certificates = [number for kind, number in documents if kind == CERTIFICATE]
        kinds = {kind for kind, _ in documents}
        handed = rules.hand_over(seen, item.item, handing, certificates=certificates, papers=kinds)
        concluded = await save(uow, seen, rules.conclude(handed, now=call.now), events=2)
        publish(uow, concluded, facts.handed_over(concluded), facts.concluded(concluded))
        return answer(uow, 201, concluded, item)


CERTIFICATE = "CERTIFICATE"
RESULT_KINDS = frozenset({CERTIFICATE}) | rules.GRANTING | rules.REFUSING
