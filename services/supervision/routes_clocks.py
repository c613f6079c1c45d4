"""HTTP of the clocks of a case."""

from fastapi import APIRouter

from services.chassis.http import Db, Now
from services.supervision.clock_queries import case_clocks
from services.supervision.routes import CALENDARS, CaseNo, Reader
from services.supervision.schemas_clocks import CaseClocks
from services.supervision.scope import visible

router = APIRouter(prefix="/api/v1", tags=["supervision"])


@router.get("/cases/{case_no}/clocks", summary="办件的全部时限：起算、状态、到期日及其理由")
async def get_clocks(case_no: CaseNo, reader: Reader, db: Db, now: Now) -> CaseClocks:
    calendar = await CALENDARS.fresh(db)
    async with db.read() as connection:
        return await case_clocks(connection, case_no, visible(reader), calendar, now)
