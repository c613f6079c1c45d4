"""Recalled cases: heard of from intake, shown to their department, answered once by its chief representative.

A case is recalled because a certificate it relied on was taken away, or a commitment it was granted on is false.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid5

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.events.approval import FalseCommitmentFound
from contracts.events.common import Actor, OrganisationRef, Outcome
from contracts.events.intake import CommitmentChecked
from contracts.events.reuse import CaseRecalled, RecallConcluded, RecallOutcome
from services.approval.domain.case import Case
from services.approval.domain.errors import RecallAnswered, RecallOpen, RecallToAnnul, UnknownRecall
from services.approval.domain.states import State
from services.approval.schemas import LongText, RecallGround, RecallTask
from services.approval.scope import READERS, visible
from services.approval.tables import CaseRow, DecisionRow, RecallRow, RecordRow
from services.chassis.auth import Principal, allow
from services.chassis.bus import NotYet
from services.chassis.database import Answer, Database, Idempotency, UnitOfWork
from services.chassis.errors import BadCursor, StaleVersion
from services.chassis.http import Db, Idem, Now, Seen
from services.chassis.paging import CursorText, Limit, Page, decode_cursor, encode_cursor

router = APIRouter(prefix="/api/v1", tags=["approval"])
RecallReader = Annotated[Principal, allow(*READERS)]
Chief = Annotated[Principal, allow("CHIEF_REPRESENTATIVE")]
RecallId = Annotated[UUID, Path(description="召回编号")]
_FALSEHOODS = UUID("3d1c7b64-52c1-5a6b-8f0c-6a4de0f3c2b7")  # of the ids of recalls for a false commitment
_HEARD = 1  # version of a recall as it was heard
_AT_ONCE = 50  # shown above the inbox; the list shows them all


class RecallConclusionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    outcome: RecallOutcome = Field(description="STANDS 不受影响；REEXAMINED 已重新审查；TO_BE_ANNULLED 拟撤销或撤回")
    reasons: LongText


async def keep_recalls(uow: UnitOfWork, events: Sequence[CaseRecalled]) -> None:
    """Heard twice changes nothing. Raises NotYet: a case of them was not heard of yet, its acceptance is on the way."""
    if events:
        await _check_known(uow.connection, {event.case_id for event in events})
        rows = [
            {
                "recall_id": event.recall_id,
                "case_id": event.case_id,
                "version": _HEARD,
                "ground": RecallGround.CERTIFICATE.value,
                "material": "",
                "finding": "",
                "identifier": event.identifier,
                "status": event.status.value,
                "through": list(event.through),
                "issued": list(event.issued),
                "concluded": event.concluded,
                "recalled_at": event.recalled_at,
                "reasons": "",
            }
            for event in events
        ]
        await uow.connection.execute(insert(RecallRow).values(rows).on_conflict_do_nothing())


async def _check_known(connection: AsyncConnection, case_ids: Collection[UUID]) -> None:
    known = await connection.scalars(select(col(CaseRow.id)).where(col(CaseRow.id).in_(sorted(case_ids))))
    if set(case_ids) - set(known.all()):
        raise NotYet("a case that is recalled is not known yet")


async def check_answered(connection: AsyncConnection, case_id: UUID) -> None:
    """No grant on what a certificate that was taken away carried, before that was looked at, nor against the answer.

    Raises RecallOpen, RecallToAnnul.
    """
    answers = set(await connection.scalars(select(col(RecallRow.outcome)).where(col(RecallRow.case_id) == case_id)))
    if None in answers:
        raise RecallOpen()
    if RecallOutcome.TO_BE_ANNULLED.value in answers:
        raise RecallToAnnul()


async def keep_falsehood(uow: UnitOfWork, case: Case, checked: CommitmentChecked) -> None:
    """What was granted on a false commitment is looked at again. Heard twice changes nothing; a refusal stands."""
    decided = select(col(DecisionRow.outcome)).where(col(DecisionRow.case_id) == case.id)
    granted = await uow.connection.scalar(decided) == Outcome.GRANTED.value
    if not granted and case.state is not State.RENEWED:
        return
    await _recall(uow, case, checked, checked.checked_at, checked.issued)


async def keep_falsehoods_found(uow: UnitOfWork, case: Case) -> None:
    """Of a case that silence renewed: what was found false before, while it could still be refused."""
    found = select(col(RecordRow.content)).where(
        col(RecordRow.case_id) == case.id, col(RecordRow.subject) == FalseCommitmentFound.SUBJECT
    )
    for content in (await uow.connection.scalars(found)).all():
        false = FalseCommitmentFound.model_validate(content | {"case_id": case.id, "case_no": case.case_no})
        await _recall(uow, case, false, false.found_at)


async def _recall(
    uow: UnitOfWork,
    case: Case,
    false: CommitmentChecked | FalseCommitmentFound,
    found_at: datetime,
    issued: Sequence[str] = (),
) -> None:
    row = {
        "recall_id": uuid5(_FALSEHOODS, f"{case.id}|{false.material_no}"),
        "case_id": case.id,
        "version": _HEARD,
        "ground": RecallGround.COMMITMENT_FALSE.value,
        "identifier": "",
        "status": None,
        "through": [],
        "issued": list(issued),
        "concluded": True,
        "material": false.name,
        "finding": false.finding,
        "recalled_at": found_at,
        "reasons": "",
    }
    await uow.connection.execute(insert(RecallRow).values(row).on_conflict_do_nothing())


def _recalls() -> Select[Any]:
    columns = (
        col(CaseRow.case_no),
        col(CaseRow.department_uscc),
        col(CaseRow.item)["name"].astext.label("item_name"),
        col(CaseRow.item)["department"].label("department"),
    )
    wanted = select(*RecallRow.__table__.columns, *columns)  # type: ignore[attr-defined]
    return wanted.join(CaseRow, col(CaseRow.id) == col(RecallRow.case_id))


async def open_recalls(
    connection: AsyncConnection,
    reader: Principal,
    *,
    answered: bool = False,
    after: tuple[datetime, UUID] | None = None,
    limit: int = _AT_ONCE,
) -> list[RecallTask]:
    """Those in the reader's scope, the oldest first."""
    key = (col(RecallRow.recalled_at), col(RecallRow.recall_id))
    wanted = _recalls().where(visible(reader), col(RecallRow.outcome).is_not(None) if answered else _is_open())
    if after is not None:
        wanted = wanted.where(tuple_(*key) > tuple_(*after))
    found = await connection.execute(wanted.order_by(*key).limit(limit))
    return [RecallTask.model_validate(dict(row)) for row in found.mappings()]


def _is_open() -> Any:
    return col(RecallRow.outcome).is_(None)


@router.get("/recalls", summary="召回：所依据的证照被撤回、撤销或吊销，或者告知承诺不实，须重新审查的办件")
async def list_recalls(
    request: Request,
    reader: RecallReader,
    db: Db,
    answered: Annotated[bool, Query(description="已处理的")] = False,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[RecallTask]:
    key: bytes = request.app.state.cursor_key
    async with db.read() as connection:
        found = await open_recalls(connection, reader, answered=answered, after=_after(key, cursor), limit=limit + 1)
    page = found[:limit]
    more = encode_cursor(key, "recall", page[-1].recalled_at, page[-1].recall_id) if len(found) > limit else None
    return Page[RecallTask](items=page, next=more)


def _after(key: bytes, cursor: str | None) -> tuple[datetime, UUID] | None:
    """Raises BadCursor; also for the cursor of another list."""
    if cursor is None:
        return None
    try:
        _, at, recall_id = decode_cursor(key, cursor)
        return datetime.fromisoformat(at), UUID(recall_id)
    except (TypeError, ValueError, AttributeError) as foreign:
        raise BadCursor from foreign


@router.post(
    "/recalls/{recall_id}/conclusion", status_code=201, response_model=RecallTask, summary="首席代表处理召回 (一次)"
)
async def conclude_recall(
    recall_id: RecallId, body: RecallConclusionIn, officer: Chief, db: Db, idem: Idem, seen: Seen, now: Now
) -> Response:
    return (await conclude(db, idem, recall_id, body, officer, seen=seen, now=now)).response()


async def conclude(
    db: Database,
    idem: Idempotency,
    recall_id: UUID,
    body: RecallConclusionIn,
    officer: Principal,
    *,
    seen: int,
    now: datetime,
) -> Answer:
    """Raises UnknownRecall, StaleVersion, RecallAnswered."""
    async with db.transaction(idem) as uow:
        wanted = _recalls().where(col(RecallRow.recall_id) == recall_id, visible(officer))
        row = (await uow.connection.execute(wanted.with_for_update(of=RecallRow))).mappings().one_or_none()
        if row is None:
            raise UnknownRecall()
        if row["outcome"] is not None:
            raise RecallAnswered()
        if row["version"] != seen:
            raise StaleVersion()
        answered = {
            "outcome": body.outcome.value,
            "reasons": body.reasons,
            "concluded_at": now,
            "concluded_by": officer.subject,
            "version": row["version"] + 1,
        }
        table = RecallRow.__table__  # type: ignore[attr-defined]
        await uow.connection.execute(table.update().where(table.c.recall_id == recall_id).values(answered))
        by = _actor(officer, row["department"])
        uow.publish(_concluded(row, body, by, now), aggregate_id=recall_id, version=1)
        task = RecallTask.model_validate({**row, **answered})
        return uow.answer(201, task, etag_version=task.version)


def _concluded(row: Mapping[str, Any], body: RecallConclusionIn, by: Actor, now: datetime) -> RecallConcluded:
    return RecallConcluded(
        recall_id=row["recall_id"],
        case_id=row["case_id"],
        case_no=row["case_no"],
        outcome=body.outcome,
        reasons=body.reasons,
        concluded_at=now,
        concluded_by=by,
    )


def _actor(officer: Principal, department: dict[str, Any]) -> Actor:
    body = OrganisationRef(**department)
    return Actor(account_id=officer.subject, name=officer.name, role="CHIEF_REPRESENTATIVE", organisation=body)
