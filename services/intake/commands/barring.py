"""Who may make no informed commitment: barred by an administrator's record, or by a commitment found false."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col

from services.chassis.database import Answer, UnitOfWork
from services.intake.admin_schemas import BarredIn, BarredOut
from services.intake.commands.submit import subject_key
from services.intake.domain.application import Application
from services.intake.domain.materials import Provided
from services.intake.domain.records import PartyType
from services.intake.office import Call, Office
from services.intake.scope import in_division
from services.intake.tables import BarredRow
from services.kernel.codes import mask_citizen_id, mask_uscc, normalise_number

_KEY = [col(BarredRow.subject_key), col(BarredRow.division)]


async def bar(office: Office, body: BarredIn, call: Call) -> Answer:
    """The record of the caller's division. Nobody is removed: a day in the past lets him commit again, as far as this
    division and those below it are concerned. A day to come leaves the records of those below as they are.

    Raises InvalidCode."""
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
        if body.barred_until < call.today:
            below = update(BarredRow).where(
                col(BarredRow.subject_key) == values["subject_key"],
                in_division(call.by.division, BarredRow),
                col(BarredRow.barred_until) > body.barred_until,
            )
            await uow.connection.execute(below.values(_changing(values)))
        return uow.answer(201, BarredOut.model_validate(values))


async def bar_for_falsehood(uow: UnitOfWork, checked: Application, false: Provided, call: Call, *, days: int) -> date:
    """They whose commitment was found false make none for so many days; a longer bar stays. Answers the last day of
    the applicant.

    The record stands under the division of him who checked. Who finds the credit repaired records an earlier day there,
    or from a division above one that is over (`bar`).

    Source: 国办发〔2020〕42号 (applicants with a record of dishonesty not yet repaired make no commitments).
    """
    assert false.check is not None  # set by the act this follows from
    of_all = _by(call) | {
        "barred_until": call.today + timedelta(days=days),
        "reason": f"办件{checked.case_no}告知承诺不实：{false.name}。{false.check.finding}",
    }
    # In one order, so that two checks of the same people do not wait for one another.
    parties = sorted(checked.applicants, key=lambda party: party.subject_key)
    rows = [of_all | {"subject_key": one.subject_key, "masked_number": one.masked_number} for one in parties]
    statement = upsert(BarredRow).values(rows)
    longest = func.greatest(col(BarredRow.barred_until), statement.excluded.barred_until)
    changing = {name: statement.excluded[name] for name in _changing(rows[0])} | {"barred_until": longest}
    kept = statement.on_conflict_do_update(index_elements=_KEY, set_=changing)
    returned = await uow.connection.execute(kept.returning(col(BarredRow.subject_key), col(BarredRow.barred_until)))
    until: dict[str, date] = {row.subject_key: row.barred_until for row in returned}
    return until[checked.applicant.subject_key]


def _by(call: Call) -> dict[str, Any]:
    return {"division": call.by.division, "recorded_by": call.by.account_id, "recorded_at": call.now}


def _changing(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in ("subject_key", "division")}
