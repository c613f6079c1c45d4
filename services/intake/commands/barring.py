"""Who may make no informed commitment: barred by an administrator's record, or by a commitment found false."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col

from services.chassis.database import Answer, UnitOfWork
from services.intake.admin_schemas import BarredIn, BarredOut
from services.intake.commands.submit import subject_key
from services.intake.domain.application import Application
from services.intake.domain.materials import Provided
from services.intake.domain.records import PartyType
from services.intake.office import Call, Office
from services.intake.tables import BarredRow
from services.kernel.codes import mask_citizen_id, mask_uscc, normalise_number

_KEY = [col(BarredRow.subject_key), col(BarredRow.division)]


async def bar(office: Office, body: BarredIn, call: Call) -> Answer:
    """The record of the caller's division. Nobody is removed: a day in the past lets him commit again, as far as this
    division is concerned. Raises InvalidCode."""
    mask = mask_citizen_id if body.party_type is PartyType.PERSON else mask_uscc
    values = _by(call) | {
        "subject_key": subject_key(office, body.party_type, body.number),
        "masked_number": mask(normalise_number(body.number)),
        "barred_until": body.barred_until,
        "reason": body.reason,
    }
    async with office.db.transaction(call.idempotency) as uow:
        statement = upsert(BarredRow).values(values)
        await uow.connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=_changing(values)))
        return uow.answer(201, BarredOut.model_validate(values))


async def bar_for_falsehood(uow: UnitOfWork, checked: Application, false: Provided, call: Call, *, days: int) -> date:
    """He whose commitment was found false makes none for so many days; a longer bar stays. Answers its last day.

    A supervisor who finds the credit repaired records an earlier day.

    Source: 国办发〔2020〕42号 (applicants with a record of dishonesty not yet repaired make no commitments).
    """
    assert false.check is not None  # set by the act this follows from
    values = _by(call) | {
        "subject_key": checked.applicant.subject_key,
        "masked_number": checked.applicant.masked_number,
        "barred_until": call.today + timedelta(days=days),
        "reason": f"办件{checked.case_no}告知承诺不实：{false.name}。{false.check.finding}",
    }
    statement = upsert(BarredRow).values(values)
    longest = func.greatest(col(BarredRow.barred_until), statement.excluded.barred_until)
    changing = _changing(values) | {"barred_until": longest}
    kept = statement.on_conflict_do_update(index_elements=_KEY, set_=changing).returning(col(BarredRow.barred_until))
    until: date = (await uow.connection.execute(kept)).scalar_one()
    return until


def _by(call: Call) -> dict[str, Any]:
    return {"division": call.by.division, "recorded_by": call.by.account_id, "recorded_at": call.now}


def _changing(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in ("subject_key", "division")}
