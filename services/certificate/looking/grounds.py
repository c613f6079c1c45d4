"""By what somebody looks at another's certificate: an open case of his, or a purpose he is registered for."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate import queries
from services.certificate.domain.access import APPLICANT_SIDE, PRODUCTION, Access, access
from services.certificate.domain.errors import FileWithheld, PurposeRequired
from services.certificate.domain.sharing import FILE, Query, Registration, withheld
from services.certificate.looking.looks import Look, reader_of
from services.certificate.sharing.callers import admit, sharing
from services.chassis.auth import Principal
from services.kernel.codes import holds_citizen_id
from services.kernel.errors import FieldError

COPY_FILE_ACT = "COPY_FILE"


def stated(purpose: str | None) -> str:
    """Raises PurposeRequired."""
    if not purpose:
        told = "查询他人证照须填写申请事由 (200 字以内)，或者所办的在办办件编号"
        raise PurposeRequired(errors=[FieldError("/purpose", "required", told)])
    if holds_citizen_id(purpose):
        raise PurposeRequired(errors=[FieldError("/purpose", "personal-number", "申请事由中不得填写公民身份号码")])
    return purpose


def issued_by(principal: Principal, row: Any) -> bool:
    """Whether the reader works for the body that issued this certificate."""
    return bool(principal.organisation) and principal.organisation == row.issuer_uscc


async def cases_of(connection: AsyncConnection, row: Any, look: Look) -> list[Any]:
    """The case the certificate came from, and the holder's case that an official names.

    Who once applied for somebody reads what came of that; for the rest the holder authorises him. A type that is not
    shared stays with the body that issued it: another body's case does not open it.
    """
    source = await queries.case_by_id(connection, row.case_id) if row.case_id else None
    by_name = look.why.case_no is not None and not look.principal.roles & APPLICANT_SIDE
    named = await queries.case_by_no(connection, look.why.case_no or "") if by_name else None
    if named is not None and not issued_by(look.principal, row):
        named = None if row.type_code in (await sharing(connection)).closed else named
    return [case for case in (source, named) if case is not None]


async def by_case_or_purpose(connection: AsyncConnection, row: Any, look: Look, cases: list[Any]) -> Access:
    """CASE or WITH_PURPOSE, for who serves the holder at a window and for the body that issued it; a purpose counts.

    Raises: PurposeRequired, CallerRefused, DailyLimitReached.
    """
    scopes = [queries.scope_of(case) for case in cases]
    if access(reader_of(look.principal), look.holder_keys, scopes) is Access.CASE:
        return Access.CASE
    await by_purpose(connection, row, look)
    return Access.WITH_PURPOSE


async def by_purpose(connection: AsyncConnection, row: Any, look: Look) -> frozenset[str]:
    """What the registration withholds of a look by a purpose alone; it counts. A copy prints the full number like the
    certificate itself: by a purpose it goes to the production counter, which hands it out, and to who may have files.

    Raises: PurposeRequired, CallerRefused, DailyLimitReached, FileWithheld.
    """
    query = Query(stated(look.why.purpose), row.type_code, own=True)
    registered = await admit(connection, look.principal, query, look.now)
    if look.act == COPY_FILE_ACT and not look.principal.roles & PRODUCTION:
        require_file(registered)
    return withheld(registered, query)


def require_file(registered: Registration) -> None:
    """Raises FileWithheld."""
    if FILE not in registered.fields:
        told = "登记的字段不含版式文件 (file)；办理其办件的，请填写以该持证人为申请人的办件编号 (case_no)"
        raise FileWithheld(told, errors=[FieldError("/fields", "not-allowed", told)])
