"""Receive: the case number is given here, and the five working days of art. 32(4) start."""

import secrets
from uuid import UUID

from services.chassis.database import Answer
from services.intake import facts
from services.intake.commands.acting import load, publish, save
from services.intake.commands.submit import hand_in, holders_of, promises
from services.intake.domain import application as rules
from services.intake.domain.states import Act
from services.intake.domain.windows import with_window
from services.intake.office import Call, Office, answer
from services.intake.schemas import ReceiptIn
from services.intake.sequences import next_sequence
from services.kernel.codes import build_case_no

_QUERY_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is misread from paper
_QUERY_LENGTH = 10


async def receive(office: Office, application_id: UUID, body: ReceiptIn, call: Call) -> Answer:
    """Raises UnknownApplication, StaleVersion, ApplicationChanged, WrongState, Invalid, NumbersExhausted."""
    claims = [material.claim() for material in body.materials]
    async with office.db.transaction(call.idempotency) as uow:
        seen = await load(uow.connection, application_id, call)
        await call.check_seen(uow, seen, Act.RECEIVE)
        item = await office.items.pinned(uow.connection, seen.item_code, seen.item_version, seen.course.scenario)
        holders = holders_of(seen, call.principal)
        promising = promises(office, seen.applicant, seen.co_applicants, call.today)
        materials = await hand_in(uow.connection, item.item, claims, call, holders=holders, promising=promising)
        rules.require(seen, Act.RECEIVE)  # before a number is drawn
        sequence = await next_sequence(uow.connection, seen.item_code, call.today)
        received = rules.receive(
            seen,
            case_no=build_case_no(seen.item_code, call.today, sequence),
            query_code="".join(secrets.choice(_QUERY_ALPHABET) for _ in range(_QUERY_LENGTH)),
            notice_due=office.workdays_after(call.now, rules.NOTICE_WORKDAYS),
            materials=materials,
            by=call.by,
            now=call.now,
        )
        received = await save(uow, seen, with_window(received, item.item, office.calendar), events=1)
        publish(uow, received, facts.received(received, item.chosen_by(received.materials)))
        return answer(uow, 201, received, item)
