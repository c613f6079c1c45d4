"""The sharing operations (GB/T 36906) over the rules of search, record and file."""

from datetime import date, datetime
from typing import Any

from services.certificate import queries
from services.certificate.commands import fetch_files, read_certificates
from services.certificate.commands.fetch_files import Download
from services.certificate.commands.read_certificates import Asked, holder_key_of
from services.certificate.commands.verify import intact_record
from services.certificate.domain.certificate import basic
from services.certificate.domain.errors import NotFound
from services.certificate.domain.holders import read_holders
from services.certificate.domain.sharing import DATA
from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.kit import Kit, holder_of
from services.certificate.looking.looks import Why
from services.certificate.schemas import CertificateDetail
from services.certificate.sharing.schemas import (
    ByHolderIn,
    FileIn,
    HolderDataOut,
    OneIn,
    StatedIn,
    VerifiedDataOut,
    VerifyDataIn,
)
from services.chassis.auth import Principal
from services.chassis.clock import local_date
from services.chassis.database import Database
from services.kernel.codes import normalise_number


async def by_holder(db: Database, wanted: ByHolderIn, caller: Principal, kit: Kit, *, now: datetime) -> HolderDataOut:
    """What is valid now of one holder and type. Raises: see `read_certificates.search`."""
    found = await read_certificates.search(db, wanted.as_search(), caller, kit, now=now, act="BY_HOLDER")
    return HolderDataOut(items=[CertificateDetail(**one.model_dump()) for one in found.items])


async def file(db: Database, wanted: FileIn, caller: Principal, kit: Kit, *, now: datetime) -> Download | None:
    """None: it is being made. Raises: see `fetch_files.certificate_file`."""
    identifier = await _identifier(db, wanted, caller, kit, "FILE", now)
    if identifier is None:
        raise NotFound
    why = Why(wanted.purpose, wanted.case_no)
    return await fetch_files.certificate_file(db, identifier, caller, why, kit, now=now)


async def verify(db: Database, wanted: VerifyDataIn, caller: Principal, kit: Kit, *, now: datetime) -> VerifiedDataOut:
    """Compare what the caller states; he may state what his registration lets him see.

    Raises:
        RecordNotAuthentic: the registered values are not what was signed and logged; nothing is compared with them.
        See `read_certificates.read`; NotFound only for an identifier that there is not.
    """
    stated = wanted.stated.names()
    fields = tuple(name for name in DATA if name in {*wanted.fields, *stated})
    asked = wanted.model_copy(update={"fields": list(fields)})
    identifier = await _identifier(db, asked, caller, kit, "VERIFY_DATA", now)
    if identifier is None:
        return VerifiedDataOut(identifier=None, status=None, matches=dict.fromkeys(stated, False), all_match=False)
    how = Asked("VERIFY_DATA", Why(wanted.purpose, wanted.case_no), fields)
    row = (await read_certificates.read(db, identifier, caller, how, kit, now=now)).row
    compared = await _registered(db, row, wanted.stated, kit)
    matches = {name: compared[name] for name in stated}
    return VerifiedDataOut(
        identifier=row.identifier,
        status=queries.status_on(row, local_date(now)),
        matches=matches,
        all_match=all(matches.values()),
    )


async def _identifier(db: Database, wanted: OneIn, caller: Principal, kit: Kit, act: str, now: datetime) -> str | None:
    """Of the certificate that is meant; a search for one there is not is checked, counted and noted like any other."""
    if wanted.identifier is not None:
        return wanted.identifier
    search = wanted.as_search()
    async with db.read() as connection:
        key = holder_key_of(search, caller, kit)
        rows = await queries.of_holder(connection, key, type_code=search.type_code, valid_on=None, after=None, limit=1)
    if rows:
        return str(rows[0].identifier)
    await read_certificates.search(db, search, caller, kit, now=now, act=act)
    return None


async def _registered(db: Database, row: Any, stated: StatedIn, kit: Kit) -> dict[str, bool]:
    """Compared with the signed record, never with the row alone: a row can be rewritten in the database.

    Raises RecordNotAuthentic: the row says something else than what was signed and logged.
    """
    signed = await intact_record(db, row, kit)
    if signed is None:
        raise RecordNotAuthentic("登记记录与签名或公开日志不一致，请联系颁发机构")
    number = (stated.certificate_number or "").strip().upper()
    holders = [holder_of(one, kit) for one in read_holders(signed)]
    return {
        "certificate_number": number == str(signed["certificate_number"]).upper(),
        "holder_name": stated.holder_name in {one.name for one in holders},
        "holder_number": bool(stated.holder_number)
        and not _keys(stated.holder_number or "", kit).isdisjoint(one.key for one in holders),
        "issued_on": _day(stated.issued_on) == signed["issue_date"],
        "valid_until": _day(stated.valid_until) == signed["validate_end"],
    }


def _day(stated: date | None) -> str:
    """As a record tells it."""
    return basic(stated) if stated else ""


def _keys(number: str, kit: Kit) -> set[str]:
    return {kit.holder_key(kind, normalise_number(number)) for kind in ("PERSON", "ORGANISATION")}
