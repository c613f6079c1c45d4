"""HTTP of the procedural acts: what moves the clock, what is done beside examination, how a case ends otherwise."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request, Response

from services.approval import queries, requests
from services.approval.calendars import Calendar
from services.approval.commands.acting import Rule, perform
from services.approval.commands.speaking import party_key
from services.approval.domain import case as cases
from services.approval.domain import consultation, hearing, levels, parties, site_check, standstill
from services.approval.domain.light import LightBook
from services.approval.schemas import CaseOut, ConsultationPage
from services.approval.scope import OFFICERS, consulted
from services.chassis.auth import Principal, allow
from services.chassis.database import Database, Idempotency
from services.chassis.errors import BadCursor
from services.chassis.http import Db, Idem, Now, Seen
from services.chassis.paging import CursorText, Limit, decode_cursor, encode_cursor
from services.kernel.workdays import WorkCalendar

router = APIRouter(prefix="/api/v1", tags=["approval"])
acts: dict[str, Any] = {"status_code": 201, "response_model": CaseOut}

CaseNo = Annotated[str, Path(pattern=r"^[0-9A-Z]{43}$", description="办件编号")]
Number = Annotated[int, Path(ge=1, le=1000)]
HANDLER = ("HANDLER",)
CHIEF = ("CHIEF_REPRESENTATIVE",)
HEADS = ("CHIEF_REPRESENTATIVE", "GOVERNMENT_HEAD")
Handler = Annotated[Principal, allow(*HANDLER)]
Chief = Annotated[Principal, allow(*CHIEF)]
Head = Annotated[Principal, allow(*HEADS)]
Either = Annotated[Principal, allow(*OFFICERS)]


@dataclass(frozen=True)
class _Acting:
    """The part of every act that is the same: case, key, version seen, time, calendar, light rules."""

    case_no: str
    db: Database
    idem: Idempotency
    seen: int
    now: datetime
    calendar: WorkCalendar
    lights: LightBook

    async def __call__(self, principal: Principal, roles: tuple[str, ...], rule: Rule, **more: Any) -> Response:
        known: dict[str, Any] = {"now": self.now, "calendar": self.calendar, "lights": self.lights}
        answer = await perform(
            self.db, self.idem, self.case_no, principal, rule, roles=roles, seen=self.seen, **known, **more
        )
        return answer.response()


async def _acting(
    request: Request, case_no: CaseNo, db: Db, idem: Idem, seen: Seen, now: Now, calendar: Calendar
) -> _Acting:
    return _Acting(case_no, db, idem, seen, now, calendar, request.app.state.settings.light_book)


Acting = Annotated[_Acting, Depends(_acting)]


@router.post("/cases/{case_no}/suspensions", **acts, summary="启动特别程序，停止计时，书面告知所需时间")
async def suspend(act: Acting, body: requests.SuspensionIn, who: Chief) -> Response:
    return await act(
        who, CHIEF, lambda c, o: standstill.suspend(c, body.draft(), o, now=act.now, calendar=act.calendar)
    )


@router.post("/cases/{case_no}/resumption", **acts, summary="特别程序结束，恢复计时")
async def resume(act: Acting, body: requests.ResumptionIn, who: Either) -> Response:
    rule = partial(standstill.resume, result=body.result, passed=body.passed, now=act.now, calendar=act.calendar)
    return await act(who, OFFICERS, rule)


@router.post("/cases/{case_no}/extension", **acts, summary="负责人批准延期一次，理由告知申请人")
async def extend(act: Acting, body: requests.ExtensionIn, who: Head) -> Response:
    rule = partial(standstill.extend, days=body.days, reason=body.reason, now=act.now, calendar=act.calendar)
    return await act(who, HEADS, rule)


@router.post("/cases/{case_no}/inspectors", **acts, summary="指派两名以上核查人员")
async def assign_inspectors(act: Acting, body: requests.InspectorsIn, who: Either) -> Response:
    people = [inspector.inspector() for inspector in body.inspectors]
    rule = partial(
        site_check.assign_inspectors, inspectors=people, purpose=body.purpose, now=act.now, calendar=act.calendar
    )
    return await act(who, OFFICERS, rule)


@router.post("/cases/{case_no}/site-checks", **acts, summary="核查人员记录现场核查")
async def record_site_check(act: Acting, body: requests.SiteCheckIn, who: Either) -> Response:
    return await act(who, OFFICERS, partial(site_check.record_site_check, record=body.record(), now=act.now))


@router.post("/cases/{case_no}/hearing/notice", **acts, summary="告知听证权利")
async def tell_hearing(act: Acting, body: requests.HearingNoticeIn, who: Handler) -> Response:
    rule = partial(
        hearing.tell_hearing, persons=tuple(body.persons), notice=body.notice, now=act.now, calendar=act.calendar
    )
    return await act(who, HANDLER, rule)


@router.post("/cases/{case_no}/hearing/request", **acts, summary="登记听证申请")
async def request_hearing(act: Acting, body: requests.HearingRequestIn, who: Handler) -> Response:
    rule = partial(hearing.request_hearing, **body.model_dump(), now=act.now, calendar=act.calendar)
    return await act(who, HANDLER, rule)


@router.post("/cases/{case_no}/hearing/waiver", **acts, summary="登记书面放弃听证")
async def waive_hearing(act: Acting, body: requests.HearingWaiverIn, who: Handler) -> Response:
    return await act(who, HANDLER, partial(hearing.waive_hearing, **body.model_dump(), now=act.now))


@router.post("/cases/{case_no}/hearing/announcement", **acts, summary="通知听证的时间、地点、主持人")
async def announce_hearing(act: Acting, body: requests.HearingAnnouncementIn, who: Handler) -> Response:
    rule = partial(hearing.announce_hearing, announcement=body.announcement(), now=act.now, calendar=act.calendar)
    return await act(who, HANDLER, rule)


@router.post("/cases/{case_no}/hearing/record", **acts, summary="听证笔录")
async def hold_hearing(act: Acting, body: requests.HearingRecordIn, who: Either) -> Response:
    return await act(who, OFFICERS, partial(hearing.hold_hearing, record=body.held(), now=act.now))


@router.post("/cases/{case_no}/interested-parties", **acts, summary="告知利害关系人")
async def notify_party(request: Request, act: Acting, body: requests.InterestedPartyIn, who: Handler) -> Response:
    key = party_key(request.app.state.sealer, body.number)
    known = body.model_dump(exclude={"number"}) | {"subject_key": key}
    rule = partial(parties.notify_party, **known, now=act.now, calendar=act.calendar)
    return await act(who, HANDLER, rule)


@router.post("/cases/{case_no}/interested-parties/{number}/statements", **acts, summary="记录陈述申辩")
async def hear_party(act: Acting, number: Number, body: requests.StatementIn, who: Handler) -> Response:
    rule = partial(parties.hear_party, party_no=number, statement=body.statement, now=act.now)
    return await act(who, HANDLER, rule)


@router.post("/cases/{case_no}/first-level", **acts, summary="指定负责初审的乡镇（街道）")
async def assign_first_level(act: Acting, body: requests.FirstLevelIn, who: Either) -> Response:
    rule = partial(levels.assign_first_level, division=body.division, now=act.now)
    return await act(who, OFFICERS, rule)


@router.post("/cases/{case_no}/passing-up", **acts, summary="下级机关将初审意见和全部材料报送上级")
async def pass_up(act: Acting, body: requests.PassingUpIn, who: Handler) -> Response:
    rule = partial(levels.pass_up, opinion=body.first_opinion(), materials=tuple(body.materials), now=act.now)
    return await act(who, HANDLER, rule)


@router.post("/cases/{case_no}/termination", **acts, summary="终止办理")
async def terminate(act: Acting, body: requests.EndIn, who: Chief) -> Response:
    return await act(who, CHIEF, partial(cases.terminate, **body.model_dump(), now=act.now))


@router.post("/cases/{case_no}/transfer", **acts, summary="转报有权机关")
async def transfer(act: Acting, body: requests.TransferIn, who: Chief) -> Response:
    rule = partial(
        cases.transfer,
        to=body.transferred_to.body(),
        reason=body.reason,
        legal_basis=body.legal_basis,
        now=act.now,
    )
    return await act(who, CHIEF, rule)


@router.post("/cases/{case_no}/consultations", **acts, summary="征求其他部门意见")
async def consult(act: Acting, body: requests.ConsultationIn, who: Either) -> Response:
    rule = partial(
        consultation.consult,
        department=body.department.body(),
        question=body.question,
        limit_workdays=body.limit_workdays,
        now=act.now,
        calendar=act.calendar,
    )
    return await act(who, OFFICERS, rule)


@router.post("/cases/{case_no}/consultations/{number}/answer", **acts, summary="被征求部门答复")
async def answer_consultation(
    act: Acting, number: Number, body: requests.ConsultationAnswerIn, who: Either
) -> Response:
    rule = partial(
        consultation.answer_consultation,
        number=number,
        answer=body.answer,
        text=body.text,
        now=act.now,
        calendar=act.calendar,
    )
    return await act(who, OFFICERS, rule, reach=consulted)


@router.get("/consultations", summary="待答复：其他部门向本部门征求的意见")
async def list_consultations(
    request: Request, who: Either, db: Db, cursor: CursorText = None, limit: Limit = 50
) -> ConsultationPage:
    key: bytes = request.app.state.cursor_key
    async with db.read() as connection:
        found = await queries.consultations(connection, who.organisation, _after(key, cursor), limit + 1)
    page, more = found[:limit], len(found) > limit
    last = page[-1] if more else None
    return ConsultationPage(
        items=page, next=encode_cursor(key, last.due.on, last.case_id, last.consultation_no) if last else None
    )


def _after(key: bytes, cursor: str | None) -> tuple[date, UUID, int] | None:
    """Raises BadCursor; also for the cursor of another list."""
    if cursor is None:
        return None
    values: list[Any] = decode_cursor(key, cursor)
    try:
        due_on, case_id, number = values
        return date.fromisoformat(due_on), UUID(case_id), int(number)
    except (TypeError, ValueError) as foreign:
        raise BadCursor from foreign
