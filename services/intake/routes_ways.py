"""HTTP of the less travelled ways: corrected, returned, promised, checked, claimed in a window, originals."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.intake.answers import ApplicationOut
from services.intake.commands import endings, promised, supplement
from services.intake.routing import ApplicantSide, Checker, Clerk, TheOffice
from services.intake.schemas import ClaimIn, CommitmentCheckIn, CorrectionIn, DeferredIn, OriginalsIn, ReturnIn

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


@router.post(
    "/claim", status_code=201, response_model=ApplicationOut, summary="在法定期间内再次到场申请 (例如离婚登记申领期)"
)
async def claim(application_id: UUID, body: ClaimIn, call: Clerk, office: TheOffice) -> Response:
    return (await endings.claim(office, application_id, body, call)).response()


@router.post("/originals", status_code=201, response_model=ApplicationOut, summary="退还窗口收取的材料原件")
async def return_originals(application_id: UUID, body: OriginalsIn, call: Clerk, office: TheOffice) -> Response:
    return (await endings.return_originals(office, application_id, body, call)).response()
