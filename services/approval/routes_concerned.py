"""HTTP for those a case concerns: the applicant's side and interested parties speak for themselves (arts. 36, 47)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from contracts.events.common import DueDate
from services.approval import repository, requests
from services.approval.calendars import Calendar
from services.approval.commands.speaking import own_hearing, own_statement, perform_own, speaker_of
from services.approval.domain.guards import may_ask
from services.approval.domain.proceedings import HearingStep
from services.approval.domain.states import STATE_LABELS, State
from services.approval.mapping import due_out
from services.approval.repository import Loaded
from services.approval.routes_proceedings import CaseNo, acts
from services.approval.scope import CONCERNED, concerned
from services.chassis.auth import Principal, allow
from services.chassis.http import Db, Idem, Now, Seen, etag
from services.kernel.time_limit import DueDate as Due

router = APIRouter(prefix="/api/v1", tags=["approval"])
Concerned = Annotated[Principal, allow(*CONCERNED)]


class HearingOut(BaseModel):
    """What somebody the case concerns may know of the hearing, and the version his own acts name."""

    case_id: UUID
    case_no: str
    state: State
    state_label: str
    version: int = Field(description='If-Match: "v<version>"')
    step: HearingStep | None = Field(description="没有告知听证权利的，为空")
    may_ask: bool = Field(description="本人被告知听证权利，尚可申请")
    request_by: DueDate | None = Field(description="申请听证的最后日期（被告知之日起五个工作日）")
    hold_by: DueDate | None = Field(description="组织听证的最后日期（申请之日起二十个工作日）")
    takes_place_at: datetime | None
    place: str
    chair: str = Field(description="主持人姓名，可以申请回避")
    speak_by: DueDate | None = Field(description="利害关系人陈述申辩的期限")


@router.get("/cases/{case_no}/hearing", summary="本人的听证：权利、期限、时间地点 (申请人、利害关系人)")
async def get_hearing(
    case_no: CaseNo, who: Concerned, db: Db, calendar: Calendar, now: Now, response: Response
) -> HearingOut:
    async with db.read() as connection:
        loaded = await repository.load(connection, case_no, concerned(who), calendar)
    response.headers["etag"] = etag(loaded.case.version)
    return _hearing_out(loaded, who, now)


def _hearing_out(loaded: Loaded, who: Principal, now: datetime) -> HearingOut:
    case, speaker = loaded.case, speaker_of(loaded, who)
    hearing = case.proceedings.hearing
    party = next((p for p in case.proceedings.parties if p.no == speaker.party_no), None)
    step = hearing.step if hearing else None
    return HearingOut(
        case_id=case.id,
        case_no=case.case_no,
        state=case.state,
        state_label=STATE_LABELS[case.state],
        version=case.version,
        step=step,
        may_ask=hearing is not None and may_ask(hearing, speaker.name, now=now),
        request_by=_due(hearing.day_of(speaker.name) if hearing else None),
        hold_by=_due(hearing.hold_by if hearing else None),
        takes_place_at=hearing.takes_place_at if hearing else None,
        place=hearing.place if hearing else "",
        chair=hearing.chair.name if hearing and hearing.chair else "",
        speak_by=_due(party.speak_by if party else None),
    )


def _due(due: Due | None) -> DueDate | None:
    return due_out(due) if due else None


@router.post("/cases/{case_no}/hearing/application", **acts, summary="申请听证 (申请人、利害关系人本人)")
async def ask_for_hearing(
    case_no: CaseNo,
    body: requests.OwnHearingIn,
    who: Concerned,
    db: Db,
    idem: Idem,
    seen: Seen,
    now: Now,
    calendar: Calendar,
) -> Response:
    rule = own_hearing(body.reason, now=now, calendar=calendar)
    answer = await perform_own(db, idem, case_no, who, rule, seen=seen, now=now, calendar=calendar)
    return answer.response()


@router.post("/cases/{case_no}/statements", **acts, summary="提交陈述申辩 (申请人、利害关系人本人)")
async def hand_in_statement(
    case_no: CaseNo,
    body: requests.StatementIn,
    who: Concerned,
    db: Db,
    idem: Idem,
    seen: Seen,
    now: Now,
    calendar: Calendar,
) -> Response:
    rule = own_statement(body.statement, now=now)
    answer = await perform_own(db, idem, case_no, who, rule, seen=seen, now=now, calendar=calendar)
    return answer.response()
