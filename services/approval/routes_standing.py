"""HTTP of decisions about certificates after their grant: rescind, annul, deregister, amend; penalties recorded."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from services.approval import standing_repository as repository
from services.approval.calendars import Calendar
from services.approval.commands import standing as commands
from services.approval.commands.acting import officer
from services.approval.domain import standing as rules
from services.approval.domain.standing import StandingState
from services.approval.schemas_standing import (
    AmendmentIn,
    PenaltyIn,
    ProposalIn,
    StandingDecisionIn,
    StandingOut,
    StandingPage,
    StandingStatementIn,
)
from services.approval.scope import CONCERNED, OFFICERS
from services.chassis.auth import Principal, allow
from services.chassis.errors import BadCursor
from services.chassis.http import Db, Idem, Now, Seen, etag
from services.chassis.ids import uuid7
from services.chassis.paging import CursorText, Limit, decode_cursor, encode_cursor
from services.kernel.certificate_life import LifeAct

router = APIRouter(prefix="/api/v1", tags=["approval"])
made: dict[str, Any] = {"status_code": 201, "response_model": StandingOut}

Identifier = Annotated[str, Path(max_length=128, pattern=r"^[0-9A-Z.]+$", description="电子证照标识 (GB/T 36904)")]
DecisionId = Annotated[UUID, Path(description="后续处理决定的标识")]
Handler = Annotated[Principal, allow("HANDLER")]
Chief = Annotated[Principal, allow("CHIEF_REPRESENTATIVE")]
Reader = Annotated[Principal, allow(*OFFICERS, *CONCERNED)]
Speaker = Annotated[Principal, allow("HANDLER", *CONCERNED)]


async def _propose(
    act: LifeAct, identifier: str, body: ProposalIn, who: Principal, db: Db, idem: Idem, now: Now, calendar: Calendar
) -> Response:
    rule = partial(rules.propose, uuid7(), draft=body.proposal(act), officer=officer(who), now=now, calendar=calendar)
    return (await commands.begin(db, idem, identifier, who, rule)).response()


@router.post("/certificates/{identifier}/rescission", **made, summary="承办人提出撤回意见（第八条），告知持证人")
async def rescind(
    identifier: Identifier, body: ProposalIn, who: Handler, db: Db, idem: Idem, now: Now, calendar: Calendar
) -> Response:
    return await _propose(LifeAct.RESCIND, identifier, body, who, db, idem, now, calendar)


@router.post("/certificates/{identifier}/annulment", **made, summary="承办人提出撤销意见（第六十九条），告知持证人")
async def annul(
    identifier: Identifier, body: ProposalIn, who: Handler, db: Db, idem: Idem, now: Now, calendar: Calendar
) -> Response:
    return await _propose(LifeAct.ANNUL, identifier, body, who, db, idem, now, calendar)


@router.post("/certificates/{identifier}/deregistration", **made, summary="承办人提出注销意见（第七十条）")
async def deregister(
    identifier: Identifier, body: ProposalIn, who: Handler, db: Db, idem: Idem, now: Now, calendar: Calendar
) -> Response:
    return await _propose(LifeAct.DEREGISTER, identifier, body, who, db, idem, now, calendar)


@router.post("/certificates/{identifier}/amendment", **made, summary="承办人提出变更意见（第八条、第四十九条）")
async def amend(
    identifier: Identifier, body: AmendmentIn, who: Handler, db: Db, idem: Idem, now: Now, calendar: Calendar
) -> Response:
    return await _propose(LifeAct.AMEND, identifier, body, who, db, idem, now, calendar)


@router.post("/certificates/{identifier}/revocation", **made, summary="登记行政处罚吊销（处罚决定另案作出）")
async def revoke(identifier: Identifier, body: PenaltyIn, who: Chief, db: Db, idem: Idem, now: Now) -> Response:
    penalty, by = body.penalty(), officer(who)
    rule = partial(rules.record_penalty, uuid7(), penalty=penalty, facts=body.facts, officer=by, now=now)
    return (await commands.begin(db, idem, identifier, who, rule)).response()


@router.get("/standing-decisions", summary="证照后续处理：本部门的，或本人证照的")
async def list_standing(
    request: Request,
    who: Reader,
    db: Db,
    state: Annotated[list[StandingState] | None, Query(description="状态；不填为全部")] = None,
    identifier: Annotated[str | None, Query(max_length=128, pattern=r"^[0-9A-Z.]+$")] = None,
    cursor: CursorText = None,
    limit: Limit = 50,
) -> StandingPage:
    key: bytes = request.app.state.cursor_key
    after = _after(key, cursor)
    async with db.read() as connection:
        rows = await repository.page(
            connection,
            repository.visible(who),
            states=state or (),
            identifier=identifier,
            after=after,
            limit=limit + 1,
        )
    items = [StandingOut.of(repository.decision_of(row)) for row in rows[:limit]]
    more = len(rows) > limit
    return StandingPage(items=items, next=encode_cursor(key, "standing", items[-1].decision_id) if more else None)


def _after(key: bytes, cursor: str | None) -> UUID | None:
    """Raises BadCursor; also for the cursor of another list."""
    if cursor is None:
        return None
    try:
        kind, value = decode_cursor(key, cursor)
        if kind != "standing":
            raise BadCursor
        return UUID(value)
    except (TypeError, ValueError) as foreign:
        raise BadCursor from foreign


@router.get("/standing-decisions/{decision_id}", summary="一项证照后续处理决定")
async def get_standing(decision_id: DecisionId, who: Reader, db: Db, response: Response) -> StandingOut:
    async with db.read() as connection:
        found, _ = await repository.load(connection, decision_id, repository.visible(who))
    response.headers["etag"] = etag(found.version)
    return StandingOut.of(found)


@router.post("/standing-decisions/{decision_id}/statements", **made, summary="持证人陈述申辩（本人提交或承办人记录）")
async def speak(
    decision_id: DecisionId,
    body: StandingStatementIn,
    who: Speaker,
    db: Db,
    idem: Idem,
    seen: Seen,
    now: Now,
    calendar: Calendar,
) -> Response:
    rule = partial(rules.hear, statement=body.statement, now=now)
    answer = await commands.step(db, idem, decision_id, who, rule, seen=seen, now=now, calendar=calendar)
    return answer.response()


@router.post("/standing-decisions/{decision_id}/decision", **made, summary="首席代表作出撤回、撤销、注销或变更决定")
async def decide(
    request: Request,
    decision_id: DecisionId,
    body: StandingDecisionIn,
    who: Chief,
    db: Db,
    idem: Idem,
    seen: Seen,
    now: Now,
    calendar: Calendar,
) -> Response:
    by, named = officer(who), body.named(request.app.state.settings)
    follow = partial(rules.decide, officer=by, remedies=named, now=now)
    other = partial(rules.dismiss, officer=by, reasons=body.reasons, now=now)
    rule = follow if body.outcome == "DECIDED" else other
    answer = await commands.step(db, idem, decision_id, who, rule, seen=seen, now=now, calendar=calendar)
    return answer.response()
