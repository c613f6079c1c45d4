"""HTTP of a certificate's later life: loss, reissue, prints of the production counter, purpose-stamped copies."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from services.certificate.commands import loss
from services.certificate.domain.access import APPLICANT_SIDE, WINDOWS
from services.certificate.kit import Kit
from services.certificate.routes import Identifier, TheKit
from services.certificate.schemas import CertificateOut
from services.chassis.auth import Principal, allow
from services.chassis.database import Database, Idempotency
from services.chassis.http import Db, Idem, Now, Seen
from services.kernel.certificate_life import LifeAct

router = APIRouter(prefix="/api/v1", tags=["certificate"])
acts: dict[str, Any] = {"status_code": 201, "response_model": CertificateOut}
Loser = Annotated[Principal, allow(*sorted(APPLICANT_SIDE | WINDOWS))]
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
