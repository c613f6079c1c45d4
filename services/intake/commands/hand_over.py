"""Hand over the result through the one counter, and conclude the case."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.database import Answer
from services.intake import facts, repository
from services.intake.bundles import repository as bundles
from services.intake.commands.acting import publish, save
from services.intake.domain import application as rules
from services.intake.domain.errors import BundleHandsOver
from services.intake.domain.states import Act
from services.intake.office import Call, Office, answer
from services.intake.schemas import HandOverIn
from services.intake.scope import visible


async def hand_over(office: Office, case_no: str, body: HandOverIn, call: Call, *, together: bool = False) -> Answer:
    """`together`: by the counter that hands out the whole bundle.

    Raises UnknownApplication, StaleVersion, ApplicationChanged, WrongState, ResultNotReady, BundleHandsOver, Invalid.
    """
    async with office.db.transaction(call.idempotency) as uow:
        seen = await repository.load(uow.connection, case_no, visible(call.principal, call.roles))
        await call.check_seen(uow, seen, Act.HAND_OVER)
        if seen.bundle_no is not None and not together:
            await _check_bundle(uow.connection, seen)
        item = await office.items.pinned(uow.connection, seen.item_code, seen.item_version, seen.course.scenario)
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


async def _check_bundle(connection: AsyncConnection, seen: rules.Application) -> None:
    """Raises BundleHandsOver: the first counter hands out the members of a bundle together."""
    rules.require(seen, Act.HAND_OVER)
    if not await bundles.may_hand_out(connection, seen.bundle_no or "", seen.decided_at):
        raise BundleHandsOver(f"“一件事”{seen.bundle_no} 尚有事项未办结，请待全部事项办结后统一出件")


CERTIFICATE = "CERTIFICATE"
RESULT_KINDS = frozenset({CERTIFICATE}) | rules.GRANTING | rules.REFUSING
