"""HTTP of a certificate's later life: loss, reissue, prints of the production counter, purpose-stamped copies."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from services.certificate import queries
from services.certificate.commands import copies, loss
from services.certificate.commands.fetch_files import copy_file as copy_file_of
from services.certificate.commands.fetch_files import may_have_copy, may_have_papers
from services.certificate.commands.own_reads import served
from services.certificate.domain.access import APPLICANT_SIDE, DEPARTMENT, WINDOWS
from services.certificate.kit import Kit
from services.certificate.life import copy_queries
from services.certificate.life.copy_schemas import CopyIn, CopyList, CopyOut, PrintIn
from services.certificate.routes import Identifier, TheKit, TheWhy, download
from services.certificate.schemas import CertificateOut, CertificatePapersOut, InTheMaking
from services.chassis.auth import Principal, allow
from services.chassis.database import Database, Idempotency
from services.chassis.http import Db, Idem, Now, Seen
from services.kernel.certificate_life import LifeAct

log = logging.getLogger(__name__)
router = APIRouter(prefix="/api/v1", tags=["certificate"])
acts: dict[str, Any] = {"status_code": 201, "response_model": CertificateOut}
copied: dict[str, Any] = {"status_code": 201, "response_model": CopyOut}
Loser = Annotated[Principal, allow(*sorted(APPLICANT_SIDE | WINDOWS))]
Concerned = Annotated[Principal, allow(*sorted(APPLICANT_SIDE | WINDOWS | DEPARTMENT))]
Holder = Annotated[Principal, allow(*sorted(APPLICANT_SIDE))]
Producer = Annotated[Principal, allow("HANDOVER_CLERK")]


@dataclass(frozen=True)
class _Act:
    """The part of these acts that is the same: certificate, key, version seen, time, kit."""

    identifier: str
    db: Database
    idem: Idempotency
    seen: int
    now: datetime
    kit: Kit

    async def on_loss(self, act: LifeAct, who: Principal) -> Response:
        same: dict[str, Any] = {"seen": self.seen, "now": self.now}
        answer = await loss.act_on_loss(self.db, self.idem, self.identifier, act, who, self.kit, **same)
        return answer.response()


async def _act(identifier: Identifier, db: Db, idem: Idem, seen: Seen, now: Now, kit: TheKit) -> _Act:
    return _Act(identifier, db, idem, seen, now, kit)


Acting = Annotated[_Act, Depends(_act)]


@router.post("/certificates/{identifier}/loss", **acts, summary="挂失 (持证人本人，或窗口代为办理)")
async def report_loss(act: Acting, who: Loser) -> Response:
    return await act.on_loss(LifeAct.REPORT_LOSS, who)


@router.post("/certificates/{identifier}/loss/withdrawal", **acts, summary="解除挂失")
async def withdraw_loss(act: Acting, who: Loser) -> Response:
    return await act.on_loss(LifeAct.WITHDRAW_LOSS, who)


@router.post("/certificates/{identifier}/reissue", **acts, summary="补发 (已挂失的证照，由制证窗口换发新版)")
async def reissue(act: Acting, who: Producer) -> Response:
    same: dict[str, Any] = {"seen": act.seen, "now": act.now}
    return (await loss.reissue(act.db, act.idem, act.identifier, who, act.kit, **same)).response()


@router.post(
    "/certificates/{identifier}/prints",
    status_code=201,
    response_model=CopyOut,
    summary="制证窗口打印；再次打印为编号的副本",
)
async def print_out(
    identifier: Identifier, body: PrintIn, db: Db, idem: Idem, now: Now, kit: TheKit, who: Producer
) -> Response:
    return (await copies.print_out(db, idem, identifier, body, who, kit, now=now)).response()


@router.post(
    "/certificates/{identifier}/copies",
    status_code=201,
    response_model=CopyOut,
    summary="持证人制作加注件 (限定用途和期限)",
)
async def make_copy(
    identifier: Identifier, body: CopyIn, db: Db, idem: Idem, now: Now, kit: TheKit, who: Holder
) -> Response:
    return (await copies.make_copy(db, idem, identifier, body, who, kit, now=now)).response()


@router.get("/certificates/{identifier}/papers", summary="签发后关于该证照的文书：拟处理的事先告知、处理决定")
async def list_papers(
    identifier: Identifier, why: TheWhy, db: Db, now: Now, kit: TheKit, who: Concerned
) -> CertificatePapersOut:
    row = await served(db, identifier, who, "PAPERS", may_have_papers, why, kit, now)
    async with db.read() as connection:
        papers = await queries.papers_about(connection, row.id)
    return CertificatePapersOut(identifier=identifier, papers=[queries.paper_out(one) for one in papers])


@router.get("/certificates/{identifier}/copies", summary="打印记录和加注件")
async def list_copies(identifier: Identifier, why: TheWhy, db: Db, now: Now, kit: TheKit, who: Loser) -> CopyList:
    row = await served(db, identifier, who, "COPIES", may_have_copy, why, kit, now)
    async with db.read() as connection:
        made = await copy_queries.of_certificate(connection, row.id)
    stamps = {one.id: copy_queries.stamp_of(one) for one in made}
    if unreadable := sum(stamp is None for stamp in stamps.values()):
        log.error("copies not shown: %s are of no known kind", unreadable)
    of = [CopyOut.of(identifier, one.id, stamp, one.made_at) for one in made if (stamp := stamps[one.id])]
    return CopyList(items=of)


@router.get(
    "/certificates/{identifier}/copies/{copy_id}/file",
    summary="下载副本或加注件",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}, 202: {"model": InTheMaking}},
)
async def copy_file(
    identifier: Identifier, copy_id: UUID, why: TheWhy, db: Db, now: Now, kit: TheKit, who: Loser
) -> Response:
    return download(await copy_file_of(db, identifier, copy_id, who, why, kit, now=now))
