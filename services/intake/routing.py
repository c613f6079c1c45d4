"""What the routes of intake share: the office, who calls in which role, names in paths."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Path, Request

from services.chassis.auth import Principal, allow
from services.chassis.http import Idem, Now, Seen
from services.intake.office import Call, Office
from services.intake.scope import CLERKS, HANDS_OVER, OFFICERS, READERS, RECEIVERS, SUBMITTERS, staff

CaseNo = Annotated[str, Path(pattern=r"^[0-9A-Z]{43}$", description="办件编号")]
MaterialNo = Annotated[int, Path(ge=1, le=999, description="材料序号")]
ItemCode = Annotated[str, Path(pattern=r"^[0-9A-Za-z]{1,40}$", description="实施编码 (31 位) 或目录短编号")]
Reader = Annotated[Principal, allow(*READERS)]


async def _office(request: Request) -> Office:
    """With the calendar as it was at most a few seconds ago."""
    office: Office = request.app.state.office
    await office.calendars.fresh(office.db)
    return office


TheOffice = Annotated[Office, Depends(_office)]


def first(*roles: str) -> Callable[..., Awaitable[Call]]:
    """A call that creates something, by someone in one of `roles`."""

    async def call(principal: Annotated[Principal, allow(*roles)], idempotency: Idem, now: Now) -> Call:
        return Call(principal, staff(principal, roles), roles, idempotency, now)

    return call


def next_(*roles: str) -> Callable[..., Awaitable[Call]]:
    """A call that acts on the version it has seen."""

    async def call(principal: Annotated[Principal, allow(*roles)], idempotency: Idem, seen: Seen, now: Now) -> Call:
        return Call(principal, staff(principal, roles), roles, idempotency, now, seen)

    return call


Submitter = Annotated[Call, Depends(first(*SUBMITTERS))]
ApplicantSide = Annotated[Call, Depends(next_(*SUBMITTERS))]
Receiver = Annotated[Call, Depends(next_(*RECEIVERS))]
Clerk = Annotated[Call, Depends(next_(*CLERKS))]
HandOverClerk = Annotated[Call, Depends(next_(*HANDS_OVER))]
Checker = Annotated[Call, Depends(next_(*OFFICERS))]
Administrator = Annotated[Call, Depends(first("CATALOGUE_ADMIN"))]
