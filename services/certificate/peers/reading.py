"""Certificates of other regions that were adopted here: read by their holder, or by who handles a case of his."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from services.certificate import queries, repository
from services.certificate.domain.access import APPLICANT_SIDE, holds, may_read_case
from services.certificate.domain.errors import NotFound
from services.certificate.kit import Kit
from services.certificate.looking.looks import NO_PURPOSE, Look, Unfounded, Why, reader_of, tell_unfounded
from services.certificate.peers import rows, standing
from services.certificate.peers.adopting import foreign_out
from services.certificate.peers.schemas import ForeignOut
from services.certificate.peers.tables import foreign_certificate
from services.chassis.auth import Principal
from services.chassis.database import Database

log = logging.getLogger(__name__)
LONGEST = 200


async def of_holder(db: Database, principal: Principal, kit: Kit) -> list[ForeignOut]:
    """His own and those of the organisations he acts for."""
    keys = sorted({principal.subject_key, *principal.acts_for} - {""})
    async with db.read() as connection:
        return _out(await rows.shown(connection, _held(keys)), kit)


async def of_case(db: Database, case_no: str, principal: Principal, kit: Kit, *, now: datetime) -> list[ForeignOut]:
    """Those of all who apply in the case; the look leaves a row that each of them sees. One of them sees his own, who
    applied for them what was adopted for that case.

    Raises NotFound outside the caller's scope.
    """
    async with db.transaction() as uow:
        case = await queries.case_by_no(uow.connection, case_no)
        reader = reader_of(principal)
        if case is None or not may_read_case(reader, queries.scope_of(case)):
            raise NotFound
        keys = sorted(queries.scope_of(case).applicant_keys)
        if own := [key for key in keys if holds(reader, [key])]:
            return _out(await rows.shown(uow.connection, _held(own)), kit)
        found = await rows.shown(uow.connection, _held(keys))
        if principal.roles & APPLICANT_SIDE:
            found = [row for row in found if row.case_no == case_no]
        look = Look("SEARCH", principal, tuple(keys), Why(None, case_no), now)
        others = look.shared("CASE", [(row.id, row.holder_keys) for row in found[:LONGEST]])
        await repository.note_access(uow.connection, [*_of_each(look, found), *others])
        if found:
            tell_unfounded(
                uow, look, Unfounded(found[0].identifier, case.division, "/purpose required", NO_PURPOSE), [case]
            )
    return _out(found, kit)


def _of_each(look: Look, found: Sequence[Any]) -> list[dict[str, object]]:
    """Each is told how many of his own were shown."""
    counted = [(key, sum(key in row.holder_keys for row in found)) for key in look.holder_keys]
    return [row for key, own in counted for row in replace(look, holder_keys=(key,)).rows("CASE", own)]


def _out(found: Sequence[Any], kit: Kit) -> list[ForeignOut]:
    """Of one that stands otherwise than it was confirmed nothing is told: what it says is worth nothing."""
    sound = [row for row in found if standing.holds(row, kit)]
    if len(sound) < len(found):
        log.error("adopted certificates were altered", extra={"altered": len(found) - len(sound)})
    return [foreign_out(row) for row in sound][:LONGEST]


def _held(keys: list[str]) -> ColumnElement[bool]:
    held: ColumnElement[bool] = foreign_certificate.c.holder_keys.overlap(keys)
    return held
