"""HTTP between libraries of two regions: their registration, what they ask us, and what our people ask them."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from services.certificate.domain.access import APPLICANT_SIDE, CLERKS, DEPARTMENT
from services.certificate.peers import again, answering, asking, reading, registering, rows
from services.certificate.peers.asking import Desk
from services.certificate.peers.line import NOTICES, QUERIES, Line
from services.certificate.peers.schemas import ElsewhereIn, ElsewhereOut, ForeignOut, PeerIn, PeerOut
from services.certificate.peers.wire import AnswerOut, NoticeIn, NoticeOut, RequestIn
from services.certificate.routes import TheKit
from services.certificate.schemas import CASE_NO
from services.certificate.sharing.caller_routes import Registrar, RegistrarOrSupervisor
from services.chassis.auth import Principal, allow, public
from services.chassis.clock import real_now
from services.chassis.http import Db, Idem, Now

router = APIRouter(prefix="/api/v1", tags=["other regions"])
# The signed request is who the caller is: no token of ours is asked of another region.
between = APIRouter(tags=["other regions"], dependencies=[public])

Holder = Annotated[Principal, allow(*sorted(APPLICANT_SIDE))]
Asker = Annotated[Principal, allow(*sorted(APPLICANT_SIDE | DEPARTMENT | CLERKS))]


@router.get("/certificate-peers", summary="已登记的其他地区证照库")
async def list_peers(who: RegistrarOrSupervisor, db: Db) -> list[PeerOut]:
    async with db.read() as connection:
        return [registering.peer_out(row) for row in await rows.all_peers(connection)]


@router.post("/certificate-peers", status_code=201, response_model=PeerOut, summary="登记或变更其他地区的证照库")
async def register_peer(body: PeerIn, who: Registrar, db: Db, idem: Idem, now: Now, kit: TheKit) -> Response:
    registering.check(body, kit.settings)
    return (await registering.register(db, idem, body, who, now=now)).response()


@router.post("/certificates/elsewhere", summary="向颁发地区的证照库查询，核验后可在本地区采用")
async def ask_elsewhere(
    request: Request, response: Response, body: ElsewhereIn, who: Asker, db: Db, now: Now, kit: TheKit
) -> ElsewhereOut:
    response.headers["cache-control"] = "private, no-store"
    line: Line = request.app.state.line
    return await asking.ask(Desk(db, kit, line, now), body, who)


@router.get("/certificates/elsewhere", summary="本人及所代理单位已采用的其他地区证照")
async def list_own(response: Response, who: Holder, db: Db, kit: TheKit) -> list[ForeignOut]:
    response.headers["cache-control"] = "private, no-store"
    return await reading.of_holder(db, who, kit)


@router.get("/cases/{case_no}/certificates-elsewhere", summary="办件申请人已采用的其他地区证照")
async def list_of_case(
    response: Response, case_no: Annotated[str, Path(pattern=CASE_NO)], who: Asker, db: Db, now: Now, kit: TheKit
) -> list[ForeignOut]:
    response.headers["cache-control"] = "private, no-store"
    return await reading.of_case(db, case_no, who, kit, now=now)


@between.post(NOTICES, summary="其他地区的证照库通知其证照状态有变")
async def notice(body: NoticeIn, db: Db, now: Now, kit: TheKit) -> NoticeOut:
    await again.take_notice(db, body.notice, kit, now=now, real_now=real_now())
    return NoticeOut()


@between.post(QUERIES, summary="其他地区的证照库以签名请求查询")
async def query(body: RequestIn, db: Db, now: Now, kit: TheKit) -> AnswerOut:
    return AnswerOut(answer=await answering.answer(db, body.request, kit, now=now, real_now=real_now()))
