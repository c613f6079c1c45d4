"""HTTP of the less travelled ways: corrected, returned, promised materials, the check of a commitment."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.intake.answers import ApplicationOut
from services.intake.commands import promised, supplement
from services.intake.routing import ApplicantSide, Checker, Clerk, TheOffice
from services.intake.schemas import CommitmentCheckIn, CorrectionIn, DeferredIn, ReturnIn

router = APIRouter(prefix="/api/v1/applications/{application_id}", tags=["applications"])


@router.post("/corrections", status_code=201, response_model=ApplicationOut, summary="当场更正")
async def correct(application_id: UUID, body: CorrectionIn, call: Clerk, office: TheOffice) -> Response:
    return (await promised.correct(office, application_id, body, call)).response()


@router.post("/return", status_code=201, response_model=ApplicationOut, summary="退件 (申请人放弃补正)")
async def give_up(application_id: UUID, body: ReturnIn, call: Clerk, office: TheOffice) -> Response:
    return (await supplement.give_up(office, application_id, body, call)).response()


@router.post("/deferred-materials", status_code=201, response_model=ApplicationOut, summary="容缺后补材料")
async def supply_deferred(application_id: UUID, body: DeferredIn, call: ApplicantSide, office: TheOffice) -> Response:
    return (await promised.supply_deferred(office, application_id, body, call)).response()


@router.post("/commitment-checks", status_code=201, response_model=ApplicationOut, summary="告知承诺事后核查")
async def check_commitment(application_id: UUID, body: CommitmentCheckIn, call: Checker, office: TheOffice) -> Response:
    return (await promised.check_commitment(office, application_id, body, call)).response()
