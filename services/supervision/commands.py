"""Acts of supervision: a rating is given."""

from datetime import datetime

from sqlalchemy import insert
from sqlmodel import col

from contracts.events import supervision as events
from services.chassis.auth import Principal
from services.chassis.database import Answer, Database, Idempotency
from services.supervision import metrics, repository
from services.supervision.domain.errors import UnknownCase
from services.supervision.domain.rating import Rateable, Satisfaction, rate
from services.supervision.schemas import RatingOut
from services.supervision.scope import own_keys, visible
from services.supervision.tables import CaseRow, RatingRow


def _parties(row: repository.Row) -> frozenset[str]:
    sides = (row["applicant_key"], row["agent_key"], *(row["co_applicant_keys"] or ()))
    return frozenset(key for key in sides if key)


async def rate_case(
    db: Database,
    idem: Idempotency,
    case_no: str,
    satisfaction: Satisfaction,
    comment: str,
    caller: Principal,
    *,
    now: datetime,
) -> Answer:
    """Rate a concluded case once. Raises UnknownCase and what `rate` raises."""
    async with db.transaction(idem) as uow:
        row = await repository.lock_one(uow.connection, col(CaseRow.case_no) == case_no, visible(caller))
        if row is None:
            raise UnknownCase
        rateable = Rateable(row["concluded_at"], row["rated_at"] is not None, _parties(row))
        rating = rate(rateable, satisfaction, comment, by=own_keys(caller), now=now)
        row |= {"satisfaction": rating.satisfaction.value, "rated_at": now, "version": row["version"] + 1}
        await repository.save(uow.connection, [row])
        stored = insert(RatingRow).values(
            case_id=row["case_id"],
            satisfaction=rating.satisfaction.value,
            comment=rating.comment,
            given_at=now,
            given_by=caller.subject,
        )
        await uow.connection.execute(stored)
        event = events.RatingGiven(
            case_id=row["case_id"],
            case_no=case_no,
            department_uscc=row["department_uscc"],
            satisfaction=events.Satisfaction(rating.satisfaction.value),
            comment=rating.comment,
            given_at=now,
        )
        uow.publish(event, aggregate_id=row["case_id"], version=row["version"])
        answer = uow.answer(201, RatingOut.of(case_no, rating))
    metrics.ratings_given.labels(satisfaction.value).inc()
    return answer
