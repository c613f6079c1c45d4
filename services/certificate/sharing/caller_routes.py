"""HTTP of registered callers: the administrator registers, changes, suspends; the supervisor reads."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.certificate.commands import register_callers
from services.certificate.commands.register_callers import caller_out
from services.certificate.domain.errors import CallerUnknown
from services.certificate.looking.schemas import CallerActIn, CallerIn, CallerOut
from services.certificate.sharing import callers
from services.chassis.auth import Principal, allow
from services.chassis.http import Db, Idem, Now

router = APIRouter(prefix="/api/v1", tags=["certificate"])

Registrar = Annotated[Principal, allow("CATALOGUE_ADMIN")]
RegistrarOrSupervisor = Annotated[Principal, allow("CATALOGUE_ADMIN", "SUPERVISOR")]
CallerName = Annotated[str, Path(max_length=80, pattern=r"^(client|organisation|peer|to-peer):[0-9A-Za-z._-]{1,64}$")]


@router.get("/certificate-callers", summary="证照库调用方登记")
async def list_callers(who: RegistrarOrSupervisor, db: Db) -> list[CallerOut]:
    async with db.read() as connection:
        return [caller_out(row) for row in await callers.all_callers(connection)]


@router.get("/certificate-callers/{caller}", summary="一个调用方的登记和变更记录")
async def one_caller(caller: CallerName, who: RegistrarOrSupervisor, db: Db) -> CallerOut:
    async with db.read() as connection:
        row = await callers.one_caller(connection, caller)
        if row is None:
            raise CallerUnknown
        return caller_out(row, await callers.changes_of(connection, caller))


@router.post("/certificate-callers", status_code=201, response_model=CallerOut, summary="登记或变更调用方")
async def register_caller(body: CallerIn, who: Registrar, db: Db, idem: Idem, now: Now) -> Response:
    return (await register_callers.register(db, idem, body, who, now=now)).response()


@router.post(
    "/certificate-callers/{caller}/suspension", status_code=201, response_model=CallerOut, summary="停用调用方"
)
async def suspend_caller(
    caller: CallerName, body: CallerActIn, who: Registrar, db: Db, idem: Idem, now: Now
) -> Response:
    answer = await register_callers.suspend(db, idem, caller, body, who, now=now, closed=True)
    return answer.response()


@router.post(
    "/certificate-callers/{caller}/resumption", status_code=201, response_model=CallerOut, summary="恢复调用方"
)
async def resume_caller(
    caller: CallerName, body: CallerActIn, who: Registrar, db: Db, idem: Idem, now: Now
) -> Response:
    answer = await register_callers.suspend(db, idem, caller, body, who, now=now, closed=False)
    return answer.response()
